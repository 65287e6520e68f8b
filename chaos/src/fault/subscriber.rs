//! A subscriber that reads next to nothing: the book must not notice.

use super::Struck;
use crate::cluster::{Cluster, State};
use crate::workload::{INSTRUMENT, Line};
use std::time::Duration;

/// Between two frames that it reads.
const READS_EVERY: Duration = Duration::from_secs(2);

pub(super) async fn strike(cluster: &mut Cluster) -> anyhow::Result<Struck> {
    let Some(node) = cluster.nodes().find(|node| node.state == State::Up) else {
        return Ok(Struck::Void("no node is up".into()));
    };
    let (target, url) = (node.target(), format!("http://{}", node.called_by_clients()));
    let mut line = match Line::open(&url, "accounts/slow").await {
        Ok(line) => line,
        Err(why) => return Ok(Struck::Void(format!("{target} cannot be reached: {why}"))),
    };
    let mut frames = match line.watch_book(INSTRUMENT, "").await {
        Ok(frames) => frames,
        Err(status) => return Ok(Struck::Void(format!("{target}: {}", status.message()))),
    };
    cluster.watchers.spawn(async move {
        while let Ok(Some(_)) = frames.message().await {
            // That is the fault: it leaves what was sent to it where it is.
            tokio::time::sleep(READS_EVERY).await;
        }
    });
    Ok(Struck::Installed(target))
}
