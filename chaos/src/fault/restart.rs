//! A restart: of a node that is down, or in good order of one that runs.

use super::Struck;
use super::stall::STALLED;
use crate::cluster::{Cluster, STOP_WITHIN, State};
use anyhow::bail;
use rustix::process::Signal;
use std::time::Duration;

/// How long a node may take to be back before whatever is next.
const BACK_WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn strike(cluster: &mut Cluster, place: usize) -> anyhow::Result<Struck> {
    let node = cluster.node_mut(place)?;
    let target = node.target();
    if node.state == State::Frozen {
        return Ok(Struck::Void(format!("{target} is frozen")));
    }
    // In good order it stops only with a disk that answers.
    if node.troubles.contains(&STALLED) {
        return Ok(Struck::Void(format!("the disk of {target} is {STALLED}")));
    }
    let Some(process) = &mut node.process else {
        cluster.launch(place)?;
        return Ok(Struck::Mended(target));
    };
    process.signal(Signal::TERM)?;
    if process.until_ended(STOP_WITHIN).await.is_none() {
        bail!("{target} did not stop within {STOP_WITHIN:?} of being asked to");
    }
    node.process = None;
    node.state = State::Down;
    cluster.launch(place)?;
    // A rolling restart goes on when this one is back; without a majority it waits for others.
    cluster.serves_within(place, BACK_WITHIN).await?;
    Ok(Struck::Installed(target))
}
