//! A node is drained, or given up for good.

use super::{CHANGE_WITHIN, NO_MAJORITY, Struck};
use crate::cluster::{Cluster, Process, STOP_WITHIN, State};
use rustix::process::Signal;

pub(super) async fn drain(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if !cluster.has_majority_without(Some(place)) {
        return Ok(Struck::Void(NO_MAJORITY.into()));
    }
    let node = cluster.node_mut(place)?;
    let (id, target) = (node.id, node.target());
    cluster.operator.drain(id, false, CHANGE_WITHIN).await?;
    Ok(Struck::Installed(target))
}

/// Its process is asked to stop once nobody counts on it.
pub(super) async fn remove(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if !cluster.has_majority_without(Some(place)) {
        return Ok(Struck::Void(NO_MAJORITY.into()));
    }
    let node = cluster.node_mut(place)?;
    let (id, target) = (node.id, node.target());
    cluster.operator.remove(id, CHANGE_WITHIN).await?;
    cluster.until_given_up(id, CHANGE_WITHIN).await;
    cluster.operator.forget(place);
    cluster.gateways.close(place);
    let node = cluster.node_mut(place)?;
    if let Some(process) = &mut node.process {
        // It may have stopped by itself when it heard that it is given up.
        if process.signal(Signal::TERM).is_ok() {
            process.until_ended(STOP_WITHIN).await;
        }
    }
    drop(node.process.take().map(Process::kill));
    node.state = State::Gone;
    Ok(Struck::Installed(target))
}
