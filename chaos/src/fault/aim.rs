//! Which node a sentence means at the moment it strikes.

use crate::chance::Chance;
use crate::cluster::{Cluster, Node as Standing, State};
use crate::plan::CLIENTS;
use crate::proxy::Side;
use hoga_scenarios::grammar::{Link, Node, NodeFault};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a leader is waited for, when nobody leads at the moment of the strike.
const LEADER_WITHIN: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The place of the node that a fault strikes; none when there is none that it could.
pub(super) async fn at(
    cluster: &Cluster,
    node: &Node,
    what: NodeFault,
    chance: &mut Chance,
) -> Option<usize> {
    match node {
        Node::Named(name) => named(cluster, name.as_str()),
        Node::Leading(symbol) => leading(cluster, symbol.as_str()).await,
        Node::Any => any(cluster, what, chance),
    }
}

fn named(cluster: &Cluster, name: &str) -> Option<usize> {
    let place = name.strip_prefix('n')?.parse().ok()?;
    cluster.node(place).filter(|node| node.state != State::Gone).map(|node| node.place)
}

async fn leading(cluster: &Cluster, symbol: &str) -> Option<usize> {
    let until = Instant::now() + LEADER_WITHIN;
    loop {
        let leader = cluster.leader_of(symbol).await;
        let is_up = |place: &usize| cluster.node(*place).is_some_and(|n| n.state == State::Up);
        if let Some(place) = leader.filter(is_up) {
            return Some(place);
        }
        if Instant::now() >= until {
            return None;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// One that the fault makes sense for: what mends goes where something is broken; what harms
/// spares a majority, so that it strikes a node again rather than one too many.
fn any(cluster: &Cluster, what: NodeFault, chance: &mut Chance) -> Option<usize> {
    let places = |is: &dyn Fn(&Standing) -> bool| -> Vec<usize> {
        cluster.nodes().filter(|node| is(node)).map(|node| node.place).collect()
    };
    let ups = places(&|node| node.state == State::Up);
    let candidates = match what {
        NodeFault::Thaw => places(&|node| node.state == State::Frozen),
        NodeFault::Restart => match places(&|node| node.state == State::Down) {
            none if none.is_empty() => ups,
            downs => downs,
        },
        _ => {
            let well = places(&Standing::is_well);
            let majority = cluster.nodes().count() / 2 + 1;
            let ill = places(&|node| node.state == State::Up && !node.is_well());
            if well.len() > majority || cluster.nodes().count() == 1 { well } else { ill }
        }
    };
    chance.pick(&candidates).copied()
}

/// The two sides of a link, which are different ones.
pub(super) async fn sides(
    cluster: &Cluster,
    link: &Link,
    chance: &mut Chance,
) -> Option<(Side, Side)> {
    let one = side(cluster, &link.0, None, chance).await?;
    let other = side(cluster, &link.1, Some(one), chance).await?;
    (one != other).then_some((one, other))
}

/// A side: the clients, or a node, another one than `besides` where any is meant.
pub(super) async fn side(
    cluster: &Cluster,
    node: &Node,
    besides: Option<Side>,
    chance: &mut Chance,
) -> Option<Side> {
    match node {
        Node::Named(name) if name.as_str() == CLIENTS => Some(Side::Clients),
        Node::Any => {
            let sides = cluster.nodes().map(|node| Side::Node(node.place));
            let sides: Vec<Side> = sides.filter(|side| Some(*side) != besides).collect();
            chance.pick(&sides).copied()
        }
        node => at(cluster, node, NodeFault::Kill, chance).await.map(Side::Node),
    }
}

/// How a report names a side.
pub(super) fn shown(cluster: &Cluster, side: Side) -> String {
    match side {
        Side::Clients => CLIENTS.into(),
        Side::Node(place) => cluster.node(place).map(Standing::target).unwrap_or_default(),
    }
}
