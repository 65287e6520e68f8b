//! A sync that fails: the node has to stop at once, for what is on the disk is not known any more.

use super::Struck;
use crate::cluster::{Cluster, Order, Process, STOP_WITHIN, State};
use anyhow::bail;

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
    orders.set(Order::FailSync, 1)?;
    node.is_to_stop = true;
    Ok(Struck::Installed(target))
}

/// Whoever was told that a sync failed has to have stopped by now.
///
/// # Errors
/// A node goes on although a sync failed.
pub(super) async fn until_stopped(cluster: &mut Cluster, place: usize) -> anyhow::Result<()> {
    let node = cluster.node_mut(place)?;
    let name = node.name();
    if let Some(process) = &mut node.process
        && process.until_ended(STOP_WITHIN).await.is_none()
    {
        bail!("{name} goes on although its fsync failed {STOP_WITHIN:?} ago");
    }
    drop(node.process.take().map(Process::kill));
    node.state = State::Down;
    node.is_to_stop = false;
    Ok(())
}
