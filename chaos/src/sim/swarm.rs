//! What a seed decides before anything runs: the cluster, its network, its load, its dangers.
//!
//! Each seed also draws which kinds of faults there are and how many. A run with every kind at
//! once hides what a run with two of them, often, would show.

use super::conversation::Conversation;
use super::links::Quality;
use super::offer::Offer;
use super::words::{MS, Moment, Nanos, SECOND};
use super::world::Room;
use hoga_engine::pit::Chooser;
use hoga_engine::topology::Topology;

/// How a run goes. Equal seeds give equal swarms.
#[derive(Clone, Debug)]
pub struct Swarm {
    pub seed: u64,
    pub nodes: u64,
    pub topology: Topology,
    pub clients: usize,
    pub accounts: usize,
    pub subscribers: usize,
    /// How long faults go on; then everything heals.
    pub dangerous: Nanos,
    /// A client thinks this long between two requests, at most.
    pub thinks: Nanos,
    pub usual: Quality,
    pub heartbeat_ms: u64,
    pub election_ms: (u64, u64),
    /// Entries of a partition after which it takes a snapshot.
    pub snapshot_every: u64,
    /// Entries of a partition after which replicas compare their states.
    pub hash_every: u64,
    /// Messages that a pump sends at once.
    pub pump_batch: usize,
    /// Commands in one batch of a sequencer.
    pub batch_commands: usize,
    /// How far clocks are apart at the start, in either direction.
    pub skew: Nanos,
    pub fsync: (Nanos, Nanos),
    /// Weight of each kind of fault; zero for those that this seed does without.
    pub weights: [u64; KINDS],
    pub faults: usize,
    /// Nodes are hardly back when they die again.
    pub storms: bool,
    /// Of a thousand faults, so many wait for a moment.
    pub aimed: u64,
    pub moments: Vec<Moment>,
    /// What of the orders is of a kind that trades at once, in hundredths.
    pub takers: u64,
    pub repeats: u64,
    /// Clients engage kill switches.
    pub kills: bool,
    /// What there is to trade, and how.
    pub offer: Offer,
    /// Clients trade in named sessions.
    pub sessions: bool,
    /// How much may wait for a sequencer.
    pub room: Room,
    /// What is written down.
    pub conversation: Option<Conversation>,
}

/// Chosen so that seeds which once found something have no sessions, and go as they did.
const SESSIONS_SALT: u64 = 0x5E55_1000_0000_0055;

/// Kinds of faults that a seed chooses from; see [`super::faults`].
pub const KINDS: usize = 16;

impl Swarm {
    #[must_use]
    pub fn of(seed: u64, breadth: bool) -> Swarm {
        let mut dice = Chooser(seed ^ 0x5EED_0F5A_A21B_0001);
        let dice = &mut dice;
        let nodes = if dice.below(5) == 0 { 5 } else { 3 };
        let topology = Topology { books: 1 + dice.below(2) as u16, accounts: 2 };
        let heartbeat_ms = *dice.one_of(&[50, 50, 100]);
        let mut weights = [0; KINDS];
        for weight in &mut weights {
            // About a third of the kinds, each rare or frequent.
            *weight = *dice.one_of(&[0, 0, 0, 1, 3, 9]);
        }
        // Crashes are what everything here is about.
        weights[0] += dice.below(4);
        weights[1] += 1 + dice.below(4);
        let all = Moment::ALL.into_iter();
        let moments = all.filter(|_| dice.below(2) == 0).collect();
        let mut swarm = Swarm {
            seed,
            nodes,
            topology,
            clients: 3 + dice.below(6) as usize,
            accounts: 2 + dice.below(5) as usize,
            subscribers: 1 + dice.below(2) as usize,
            dangerous: SECOND * if breadth { 40 + dice.below(200) } else { 8 + dice.below(20) },
            thinks: MS
                * if breadth {
                    *dice.one_of(&[150, 800, 3000])
                } else {
                    *dice.one_of(&[20, 60, 200])
                },
            usual: quality(dice),
            heartbeat_ms,
            election_ms: (heartbeat_ms * 3, heartbeat_ms * 6),
            hash_every: if breadth { 512 } else { 64 },
            snapshot_every: if breadth {
                *dice.one_of(&[60, 250, 1000, 3000])
            } else {
                *dice.one_of(&[15, 40, 120, 400])
            },
            pump_batch: *dice.one_of(&[1, 3, 16, 512]),
            batch_commands: *dice.one_of(&[4, 64, 512]),
            skew: *dice.one_of(&[0, 20 * MS, 400 * MS]),
            fsync: *dice.one_of(&[(MS / 4, MS), (MS, 4 * MS), (MS / 10, 12 * MS)]),
            weights,
            faults: match (breadth, dice.below(2)) {
                (true, 0) => 10 + dice.below(60) as usize,
                (true, _) => 60 + dice.below(300) as usize,
                (false, _) => 3 + dice.below(18) as usize,
            },
            storms: false,
            aimed: *dice.one_of(&[0, 300, 600, 900]),
            moments,
            takers: *dice.one_of(&[20, 40, 70]),
            repeats: *dice.one_of(&[3, 10, 25]),
            kills: Chooser(seed ^ 0x0000_4111_0000_0001).below(4) == 0,
            offer: Offer::plain(),
            sessions: false,
            room: room(seed),
            conversation: None,
        };
        swarm.offer = Offer::of(seed, swarm.dangerous);
        // Gateways speak in seconds of the machines.
        swarm.sessions = swarm.offer.pace == 1 && Chooser(seed ^ SESSIONS_SALT).below(3) == 0;
        if breadth {
            swarm.may_storm();
        }
        swarm
    }

    /// Of eight seeds, in one nothing happens but that nodes die, several times a second.
    fn may_storm(&mut self) {
        let mut dice = Chooser(self.seed ^ 0x0000_5702_0000_0001);
        if dice.below(8) > 0 {
            return;
        }
        let seconds = (self.dangerous / SECOND) as usize;
        self.storms = true;
        self.faults = seconds * *dice.one_of(&[2, 6, 20]);
        self.weights = [0; KINDS];
        self.weights[..3].copy_from_slice(&[6, 12, 1]);
    }
}

/// Of four seeds, one has so little room that clients and other partitions are often refused.
fn room(seed: u64) -> Room {
    let mut dice = Chooser(seed ^ 0x0000_0CA9_0000_0001);
    if dice.below(4) > 0 {
        return Room { clients: 1024, inbound: 64 };
    }
    Room { clients: *dice.one_of(&[1, 2, 4]), inbound: *dice.one_of(&[1, 2, 4]) }
}

fn quality(dice: &mut Chooser) -> Quality {
    let delay_max = *dice.one_of(&[MS, 3 * MS, 8 * MS]);
    Quality {
        lost: *dice.one_of(&[0, 0, 5, 30]),
        doubled: *dice.one_of(&[0, 10, 50]),
        delay_min: MS / 10,
        delay_max,
        late_chance: *dice.one_of(&[0, 0, 5, 50]),
        late: *dice.one_of(&[20 * MS, 120 * MS]),
    }
}
