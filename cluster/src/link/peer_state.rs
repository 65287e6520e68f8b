//! How a peer is, as far as its streams tell.

use super::NodeId;
use super::lane::Lane;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The worst of a peer's lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// Not reached yet, and nothing has failed yet.
    Connecting,
    /// Every lane is open.
    Up { incarnation: u32 },
    /// Every lane is open, and one has been silent for longer than a ping should take.
    Suspect,
    /// A lane is not open; it is dialled again and again.
    Down,
}

impl PeerState {
    /// Whether a peer hears this node and is heard.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(self, PeerState::Up { .. })
    }
}

/// How one lane to a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaneState {
    Dialling,
    Open { incarnation: u32 },
    Silent { incarnation: u32 },
    Broken,
}

/// All lanes to all peers, and what is told of them.
pub(super) struct States {
    lanes: Mutex<Lanes>,
    told: watch::Sender<BTreeMap<NodeId, PeerState>>,
}

#[derive(Default)]
struct Lanes {
    of: BTreeMap<NodeId, (Stay, [LaneState; 4])>,
    last: u64,
}

/// One stay of a peer among the peers: who dialled it in an earlier one has no say any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stay(u64);

impl States {
    pub fn new() -> States {
        States { lanes: Mutex::default(), told: watch::channel(BTreeMap::new()).0 }
    }

    pub fn told(&self) -> watch::Receiver<BTreeMap<NodeId, PeerState>> {
        self.told.subscribe()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, peer: NodeId) -> Stay {
        let mut lanes = self.lanes();
        lanes.last += 1;
        let stay = Stay(lanes.last);
        lanes.of.insert(peer, (stay, [LaneState::Dialling; 4]));
        self.tell(peer, Some(PeerState::Connecting));
        stay
    }

    pub fn remove(&self, peer: NodeId) {
        let mut lanes = self.lanes();
        lanes.of.remove(&peer);
        self.tell(peer, None);
    }

    /// Notes a lane's state; a peer that was removed meanwhile stays so.
    pub fn set(&self, (peer, stay): (NodeId, Stay), lane: Lane, state: LaneState) {
        let mut lanes = self.lanes();
        let Some((current, of_peer)) = lanes.of.get_mut(&peer) else { return };
        if *current != stay {
            return;
        }
        of_peer[lane.place()] = state;
        let worst = worst(of_peer);
        self.tell(peer, Some(worst));
    }

    /// Called with the lanes locked, so that what is told last is the latest.
    fn tell(&self, peer: NodeId, state: Option<PeerState>) {
        self.told.send_if_modified(|told| {
            let before = match state {
                Some(state) => told.insert(peer, state),
                None => told.remove(&peer),
            };
            before != state
        });
    }
}

fn worst(lanes: &[LaneState; 4]) -> PeerState {
    let is = |state: fn(&LaneState) -> bool| lanes.iter().any(state);
    if is(|lane| matches!(lane, LaneState::Broken)) {
        return PeerState::Down;
    }
    if is(|lane| matches!(lane, LaneState::Dialling)) {
        return PeerState::Connecting;
    }
    if is(|lane| matches!(lane, LaneState::Silent { .. })) {
        return PeerState::Suspect;
    }
    let incarnations = lanes.map(|lane| match lane {
        LaneState::Open { incarnation } => incarnation,
        _ => unreachable!("the other states are dealt with"),
    });
    // Lanes into two lives of the peer: the older ones are about to break.
    if incarnations.iter().any(|incarnation| *incarnation != incarnations[0]) {
        return PeerState::Down;
    }
    PeerState::Up { incarnation: incarnations[0] }
}
