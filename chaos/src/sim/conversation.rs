//! What nodes say to each other about one partition, as text: a failover, word for word.

use super::words::{MS, Nanos, NodeId};
use hoga_engine::ids::PartitionId;

/// A conversation that is written down from some moment on.
#[derive(Clone, Debug)]
pub struct Conversation {
    partition: PartitionId,
    from: Nanos,
    lines: Vec<String>,
}

impl Conversation {
    /// Writes a line, if it is about this partition; what is about none is about the nodes.
    pub fn note(&mut self, now: Nanos, about: &[PartitionId], line: impl FnOnce() -> String) {
        if now >= self.from && (about.is_empty() || about.contains(&self.partition)) {
            let ms = (now - self.from) as f64 / MS as f64;
            self.lines.push(format!("{ms:7.1} ms  {}", line()));
        }
    }
}

/// Only the page about failovers is written so far.
#[cfg(test)]
impl Conversation {
    #[must_use]
    pub fn about(partition: PartitionId, from: Nanos) -> Conversation {
        Conversation { partition, from, lines: Vec::new() }
    }

    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// The line of a message.
#[must_use]
pub fn said(from: NodeId, to: NodeId, what: &str) -> String {
    format!("n{from} -> n{to}  {what}")
}
