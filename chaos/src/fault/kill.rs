//! kill -9.

use super::Struck;
use crate::cluster::{Cluster, State};

pub(super) fn strike(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    let node = cluster.node_mut(place)?;
    let target = node.target();
    let Some(process) = node.process.take() else {
        return Ok(Struck::Void(format!("{target} is down already")));
    };
    // A sync that hangs would keep the process from ending.
    super::stall::end(node)?;
    process.kill()?;
    node.state = State::Down;
    Ok(Struck::Installed(target))
}
