//! A disk that does not answer: syncs hang until it is healed.

use super::Struck;
use crate::cluster::{Cluster, Node, Order};

pub(super) const STALLED: &str = "stalled";

pub(super) fn strike(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if let Err(why) = &cluster.means.shim {
        return Ok(Struck::Skipped(why.clone()));
    }
    let node = cluster.node_mut(place)?;
    let target = node.target();
    if node.process.is_none() {
        return Ok(Struck::Void(format!("{target} is down")));
    }
    let Some(orders) = &node.orders else {
        return Ok(Struck::Skipped(format!("{target} has no shim")));
    };
    orders.set(Order::StallSync, 1)?;
    node.trouble(STALLED);
    Ok(Struck::Installed(target))
}

pub(super) fn end(node: &mut Node) -> anyhow::Result<()> {
    if let Some(orders) = &node.orders {
        orders.set(Order::StallSync, 0)?;
    }
    node.troubles.retain(|trouble| *trouble != STALLED);
    Ok(())
}
