//! A disk is lost: the node comes back as a new one, for its votes were lost with the disk.

use super::{CHANGE_WITHIN, NO_MAJORITY, Struck, kill, remove};
use crate::cluster::Cluster;
use std::fs;

pub(super) async fn strike(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if !cluster.can_lose(place).await {
        return Ok(Struck::Void(NO_MAJORITY.into()));
    }
    kill::strike(cluster, place)?;
    let node = cluster.node_mut(place)?;
    let (name, id, data) = (node.name(), node.id, node.data());
    fs::remove_dir_all(&data)?;
    cluster.operator.forget(place);
    // The new one first, if there is room for both: of three nodes two must not be left.
    let was_full = cluster.is_full();
    if was_full {
        remove::from_table(cluster, id).await?;
    }
    let new = cluster.enter(place, CHANGE_WITHIN).await?;
    if !was_full {
        remove::from_table(cluster, id).await?;
    }
    Ok(Struck::Installed(format!("{name}, then n{new}")))
}
