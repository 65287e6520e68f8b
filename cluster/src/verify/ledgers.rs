//! CASH-4 and FILL-3: ledgers fold to balances and chain, every leg settles once.
//!
//! The history store is durable up to the newest snapshot; what came after, the replay emits
//! again. So an account's rows are read from the store up to where the snapshot counted them,
//! and from there on from the replay.

use super::invariants::Findings;
use super::report::InvariantReport;
use crate::history::{Direction, History, RowKind};
use crate::replay::Replay;
use hoga_actors::Entity;
use hoga_engine::account::Account;
use hoga_engine::amount::Amount;
use hoga_engine::history::{FillRow, HistoryRow, LedgerRow};
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, TradeNo};
use hoga_engine::order::Side;
use std::collections::BTreeMap;

/// An account's rows so far, folded.
#[derive(Default)]
struct Fold {
    balances: BTreeMap<AssetId, Amount>,
    rows: u64,
    fills: u64,
    /// The last leg of each instrument: a book numbers its trades, and sends legs in order.
    last_leg: BTreeMap<InstrumentId, (TradeNo, u8)>,
}

pub(super) struct Ledgers {
    folds: BTreeMap<AccountId, Fold>,
    chains: Findings,
    legs: Findings,
}

impl Default for Ledgers {
    fn default() -> Self {
        let (chains, legs) = (Findings::new("CASH-4"), Findings::new("FILL-3"));
        Ledgers { folds: BTreeMap::new(), chains, legs }
    }
}

impl Ledgers {
    /// Folds what the store has of every account, as far as a snapshot's state counts it, and tells
    /// of the fills in it.
    pub fn begin(
        &mut self,
        history: &dyn History,
        replay: &Replay,
        mut tell: impl FnMut(&FillRow),
    ) {
        let partition = replay.core.id();
        self.folds.retain(|account, _| account.partition() != partition);
        for account in accounts(replay) {
            let (rows, fills) = account.rows();
            let ledger = scan(history, account.id(), RowKind::Ledger, rows);
            let fills = scan(history, account.id(), RowKind::Fill, fills);
            for row in ledger.chain(fills) {
                self.add(&row);
                if let HistoryRow::Fill(fill) = &row {
                    tell(fill);
                }
            }
        }
    }

    /// Folds a row that comes next in its account.
    pub fn add(&mut self, row: &HistoryRow) {
        match row {
            HistoryRow::Ledger(row) => self.add_ledger(row),
            HistoryRow::Fill(fill) => self.add_fill(fill),
            HistoryRow::Order(_) | HistoryRow::Party(_) | HistoryRow::Candle(_) => {}
        }
    }

    fn add_ledger(&mut self, row: &LedgerRow) {
        let fold = self.folds.entry(row.account).or_default();
        let balance = fold.balances.entry(row.asset).or_default();
        let follows = row.sequence == fold.rows + 1 && row.before == *balance;
        let adds_up = row.before + row.amount - row.commission - row.tax == row.after;
        self.chains.check(follows && adds_up, || {
            let (account, last) = (row.account.bits(), fold.rows);
            format!("account {account:x}: row {} does not follow row {last}", row.sequence)
        });
        *balance = row.after;
        fold.rows = row.sequence;
    }

    fn add_fill(&mut self, fill: &FillRow) {
        let fold = self.folds.entry(fill.account).or_default();
        // Of one trade with itself an account settles the maker's leg first, in a call the buy.
        let leg =
            (fill.trade, if fill.is_maker { 0 } else { 1 + u8::from(fill.side == Side::Sell) });
        let last = fold.last_leg.insert(fill.instrument, leg);
        let is_new = last.is_none_or(|last| last < leg);
        self.legs.check(is_new && fill.sequence == fold.fills + 1, || {
            let (account, trade) = (fill.account.bits(), fill.trade.0);
            format!("account {account:x}: trade {trade} settled again, or a fill is missing")
        });
        fold.fills = fill.sequence;
    }

    /// Compares the folds with the balances and counts at the end of the log.
    pub fn finish(&mut self, replay: &Replay) {
        for account in accounts(replay) {
            let fold = self.folds.remove(&account.id()).unwrap_or_default();
            let (rows, fills) = account.rows();
            let same = account.balances().all(|(asset, balance)| {
                fold.balances.get(&asset).copied().unwrap_or_default() == balance.total()
            });
            self.chains.check(same && fold.rows == rows, || {
                format!("{}: {} of {rows} rows, other balances", account.name(), fold.rows)
            });
            self.legs.check(fold.fills == fills, || {
                format!("{}: {} of {fills} fills", account.name(), fold.fills)
            });
        }
    }

    pub fn report(self) -> [InvariantReport; 2] {
        [self.chains.report(), self.legs.report()]
    }
}

fn accounts(replay: &Replay) -> impl Iterator<Item = &Account> {
    replay.entities.values().filter_map(|entity| match entity {
        Entity::Account(account) => Some(&**account),
        _ => None,
    })
}

fn scan(
    history: &dyn History,
    account: AccountId,
    kind: RowKind,
    last: u64,
) -> impl Iterator<Item = HistoryRow> {
    // A row that cannot be read is missing, and the chain says so.
    history.scan(account, kind, 1..=last, Direction::OldestFirst).filter_map(Result::ok)
}
