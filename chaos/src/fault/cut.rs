//! A network in parts: some do not hear others, in both directions or in one.

use super::{Struck, aim};
use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::proxy::Side;
use hoga_scenarios::grammar::Node;

const CUT_OFF: &str = "cut off";

/// `node` hears none of `from`, nor they it.
pub(super) async fn both_ways(
    cluster: &mut Cluster,
    node: &Node,
    from: &[Node],
    chance: &mut Chance,
) -> anyhow::Result<Struck> {
    let Some(one) = aim::side(cluster, node, None, chance).await else {
        return Ok(Struck::Void(format!("there is no {node} to cut off")));
    };
    let mut others = Vec::new();
    for node in from {
        others.extend(aim::side(cluster, node, Some(one), chance).await);
    }
    // `cut the node that leads LPJ-KRW from n1, n2, n3` is the leader from all others.
    others.retain(|other| *other != one);
    others.dedup();
    let Some(network) = cluster.network().filter(|_| !others.is_empty()).cloned() else {
        return Ok(Struck::Void("nothing is left to be cut from".into()));
    };
    for &other in &others {
        network.change_both(one, other, |way| way.is_cut = true);
    }
    let named: Vec<String> = others.iter().map(|side| aim::shown(cluster, *side)).collect();
    let target = format!("{} from {}", aim::shown(cluster, one), named.join(", "));
    note(cluster, one)?;
    Ok(Struck::Installed(target))
}

/// What `from` sends does not reach `to`.
pub(super) async fn one_way(
    cluster: &mut Cluster,
    from: &Node,
    to: &Node,
    chance: &mut Chance,
) -> anyhow::Result<Struck> {
    let from_side = aim::side(cluster, from, None, chance).await;
    let to_side = aim::side(cluster, to, from_side, chance).await;
    let (Some(from), Some(to)) = (from_side, to_side) else {
        return Ok(Struck::Void("there is nobody to cut".into()));
    };
    let Some(network) = cluster.network().filter(|_| from != to) else {
        return Ok(Struck::Void("it was to be cut from itself".into()));
    };
    network.change(from, to, |way| way.is_cut = true);
    let target = format!("{} to {}", aim::shown(cluster, from), aim::shown(cluster, to));
    note(cluster, from)?;
    Ok(Struck::Installed(target))
}

fn note(cluster: &mut Cluster, side: Side) -> anyhow::Result<()> {
    if let Side::Node(place) = side {
        cluster.node_mut(place)?.trouble(CUT_OFF);
    }
    Ok(())
}
