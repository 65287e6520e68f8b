//! The nodes of the exchange, as the meta partition's log has them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of a node. Given out by the log and never given twice: a node that lost its disk comes
/// back under a new one, because its votes are lost with it.
pub type NodeId = u64;

/// Nodes that an exchange may have at a time: every node has a replica of every partition, and
/// beyond this that costs more than it gives.
pub const NODES_MAX: usize = 5;

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    Active,
    /// It keeps its replicas and leads nothing.
    Draining,
    /// It is gone for good; its number is never used again.
    Removed,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Where other nodes call it.
    pub link: Box<str>,
    /// Where clients call it; empty until it said so itself.
    pub gateway: Box<str>,
    /// The data directory it came with first. Another one under the same number is an empty disk.
    pub directory: Option<u64>,
    pub standing: Standing,
}

/// The table of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTable {
    /// Counts changes.
    pub epoch: u64,
    nodes: BTreeMap<NodeId, Node>,
    /// The highest number that was ever given.
    last: NodeId,
}

/// A change that is refused, and by which rule.
pub type Broken = String;

impl NodeTable {
    /// Every node that was not removed.
    pub fn members(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        let nodes = self.nodes.iter().map(|(id, node)| (*id, node));
        nodes.filter(|(_, node)| node.standing != Standing::Removed)
    }

    /// The members, and every node that was removed.
    pub fn all(&self) -> impl Iterator<Item = NodeId> {
        self.nodes.keys().copied()
    }

    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(&id)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The member that is called at an address.
    #[must_use]
    pub fn at_link(&self, link: &str) -> Option<NodeId> {
        self.members().find(|(_, node)| &*node.link == link).map(|(id, _)| id)
    }

    /// Enters the nodes that the exchange begins with; without effect when there are some.
    pub fn found(&mut self, founders: &[(NodeId, Box<str>)]) {
        if !self.nodes.is_empty() {
            return;
        }
        for (id, link) in founders {
            self.nodes.insert(*id, Node::new(link.clone()));
            self.last = self.last.max(*id);
        }
        self.epoch += 1;
    }

    /// Gives a new node its number.
    ///
    /// # Errors
    /// There are enough nodes, or one at this address.
    pub fn add(&mut self, link: &str) -> Result<NodeId, Broken> {
        if let Some(known) = self.at_link(link) {
            return Err(format!("{link} is where node n{known} is called already"));
        }
        if self.members().count() >= NODES_MAX {
            return Err(format!("an exchange has at most {NODES_MAX} nodes; remove one first"));
        }
        self.last += 1;
        self.nodes.insert(self.last, Node::new(link.into()));
        self.epoch += 1;
        Ok(self.last)
    }

    /// A node says where it is called, and which data directory it has. A removed one that comes with
    /// the directory that it had is let in, to give its votes away; nothing changes.
    ///
    /// # Errors
    /// The number was never given, was given up before it came, or came with another directory.
    pub fn enter(
        &mut self,
        id: NodeId,
        directory: u64,
        link: &str,
        gateway: &str,
    ) -> Result<(), Broken> {
        let is_expected =
            |node: &&mut Node| node.standing != Standing::Removed || node.directory.is_some();
        let Some(node) = self.nodes.get_mut(&id).filter(is_expected) else {
            return Err(format!("no node n{id} was added; add it with `hoga cluster add`"));
        };
        if node.directory.is_some_and(|known| known != directory) {
            return Err(format!(
                "node n{id} was here with another data directory; a node that lost its disk \
                 comes back under a new number: `hoga cluster remove n{id}`, then `hoga cluster add`"
            ));
        }
        if node.standing == Standing::Removed {
            return Ok(());
        }
        let entered = Node {
            link: link.into(),
            gateway: gateway.into(),
            directory: Some(directory),
            standing: node.standing,
        };
        if *node != entered {
            *node = entered;
            self.epoch += 1;
        }
        Ok(())
    }

    /// Makes a node lead nothing any more, or lets it lead again.
    ///
    /// # Errors
    /// There is no such node, or nobody else could lead.
    pub fn drain(&mut self, id: NodeId, drain: bool) -> Result<(), Broken> {
        let leads =
            |(other, node): (NodeId, &Node)| other != id && node.standing == Standing::Active;
        if drain && !self.members().any(leads) {
            return Err(format!("n{id} is the only node that leads; nobody could take over"));
        }
        let standing = if drain { Standing::Draining } else { Standing::Active };
        self.stand(id, standing)
    }

    /// Gives up a node for good.
    ///
    /// # Errors
    /// There is no such node, or too few would be left to lose one more.
    pub fn remove(&mut self, id: NodeId) -> Result<(), Broken> {
        let left = self.members().filter(|(other, _)| *other != id).count();
        if left == 2 {
            return Err(format!(
                "without n{id} two nodes are left, and both would have to run for anything to \
                 go on; add a node first"
            ));
        }
        if left == 0 {
            return Err(format!("n{id} is the only node"));
        }
        self.stand(id, Standing::Removed)
    }

    fn stand(&mut self, id: NodeId, standing: Standing) -> Result<(), Broken> {
        let node = self.nodes.get_mut(&id).filter(|node| node.standing != Standing::Removed);
        let node = node.ok_or_else(|| format!("there is no node n{id}"))?;
        if node.standing != standing {
            node.standing = standing;
            self.epoch += 1;
        }
        Ok(())
    }
}

impl Node {
    fn new(link: Box<str>) -> Node {
        Node { link, gateway: "".into(), directory: None, standing: Standing::Active }
    }
}

#[cfg(test)]
#[path = "nodes_tests.rs"]
mod tests;
