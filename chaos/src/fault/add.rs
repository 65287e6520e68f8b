//! A node that the exchange did not have.

use super::{CHANGE_WITHIN, Struck};
use crate::cluster::Cluster;

pub(super) async fn strike(cluster: &mut Cluster) -> anyhow::Result<Struck> {
    let place = cluster.add(CHANGE_WITHIN).await?;
    let target = cluster.node(place).map(|node| node.target()).unwrap_or_default();
    Ok(Struck::Installed(target))
}
