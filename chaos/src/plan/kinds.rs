//! The kinds of fault, as reports and coverage floors name them.

use hoga_scenarios::grammar::{Fault, Node, NodeFault};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub name: &'static str,
    /// It takes something away, so that a gap may follow; the others mend or watch.
    pub is_harm: bool,
}

/// Every kind, by name.
pub const KINDS: [Kind; 20] = [
    harm("kill"),
    harm("freeze"),
    mend("thaw"),
    harm("restart"),
    harm("wipe"),
    harm("drain"),
    harm("remove"),
    harm("fill_disk"),
    harm("stall_disk"),
    harm("fail_fsync"),
    harm("cut_power"),
    harm("cut"),
    harm("cut_one_way"),
    mend("heal"),
    harm("delay"),
    harm("lose"),
    harm("reset"),
    harm("step_clock"),
    harm("slow_subscriber"),
    harm("add"),
];

const fn harm(name: &'static str) -> Kind {
    Kind { name, is_harm: true }
}

const fn mend(name: &'static str) -> Kind {
    Kind { name, is_harm: false }
}

impl Kind {
    #[must_use]
    pub fn of(fault: &Fault) -> Kind {
        let name = match fault {
            Fault::Node { fault, .. } => match fault {
                NodeFault::Kill => "kill",
                NodeFault::Freeze => "freeze",
                NodeFault::Thaw => "thaw",
                NodeFault::Restart => "restart",
                NodeFault::Wipe => "wipe",
                NodeFault::Drain => "drain",
                NodeFault::Remove => "remove",
                NodeFault::FillDisk => "fill_disk",
                NodeFault::StallDisk => "stall_disk",
                NodeFault::FailFsync => "fail_fsync",
                NodeFault::CutPower => "cut_power",
            },
            Fault::Cut { .. } => "cut",
            Fault::CutOneWay { .. } => "cut_one_way",
            Fault::Heal => "heal",
            Fault::Delay { .. } => "delay",
            Fault::Lose { .. } => "lose",
            Fault::Reset(_) => "reset",
            Fault::StepClock { .. } => "step_clock",
            Fault::SlowSubscriber => "slow_subscriber",
            Fault::AddNode => "add",
        };
        KINDS.into_iter().find(|kind| kind.name == name).unwrap_or(harm(name))
    }
}

/// The nodes that a fault names.
pub(crate) fn nodes(fault: &Fault) -> Vec<&Node> {
    match fault {
        Fault::Node { node, .. } | Fault::StepClock { node, .. } => vec![node],
        Fault::Cut { node, from } => std::iter::once(node).chain(from).collect(),
        Fault::CutOneWay { from, to } => vec![from, to],
        Fault::Delay { link, .. } | Fault::Lose { link, .. } | Fault::Reset(link) => {
            vec![&link.0, &link.1]
        }
        Fault::Heal | Fault::SlowSubscriber | Fault::AddNode => Vec::new(),
    }
}
