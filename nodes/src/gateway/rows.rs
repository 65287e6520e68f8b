//! What happened in an account: its ledger and its fills, by pages, newest first.

use super::desk::{Desk, Reading, shown_at};
use super::failure::Refused;
use super::finding::find;
use super::page::{self, List, Place};
use crate::auth::Caller;
use hoga_cluster::history::{Direction, History, HistoryError, RowKey, RowKind};
use hoga_engine::amount::Lots;
use hoga_engine::history::{FillRow, HistoryRow, LedgerKind, LedgerRow};
use hoga_engine::ids::{AccountId, OrderNo};
use hoga_engine::message::Outcome;
use hoga_engine::request::OrderRef;
use hoga_engine::time::Time;
use hoga_proto::convert::numbers::time_if_any;
use hoga_proto::convert::{ledger, order};
use hoga_proto::names::{AccountName, OrderName};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::collections::HashMap;

/// Rows looked at for one page; what lies beyond is on the next one.
const SCANNED_MAX: usize = 20_000;

/// A page of rows of one kind, and where the next one begins.
struct Rows<T> {
    rows: Vec<T>,
    next: Option<Place>,
}

/// Reads rows before a sequence, newest first, that `pick` takes.
fn scan<T>(
    history: &dyn History,
    account: AccountId,
    kind: RowKind,
    before: u64,
    size: usize,
    pick: impl Fn(HistoryRow) -> Option<T>,
) -> Result<Rows<T>, HistoryError> {
    let mut found = Rows { rows: Vec::new(), next: None };
    if before <= 1 {
        return Ok(found);
    }
    let (mut last, mut scanned) = (0, 0);
    for row in history.scan(account, kind, 0..=before - 1, Direction::NewestFirst) {
        let row = row?;
        if found.rows.len() == size || scanned == SCANNED_MAX {
            found.next = Some(Place(last, 0));
            break;
        }
        scanned += 1;
        last = sequence(&row);
        if let Some(row) = pick(row) {
            found.rows.push(row);
        }
    }
    Ok(found)
}

fn sequence(row: &HistoryRow) -> u64 {
    match row {
        HistoryRow::Ledger(row) => row.sequence,
        HistoryRow::Fill(row) => row.sequence,
        HistoryRow::Order(order) => order.key.no.0,
        HistoryRow::Party(row) => row.sequence,
        HistoryRow::Candle(_) => unreachable!("a book's row in the list of an account"),
    }
}

/// From when until when rows are wanted, by the time they were posted.
#[derive(Clone, Copy, serde::Serialize)]
struct Span {
    from: Option<Time>,
    until: Option<Time>,
}

impl Span {
    fn of(
        start: Option<&prost_types::Timestamp>,
        end: Option<&prost_types::Timestamp>,
    ) -> Result<Span, Refused> {
        let (from, until) = (time_if_any("start_time", start)?, time_if_any("end_time", end)?);
        Ok(Span { from, until })
    }

    fn has(&self, posted: Time) -> bool {
        self.from.is_none_or(|from| posted >= from) && self.until.is_none_or(|until| posted < until)
    }
}

/// A page of the ledger.
///
/// # Errors
/// The account is another's or does not exist, a filter is malformed, or it could not be read.
pub async fn list_ledger(
    desk: &Desk,
    caller: &Caller,
    message: v1::ListLedgerRowsRequest,
) -> Result<v1::ListLedgerRowsResponse, Refused> {
    let account = caller.account("parent", &message.parent)?;
    let size = page::size(message.page_size)?;
    let symbols = desk.symbols();
    let instrument = symbols.instrument_if_any("instrument", &message.instrument)?.map(|i| i.id);
    let asset = match message.asset.as_str() {
        "" => None,
        code => Some(symbols.asset("asset", code)?.id),
    };
    let kinds = message.types.iter().map(|kind| ledger::kind(*kind));
    let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
    let span = Span::of(message.start_time.as_ref(), message.end_time.as_ref())?;
    let list = List::of(&("ledger", account.id(), instrument, asset, &message.types, span));
    let before = list.place(&message.page_token)?.map_or(u64::MAX, |place| place.0);
    let reading = desk.reading(&account, message.min_index.as_ref(), message.after)?;

    let looked = desk.look(&account, reading, |account, _, at| {
        let (rows, _) = account.rows();
        (account.id(), rows, at)
    });
    let (id, rows, at) = looked.await?;
    // What was posted since is not of this position.
    let before = before.min(rows + 1);
    let pick = move |row| match row {
        HistoryRow::Ledger(row) => {
            let is_wanted = instrument.is_none_or(|wanted| row.instrument == Some(wanted))
                && asset.is_none_or(|wanted| row.asset == wanted)
                && (kinds.is_empty() || kinds.contains(&Some(row.kind)))
                && span.has(row.posted);
            is_wanted.then_some(row)
        }
        _ => None,
    };
    let read = move |history: &dyn History| {
        let found = scan::<LedgerRow>(history, id, RowKind::Ledger, before, size, pick)?;
        let parties = parties(history, &found.rows)?;
        Ok((found, parties))
    };
    let (found, parties) = desk.past(caller, &account, read).await?;
    let rows = found.rows.iter().filter_map(|row| {
        let instrument = row.instrument.and_then(|id| symbols.listed(id));
        let party = parties.get(&row.sequence).map(|name| &**name);
        Some(ledger::row(row, account.id(), symbols.asset_of(row.asset)?, instrument, party))
    });
    Ok(v1::ListLedgerRowsResponse {
        ledger_rows: rows.collect(),
        next_page_token: list.token(found.next),
        position: Some(shown_at(at)),
    })
}

/// Whom the transfers among some rows were with, by the rows' sequence.
fn parties(
    history: &dyn History,
    rows: &[LedgerRow],
) -> Result<HashMap<u64, Box<str>>, HistoryError> {
    let mut parties = HashMap::new();
    let is_transfer =
        |row: &&LedgerRow| matches!(row.kind, LedgerKind::TransferIn | LedgerKind::TransferOut);
    for &LedgerRow { account, sequence, .. } in rows.iter().filter(is_transfer) {
        let key = RowKey { account, kind: RowKind::Party, sequence };
        if let Some(HistoryRow::Party(row)) = history.get(key)? {
            parties.insert(sequence, row.name);
        }
    }
    Ok(parties)
}

/// A page of fills.
///
/// # Errors
/// As [`list_ledger`].
pub async fn list_fills(
    desk: &Desk,
    caller: &Caller,
    message: v1::ListFillsRequest,
) -> Result<v1::ListFillsResponse, Refused> {
    let account = caller.account("parent", &message.parent)?;
    let size = page::size(message.page_size)?;
    let symbols = desk.symbols();
    let instrument = symbols.instrument_if_any("instrument", &message.instrument)?.map(|i| i.id);
    let only = wanted_order(caller, &account, &message.order)?;
    let span = Span::of(message.start_time.as_ref(), message.end_time.as_ref())?;
    let list = List::of(&("fills", account.id(), instrument, only, span));
    let before = list.place(&message.page_token)?.map_or(u64::MAX, |place| place.0);
    let reading = desk.reading(&account, message.min_index.as_ref(), message.after)?;

    let looked = desk.look(&account, reading, |account, _, at| {
        let open = account.open_orders().map(|open| (open.state.key.no, open.state.client_id));
        let (_, fills) = account.rows();
        (account.id(), open.collect::<HashMap<_, _>>(), fills, at)
    });
    let (id, mut ids, fills, at) = looked.await?;
    let before = before.min(fills + 1);
    let pick = move |row| match row {
        HistoryRow::Fill(row) => {
            let is_wanted = instrument.is_none_or(|wanted| row.instrument == wanted)
                && only.is_none_or(|wanted| row.order == wanted)
                && span.has(row.posted);
            is_wanted.then_some(row)
        }
        _ => None,
    };
    let read = move |history: &dyn History| {
        let found = scan::<FillRow>(history, id, RowKind::Fill, before, size, pick)?;
        for fill in &found.rows {
            if !ids.contains_key(&fill.order)
                && let Some(order) = history.order(id, fill.order)?
            {
                ids.insert(fill.order, order.client_id);
            }
        }
        Ok((found, ids))
    };
    let (found, ids) = desk.past(caller, &account, read).await?;
    let fills = found.rows.iter().filter_map(|fill| {
        let client_id = ids.get(&fill.order).map_or("", |id| id.as_str());
        Some(order::fill(fill, account.id(), client_id, symbols.listed(fill.instrument)?))
    });
    Ok(v1::ListFillsResponse {
        fills: fills.collect(),
        next_page_token: list.token(found.next),
        position: Some(shown_at(at)),
    })
}

/// What an order traded when it entered its book, as its first outcome says, the oldest first.
///
/// # Errors
/// It could not be read.
pub async fn filled_on_entry(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    outcome: &Outcome,
) -> Result<Vec<FillRow>, Refused> {
    let key = outcome.order;
    let by_number = OrderRef::No(key.no);
    let (order, _) = find(desk, caller, account, by_number, Reading::default()).await?;
    let read = move |history: &dyn History| {
        let mut fills = Vec::new();
        let all = 0..=u64::MAX;
        for row in history.scan(key.account, RowKind::Fill, all, Direction::NewestFirst) {
            match row? {
                HistoryRow::Fill(fill) if fill.posted < order.created => break,
                HistoryRow::Fill(fill) if fill.order == key.no => fills.push(fill),
                _ => {}
            }
        }
        Ok(fills)
    };
    let mut fills = desk.past(caller, account, read).await?;
    fills.reverse();
    let mut left = outcome.filled;
    fills.retain(|fill| {
        let is_of_entry = !left.is_zero();
        left = Lots(left.0.saturating_sub(fill.quantity.0));
        is_of_entry
    });
    Ok(fills)
}

/// The order that a filter names; it has to be one of the account.
fn wanted_order(
    caller: &Caller,
    account: &AccountName,
    name: &str,
) -> Result<Option<OrderNo>, Refused> {
    if name.is_empty() {
        return Ok(None);
    }
    let malformed = |rule: String| Box::new(Refusal::malformed("order", rule));
    let name = OrderName::parse(name).map_err(|bad| malformed(bad.to_string()))?;
    let owner = caller.admitted(name.account)?;
    if owner != *account {
        return Err(malformed(format!("is an order of {owner}, the list is of {account}")));
    }
    Ok(Some(OrderNo(name.number)))
}
