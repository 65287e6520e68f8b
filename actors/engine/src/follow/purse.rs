//! What the house has put up for an instrument: it pays every trade out of this.

use crate::amount::{Amount, Lots, Ticks};
use crate::ids::AccountId;
use crate::instrument::Instrument;
use crate::order::Side;
use serde::{Deserialize, Serialize};

/// Funds on their way from the house's account, which has them and spends them on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funding {
    pub house: AccountId,
    /// In minor units.
    pub base: Amount,
    pub quote: Amount,
}

/// What the house can still pay, in minor units. It is never more than the house's account has
/// once everything that is under way to it has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// None before it was funded: then nothing trades.
    pub house: Option<AccountId>,
    pub base: Amount,
    pub quote: Amount,
    /// Base and quote that were ever put up.
    pub put_up: (Amount, Amount),
}

impl Purse {
    pub(super) fn fund(&mut self, funding: &Funding) {
        self.house = Some(funding.house);
        self.base += funding.base;
        self.quote += funding.quote;
        self.put_up.0 += funding.base;
        self.put_up.1 += funding.quote;
    }

    /// Who trades. Only whoever has put something up does.
    pub(super) fn house(&self) -> AccountId {
        self.house.expect("a house that pays was funded")
    }

    /// The most that it can trade at a price with a user's order of `side`.
    pub(super) fn most(&self, side: Side, price: Ticks, instrument: &Instrument) -> Lots {
        let (has, costs) = match side {
            Side::Buy => (self.base, instrument.lot),
            Side::Sell => (self.quote, instrument.notional(price, Lots(1))),
        };
        let lots = has / costs.max(1);
        Lots(u64::try_from(lots).unwrap_or(u64::MAX))
    }

    /// Trades with a user's order of `side`.
    pub(super) fn trade(&mut self, side: Side, price: Ticks, quantity: Lots, rules: &Instrument) {
        let (goods, money) = (rules.base_amount(quantity), rules.notional(price, quantity));
        match side {
            Side::Buy => (self.base, self.quote) = (self.base - goods, self.quote + money),
            Side::Sell => (self.base, self.quote) = (self.base + goods, self.quote - money),
        }
        assert!(self.base >= 0 && self.quote >= 0, "CASH-2: the house pays more than it has");
    }
}
