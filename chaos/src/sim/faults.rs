//! The faults of a run, drawn from its seed before it begins: a list that can be printed, and
//! made shorter to find out which of them matter.

use super::links::Quality;
use super::swarm::{KINDS, Swarm};
use super::words::{Down, MS, Moment, Nanos, NodeId, SECOND};
use hoga_engine::ids::PartitionId;
use hoga_engine::pit::Chooser;
use std::collections::BTreeSet;
use std::fmt;

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    At(Nanos),
    /// A little after the first such moment from then on, at the node that it concerns.
    Moment {
        moment: Moment,
        from: Nanos,
        after: Nanos,
    },
}

/// Whom a fault strikes when it waits for no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The n-th of the nodes that are there.
    Nth(u64),
    /// Whoever leads a partition then.
    Leader(PartitionId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Stop(Down),
    StopAll(Down),
    Pause,
    /// The node on one side, everybody else on the other.
    Isolate,
    /// Only what it sends, or only what it is sent, is lost.
    OneWay {
        outgoing: bool,
    },
    /// The node and one other do not hear each other; both hear the rest.
    Bridge,
    /// Isolated and back, again and again.
    Flap {
        period: Nanos,
    },
    Spoil(Quality),
    SlowDisk(Nanos),
    FullDisk,
    FailingDisk,
    /// The node stops, and a record inside its log is damaged.
    Corrupt,
    /// The node stops, and its disk is gone.
    Wipe,
    StepClock {
        by: i64,
    },
    Lead(PartitionId),
    Grow,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub when: When,
    pub whom: Whom,
    pub kind: Kind,
    pub lasts: Nanos,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |nanos: Nanos| nanos as f64 / SECOND as f64;
        match self.when {
            When::At(at) => write!(f, "at {:.3}s ", seconds(at))?,
            When::Moment { moment, from, after } => {
                let after = after as f64 / MS as f64;
                write!(f, "{after:.3}ms after {moment:?} from {:.3}s on ", seconds(from))?;
            }
        }
        match self.whom {
            Whom::Nth(nth) => write!(f, "node no. {nth}: ")?,
            Whom::Leader(partition) => write!(f, "leader of {}: ", partition.0)?,
        }
        write!(f, "{:?} for {:.3}s", self.kind, seconds(self.lasts))
    }
}

/// The faults of a run, in order of time.
#[must_use]
pub fn draw(swarm: &Swarm) -> Vec<Fault> {
    let mut dice = Chooser(swarm.seed ^ 0xFA17_5000_0000_0001);
    let mut faults: Vec<Fault> = (0..swarm.faults).map(|_| one(swarm, &mut dice)).collect();
    faults.sort_by_key(|fault| match fault.when {
        When::At(at) => at,
        When::Moment { from, .. } => from,
    });
    faults
}

fn one(swarm: &Swarm, dice: &mut Chooser) -> Fault {
    // The first seconds belong to the exchange's coming into being.
    let at = SECOND + dice.below(swarm.dangerous - SECOND);
    let kind = kind(swarm, dice);
    let is_aimed = dice.below(1000) < swarm.aimed && !swarm.moments.is_empty();
    let when = if is_aimed {
        let after = *dice.one_of(&[0, 0, MS / 5, MS, 4 * MS]);
        When::Moment { moment: *dice.one_of(&swarm.moments), from: at, after }
    } else {
        When::At(at)
    };
    let whom = if dice.below(2) == 0 {
        Whom::Nth(dice.below(swarm.nodes))
    } else {
        Whom::Leader(PartitionId(dice.below(u64::from(swarm.topology.count())) as u16))
    };
    let lasts = match dice.below(4) {
        _ if swarm.storms => MS * (1 + dice.below(120)),
        0 => MS * (1 + dice.below(100)),
        1 | 2 => MS * (100 + dice.below(1500)),
        _ => MS * (1500 + dice.below(4000)),
    };
    Fault { when, whom, kind, lasts }
}

fn kind(swarm: &Swarm, dice: &mut Chooser) -> Kind {
    let total: u64 = swarm.weights.iter().sum();
    let mut left = dice.below(total.max(1));
    let nth = swarm.weights.iter().position(|&weight| {
        let is_it = left < weight;
        left = left.saturating_sub(weight);
        is_it
    });
    let partition = PartitionId(dice.below(u64::from(swarm.topology.count())) as u16);
    let kinds: [Kind; KINDS] = [
        Kind::Stop(Down::Kill),
        Kind::Stop(Down::Power),
        Kind::StopAll(if dice.below(3) == 0 { Down::Kill } else { Down::Power }),
        Kind::Pause,
        Kind::Isolate,
        Kind::OneWay { outgoing: dice.below(2) == 0 },
        Kind::Bridge,
        Kind::Flap { period: MS * (50 + dice.below(600)) },
        Kind::Spoil(Quality {
            lost: *dice.one_of(&[0, 100, 400]),
            doubled: *dice.one_of(&[0, 300]),
            delay_min: *dice.one_of(&[0, 5 * MS]),
            delay_max: MS * *dice.one_of(&[6, 40, 200]),
            late_chance: 200,
            late: 300 * MS,
        }),
        Kind::SlowDisk(MS * *dice.one_of(&[10, 80, 400, 1500])),
        Kind::FullDisk,
        Kind::FailingDisk,
        Kind::Corrupt,
        Kind::Wipe,
        Kind::StepClock { by: *dice.one_of(&[-3600, -2, 2, 3600]) * SECOND as i64 },
        Kind::Lead(partition),
    ];
    let grows = dice.below(30) == 0;
    match nth {
        _ if grows => Kind::Grow,
        Some(nth) => kinds[nth].clone(),
        None => Kind::Stop(Down::Power),
    }
}

/// The directions that a cut of this kind closes, seen from one node.
#[must_use]
pub fn closed(kind: &Kind, node: NodeId, all: &[NodeId]) -> BTreeSet<(NodeId, NodeId)> {
    let others = || all.iter().copied().filter(move |other| *other != node);
    match kind {
        Kind::Isolate | Kind::Flap { .. } => {
            others().flat_map(|other| [(node, other), (other, node)]).collect()
        }
        Kind::OneWay { outgoing: true } => others().map(|other| (node, other)).collect(),
        Kind::OneWay { outgoing: false } => others().map(|other| (other, node)).collect(),
        Kind::Bridge => others().take(1).flat_map(|other| [(node, other), (other, node)]).collect(),
        _ => BTreeSet::new(),
    }
}
