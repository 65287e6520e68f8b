//! LOG-1: what was acknowledged is there exactly once, what was refused is not there, and what
//! nobody knows about is there once or not at all.
//!
//! The effect of a request is found by its id: an order, or the ledger rows that it caused. At
//! the end the other way round: nothing is there that nobody asked for.

use super::asking::{Asking, Fate};
use super::{Case, Verdict};
use crate::export::{Account, Export, Order, Row};
use crate::history::{Answer, Asked, Attempt, Request};
use crate::number::Number;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Requests that founded the market carry ids that begin so.
const FOUNDING: &str = "found:";

/// What every request may look up.
struct Index<'e> {
    accounts: HashMap<&'e str, &'e Account>,
    orders: HashMap<(&'e str, &'e str), Vec<&'e Order>>,
    rows: HashMap<(&'e str, &'e str), Vec<&'e Row>>,
    trades: HashSet<(&'e str, &'e str)>,
}

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let index = Index::of(&case.export);
    let requests = case.history.requests();
    for ((account, id), attempts) in &requests {
        let name = format!("{account} {id}");
        let told = attempts.iter().find_map(|attempt| Some((*attempt, attempt.answer()?)));
        // A refusal that binds stands for every try, also for one of unknown outcome.
        let is_refused = Asking::of(attempts).iter().all(Asking::is_refused);
        match told {
            Some((attempt, answer)) => index.done(&name, attempt, answer, &mut verdict),
            None => index.perhaps(&name, (account, id), attempts, is_refused, &mut verdict),
        }
    }
    amends(&requests, &index, &mut verdict);
    let known: HashSet<&str> = requests.keys().map(|(account, _)| *account).collect();
    let seconds: HashSet<(&str, &str)> =
        case.history.attempts.iter().filter_map(|attempt| second_id(&attempt.request)).collect();
    for (account, id) in index.rows.keys().chain(index.orders.keys()) {
        let is_known = id.is_empty() || id.starts_with(FOUNDING);
        if known.contains(account) && !is_known {
            let key = (*account, *id);
            let is_asked =
                requests.contains_key(&key) || seconds.contains(&key) || index.came_in(account, id);
            verdict.expect(is_asked, || format!("{account}: nobody asked for {id}"));
        }
    }
    verdict
}

impl<'e> Index<'e> {
    fn of(export: &'e Export) -> Index<'e> {
        let mut orders: HashMap<_, Vec<&Order>> = HashMap::new();
        let mut rows: HashMap<_, Vec<&Row>> = HashMap::new();
        let mut accounts = HashMap::new();
        for account in &export.accounts {
            accounts.insert(account.name.as_str(), account);
            for order in &account.orders {
                let key = (account.name.as_str(), order.client_order_id.as_str());
                orders.entry(key).or_default().push(order);
            }
            for row in &account.rows {
                let key = (account.name.as_str(), row.request_id.as_str());
                rows.entry(key).or_default().push(row);
            }
        }
        let trades = export.fills().map(|fill| (fill.order.as_str(), fill.trade.as_str()));
        Index { accounts, orders, rows, trades: trades.collect() }
    }

    fn rows_of<'s>(&'s self, account: &'s str, id: &'s str) -> &'s [&'s Row] {
        self.rows.get(&(account, id)).map_or(&[], |rows| rows)
    }

    fn orders_of<'s>(&'s self, account: &'s str, id: &'s str) -> &'s [&'s Order] {
        self.orders.get(&(account, id)).map_or(&[], |orders| orders)
    }

    /// The rows are those of a transfer that another account sent, or of a faucet that paid out.
    fn came_in(&self, account: &str, id: &str) -> bool {
        self.rows_of(account, id).iter().all(|row| row.kind.starts_with("TRANSFER_"))
    }

    /// An acknowledged request: exactly once, and as it was said.
    fn done(&self, name: &str, attempt: &Attempt, answer: &Answer, verdict: &mut Verdict) {
        match &attempt.request {
            Request::CreateAccount { account, .. } => {
                let exists = self.accounts.contains_key(account.as_str());
                verdict
                    .expect_once(usize::from(exists), || format!("{name}: there is no {account}"));
            }
            Request::CreateOrder(asked) => {
                self.order_done(name, asked, answer, verdict);
                if let Some((account, id)) = second_id(&attempt.request) {
                    let count = self.orders_of(account, id).len();
                    verdict.expect_once(count, || format!("{name}: {count} second orders {id}"));
                }
            }
            Request::Deposit { account, id, asset, amount } => {
                self.moved(name, (account, id), asset, *amount, verdict);
            }
            Request::Withdraw { account, id, asset, amount } => {
                self.moved(name, (account, id), asset, -*amount, verdict);
            }
            Request::Transfer { account, id, to, asset, amount } => {
                self.moved(name, (account, id), asset, -*amount, verdict);
                self.arrived(name, (account, id), to, *amount, verdict);
            }
            // What became of the orders is seen in the orders: ORD-2, and the amends below.
            _ => {}
        }
    }

    fn order_done(&self, name: &str, asked: &Asked, answer: &Answer, verdict: &mut Verdict) {
        let [order] = self.orders_of(&asked.account, &asked.id) else {
            let count = self.orders_of(&asked.account, &asked.id).len();
            verdict.expect_once(count, || format!("{name}: acknowledged, and there are {count}"));
            return;
        };
        verdict.expect(order.instrument == asked.instrument && order.side == asked.side, || {
            format!("{name}: {} is another order than asked for", order.name)
        });
        let Some(said) = &answer.order else { return };
        let was_final = matches!(said.state.as_str(), "FILLED" | "CANCELLED" | "EXPIRED");
        let filled = said.filled.unwrap_or_default();
        let stands = if was_final {
            said.state == order.state && filled == order.filled
        } else {
            filled <= order.filled
        };
        // An answer that does not stand any more was taken back.
        verdict.expect_once(usize::from(said.name == order.name && stands), || {
            let (now, is) = (&order.state, order.filled);
            format!(
                "{name}: said {} {} {filled}, is {} {now} {is}",
                said.name, said.state, order.name
            )
        });
        for trade in &answer.trades {
            let is_there = self.trades.contains(&(order.name.as_str(), trade.as_str()));
            verdict.expect_once(usize::from(is_there), || {
                format!("{name}: the fill of {trade} is gone")
            });
        }
    }

    /// One row, of exactly so much.
    fn moved(
        &self,
        name: &str,
        (account, id): (&str, &str),
        asset: &str,
        amount: Number,
        verdict: &mut Verdict,
    ) {
        let rows = self.rows_of(account, id);
        let holds = matches!(rows, [row] if row.asset == asset && row.amount == amount);
        let times = if rows.len() == 1 { usize::from(holds) } else { rows.len() };
        verdict.expect_once(times, || {
            let booked: Vec<String> = rows.iter().map(|row| row.amount.to_string()).collect();
            format!("{name}: acknowledged {amount} {asset}, booked {booked:?}")
        });
    }

    fn arrived(
        &self,
        name: &str,
        (from, id): (&str, &str),
        to: &str,
        amount: Number,
        verdict: &mut Verdict,
    ) {
        let rows = self.rows_of(to, id).iter();
        // An exchange that does not name the sender is believed that it is this one.
        let is_from = |row: &&&Row| row.counterparty == from || row.counterparty.is_empty();
        let rows: Vec<_> = rows.filter(is_from).collect();
        let holds = matches!(rows[..], [row] if row.amount == amount);
        let times = if rows.len() == 1 { usize::from(holds) } else { rows.len() };
        verdict.expect_once(times, || format!("{name}: arrived {} times at {to}", rows.len()));
    }

    /// A request that nobody was told is done: absent when refused, otherwise at most once.
    fn perhaps(
        &self,
        name: &str,
        (account, id): (&str, &str),
        attempts: &[&Attempt],
        is_refused: bool,
        verdict: &mut Verdict,
    ) {
        let orders = self.orders_of(account, id);
        // A book that refuses an order leaves it behind, with nothing filled.
        let standing = orders.iter().filter(|o| o.state != "REJECTED" || !o.filled.is_zero());
        let rows = self.rows_of(account, id);
        // A transfer that found nobody leaves two rows that cancel out.
        let moved: Number = rows.iter().map(|row| row.amount).sum();
        let times = standing.count() + usize::from(!moved.is_zero());
        let most = usize::from(!is_refused);
        let asked = attempts.iter().any(|attempt| {
            let amount = match &attempt.request {
                Request::Deposit { amount, .. } => *amount,
                Request::Withdraw { amount, .. } | Request::Transfer { amount, .. } => -*amount,
                _ => return true,
            };
            moved.is_zero() || moved == amount
        });
        verdict.doubled += u64::from(times > 1 || orders.len() > 1);
        verdict.expect(times <= most && orders.len() <= 1 && asked, || {
            let what = if is_refused { "refused" } else { "of unknown outcome" };
            format!("{name}: {what}, and done {times} times ({moved} moved)")
        });
    }
}

/// The second of two orders that one request asks for.
fn second_id(request: &Request) -> Option<(&str, &str)> {
    let Request::CreateOrder(asked) = request else { return None };
    asked.other.as_ref().map(|other| (asked.account.as_str(), other.id.as_str()))
}

/// The last acknowledged amend of an order is how it stands, unless another may have followed.
fn amends(requests: &BTreeMap<(&str, &str), Vec<&Attempt>>, index: &Index, verdict: &mut Verdict) {
    let mut amends: BTreeMap<(&str, &str), Vec<Asking<'_>>> = BTreeMap::new();
    for ((account, _), attempts) in requests {
        for asking in Asking::of(attempts).into_iter().filter(|asking| !asking.is_refused()) {
            if let Request::AmendOrder { order, .. } = asking.request {
                amends.entry((account, order)).or_default().push(asking);
            }
        }
    }
    for ((account, id), mut amends) in amends {
        let [order] = index.orders_of(account, id) else { continue };
        amends.sort_by_key(|asking| asking.number());
        let numbers = amends.iter().map(|asking| (asking.number(), asking.fate));
        let last = numbers.clone().filter_map(|(number, _)| number).max().unwrap_or_default();
        verdict.expect(last <= order.last_arrival, || {
            let (name, shown) = (&order.name, order.last_arrival);
            format!("{name}: an amend was acknowledged as {last}, its last command is {shown}")
        });
        // One without a number may have been the last.
        if numbers.clone().any(|(number, fate)| number.is_none() || fate != Fate::Done) {
            continue;
        }
        let (mut price, mut total) = (None, None);
        for asking in &amends {
            let Request::AmendOrder { quantity, price: asked, .. } = asking.request else {
                continue;
            };
            (price, total) = (asked.or(price), quantity.or(total));
        }
        let is_price = price.is_none_or(|price| price == order.limit);
        let is_total = total.is_none() || total == order.quantity;
        verdict.expect_once(usize::from(is_price && is_total), || {
            format!("{}: an acknowledged amend is gone", order.name)
        });
    }
}
