//! An account's orders by pages, newest first: the open ones and the finished ones in one list.

use super::desk::{Desk, shown_at};
use super::failure::Refused;
use super::page::{self, List, Place};
use crate::auth::Caller;
use hoga_cluster::history::{Direction, RowKind};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{InstrumentId, OrderNo};
use hoga_engine::order::{OrderState, Status};
use hoga_engine::time::Time;
use hoga_proto::convert::numbers::time_if_any;
use hoga_proto::convert::order as wire;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::collections::HashSet;

/// Rows of the history looked at for one page; what lies beyond is on the next one.
const SCANNED_MAX: usize = 20_000;

/// Which orders a list has.
#[derive(Clone)]
struct Wanted {
    instrument: Option<InstrumentId>,
    states: Vec<i32>,
    from: Option<Time>,
    until: Option<Time>,
}

impl Wanted {
    fn has(&self, order: &OrderState) -> bool {
        let state = i32::from(v1::OrderState::from(order.status));
        self.instrument.is_none_or(|wanted| wanted == order.instrument)
            && (self.states.is_empty() || self.states.contains(&state))
            && self.from.is_none_or(|from| order.created >= from)
            && self.until.is_none_or(|until| order.created < until)
    }

    /// Whether a finished order can be in the list.
    fn has_final(&self) -> bool {
        let last = [Status::Filled, Status::Cancelled, Status::Expired, Status::Rejected];
        let is_wanted = |status| self.states.contains(&v1::OrderState::from(status).into());
        self.states.is_empty() || last.into_iter().any(is_wanted)
    }
}

/// A page of orders.
///
/// # Errors
/// The account is another's or does not exist, a filter is malformed, or it could not be read.
pub async fn list_orders(
    desk: &Desk,
    caller: &Caller,
    message: v1::ListOrdersRequest,
) -> Result<v1::ListOrdersResponse, Refused> {
    let account = caller.account("parent", &message.parent)?;
    let size = page::size(message.page_size)?;
    let symbols = desk.symbols();
    for state in &message.states {
        if v1::OrderState::try_from(*state).map_or(0, i32::from) == 0 {
            let rule = format!("{state} is none of its values");
            return Err(Box::new(Refusal::malformed("states", rule)));
        }
    }
    let wanted = Wanted {
        instrument: symbols.instrument_if_any("instrument", &message.instrument)?.map(|i| i.id),
        states: message.states,
        from: time_if_any("start_time", message.start_time.as_ref())?,
        until: time_if_any("end_time", message.end_time.as_ref())?,
    };
    let list = List::of(&(
        "orders",
        account.id(),
        wanted.instrument,
        &wanted.states,
        wanted.from,
        wanted.until,
    ));
    let before = list.place(&message.page_token)?.map_or(u64::MAX, |place| place.0);
    let reading = desk.reading(&account, message.min_index.as_ref(), message.after)?;

    let of_open = wanted.clone();
    let looked = desk.look(&account, reading, move |account, _, at| {
        let open = account.open_orders().rev().map(|open| &open.state);
        let open: Vec<_> = open.filter(|order| order.key.no.0 < before).collect();
        let numbers: HashSet<OrderNo> = open.iter().map(|order| order.key.no).collect();
        // One more than the page has: whether there is a next one.
        let shown = open.into_iter().filter(|order| of_open.has(order)).take(size + 1);
        let newest = account.orders().0.min(before.saturating_sub(1));
        (account.id(), shown.cloned().collect::<Vec<_>>(), numbers, newest, at)
    });
    let (id, mut orders, open, newest, at) = looked.await?;

    let mut scanned_to = None;
    if wanted.has_final() && newest > 0 {
        let past = desk.past(caller, &account, move |history| {
            let rows = history.scan(id, RowKind::Order, 0..=newest, Direction::NewestFirst);
            let (mut found, mut last) = (Vec::new(), None);
            for (scanned, row) in rows.enumerate() {
                let HistoryRow::Order(order) = row? else { continue };
                if scanned >= SCANNED_MAX || found.len() > size {
                    last = Some(order.key.no.0);
                    break;
                }
                // What came to its end since is still open at this position.
                if wanted.has(&order) && !open.contains(&order.key.no) {
                    found.push(*order);
                }
            }
            Ok((found, last))
        });
        let (past, last) = past.await?;
        scanned_to = last;
        orders.extend(past);
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.key.no));
    // Where the scan ended early, nothing below may be shown, or a page would have a hole.
    if let Some(end) = scanned_to {
        orders.retain(|order| order.key.no.0 > end);
    }
    let more = orders.len() > size;
    orders.truncate(size);
    let next = match (more, orders.last(), scanned_to) {
        (true, Some(last), _) => Some(Place(last.key.no.0, 0)),
        (false, _, Some(end)) => Some(Place(end + 1, 0)),
        _ => None,
    };
    let shown = orders.iter().filter_map(|order| {
        Some(wire::state(order, account.id(), symbols.listed(order.instrument)?))
    });
    Ok(v1::ListOrdersResponse {
        orders: shown.collect(),
        next_page_token: list.token(next),
        position: Some(shown_at(at)),
    })
}
