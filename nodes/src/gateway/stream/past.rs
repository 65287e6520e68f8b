//! What a private topic had before its ring begins, read from the history or, of notices, from
//! the account itself.

use super::content;
use crate::auth::Caller;
use crate::gateway::desk::Desk;
use crate::gateway::failure::Refused;
use bytes::Bytes;
use hoga_cluster::history::{Direction, RowKind};
use hoga_engine::client_id::ClientId;
use hoga_engine::history::{FillRow, HistoryRow};
use hoga_engine::ids::{AccountId, OrderNo};
use hoga_engine::order::OrderState;
use hoga_proto::names::AccountName;
use std::collections::HashMap;

/// Finished orders looked at for those that finished behind a token.
const SCANNED_MAX: usize = 20_000;

/// Fills behind a number, oldest first and without a gap, each with its number.
///
/// # Errors
/// The history could not be read.
pub async fn fills(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    id: AccountId,
    after: u64,
    most: usize,
) -> Result<Vec<(u64, Bytes)>, Refused> {
    let open = desk.look(account, Default::default(), |account, _, _| {
        let ids = account.open_orders().map(|open| (open.state.key.no, open.state.client_id));
        ids.collect::<HashMap<OrderNo, ClientId>>()
    });
    let mut ids = open.await?;
    let read = move |history: &dyn hoga_cluster::history::History| {
        let rows = history.page_oldest_first(id, RowKind::Fill, Some(after), most)?;
        let mut fills: Vec<(FillRow, Option<ClientId>)> = Vec::with_capacity(rows.len());
        for row in rows {
            let HistoryRow::Fill(fill) = row else { continue };
            if !ids.contains_key(&fill.order)
                && let Some(order) = history.order(id, fill.order)?
            {
                ids.insert(fill.order, order.client_id);
            }
            fills.push((fill, ids.get(&fill.order).copied()));
        }
        Ok(fills)
    };
    let rows = desk.past(caller, account, read).await?;
    let symbols = desk.symbols();
    let mut fills = Vec::with_capacity(rows.len());
    for (at, (row, client_id)) in (after + 1..).zip(rows) {
        // Older rows were given up: what is left has a gap before it.
        if row.sequence != at {
            break;
        }
        let client_id = client_id.as_ref().map_or("", |id| id.as_str());
        let Some(fill) = content::of_fill(&symbols, &row, account.id(), client_id) else { break };
        fills.push((at, fill));
    }
    Ok(fills)
}

/// Notices behind a number, oldest first and without a gap, each with its number: as far as the
/// account keeps them.
///
/// # Errors
/// The account could not be read.
pub async fn notices(
    desk: &Desk,
    account: &AccountName,
    after: u64,
) -> Result<Vec<(u64, Bytes)>, Refused> {
    let looked = desk.look(account, Default::default(), move |account, _, _| {
        account.notices().filter(|notice| notice.sequence > after).copied().collect::<Vec<_>>()
    });
    let kept = looked.await?;
    // Older ones were given up: what is left has a gap before it.
    if kept.first().is_none_or(|oldest| oldest.sequence != after + 1) {
        return Ok(Vec::new());
    }
    let shown = |notice| content::of_notice(notice, account.id());
    Ok(kept.iter().map(|notice| (notice.sequence, shown(notice))).collect())
}

/// Orders that finished behind an event, in the order in which they did: of the newest
/// [`SCANNED_MAX`] of the account.
///
/// # Errors
/// The history could not be read.
pub async fn finished(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    id: AccountId,
    after: u64,
) -> Result<Vec<OrderState>, Refused> {
    let read = move |history: &dyn hoga_cluster::history::History| {
        let mut found = Vec::new();
        let rows = history.scan(id, RowKind::Order, 0..=u64::MAX, Direction::NewestFirst);
        for row in rows.take(SCANNED_MAX) {
            if let HistoryRow::Order(order) = row?
                && order.event > after
            {
                found.push(*order);
            }
        }
        found.sort_by_key(|order| order.event);
        Ok(found)
    };
    desk.past(caller, account, read).await
}
