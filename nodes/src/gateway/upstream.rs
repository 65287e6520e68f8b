//! Outside markets that are followed live, for operators.

use super::cluster::shown;
use super::desk::Desk;
use crate::upstream::{self, Fed, Seen};
use hoga_engine::instrument::{Instrument, Phase};
use hoga_proto::v1;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// The venues as this node sees them.
pub async fn venues(desk: &Desk) -> v1::GetUpstreamResponse {
    let seen = desk.upstream.seen().into_iter().map(|seen| (seen.venue.clone(), seen));
    let mut known: BTreeMap<String, Seen> = seen.collect();
    let mut followers: BTreeMap<String, Vec<v1::UpstreamInstrument>> = BTreeMap::new();
    for instrument in desk.exchange.catalogue().instruments.values() {
        let subscription = instrument.follow.as_ref().and_then(|it| it.subscription.as_ref());
        let Some(subscription) = subscription else { continue };
        // One that no node is told of is shown as well: somebody should be.
        let seen = known.entry(subscription.venue.to_string()).or_default();
        let fed = seen.fed.get(&instrument.id).cloned().unwrap_or_default();
        let shown = follower(desk, instrument, &subscription.code, fed).await;
        followers.entry(subscription.venue.to_string()).or_default().push(shown);
    }
    let venue = |(name, seen): (String, Seen)| {
        let keeper = upstream::partition(desk.exchange.topology(), &name);
        let keeper = desk.exchange.leadership(keeper).borrow().leader;
        let mut instruments = followers.remove(&name).unwrap_or_default();
        instruments.sort_by(|one, other| one.instrument.cmp(&other.instrument));
        v1::UpstreamVenue {
            name,
            address: seen.address,
            keeper: keeper.map(shown).unwrap_or_default(),
            here: seen.is_here,
            connect_time: seen.connected.map(time),
            connect_count: seen.connects,
            message_time: seen.heard.map(time),
            unreadable_count: seen.unreadable,
            trouble: seen.trouble,
            instruments,
        }
    };
    v1::GetUpstreamResponse { venues: known.into_iter().map(venue).collect() }
}

async fn follower(
    desk: &Desk,
    instrument: &Instrument,
    code: &str,
    fed: Fed,
) -> v1::UpstreamInstrument {
    let look = desk.exchange.book(instrument.id, None, |listing, _| {
        listing.following().is_none_or(|following| following.is_stale())
    });
    v1::UpstreamInstrument {
        instrument: format!("instruments/{}", instrument.symbol),
        code: code.into(),
        // A book that cannot be read is none to trade against.
        stale: look.await.unwrap_or(true),
        subscribed: instrument.phase != Phase::Halted,
        taken_time: fed.taken_at.map(time),
        taken_count: fed.taken,
        dropped_count: fed.dropped,
        unfit_count: fed.unfit,
        failed_count: fed.failed,
        conflated_count: fed.conflated,
        trouble: fed.trouble,
    }
}

fn time(time: SystemTime) -> prost_types::Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    prost_types::Timestamp { seconds: since.as_secs() as i64, nanos: since.subsec_nanos() as i32 }
}
