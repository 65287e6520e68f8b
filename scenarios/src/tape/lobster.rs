//! A recorded day of LOBSTER as a tape.
//!
//! Two accounts play it: `lobster-maker` has every order that rests, `lobster-taker` takes. What
//! has to be asked so that a book shows the day is [`lobster::orders`]; here it becomes sentences,
//! at the time since the day's first message. The tape begins with deposits of what its orders can
//! need at most, so that nothing of the day is refused for want of money.

use std::collections::BTreeMap;
use std::path::Path;

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::ids::OrderKey;
use hoga_engine::order as engine;

use super::Entry;
use crate::grammar::{
    Act, Order, OrderKind, OrderRef, SelfMatch, Sentence, Side, TimeInForce, Who,
};
use crate::names::{AccountName, Asset, ClientId, Symbol};
use crate::numbers::Amount;
use crate::replay::ReplayError;
use crate::replay::lobster::{self, Orders};
use crate::replay::script::Step;
use crate::time::Millis;

/// Prices of LOBSTER stand in ten-thousandths of a dollar.
const PRICE_SCALE: u32 = 4;
/// How the names of a day's accounts begin.
pub const PREFIX: &str = "lobster-";
const NANOS_PER_MILLI: u64 = 1_000_000;
/// The most that one deposit says: what an amount's 28 digits hold.
const DEPOSIT_MAX: i128 = 10_i128.pow(28) - 1;

/// The instrument that a day is played into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub symbol: Symbol,
    pub base: Asset,
    pub quote: Asset,
    /// Decimals of the quote.
    pub quote_scale: u32,
}

/// Reads a day, from a zip archive or a directory, as commands.
///
/// # Errors
/// As [`lobster::orders`], and where the day's time goes back.
pub fn entries(path: &Path, target: &Target) -> Result<Vec<Entry>, ReplayError> {
    let orders = lobster::orders(path, |_, _| {})?;
    if let Some(line) = orders.back_at {
        let (name, what) =
            (path.display().to_string(), "the time of this message goes back".into());
        return Err(ReplayError::Row { name, line, what });
    }
    let named = |name: &&str| format!("{PREFIX}{name}").parse().expect("a name of an account");
    let accounts: Vec<AccountName> = orders.accounts.iter().map(named).collect();
    let owner = |key: OrderKey| Who::One(accounts[key.account.index() as usize].clone());
    let mut entries = Vec::new();
    for (who, (cash, goods)) in needs(&orders, owner) {
        // Twice, for the fees, and no finer than the quote is.
        let finer = 10_i128.pow(PRICE_SCALE.saturating_sub(target.quote_scale));
        let cash = (2 * cash + finer - 1) / finer * finer;
        let cash = (amount(cash, PRICE_SCALE), &target.quote);
        let deposits = [cash, (amount(goods, 0), &target.base)];
        for (amount, asset) in deposits.into_iter().filter(|(amount, _)| !amount.is_zero()) {
            let act = Act::Deposit { amount, asset: asset.clone() };
            let what = Sentence::Account { who: who.clone(), act };
            entries.push(Entry { at: Millis(0), what });
        }
    }
    let mut telling = Telling { target, tick: orders.tick, placed: 0, open: BTreeMap::new() };
    for (step, time) in orders.script.steps.iter().zip(&orders.times) {
        let what = Sentence::Account { who: owner(step.order()), act: telling.act(step) };
        entries.push(Entry { at: Millis(time / NANOS_PER_MILLI), what });
    }
    Ok(entries)
}

/// Of each account the value of all its bids, in ten-thousandths, and the shares of all its offers.
fn needs(orders: &Orders, owner: impl Fn(OrderKey) -> Who) -> BTreeMap<Who, (i128, i128)> {
    let mut needs: BTreeMap<Who, (i128, i128)> = BTreeMap::new();
    let mut placed = BTreeMap::new();
    for step in &orders.script.steps {
        let quantity = match *step {
            Step::Place { order, side, limit, quantity, .. } => {
                placed.insert(order, (side, limit));
                quantity
            }
            Step::Amend { total, .. } => total,
            Step::Cancel { .. } => continue,
        };
        let (side, limit) = placed[&step.order()];
        let (cash, goods) = needs.entry(owner(step.order())).or_default();
        match side {
            engine::Side::Buy => *cash += units(limit, orders.tick) * i128::from(quantity.0),
            engine::Side::Sell => *goods += i128::from(quantity.0),
        }
    }
    needs
}

/// What is known of the orders while they are told one after another.
struct Telling<'t> {
    target: &'t Target,
    tick: u32,
    placed: u64,
    /// Under each key the id and the price of the last order: a key is given again, an id never.
    open: BTreeMap<OrderKey, (ClientId, Amount)>,
}

impl Telling<'_> {
    fn act(&mut self, step: &Step) -> Act {
        match *step {
            Step::Place { order, side, limit, quantity, time_in_force } => {
                self.placed += 1;
                let id: ClientId = format!("l{}", self.placed).parse().expect("an id of an order");
                let price = self.price(limit);
                self.open.insert(order, (id.clone(), price));
                let is_ioc = time_in_force == engine::TimeInForce::Ioc;
                Act::Place(Order {
                    side: if side == engine::Side::Buy { Side::Buy } else { Side::Sell },
                    symbol: self.target.symbol.clone(),
                    kind: OrderKind::Limit { quantity: shares(quantity), price },
                    time_in_force: is_ioc.then_some(TimeInForce::Ioc),
                    lasts: None,
                    post_only: false,
                    self_match: Some(SelfMatch::None),
                    stop: None,
                    show: None,
                    id: Some(id),
                })
            }
            Step::Cancel { order } => Act::Cancel(OrderRef::Client(self.open[&order].0.clone())),
            Step::Amend { order, total, limit } => {
                let (id, price) = self.open[&order].clone();
                let price = limit.map_or(price, |limit| self.price(limit));
                Act::Amend { order: OrderRef::Client(id), quantity: shares(total), price }
            }
        }
    }

    fn price(&self, ticks: Ticks) -> Amount {
        amount(units(ticks, self.tick), PRICE_SCALE)
    }
}

fn units(price: Ticks, tick: u32) -> i128 {
    i128::from(price.0) * i128::from(tick)
}

fn shares(quantity: Lots) -> Amount {
    amount(quantity.0.into(), 0)
}

fn amount(minor: i128, scale: u32) -> Amount {
    Amount::from_minor(minor.min(DEPOSIT_MAX), scale).expect("28 digits above zero are an amount")
}
