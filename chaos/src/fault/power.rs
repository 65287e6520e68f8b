//! The power is cut: what was not synced is gone, and so is the process.

use super::{Struck, kill};
use crate::cluster::{Cluster, POWER};

pub(super) fn strike(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    if let Err(why) = &cluster.means.disks {
        return Ok(Struck::Skipped(why.clone()));
    }
    let node = cluster.node_mut(place)?;
    let target = node.target();
    let Some(disk) = &node.disk else {
        return Ok(Struck::Skipped(format!("{target} has no disk of its own")));
    };
    if node.process.is_none() {
        return Ok(Struck::Void(format!("{target} is down already")));
    }
    disk.cut_power()?;
    node.trouble(POWER);
    kill::strike(cluster, place)
}
