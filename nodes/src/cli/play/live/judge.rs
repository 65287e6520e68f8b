//! What came of a play, out of what the exchange says of every account at the end.
//!
//! What clients asked for and were told stands in the seats; what happened stands in orders, fills
//! and balances. The judge joins the two and believes neither.

use super::board::ticks;
use super::holds;
use super::reading::{Statement, is_open};
use super::seat::{Asked, Seat, number};
use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::follow::Source;
use hoga_engine::ids::TradeNo;
use hoga_engine::instrument::Instrument;
use hoga_engine::order::Side;
use hoga_engine::time::Time;
use hoga_proto::convert::numbers;
use hoga_proto::v1;
use hoga_scenarios::listing::Market;
use hoga_scenarios::player::{Audit, Deals, Digest, Displayed, Purse};
use hoga_scenarios::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use v1::OrderState as State;

/// A trade with the legs of accounts of the play.
#[derive(Debug, Clone, Copy, Default)]
struct Trade {
    price: Ticks,
    time: Time,
    taker: Option<Side>,
    bought: Lots,
    sold: Lots,
}

/// When a play ran, by the exchange's clock.
#[derive(Debug, Clone, Copy)]
pub struct Ran {
    pub from: Time,
    pub took: Duration,
    /// Of the scenario.
    pub length: Millis,
}

/// What was found.
pub struct Found {
    pub deals: Vec<Deals>,
    pub digest: String,
    pub audit: Audit,
    pub purses: Vec<Purse>,
}

pub struct Judge<'j> {
    pub market: &'j Market,
    /// Nobody but the play traded: every trade has both its legs here.
    pub is_own: bool,
    pub seats: &'j [Seat],
    /// In the order of the seats.
    pub statements: &'j [Statement],
    /// What outside books displayed.
    pub outside: &'j mut Displayed,
    pub ran: Ran,
    /// From which seat on bots sit.
    pub bots_from: usize,
}

impl Judge<'_> {
    /// Joins what was asked with what happened. `conserved` and requests without an answer are the
    /// caller's to add.
    pub fn find(&mut self) -> Found {
        let trades = self.trades();
        let (mut overfilled, mut lost, mut open_orders) = (0, 0, 0);
        let mut holds_released = true;
        for (seat, statement) in self.seats.iter().zip(self.statements) {
            overfilled += self.overfilled(seat, statement);
            lost += self.lost(seat, statement);
            open_orders += statement.orders.iter().filter(|order| is_open(order)).count() as u64;
            // Orders of an earlier play hold something too.
            holds_released &= seat.orders_before > 0 || holds::fit(self.market, statement);
        }
        if self.is_own {
            overfilled += self.legs_that_differ(&trades);
        }
        overfilled += self.outside.overfilled();
        let conserved = true;
        Found {
            deals: self.deals(&trades),
            digest: self.digest(&trades),
            audit: Audit { overfilled, lost, conserved, holds_released, open_orders },
            purses: self.purses(),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        let symbol = name.strip_prefix("instruments/")?;
        self.market.instruments.iter().position(|listed| *listed.symbol == *symbol)
    }

    /// All trades of the play, by instrument and number.
    fn trades(&mut self) -> BTreeMap<(usize, u64), Trade> {
        let mut trades: BTreeMap<(usize, u64), Trade> = BTreeMap::new();
        for fill in self.statements.iter().flat_map(|statement| &statement.fills) {
            let Some(place) = self.place(&fill.instrument) else { continue };
            let instrument = &self.market.instruments[place];
            let side = if fill.side() == v1::Side::Buy { Side::Buy } else { Side::Sell };
            let quantity = lots(fill.quantity.as_ref(), instrument);
            let trade = trades.entry((place, number(&fill.trade).unwrap_or(0))).or_default();
            trade.price = ticks(fill.price.as_ref(), instrument).unwrap_or_default();
            trade.time = time(fill.time.as_ref());
            if side == Side::Buy {
                trade.bought += quantity;
            } else {
                trade.sold += quantity;
            }
            if !fill.is_maker {
                // In a call neither side takes: then both legs say so.
                trade.taker = if trade.taker.is_some() { None } else { Some(side) };
            }
            if fill.outside_snapshot > 0 {
                let (snapshot, level) = (fill.outside_snapshot, fill.outside_level as _);
                self.outside.taken(instrument.id, Source { snapshot, level }, side, quantity);
            }
        }
        trades
    }

    /// Orders with other fills than they were asked for or say.
    fn overfilled(&self, seat: &Seat, statement: &Statement) -> u64 {
        let mut filled: BTreeMap<u64, (Lots, Amount)> = BTreeMap::new();
        for fill in &statement.fills {
            let (Some(no), Some(place)) = (number(&fill.order), self.place(&fill.instrument))
            else {
                continue;
            };
            let instrument = &self.market.instruments[place];
            let money = |part: Option<&v1::Decimal>| {
                numbers::amount_if_any("fill", part, instrument.quote_scale).ok().flatten()
            };
            let parts = [&fill.notional, &fill.fee, &fill.tax];
            let spent: Amount = parts.iter().filter_map(|part| money(part.as_ref())).sum();
            let sum = filled.entry(no).or_default();
            sum.0 += lots(fill.quantity.as_ref(), instrument);
            sum.1 += spent;
        }
        let is_bad = |order: &v1::Order| {
            let (Some(no), Some(place)) = (number(&order.name), self.place(&order.instrument))
            else {
                return true;
            };
            let instrument = &self.market.instruments[place];
            let (sum, spent) = filled.remove(&no).unwrap_or_default();
            let told = lots(order.filled_quantity.as_ref(), instrument);
            let is_beyond = match seat.placed.get(&no).map(|placed| placed.asked) {
                Some(Asked::Quantity(asked)) => sum > asked,
                Some(Asked::Spend(amount)) => spent > amount,
                None => order.quantity.is_some() && sum > lots(order.quantity.as_ref(), instrument),
            };
            sum != told || is_beyond
        };
        let bad = statement.orders.iter().filter({
            let mut is_bad = is_bad;
            move |order| is_bad(order)
        });
        bad.count() as u64
    }

    /// Acknowledged orders that are not there, that ended with quantity unaccounted for, or whose
    /// id another order has too.
    fn lost(&self, seat: &Seat, statement: &Statement) -> u64 {
        let orders =
            statement.orders.iter().filter_map(|order| Some((number(&order.name)?, order)));
        let orders: BTreeMap<u64, &v1::Order> = orders.collect();
        let is_lost = |(no, placed): &(&u64, &super::seat::Placed)| {
            let Some(order) = orders.get(no) else { return true };
            let instrument = &self.market.instruments[placed.instrument];
            let of = |part: &Option<v1::Decimal>| lots(part.as_ref(), instrument);
            let parts = [&order.filled_quantity, &order.cancelled_quantity];
            let accounted = parts.iter().fold(Lots(0), |sum, part| sum + of(part));
            let accounted = accounted + of(&order.remaining_quantity);
            let is_short = match placed.asked {
                Asked::Quantity(asked) => order.state() != State::Pending && accounted != asked,
                Asked::Spend(_) => false,
            };
            order.client_order_id != placed.id || is_short
        };
        let lost = seat.placed.iter().filter(is_lost).count();
        let ids: BTreeSet<&str> =
            statement.orders.iter().map(|order| order.client_order_id.as_str()).collect();
        (lost + statement.orders.len() - ids.len()) as u64
    }

    /// Trades whose two sides do not come to the same. The other side of a house is not read.
    fn legs_that_differ(&self, trades: &BTreeMap<(usize, u64), Trade>) -> u64 {
        let is_among_users = |place: usize| self.market.instruments[place].follow.is_none();
        let differ = trades
            .iter()
            .filter(|((place, _), trade)| is_among_users(*place) && trade.bought != trade.sold);
        differ.count() as u64
    }

    fn deals(&self, trades: &BTreeMap<(usize, u64), Trade>) -> Vec<Deals> {
        let mut deals = vec![Deals::default(); self.market.instruments.len()];
        let took = self.ran.took.as_millis().max(1) as u64;
        for ((place, _), trade) in trades {
            let deals = &mut deals[*place];
            let quantity = trade.bought.max(trade.sold);
            deals.trading.trade(trade.price, quantity);
            deals.trading.settled_by_buyers += trade.bought;
            deals.trading.settled_by_sellers += trade.sold;
            // Drawn over the length of the scenario, however long it took.
            let at = u128::from(self.since(trade.time).0) * u128::from(self.ran.length.0);
            let at = Millis(u64::try_from(at / u128::from(took)).unwrap_or(u64::MAX));
            deals.strip.trade(at, self.ran.length, trade.price, quantity);
        }
        deals
    }

    /// Of all trades in the order of their times, and of the balances at the end.
    fn digest(&self, trades: &BTreeMap<(usize, u64), Trade>) -> String {
        let mut ordered: Vec<_> = trades.iter().collect();
        ordered.sort_by_key(|((place, no), trade)| (trade.time, *place, *no));
        let mut digest = Digest::default();
        for ((place, no), trade) in ordered {
            let (id, at) = (self.market.instruments[*place].id, self.since(trade.time));
            let quantity = trade.bought.max(trade.sold);
            digest.trade(id, TradeNo(*no), at, trade.price, quantity, trade.taker);
        }
        let balances = self.statements.iter().flat_map(|statement| {
            let balances = statement.balances.iter();
            balances.map(|(asset, available, held)| {
                (statement.name.as_str(), *asset, *available, *held)
            })
        });
        digest.with_balances(balances.collect())
    }

    fn purses(&self) -> Vec<Purse> {
        let bots = self.seats.iter().zip(self.statements).skip(self.bots_from);
        let purse = |(seat, statement): (&Seat, &Statement)| Purse {
            account: statement.name.clone(),
            gains: statement
                .balances
                .iter()
                .map(|(asset, available, held)| {
                    let brought = seat.brought.get(asset).copied().unwrap_or(0);
                    (*asset, available + held - brought)
                })
                .collect(),
        };
        bots.map(purse).collect()
    }

    fn since(&self, time: Time) -> Millis {
        Millis(time.0.saturating_sub(self.ran.from.0) / 1_000_000)
    }
}

/// A quantity of the wire in lots.
pub fn lots(quantity: Option<&v1::Decimal>, instrument: &Instrument) -> Lots {
    let minor = numbers::amount_if_any("quantity", quantity, instrument.base_scale);
    let minor = minor.ok().flatten().unwrap_or(0);
    Lots(u64::try_from(minor / instrument.lot).unwrap_or(0))
}

fn time(time: Option<&prost_types::Timestamp>) -> Time {
    numbers::time_if_any("time", time).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
