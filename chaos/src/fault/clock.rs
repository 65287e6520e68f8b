//! The wall clock of a node is stepped. Its monotonic clock goes on.

use super::Struck;
use crate::cluster::{Cluster, Order};

pub(super) fn strike(cluster: &mut Cluster, place: usize, by_ms: i64) -> anyhow::Result<Struck> {
    if let Err(why) = &cluster.means.shim {
        return Ok(Struck::Skipped(why.clone()));
    }
    let node = cluster.node_mut(place)?;
    let target = node.target();
    let Some(orders) = &node.orders else {
        return Ok(Struck::Skipped(format!("{target} has no shim")));
    };
    orders.set(Order::ClockNanos, by_ms.saturating_mul(1_000_000))?;
    Ok(Struck::Installed(target))
}
