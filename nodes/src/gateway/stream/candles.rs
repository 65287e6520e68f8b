//! The newest candles of one length, as frames carry them.

use super::log::Log;
use super::shared::State;
use crate::gateway::candles::{self, Wanted};
use crate::gateway::desk::Desk;
use crate::gateway::failure::Refused;
use bytes::Bytes;
use hoga_engine::candle::Interval;
use hoga_engine::ids::InstrumentId;
use hoga_engine::time::Time;
use hoga_proto::convert::candle as wire;
use hoga_proto::v1;
use prost::Message;
use std::time::Duration;

/// Candles that are kept for those who follow them; whoever is further behind gets a snapshot.
const CANDLES_MAX: usize = 1_000;
/// How long a read for all of them may take.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// Reads the candles; of those that `before` has, only what may have changed.
///
/// # Errors
/// They could not be read.
pub async fn read(
    desk: &Desk,
    instrument: InstrumentId,
    interval: Interval,
    before: Option<&State>,
) -> Result<State, Refused> {
    let known = before.and_then(|state| Some((state, state.log.as_ref()?)));
    let stands = known.and_then(|(state, log)| Some((state, log, log.place(state.sequence)?)));
    // Of a log without candles, all that come are new.
    let from = stands.and_then(|(_, log, at)| log.starts.get(at).copied()).unwrap_or(Time(0));
    let wanted = Wanted { instrument, interval, from, before: Time(u64::MAX), most: CANDLES_MAX };
    let mut read = candles::read(desk, wanted, None, READ_WITHIN).await?;
    let is_cut = read.candles.len() == CANDLES_MAX;
    read.candles.reverse();
    let (mut places, mut log) = match stands.filter(|_| !is_cut) {
        Some((state, log, at)) => (state.places[..at].to_vec(), log.until(at)),
        None => (Vec::new(), Log { is_cut, ..Log::default() }),
    };
    for candle in &read.candles {
        let shown = wire::candle(candle, interval, &read.instrument);
        let content = v1::CandlesContent { candles: vec![shown] };
        places.push(Bytes::from(content.encode_to_vec()));
        log.push(candle.bar.first, candle.bar.start);
    }
    let surplus = places.len().saturating_sub(CANDLES_MAX);
    places.drain(..surplus);
    log.forget(surplus);
    let head = Bytes::new();
    Ok(State { sequence: read.sequence, at: read.at, head, places, log: Some(log), queues: None })
}
