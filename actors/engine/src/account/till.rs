//! The account's money and goods with the rows that explain them.

use super::balances::{Balance, Balances};
use super::chain::Chain;
use crate::amount::Amount;
use crate::effect::Effects;
use crate::history::{FillRow, LedgerRow};
use crate::ids::{AccountId, AssetId};
use crate::order::OrderState;
use serde::{Deserialize, Serialize};

/// Balances change here alone, so that none changes without its row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Till {
    balances: Balances,
    chain: Chain,
    told: Told,
}

/// How much the account's owner was told: what streams number their events by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// States of orders.
    pub orders: u64,
    /// Balances, one for each asset that a command moved.
    pub balances: u64,
}

impl Till {
    #[inline]
    pub fn get(&self, asset: AssetId) -> Balance {
        self.balances.get(asset)
    }

    pub fn iter(&self) -> impl Iterator<Item = (AssetId, Balance)> + '_ {
        self.balances.iter()
    }

    /// Number of ledger rows and of fills so far.
    pub fn rows(&self) -> (u64, u64) {
        (self.chain.rows(), self.chain.fills())
    }

    /// Reads early what moving a balance will read.
    #[inline(always)]
    pub fn glance(&self) -> u64 {
        self.balances.glance() ^ self.chain.rows() ^ self.told.orders
    }

    pub fn told(&self) -> Told {
        self.told
    }

    /// Tells the owner where an order stands.
    #[inline]
    pub fn tell(&mut self, state: &mut OrderState, out: &mut impl Effects) {
        self.told.orders += 1;
        state.event = self.told.orders;
        out.order(state);
    }

    /// Tells the owner of every balance that the command under way moved.
    #[inline]
    pub fn tell_moved(&mut self, account: AccountId, out: &mut impl Effects) {
        for (asset, balance) in self.balances.take_moved() {
            self.told.balances += 1;
            out.balance(account, self.told.balances, asset, balance);
        }
    }

    /// Moves from available to held. Negative releases.
    #[inline]
    pub fn hold(&mut self, asset: AssetId, amount: Amount) {
        self.balances.hold(asset, amount);
    }

    /// Books one row that is a transaction by itself.
    #[inline]
    pub fn post(&mut self, row: &mut LedgerRow, out: &mut impl Effects) {
        self.book(row, 0);
        self.chain.link(row);
        out.ledger(row);
    }

    /// Books the two rows of a trade's leg. `from_hold` of what each takes was held for it.
    #[inline(always)]
    pub fn post_leg(
        &mut self,
        [money, goods]: [&mut LedgerRow; 2],
        from_hold: [Amount; 2],
        fill: &mut FillRow,
        out: &mut impl Effects,
    ) {
        self.book(money, from_hold[0]);
        self.book(goods, from_hold[1]);
        self.chain.link_leg(money, goods);
        self.chain.number(fill);
        out.ledger(money);
        out.ledger(goods);
    }

    #[inline(always)]
    fn book(&mut self, row: &mut LedgerRow, from_hold: Amount) {
        let change = row.amount - row.commission - row.tax;
        let balance = self.balances.entry(row.asset);
        row.before = balance.total();
        balance.held -= from_hold;
        balance.available += change + from_hold;
        let is_covered = balance.available >= 0 && balance.held >= 0;
        assert!(is_covered, "CASH-2: a row takes more than there is");
        row.after = balance.total();
        row.sequence = self.chain.next_row();
    }
}
