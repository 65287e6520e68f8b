//! The lanes between two nodes: one stream each, so that what is urgent waits for nothing.

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Lane {
    /// Heartbeats, votes, hand-over of leadership: small and urgent.
    Votes = 1,
    /// Entries of the logs.
    Appends = 2,
    /// Everything between partitions and gateways.
    Messages = 3,
    /// States and histories for replicas that are too far behind.
    Snapshots = 4,
}

impl Lane {
    pub const ALL: [Lane; 4] = [Lane::Votes, Lane::Appends, Lane::Messages, Lane::Snapshots];

    /// Calls and notifications that may be under way on one stream: accepted and not yet answered
    /// or dealt with. More are refused.
    #[must_use]
    pub const fn under_way_max(self) -> usize {
        match self {
            Lane::Votes | Lane::Appends => 1024,
            Lane::Messages => 8192,
            Lane::Snapshots => 64,
        }
    }

    /// Bytes that may be under way on one stream, each body with [`FRAME_BYTES`] on top. More are
    /// refused. On the answering side the same number bounds answers that wait to be written;
    /// whoever has another one waits.
    #[must_use]
    pub const fn bytes_under_way_max(self) -> usize {
        match self {
            Lane::Votes => 1 << 20,
            Lane::Appends | Lane::Messages => 16 << 20,
            Lane::Snapshots => 8 << 20,
        }
    }

    /// The largest body of a call, a notification or an answer, in bytes.
    #[must_use]
    pub const fn body_bytes_max(self) -> usize {
        match self {
            Lane::Votes => 64 << 10,
            // An append has up to 1 MiB of entries and one more, which the log bounds at 4 MiB.
            Lane::Appends => 6 << 20,
            Lane::Messages | Lane::Snapshots => 4 << 20,
        }
    }

    pub(super) fn number(self) -> u32 {
        u32::from(self as u8)
    }

    pub(super) fn from_number(number: u32) -> Option<Lane> {
        Self::ALL.into_iter().find(|lane| lane.number() == number)
    }

    /// The lane's place among [`Lane::ALL`].
    pub(super) fn place(self) -> usize {
        self as usize - 1
    }

    /// What a body costs of [`Lane::bytes_under_way_max`].
    pub(super) fn cost(body: usize) -> u32 {
        u32::try_from(body + FRAME_BYTES).unwrap_or(u32::MAX)
    }
}

/// What a frame costs besides its body, in bytes.
pub const FRAME_BYTES: usize = 64;

/// Bytes of frames after which a message is sent as it is; the last frame may exceed it.
pub(super) const MESSAGE_BYTES: usize = 64 << 10;

/// Frames in one message.
pub(super) const MESSAGE_FRAMES: usize = 256;

/// The largest message on the wire, in bytes.
pub(super) const WIRE_BYTES_MAX: usize = 8 << 20;

/// Bytes of one stream that may be on the wire or in the kernel, unread.
pub(super) const WINDOW_BYTES: u32 = 1 << 20;
