//! What ends faults: `heal` in a plan, and the mending of everything at its end.

use super::{Struck, freeze, fsync, stall};
use crate::cluster::{Cluster, Disk, Order, POWER, State};

/// Ends what is wrong with links and disks.
pub(super) fn heal(cluster: &mut Cluster) -> anyhow::Result<Struck> {
    if let Some(network) = cluster.network() {
        network.heal();
    }
    let places: Vec<usize> = cluster.nodes().map(|node| node.place).collect();
    for place in places {
        let node = cluster.node_mut(place)?;
        stall::end(node)?;
        let has_power = !node.troubles.contains(&POWER);
        if let Some(disk) = node.disk.as_ref().filter(|_| has_power) {
            Disk::make_space(disk)?;
        }
        // Power comes back when the node is started again.
        node.troubles.retain(|trouble| *trouble == POWER);
    }
    Ok(Struck::Mended("everything".into()))
}

/// Mends everything: links, disks, clocks; what is frozen goes on, what is down starts.
///
/// # Errors
/// A node does not serve although nothing is wrong with it any more.
pub async fn mend(cluster: &mut Cluster) -> anyhow::Result<()> {
    heal(cluster)?;
    let places: Vec<usize> = cluster.nodes().map(|node| node.place).collect();
    for &place in &places {
        if cluster.node(place).is_some_and(|node| node.is_to_stop) {
            fsync::until_stopped(cluster, place).await?;
        }
        let node = cluster.node_mut(place)?;
        if let Some(orders) = &node.orders {
            orders.set(Order::ClockNanos, 0)?;
        }
        if node.state == State::Frozen {
            freeze::thaw(cluster, place)?;
        }
    }
    cluster.note_ends();
    for &place in &places {
        if cluster.node(place).is_some_and(|node| node.state == State::Down) {
            cluster.launch(place)?;
        }
    }
    for &place in &places {
        cluster.until_serves(place).await?;
    }
    Ok(())
}
