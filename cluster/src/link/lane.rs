//! The lanes between two nodes: one stream each, so that what is urgent waits for nothing.

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Heartbeats, votes, hand-over of leadership: small and urgent.
    Votes,
    /// Entries of the logs.
    Appends,
    /// Everything between partitions and gateways.
    Messages,
    /// States and histories for replicas that are too far behind.
    Snapshots,
}

impl Lane {
    pub const ALL: [Lane; 4] = [Lane::Votes, Lane::Appends, Lane::Messages, Lane::Snapshots];

    /// Calls and notifications that may be under way on one stream: accepted and not yet answered
    /// or taken. More are refused.
    #[must_use]
    pub const fn under_way_max(self) -> usize {
        match self {
            Lane::Votes | Lane::Appends => 1024,
            Lane::Messages => 8192,
            Lane::Snapshots => 64,
        }
    }

    /// Bytes of bodies that may be under way on one stream. More are refused, but one body always
    /// finds room on an empty stream.
    #[must_use]
    pub const fn bytes_under_way_max(self) -> usize {
        match self {
            Lane::Votes => 1 << 20,
            Lane::Appends | Lane::Messages => 16 << 20,
            Lane::Snapshots => 4 << 20,
        }
    }
}

/// The largest body of a call, a notification or an answer, in bytes.
pub const BODY_BYTES_MAX: usize = 4 << 20;
