//! What happened in a run: proof that it was not empty.

use hoga_engine::effect::Answer;
use hoga_engine::order::Status;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, Serialize)]
pub struct WitnessCounts {
    pub committed: u64,
    pub hashes: u64,
    pub acknowledged: u64,
    pub ordered: u64,
    pub reads: u64,
    pub shown: u64,
    pub books: u64,
    pub looks: u64,
    /// How much each check has looked at, by invariant.
    pub checked: BTreeMap<&'static str, u64>,
    /// What only some markets have: stops that fired, auctions, fills outside, by name.
    pub happened: BTreeMap<&'static str, u64>,
}

macro_rules! tally {
    ($($name:ident,)*) => {
        /// Counters of a run, or of many.
        #[derive(Clone, Debug, Default, Serialize)]
        pub struct Tally {
            $(pub $name: u64,)*
            /// Business refusals, by reason.
            pub refusals: BTreeMap<&'static str, u64>,
            pub witness: WitnessCounts,
        }

        impl Tally {
            /// Adds what another run counted.
            pub fn add(&mut self, other: &Tally) {
                $(self.$name += other.$name;)*
                for (reason, count) in &other.refusals {
                    *self.refusals.entry(reason).or_default() += count;
                }
                self.add_witness(other.witness.clone());
            }
        }
    };
}

tally! {
    events, batches, applied, skipped, messages, resent, refused, acknowledged, unknown, given_up, repeats,
    reads, looks, fills, partial_fills, rested, cancelled, elections, crashes, power_losses,
    blackouts, pauses, partitions, spoilt, disks, failed_disks, lost_disks, replaced, grown, shrunk,
    clocks, transfers, aimed, snapshots, installs, shown, resumed, resyncs, torn,
    refused_starts, vanished, attended,
}

impl Tally {
    pub fn add_witness(&mut self, counts: WitnessCounts) {
        let mine = &mut self.witness;
        mine.committed += counts.committed;
        mine.hashes += counts.hashes;
        mine.acknowledged += counts.acknowledged;
        mine.ordered += counts.ordered;
        mine.reads += counts.reads;
        mine.shown += counts.shown;
        mine.books += counts.books;
        mine.looks += counts.looks;
        for (id, count) in counts.checked {
            *mine.checked.entry(id).or_default() += count;
        }
        for (name, count) in counts.happened {
            *mine.happened.entry(name).or_default() += count;
        }
    }

    /// Counts what an answer says.
    pub fn answer(&mut self, answer: &Answer) {
        match answer {
            Answer::Decided { outcome, .. } | Answer::Settled { outcome, .. } => {
                self.fills += u64::from(!outcome.filled.is_zero());
                let is_partial = outcome.status == Status::PartiallyFilled;
                self.partial_fills += u64::from(is_partial);
                self.rested += u64::from(outcome.status == Status::Open);
                self.cancelled += u64::from(outcome.status == Status::Cancelled);
            }
            Answer::Rejected { reject, .. } => {
                *self.refusals.entry(reject.reason()).or_default() += 1;
            }
            _ => {}
        }
    }
}
