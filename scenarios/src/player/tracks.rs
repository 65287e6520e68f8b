//! Orders as their owners know them: what was asked, what was acknowledged, what was filled.
//!
//! Kept apart from the accounts and books on purpose, so that the audit compares two tellings.

use hoga_engine::amount::{Amount, Lots};
use hoga_engine::history::FillRow;
use hoga_engine::ids::{AccountId, InstrumentId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::OrderState;

/// How much an order was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Quantity(Lots),
    /// Quote minor units, fee included.
    Spend(Amount),
}

/// One order, told by requests, answers and fills.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Track {
    /// None until the exchange gave the order a number in an answer.
    pub asked: Option<Asked>,
    pub instrument: Option<InstrumentId>,
    /// Sum of its fills, and what they cost with their fees.
    pub filled: Lots,
    pub spent: Amount,
    /// What the account said last.
    pub told_filled: Lots,
    pub told_cancelled: Lots,
    /// The exchange said that it has it.
    pub acknowledged: bool,
    /// The account said that nothing more will happen to it.
    pub is_final: bool,
}

impl Track {
    /// The exchange has the order. A retry under the same id asks for nothing more.
    pub fn acknowledge(&mut self, instrument: InstrumentId, asked: Asked) {
        if self.asked.is_none() {
            self.asked = Some(asked);
            self.instrument = Some(instrument);
        }
        self.acknowledged = true;
    }

    /// More was filled than was asked for, or spent than was to be spent.
    pub fn is_overfilled(&self) -> bool {
        match self.asked {
            Some(Asked::Quantity(asked)) => self.filled > asked,
            Some(Asked::Spend(amount)) => self.spent > amount,
            None => !self.filled.is_zero(),
        }
    }
}

/// All orders, by partition, account and number: an account numbers its orders without gaps.
#[derive(Debug, Default)]
pub(super) struct Tracks(Vec<Vec<Vec<Track>>>);

impl Tracks {
    pub fn at(&mut self, key: OrderKey) -> &mut Track {
        let accounts = grown(&mut self.0, usize::from(key.account.partition().0));
        let orders = grown(accounts, key.account.index() as usize);
        grown(orders, (key.no.0 as usize).saturating_sub(1))
    }

    pub fn get(&self, key: OrderKey) -> Option<&Track> {
        let accounts = self.0.get(usize::from(key.account.partition().0))?;
        accounts.get(key.account.index() as usize)?.get((key.no.0 as usize).checked_sub(1)?)
    }

    pub fn fill(&mut self, row: &FillRow) {
        let track = self.at(OrderKey { account: row.account, no: row.order });
        track.filled += row.quantity;
        track.spent += row.notional + row.fee + row.tax;
    }

    pub fn told(&mut self, state: &OrderState) {
        let track = self.at(state.key);
        track.told_filled = state.filled;
        track.told_cancelled = state.cancelled;
        track.is_final = state.status.is_final();
    }

    pub fn iter(&self) -> impl Iterator<Item = (OrderKey, &Track)> + '_ {
        let partitions = (0..).zip(&self.0);
        let accounts = partitions.flat_map(|(partition, accounts)| {
            let id = move |index| AccountId::new(PartitionId(partition), index);
            (0..).zip(accounts).map(move |(index, orders)| (id(index), orders))
        });
        accounts.flat_map(|(account, orders)| {
            (1..).zip(orders).map(move |(no, track)| (OrderKey { account, no: OrderNo(no) }, track))
        })
    }
}

fn grown<T: Default>(items: &mut Vec<T>, index: usize) -> &mut T {
    if items.len() <= index {
        items.resize_with(index + 1, T::default);
    }
    &mut items[index]
}
