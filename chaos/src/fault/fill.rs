//! A disk without space, on a file system of the node's own.

use super::Struck;
use crate::cluster::Cluster;

const FULL: &str = "full";

pub(super) fn strike(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if let Err(why) = &cluster.means.disks {
        return Ok(Struck::Skipped(why.clone()));
    }
    let node = cluster.node_mut(place)?;
    let target = node.target();
    let Some(disk) = &node.disk else {
        return Ok(Struck::Skipped(format!("{target} has no disk of its own")));
    };
    disk.fill()?;
    node.trouble(FULL);
    Ok(Struck::Installed(target))
}
