//! BOOK-2: never crossed at rest; and at quiet, book and accounts agree on every open order.

use super::{Broken, hold};
use crate::instrument::Phase;
use crate::order::{Side, Status};
use crate::pit::Pit;

pub(super) fn check(pit: &Pit) -> Result<(), Broken> {
    for listing in pit.listings() {
        let book = listing.book();
        let symbol = &listing.instrument().symbol;
        if let Some(follow) = listing.following() {
            check_followed(listing, follow)?;
        } else if let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell)) {
            let collects = book.collects();
            hold!("BOOK-2", collects || bid < ask, "{symbol} is crossed: bid {bid:?}, ask {ask:?}");
        }
        if pit.is_quiet() {
            let open = pit.desks().flat_map(|desk| desk.accounts());
            let open = open.flat_map(|account| account.open_orders());
            let open = open.filter(|open| open.state.instrument == listing.instrument().id);
            let waiting = book.stops().len() + listing.reserved().count();
            let (open, resting) = (open.count(), book.len() + waiting);
            hold!("FILL-1", open == resting, "{symbol}: {open} open orders, {resting} in the book");
            check_resting(pit, listing.book())?;
            check_waiting(pit, listing.book())?;
            check_reserved(pit, listing)?;
        }
    }
    Ok(())
}

/// Users' orders may lie across one another: they do not trade with each other. None may lie
/// where something can be taken.
fn check_followed(
    listing: &crate::book::Listing,
    follow: &crate::follow::Following,
) -> Result<(), Broken> {
    let symbol = &listing.instrument().symbol;
    let trades = listing.instrument().phase == Phase::Continuous;
    for side in [Side::Buy, Side::Sell] {
        let best = listing.best(side.opposite());
        let (Some(limit), Some(best)) = (listing.book().best(side), best) else { continue };
        let is_reached = if side == Side::Buy { limit >= best } else { limit <= best };
        hold!("BOOK-2", !trades || !is_reached, "{symbol}: {limit:?} rests and reaches {best:?}");
    }
    let purse = follow.purse();
    hold!("CASH-2", purse.base >= 0 && purse.quote >= 0, "the house of {symbol} has {purse:?}");
    Ok(())
}

fn check_resting(pit: &Pit, book: &crate::book::Book) -> Result<(), Broken> {
    for resting in book.orders() {
        let account = pit.account(resting.order.account);
        let Some(open) = account.open_order(resting.order.no) else {
            hold!("FILL-1", false, "{resting:?} is not open in its account");
            continue;
        };
        let state = &open.state;
        let display = state.terms.as_ref().and_then(|terms| terms.display);
        let agrees = state.remaining() == resting.open
            && display == resting.iceberg.map(|iceberg| iceberg.display)
            && state.filled == resting.filled
            && state.cancelled == resting.reduced
            && state.limit == resting.price
            && state.side == resting.side;
        hold!("FILL-1", agrees, "{resting:?} stands otherwise in its account: {state:?}");
    }
    Ok(())
}

fn check_waiting(pit: &Pit, book: &crate::book::Book) -> Result<(), Broken> {
    for waiting in book.stops().iter() {
        let account = pit.account(waiting.order.account);
        let Some(open) = account.open_order(waiting.order.no) else {
            hold!("FILL-1", false, "{waiting:?} is not open in its account");
            continue;
        };
        let state = &open.state;
        let stop = state.terms.as_ref().and_then(|terms| terms.stop);
        let agrees = state.remaining() == waiting.quantity
            && (state.status, stop) == (Status::Untriggered, Some(waiting.stop))
            && (state.limit, state.side) == (waiting.limit, waiting.side);
        hold!("FILL-1", agrees, "{waiting:?} stands otherwise in its account: {state:?}");
    }
    Ok(())
}

fn check_reserved(pit: &Pit, listing: &crate::book::Listing) -> Result<(), Broken> {
    for (order, quantity, limit) in listing.reserved() {
        let Some(open) = pit.account(order.account).open_order(order.no) else {
            hold!("FILL-1", false, "{order:?} is reserved, and not open in its account");
            continue;
        };
        let state = &open.state;
        let agrees = (state.status, state.limit) == (Status::Reserved, limit);
        hold!(
            "FILL-1",
            agrees && state.remaining() == quantity,
            "{order:?} is reserved: {state:?}"
        );
    }
    Ok(())
}
