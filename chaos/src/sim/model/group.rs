//! One partition's log, as the model keeps it.

use crate::sim::words::{Nanos, NodeId};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub struct Entry {
    pub term: u64,
    pub batch: Option<Bytes>,
}

/// Who waits for an entry.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    pub node: NodeId,
    pub ticket: u64,
}

pub struct Group {
    pub term: u64,
    pub leader: Option<NodeId>,
    pub members: BTreeSet<NodeId>,
    /// Committed entries; the first has index 1.
    pub log: Vec<Entry>,
    pub committed: u64,
    /// Appended by the leader, not committed.
    pub tail: Vec<(Entry, Option<Pending>)>,
    pub applied: BTreeMap<NodeId, u64>,
    /// Nodes that still take themselves for the leader, with what they proposed since.
    pub deposed: BTreeMap<NodeId, Vec<u64>>,
    pub unwell_since: Option<Nanos>,
}

impl Group {
    #[must_use]
    pub fn new(members: BTreeSet<NodeId>) -> Group {
        Group {
            term: 0,
            leader: None,
            members,
            log: Vec::new(),
            committed: 0,
            tail: Vec::new(),
            applied: BTreeMap::new(),
            deposed: BTreeMap::new(),
            unwell_since: None,
        }
    }
}
