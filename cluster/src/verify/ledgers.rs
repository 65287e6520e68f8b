//! CASH-4 and FILL-3: ledgers fold to balances and chain, every leg settles once.
//!
//! The history store is durable up to the newest snapshot; what came after, the replay emits
//! again. So an account's rows are read from the store up to where the snapshot counted them,
//! and from there on from the replay. A store that removed what is too old has no first rows: then
//! the fold begins with the first that it has, and knows nothing of an asset before its first row.

use super::invariants::Findings;
use super::report::InvariantReport;
use crate::history::{Direction, History, HistoryError, RowKind};
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
    /// Rows from before the first may have been removed for their age.
    may_lack_first: bool,
    /// The last leg of each instrument: a book numbers its trades, and sends legs in order.
    last_leg: BTreeMap<InstrumentId, (TradeNo, u8)>,
}

impl Fold {
    /// Whether a row follows the last one of its list.
    fn is_next(&self, sequence: u64, last: u64) -> bool {
        sequence == last + 1 || self.may_lack_first && last == 0
    }
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
        // What cannot be read was not removed: the rows that are missing are told of.
        let swept = history.swept().ok().flatten();
        for account in accounts(replay) {
            let may_lack_first = swept.is_some_and(|swept| account.created() < swept);
            self.folds.insert(account.id(), Fold { may_lack_first, ..Fold::default() });
            let (rows, fills) = account.rows();
            let ledger = scan(history, account.id(), RowKind::Ledger, rows);
            let fills = scan(history, account.id(), RowKind::Fill, fills);
            for row in ledger.chain(fills) {
                let row = match row {
                    Ok(row) => row,
                    Err(error) => {
                        self.chains.check(false, || format!("{}: {error}", account.name()));
                        continue;
                    }
                };
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
        let is_next = fold.is_next(row.sequence, fold.rows);
        let unknown = if fold.may_lack_first { row.before } else { 0 };
        let balance = fold.balances.entry(row.asset).or_insert(unknown);
        let follows = is_next && row.before == *balance;
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
        self.legs.check(is_new && fold.is_next(fill.sequence, fold.fills), || {
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
                let total = balance.total();
                let untouched = fold.may_lack_first || total == 0;
                fold.balances.get(&asset).map_or(untouched, |folded| *folded == total)
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
) -> impl Iterator<Item = Result<HistoryRow, HistoryError>> {
    history.scan(account, kind, 1..=last, Direction::OldestFirst)
}

#[cfg(test)]
mod tests {
    use super::{Fold, Ledgers};
    use crate::history::sample_rows::{account, ledger};
    use hoga_engine::history::{HistoryRow, LedgerRow};
    use hoga_engine::ids::AssetId;

    /// Whether rows chain that begin with these sequences, each asset by its own.
    fn chain(may_lack_first: bool, rows: [(u64, u16, i128, i128); 3]) -> bool {
        let mut ledgers = Ledgers::default();
        ledgers.folds.insert(account(1), Fold { may_lack_first, ..Fold::default() });
        for (sequence, asset, before, after) in rows {
            let HistoryRow::Ledger(row) = ledger(1, sequence) else { panic!("a ledger row") };
            let (asset, amount) = (AssetId(asset), after - before);
            let row = LedgerRow { asset, before, after, amount, commission: 0, tax: 0, ..row };
            ledgers.add(&HistoryRow::Ledger(row));
        }
        let [chains, _] = ledgers.report();
        chains.ok
    }

    #[test]
    fn the_first_rows_may_be_missing_only_where_some_were_removed() {
        let whole = [(1, 1, 0, 10), (2, 2, 0, 5), (3, 1, 10, 7)];
        let end = [(7, 1, 3, 10), (8, 2, 4, 5), (9, 1, 10, 7)];
        assert!(chain(false, whole) && chain(true, whole));
        assert!(chain(true, end));
        assert!(!chain(false, end));
        assert!(!chain(true, [(7, 1, 3, 10), (9, 2, 4, 5), (10, 1, 10, 7)]), "a hole");
        assert!(!chain(true, [(7, 1, 3, 10), (8, 2, 4, 5), (9, 1, 9, 7)]), "another balance");
    }
}
