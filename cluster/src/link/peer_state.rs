//! How a peer is, as far as its streams tell.

/// The worst of a peer's lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// Not reached yet, and nothing has failed yet.
    Connecting,
    /// Every lane is open.
    Up { incarnation: u32 },
    /// Every lane is open, and one has been silent for longer than a ping takes.
    Suspect,
    /// A lane is not open; it is dialled again and again.
    Down,
}
