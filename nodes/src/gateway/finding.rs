//! One order, wherever it is: open in its account, or finished and in the history.

use super::desk::{Desk, Reading};
use super::failure::{Refused, rejected};
use crate::auth::Caller;
use hoga_cluster::runtime::At;
use hoga_engine::ids::InstrumentId;
use hoga_engine::order::OrderState;
use hoga_engine::reject::Reject;
use hoga_engine::request::OrderRef;
use hoga_proto::names::AccountName;

/// An order as it stands, and where that is true.
///
/// # Errors
/// The account has no such order, or it could not be read.
pub async fn find(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    order: OrderRef,
    reading: Reading,
) -> Result<(OrderState, At), Refused> {
    let looked = desk.look(account, reading, move |account, _, at| {
        let no = account.order_no(order)?;
        let open = account.open_order(no).map(|open| open.state.clone());
        Some((account.id(), no, open, at))
    });
    let Some((id, no, open, at)) = looked.await? else { return Err(not_found(account, order)) };
    if let Some(state) = open {
        return Ok((state, at));
    }
    let past = desk.past(caller, account, move |history| history.order(id, no)).await?;
    past.map(|state| (state, at)).ok_or_else(|| not_found(account, order))
}

/// The instrument of an order that may be open.
///
/// # Errors
/// As [`find`].
pub async fn instrument_of(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    order: OrderRef,
) -> Result<InstrumentId, Refused> {
    let (state, _) = find(desk, caller, account, order, Reading::default()).await?;
    Ok(state.instrument)
}

fn not_found(account: &AccountName, order: OrderRef) -> Refused {
    let (shown, name) = match order {
        OrderRef::No(no) => (no.0.to_string(), format!("{account}/orders/{}", no.0)),
        OrderRef::ClientId(id) => (id.to_string(), format!("{account}/orders/-")),
    };
    let refusal = rejected(&Reject::OrderNotFound { order: shown.into() }, "");
    Box::new(refusal.resource(name))
}
