//! FILL-4: of no level of an outside snapshot more is filled than it displayed.
//!
//! What was displayed is in the log for as long as the log reaches back, and the snapshot that
//! stands is in its book; fills name snapshot and level. Fills of snapshots that neither has any
//! more are not judged.

use super::invariants::Findings;
use super::report::InvariantReport;
use crate::partition::{Absorbed, Batch, Command};
use crate::replay::Replay;
use hoga_actors::{Entity, EntityId};
use hoga_engine::effect::Answer;
use hoga_engine::follow::Snapshot;
use hoga_engine::history::FillRow;
use hoga_engine::ids::{InstrumentId, Origin, PartitionId};
use hoga_engine::message::HOUSE_ORDER;
use hoga_engine::order::Side;
use std::collections::BTreeMap;

/// A level: its snapshot's number, the side of those who take from it, and its place from 1.
type Level = (InstrumentId, u64, Side, u32);

#[derive(Default)]
pub(super) struct Outside {
    displayed: BTreeMap<Level, u64>,
    /// What each partition's accounts were filled.
    filled: BTreeMap<(PartitionId, Level), u64>,
}

/// Snapshots in a batch that is about to be applied.
pub(super) struct Posts(Vec<(Origin, InstrumentId, Snapshot)>);

impl Posts {
    pub fn of(batch: &Batch) -> Posts {
        let posts = batch.entries.iter().filter_map(|entry| match &entry.command {
            Command::Post { instrument, origin, snapshot } => {
                Some((*origin, *instrument, (**snapshot).clone()))
            }
            _ => None,
        });
        Posts(posts.collect())
    }
}

impl Outside {
    /// Begins a partition: its books have the snapshots that stand, its accounts no fills.
    pub fn begin(&mut self, replay: &Replay) {
        let partition = replay.core.id();
        self.filled.retain(|(of, _), _| *of != partition);
        for (id, entity) in &replay.entities {
            let (EntityId::Book(instrument), Entity::Book(listing)) = (id, entity) else {
                continue;
            };
            let Some(following) = listing.following() else { continue };
            for taker in [Side::Buy, Side::Sell] {
                let rungs = following.rungs(taker.opposite()).iter();
                let quantities = rungs.map(|rung| rung.displayed.0);
                self.display(*instrument, following.number(), taker, quantities);
            }
        }
    }

    /// Takes note of those snapshots that their books took.
    pub fn post(&mut self, posts: Posts, absorbed: &[Absorbed]) {
        for (origin, instrument, snapshot) in posts.0 {
            let mut answers = absorbed.iter().flat_map(|absorbed| &absorbed.answers);
            let is_taken = answers.any(|(to, answer)| {
                *to == origin && matches!(answer, Answer::Posted(posted) if posted.is_taken)
            });
            if is_taken {
                for taker in [Side::Buy, Side::Sell] {
                    let levels = snapshot.side(taker.opposite()).iter();
                    let quantities = levels.map(|level| level.quantity.0);
                    self.display(instrument, snapshot.number, taker, quantities);
                }
            }
        }
    }

    fn display(
        &mut self,
        instrument: InstrumentId,
        number: u64,
        taker: Side,
        quantities: impl Iterator<Item = u64>,
    ) {
        for (place, quantity) in (1..).zip(quantities) {
            self.displayed.insert((instrument, number, taker, place), quantity);
        }
    }

    /// Counts what a user was filled; the house's side of it is the same once more.
    pub fn fill(&mut self, fill: &FillRow) {
        let Some(source) = fill.source.filter(|_| fill.order != HOUSE_ORDER) else { return };
        let level = (fill.instrument, source.snapshot, fill.side, source.level);
        *self.filled.entry((fill.account.partition(), level)).or_default() += fill.quantity.0;
    }

    pub fn report(self) -> InvariantReport {
        let mut found = Findings::new("FILL-4");
        let mut sums: BTreeMap<Level, u64> = BTreeMap::new();
        for ((_, level), quantity) in self.filled {
            *sums.entry(level).or_default() += quantity;
        }
        for (level, filled) in sums {
            let Some(displayed) = self.displayed.get(&level) else { continue };
            found.check(filled <= *displayed, || {
                let (instrument, number, _, place) = level;
                format!(
                    "#{}: of level {place} of snapshot {number} {filled} lots were filled, \
                     {displayed} displayed",
                    instrument.0
                )
            });
        }
        found.report()
    }
}

#[cfg(test)]
mod tests {
    use super::Outside;
    use hoga_engine::amount::{Lots, Ticks};
    use hoga_engine::follow::Source;
    use hoga_engine::history::FillRow;
    use hoga_engine::ids::{AccountId, InstrumentId, OrderNo, PartitionId, TradeNo};
    use hoga_engine::order::Side;
    use hoga_engine::time::Time;

    fn fill(partition: u16, order: u64, snapshot: u64, lots: u64) -> FillRow {
        FillRow {
            account: AccountId::new(PartitionId(partition), 0),
            sequence: 1,
            order: OrderNo(order),
            instrument: InstrumentId(1),
            trade: TradeNo(1),
            side: Side::Buy,
            is_maker: false,
            price: Ticks(100),
            quantity: Lots(lots),
            notional: 0,
            fee: 0,
            tax: 0,
            time: Time(0),
            posted: Time(0),
            source: Some(Source { snapshot, level: 1 }),
        }
    }

    /// Whether it holds when users of two partitions are filled so much of a level of 50.
    fn holds(one: u64, other: u64) -> bool {
        let mut outside = Outside::default();
        outside.display(InstrumentId(1), 7, Side::Buy, [50].into_iter());
        for fill in [fill(3, 1, 7, one), fill(4, 1, 7, other), fill(5, 0, 7, one + other)] {
            outside.fill(&fill);
        }
        // Nothing is known of what this one displayed.
        outside.fill(&fill(3, 1, 6, 1_000));
        outside.report().ok
    }

    #[test]
    fn a_level_is_filled_as_far_as_it_was_displayed() {
        assert!(holds(20, 30));
        assert!(!holds(20, 31));
    }
}
