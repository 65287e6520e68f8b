//! LOG-1: what was acknowledged is there exactly once, what was refused is not there, and what
//! nobody knows about is there once or not at all.
//!
//! The effect of a request is found by its id: an order, or the ledger rows that it caused. At
//! the end the other way round: nothing is there that nobody asked for.

use super::{Case, Verdict};
use crate::export::{Account, Export, Order, Row};
use crate::history::{Answer, Asked, Attempt, End, Request};
use crate::number::Number;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Requests that founded the market carry ids that begin so.
const FOUNDING: &str = "found:";

/// An acknowledged amend: its record in the book's log, its number in the channel, what it asked.
type Amend<'c> = (u64, u64, &'c Request);

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
        let is_refused = attempts.iter().all(|attempt| matches!(attempt.end, End::Fail { .. }));
        match told {
            Some((attempt, answer)) => index.done(&name, attempt, answer, &mut verdict),
            None => index.perhaps(&name, (account, id), attempts, is_refused, &mut verdict),
        }
    }
    amends(case, &index, &mut verdict);
    let known: HashSet<&str> = requests.keys().map(|(account, _)| *account).collect();
    for (account, id) in index.rows.keys().chain(index.orders.keys()) {
        let is_known = id.is_empty() || id.starts_with(FOUNDING);
        if known.contains(account) && !is_known {
            let is_asked = requests.contains_key(&(*account, *id)) || index.came_in(account, id);
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
                verdict.expect_once(usize::from(exists), || {
                    format!("{name}: there is no {account}")
                });
            }
            Request::CreateOrder(asked) => self.order_done(name, asked, answer, verdict),
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

/// The last acknowledged amend of an order is how it stands, unless another may have followed.
fn amends(case: &Case, index: &Index, verdict: &mut Verdict) {
    let mut last: BTreeMap<(&str, &str), Option<Amend<'_>>> = BTreeMap::new();
    for attempt in &case.history.attempts {
        let Request::AmendOrder { account, order, .. } = &attempt.request else { continue };
        let entry = last.entry((account, order)).or_insert(Some((0, 0, &attempt.request)));
        match &attempt.end {
            End::Fail { .. } => {}
            End::Unknown => *entry = None,
            End::Ok { answer, .. } => match (answer.book_position, answer.settles) {
                (Some(position), Some(settles)) => {
                    let here = (position.index, settles.sequence, &attempt.request);
                    *entry = entry
                        .map(|best| if here.0 > best.0 || here.1 > best.1 { here } else { best });
                }
                _ => *entry = None,
            },
        }
    }
    for ((account, id), amend) in last {
        let Some((1.., _, Request::AmendOrder { quantity, price, .. })) = amend else { continue };
        let [order] = index.orders_of(account, id) else { continue };
        let is_price = price.is_none_or(|price| price == order.limit);
        let is_total = quantity.is_none_or(|total| Some(total) == order.quantity);
        verdict.expect_once(usize::from(is_price && is_total), || {
            format!("{}: an acknowledged amend is gone", order.name)
        });
    }
}
