//! A node that the exchange did not have.

use super::{CHANGE_WITHIN, NO_MAJORITY, Struck};
use crate::cluster::Cluster;

pub(super) async fn strike(cluster: &mut Cluster) -> anyhow::Result<Struck> {
    if !cluster.has_majority_without(None) {
        return Ok(Struck::Void(NO_MAJORITY.into()));
    }
    if cluster.is_full() {
        return Ok(Struck::Void("the exchange takes no more nodes".into()));
    }
    let place = cluster.add(CHANGE_WITHIN).await?;
    let target = cluster.node(place).map(|node| node.target()).unwrap_or_default();
    Ok(Struck::Installed(target))
}
