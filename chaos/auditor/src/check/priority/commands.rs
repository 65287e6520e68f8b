//! What went into a book, in order, as far as answers tell.

use crate::check::Case;
use crate::export::{Fill, Order, Side, number, owner};
use crate::history::{Asked, Attempt, End, Request};
use crate::number::Number;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A trade: both orders, price, quantity.
#[derive(Clone, Copy, Debug)]
pub struct Trade<'e> {
    pub no: u64,
    pub taker: &'e str,
    pub maker: &'e str,
    pub price: Number,
    pub quantity: Number,
}

/// A command with its place: the record of the book's log, and the number within its source.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'e> {
    pub index: u64,
    pub source: u32,
    pub sequence: u64,
    pub order: &'e str,
    pub what: What<'e>,
    /// Of the order over its life, as the answer said it.
    pub filled: Option<Number>,
    /// What stayed open of it, as the answer said it.
    pub open: Option<Number>,
}

#[derive(Clone, Copy, Debug)]
pub enum What<'e> {
    Enter(&'e Asked),
    Cancel,
    Amend { total: Option<Number>, price: Option<Number> },
}

/// An instrument's commands, trades and orders.
pub struct Plan<'e> {
    pub commands: Vec<Placed<'e>>,
    pub trades: Vec<Trade<'e>>,
    pub orders: HashMap<&'e str, &'e Order>,
    last_trades: HashMap<&'e str, u64>,
    /// What the answers to an order's commands said it had filled, in order.
    said: HashMap<&'e str, Vec<Option<Number>>>,
    /// Orders with a command that has no place.
    pub loose: HashSet<&'e str>,
}

impl<'e> Plan<'e> {
    /// # Errors
    /// Fills that do not make whole trades.
    pub fn of(case: &'e Case, instrument: &str) -> Result<Plan<'e>, String> {
        let orders = case.export.orders().filter(|order| order.instrument == instrument);
        let orders: HashMap<&str, &Order> = orders.map(|o| (o.name.as_str(), o)).collect();
        let trades = trades(case, instrument)?;
        let (commands, loose) = (Vec::new(), HashSet::new());
        let legs =
            trades.iter().flat_map(|trade| [(trade.taker, trade.no), (trade.maker, trade.no)]);
        let (last_trades, said) = (legs.collect(), HashMap::new());
        let mut plan = Plan { commands, trades, orders, last_trades, said, loose };
        plan.place(case, instrument);
        plan.commands.retain(|command| !plan.loose.contains(command.order));
        plan.commands.sort_by_key(|command| (command.index, command.source, command.sequence));
        for command in &plan.commands {
            plan.said.entry(command.order).or_default().push(command.filled);
        }
        Ok(plan)
    }

    /// What the answer to a command said: the first one of an order is number 0.
    pub fn said_filled(&self, order: &str, command: usize) -> Option<Number> {
        self.said.get(order)?.get(command).copied().flatten()
    }

    /// The number of the last trade of an order; 0 when it has none.
    pub fn last_trade(&self, order: &str) -> u64 {
        self.last_trades.get(order).copied().unwrap_or_default()
    }

    fn place(&mut self, case: &'e Case, instrument: &str) {
        let by_id: HashMap<(&str, &str), &'e str> = self
            .orders
            .iter()
            .map(|(name, order)| ((owner(name), order.client_order_id.as_str()), *name))
            .collect();
        let partitions: HashMap<&str, u32> =
            case.export.accounts.iter().map(|a| (a.name.as_str(), a.partition)).collect();
        let mut entered: HashSet<&str> = HashSet::new();
        for ((account, _), attempts) in case.history.requests() {
            if let Request::CancelAll { account, instrument: of, .. } = &attempts[0].request {
                let is_meant = of.is_empty() || of == instrument;
                let is_refused = attempts.iter().all(|a| matches!(a.end, End::Fail { .. }));
                // It has no place in the book: whatever it may have reached is loose.
                let orders = self.orders.keys().filter(|name| is_meant && owner(name) == account);
                self.loose.extend(orders.filter(|_| !is_refused));
                continue;
            }
            for (id, what) in attempts.iter().filter_map(|attempt| command(attempt)) {
                let Some(order) = by_id.get(&(account, id)) else { continue };
                if matches!(what, What::Enter(_)) {
                    entered.insert(order);
                }
            }
            let source = partitions.get(account).copied().unwrap_or_default();
            self.place_request(&by_id, source, account, &attempts);
        }
        let stray = self.orders.keys().filter(|name| !entered.contains(**name));
        self.loose.extend(stray.copied().collect::<Vec<_>>());
    }

    /// Places a request by its first answer. Refused by everybody, it was no command.
    fn place_request(
        &mut self,
        by_id: &HashMap<(&str, &str), &'e str>,
        source: u32,
        account: &str,
        attempts: &[&'e Attempt],
    ) {
        let placed = attempts.iter().find_map(|attempt| {
            let answer = attempt.answer()?;
            let (index, sequence) = (answer.book_position?.index, answer.settles?.sequence);
            let (id, what) = command(attempt)?;
            let order = *by_id.get(&(account, id))?;
            let said = answer.order.as_ref();
            let filled = said.and_then(|said| said.filled);
            let open = said.and_then(|said| said.remaining);
            Some(Placed { index, source, sequence, order, what, filled, open })
        });
        if let Some(placed) = placed {
            self.commands.push(placed);
            return;
        }
        if attempts.iter().all(|attempt| matches!(attempt.end, End::Fail { .. })) {
            return;
        }
        let orders = attempts.iter().filter_map(|attempt| command(attempt));
        self.loose.extend(orders.filter_map(|(id, _)| by_id.get(&(account, id))));
    }
}

/// The order that a request is about, by its client id, and what it does.
fn command(attempt: &Attempt) -> Option<(&str, What<'_>)> {
    match &attempt.request {
        Request::CreateOrder(asked) => Some((&asked.id, What::Enter(asked))),
        Request::CancelOrder { order, .. } => Some((order, What::Cancel)),
        Request::AmendOrder { order, quantity, price, .. } => {
            Some((order, What::Amend { total: *quantity, price: *price }))
        }
        _ => None,
    }
}

/// The instrument's trades in the order of their numbers.
fn trades<'e>(case: &'e Case, instrument: &str) -> Result<Vec<Trade<'e>>, String> {
    let mut legs: BTreeMap<u64, [Option<&Fill>; 2]> = BTreeMap::new();
    for fill in case.export.fills().filter(|fill| fill.instrument == instrument) {
        let no = number(&fill.trade).ok_or_else(|| format!("{} has no number", fill.trade))?;
        legs.entry(no).or_default()[usize::from(fill.is_maker)] = Some(fill);
    }
    let whole = |(no, legs): (u64, [Option<&'e Fill>; 2])| {
        let [Some(taker), Some(maker)] = legs else {
            return Err(format!("trade {no} of {instrument} has one leg"));
        };
        let (price, quantity) = (maker.price, maker.quantity);
        Ok(Trade { no, taker: &taker.order, maker: &maker.order, price, quantity })
    };
    legs.into_iter().map(whole).collect()
}

/// Whether a price is at least as good for a taker as another.
pub fn reaches(taker: Side, limit: Number, price: Number) -> bool {
    match taker {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}
