//! A node is drained, or given up for good.

use super::{CHANGE_WITHIN, NO_MAJORITY, Struck, freeze, heal};
use crate::cluster::{Cluster, Process, STOP_WITHIN, State};
use rustix::process::Signal;
use std::time::Duration;

/// How long it is refused before what may be the cause is mended.
const REFUSED_FOR: Duration = Duration::from_secs(10);

pub(super) async fn drain(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if !cluster.has_majority_without(Some(place)) {
        return Ok(Struck::Void(NO_MAJORITY.into()));
    }
    let node = cluster.node_mut(place)?;
    let (id, target) = (node.id, node.target());
    cluster.operator.drain(id, false, CHANGE_WITHIN).await?;
    Ok(Struck::Installed(target))
}

/// Takes a node out of the table. The exchange refuses that while it hangs on the node, as it does
/// between links that are cut; who operates it mends those when it says so for long.
pub(super) async fn from_table(cluster: &mut Cluster, id: u64) -> anyhow::Result<()> {
    let request = cluster.operator.request_id();
    if cluster.operator.remove(id, &request, REFUSED_FOR).await.is_ok() {
        return Ok(());
    }
    heal::heal(cluster)?;
    let places: Vec<usize> = cluster.nodes().map(|node| node.place).collect();
    for place in places {
        freeze::thaw(cluster, place)?;
    }
    cluster.operator.remove(id, &request, CHANGE_WITHIN).await
}

/// Its process is asked to stop once nobody counts on it.
pub(super) async fn remove(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if !cluster.can_lose(place).await {
        return Ok(Struck::Void(NO_MAJORITY.into()));
    }
    let node = cluster.node_mut(place)?;
    let (id, target) = (node.id, node.target());
    from_table(cluster, id).await?;
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
