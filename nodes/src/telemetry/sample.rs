//! Numbers that are read when somebody asks, instead of being kept up to date for nobody.

use hoga_cluster::runtime::{Exchange, PartitionStatus};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use metrics::{counter, gauge};

/// Takes the state of a node into the registry.
pub async fn sample(exchange: &Exchange) {
    let node = format!("n{}", exchange.options().node);
    let mut kinds: Vec<(&'static str, u64, u64)> = Vec::new();
    let mut suspended = 0;
    for status in exchange.status() {
        let partition = status.id.to_string();
        let leads = if status.leads { 1.0 } else { 0.0 };
        gauge!("hoga_partition_leader", "node" => node.clone(), "partition" => partition.clone())
            .set(leads);
        gauge!("hoga_partition_applied_index", "partition" => partition.clone())
            .set(status.applied as f64);
        counter!("hoga_commands_total", "partition" => partition).absolute(status.commands);
        match kinds.iter_mut().find(|(kind, ..)| *kind == status.role) {
            Some((_, entities, actors)) => {
                *entities += status.entities;
                *actors += status.actors;
            }
            None => kinds.push((status.role, status.entities, status.actors)),
        }
        let id = hoga_engine::ids::PartitionId(status.id);
        suspended += exchange.core(id, |core, _| core.suspended().len()).await.unwrap_or(0);
    }
    for (kind, entities, actors) in kinds {
        gauge!("hoga_entities", "kind" => kind).set(entities as f64);
        gauge!("hoga_actors", "kind" => kind).set(actors as f64);
    }
    gauge!("hoga_entities_suspended").set(suspended as f64);
    mailboxes(exchange);
    log(exchange);
    books(exchange).await;
    boards(exchange).await;
}

fn log(exchange: &Exchange) {
    let log = exchange.log().stats();
    counter!("hoga_log_writes_total").absolute(log.writes);
    counter!("hoga_log_entries_total").absolute(log.entries);
    counter!("hoga_log_bytes_total").absolute(log.bytes);
    gauge!("hoga_log_segments").set(log.segments as f64);
    gauge!("hoga_log_full").set(if log.full { 1.0 } else { 0.0 });
}

/// The fullest mailbox of each kind: an average would hide the partition that is behind.
fn mailboxes(exchange: &Exchange) {
    let status = exchange.status();
    let fullest = |depth: fn(&PartitionStatus) -> u64| status.iter().map(depth).max();
    for (kind, depth) in [
        ("performer", fullest(|status| status.mailbox)),
        ("sequencer", fullest(|status| status.intake)),
    ] {
        gauge!("hoga_mailbox_depth", "kind" => kind).set(depth.unwrap_or_default() as f64);
    }
}

/// A set of marks lives a bounded time; one that is older means that boards fall behind.
async fn boards(exchange: &Exchange) {
    let core = exchange.core(Topology::BOARDS, |core, _| core.time()).await;
    let set = exchange.board(None, |board, _, _| board.view().set().time).await;
    if let (Ok(now), Ok(set)) = (core, set) {
        let lag = now.0.saturating_sub(set.0);
        gauge!("hoga_ranking_lag_seconds").set(lag as f64 / Time::SECOND as f64);
    }
}

async fn books(exchange: &Exchange) {
    for instrument in exchange.catalogue().instruments.values() {
        let looked = exchange.book(instrument.id, None, |listing, _| {
            (listing.book().len(), listing.following().map(|following| following.is_stale()))
        });
        let Ok((depth, is_stale)) = looked.await else { continue };
        let symbol = || instrument.symbol.to_string();
        gauge!("hoga_book_depth_orders", "symbol" => symbol()).set(depth as f64);
        if let Some(is_stale) = is_stale {
            let stale = if is_stale { 1.0 } else { 0.0 };
            gauge!("hoga_followed_stale", "symbol" => symbol()).set(stale);
        }
    }
}
