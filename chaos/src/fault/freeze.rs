//! SIGSTOP and SIGCONT: a node that is there and does nothing, and goes on later without knowing.

use super::Struck;
use crate::cluster::{Cluster, State};
use rustix::process::Signal;

pub(super) fn freeze(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    let node = cluster.node_mut(place)?;
    let target = node.target();
    let running = node.process.as_mut().filter(|_| node.state == State::Up);
    let Some(process) = running else {
        return Ok(Struck::Void(format!("{target} does not run")));
    };
    process.signal(Signal::STOP)?;
    node.state = State::Frozen;
    Ok(Struck::Installed(target))
}

pub(super) fn thaw(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    let node = cluster.node_mut(place)?;
    let target = node.target();
    let frozen = node.process.as_mut().filter(|_| node.state == State::Frozen);
    let Some(process) = frozen else {
        return Ok(Struck::Void(format!("{target} is not frozen")));
    };
    process.signal(Signal::CONT)?;
    node.state = State::Up;
    Ok(Struck::Mended(target))
}
