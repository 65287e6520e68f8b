//! The greeting: who may speak to whom.

use super::NodeId;
use super::lane::Lane;
use hoga_engine::topology::Topology;
use hoga_proto::internal;

/// What a node says of itself in the first message of each stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Greeting {
    pub node: NodeId,
    pub incarnation: u32,
    pub cluster: String,
    pub version: u32,
    /// Into how many partitions its exchange is cut.
    pub topology: Topology,
    /// Where the node listens for its peers.
    pub port: u16,
}

/// Why two nodes do not speak.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("node {from} is of cluster {theirs:?}, node {me} of cluster {mine:?}")]
    OtherCluster { from: NodeId, theirs: String, me: NodeId, mine: String },
    #[error(
        "node {from} speaks version {theirs} of the protocol between nodes, node {me} version \
         {mine}; run the same release on both"
    )]
    OtherVersion { from: NodeId, theirs: u32, me: NodeId, mine: u32 },
    #[error(
        "node {from} has {} partitions of books and {} of accounts, node {me} {} and {}; an \
         exchange keeps those it was founded with: say the same in [partitions]",
        theirs.books, theirs.accounts, mine.books, mine.accounts
    )]
    OtherTopology { from: NodeId, theirs: Topology, me: NodeId, mine: Topology },
    #[error("node {from} is reached where node {expected} was expected; check the addresses")]
    OtherNode { from: NodeId, expected: NodeId },
    #[error("node {from} says that it is node {from}, its certificate is for another name")]
    OtherCertificate { from: NodeId },
    #[error("two nodes say that they are node {node}; an id is given once, and never again")]
    Myself { node: NodeId },
    #[error(
        "node {node} is connected from {connected} already, and now {other} says that it is \
         node {node} too; an id is given once, and never again"
    )]
    Twice { node: NodeId, connected: String, other: String },
    #[error("node {node} runs in incarnation {newest} already; {older} has ended")]
    Ended { node: NodeId, newest: u32, older: u32 },
    #[error("node {node} does not know node {from}")]
    Unknown { from: NodeId, node: NodeId },
    #[error("the greeting of a stream is missing or not understood")]
    NoGreeting,
}

impl Greeting {
    pub fn hello(&self, lane: Lane) -> internal::Hello {
        internal::Hello {
            node: self.node,
            incarnation: self.incarnation,
            cluster: self.cluster.clone(),
            version: self.version,
            lane: lane.number(),
            port: u32::from(self.port),
            books: u32::from(self.topology.books),
            accounts: u32::from(self.topology.accounts),
        }
    }

    pub fn read(hello: Option<internal::Hello>) -> Result<(Greeting, Lane), Refusal> {
        let hello = hello.ok_or(Refusal::NoGreeting)?;
        let lane = Lane::from_number(hello.lane).ok_or(Refusal::NoGreeting)?;
        let [port, books, accounts] = [hello.port, hello.books, hello.accounts]
            .map(|number| u16::try_from(number).map_err(|_| Refusal::NoGreeting));
        let (port, topology) = (port?, Topology { books: books?, accounts: accounts? });
        let internal::Hello { node, incarnation, cluster, version, .. } = hello;
        Ok((Greeting { node, incarnation, cluster, version, topology, port }, lane))
    }

    /// Whether this node and another may speak at all.
    pub fn agrees_with(&self, other: &Greeting) -> Result<(), Refusal> {
        let (from, me) = (other.node, self.node);
        if other.version != self.version {
            let (theirs, mine) = (other.version, self.version);
            return Err(Refusal::OtherVersion { from, theirs, me, mine });
        }
        if other.cluster != self.cluster {
            let (theirs, mine) = (other.cluster.clone(), self.cluster.clone());
            return Err(Refusal::OtherCluster { from, theirs, me, mine });
        }
        if other.topology != self.topology {
            let (theirs, mine) = (other.topology, self.topology);
            return Err(Refusal::OtherTopology { from, theirs, me, mine });
        }
        if from == me {
            return Err(Refusal::Myself { node: me });
        }
        Ok(())
    }
}
