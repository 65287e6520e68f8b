//! What people read: one short sentence for what happened.

use super::failure::Failure;
use super::{actor, output, wire};
use hoga_proto::v1;
use hoga_scenarios::grammar::GrammarError;

/// Words that do not read, with a mark under the one to blame.
pub fn misread<S: AsRef<str>>(words: &[S], error: &GrammarError) -> Failure {
    let said = words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
    let place = error.place();
    let before = said.get(..place.start).unwrap_or_default().chars().count();
    let blamed = said.get(place).unwrap_or_default().chars().count().max(1);
    let mark = format!("{}{}", " ".repeat(before), "^".repeat(blamed));
    let failure = Failure::usage(format!("error: {error}\n  {said}\n  {mark}"));
    match error.help() {
        Some(help) => failure.hint(help),
        None => failure,
    }
}

/// How an order stands: `order 17 filled: bought 10 LPJ-KRW for 7770 (7770 / 10 = 777), fee 4`.
pub fn order(order: &v1::Order) -> String {
    let number = actor::last_part(&order.name);
    let state = wire::word(order.state().as_str_name(), "ORDER_STATE_");
    let head = match order.state() {
        v1::OrderState::Pending => {
            return format!("order {number} accepted: {}; its book decides", wire::ask(order));
        }
        v1::OrderState::Untriggered => {
            return format!("order {number} waits: {}", wire::ask(order));
        }
        v1::OrderState::Open => return format!("order {number} rests: {}", wire::ask(order)),
        v1::OrderState::PartiallyFilled => {
            let open = wire::text(order.remaining_quantity.as_ref());
            format!("order {number} rests with {open} open")
        }
        v1::OrderState::Filled => format!("order {number} filled"),
        _ if order.reason.is_empty() => format!("order {number} {state}"),
        _ => format!("order {number} {state} ({})", order.reason),
    };
    format!("{head}: {}", done(order))
}

/// What an order has traded: `bought 4 of 10 LPJ-KRW for 3108 (777 each), fee 1.55`.
fn done(order: &v1::Order) -> String {
    let symbol = actor::last_part(&order.instrument);
    let verb = if order.side() == v1::Side::Buy { "bought" } else { "sold" };
    let filled = order.filled_quantity.as_ref();
    if wire::is_zero(filled) {
        return format!("nothing {verb}, it was {}", wire::ask(order));
    }
    let whole = wire::text(filled) == wire::text(order.quantity.as_ref());
    let of = match &order.quantity {
        Some(quantity) if !whole => format!(" of {}", quantity.value),
        _ => String::new(),
    };
    let mut text = format!("{verb} {}{of} {symbol}", wire::text(filled));
    if let Some(notional) = &order.notional {
        let each = wire::per(Some(notional), filled).unwrap_or_default();
        text += &format!(" for {} ({each} each)", notional.value);
    }
    if !wire::is_zero(order.fee.as_ref()) {
        text += &format!(", fee {}", wire::text(order.fee.as_ref()));
    }
    if !wire::is_zero(order.tax.as_ref()) {
        text += &format!(", tax {}", wire::text(order.tax.as_ref()));
    }
    text
}

/// `4 @ 777 as taker, fee 1.55, trade 9`.
pub fn fill(fill: &v1::Fill) -> String {
    let (quantity, price) = (wire::text(fill.quantity.as_ref()), wire::text(fill.price.as_ref()));
    let part = if fill.is_maker { "maker" } else { "taker" };
    let fee = wire::text(fill.fee.as_ref());
    format!("{quantity} @ {price} as {part}, fee {fee}, trade {}", actor::last_part(&fill.trade))
}

/// `alice has 100000 KRW, 7770 of it held`.
pub fn balance(account: &str, balance: &v1::Balance) -> String {
    let who = actor::shown(account);
    let has = if who == "you" { "have" } else { "has" };
    let available = wire::text(balance.available.as_ref());
    let held = match &balance.held {
        held if wire::is_zero(held.as_ref()) => String::new(),
        held => format!(" free and {} held", wire::text(held.as_ref())),
    };
    format!("{who} {has} {available} {}{held}", balance.asset)
}

#[cfg(test)]
#[path = "sentences_tests.rs"]
mod tests;

/// Says on stderr that a request was done before: the answer is the one that it got then.
pub fn repeated(is_repeated: bool) {
    if is_repeated {
        output::tell("this is the first answer to that id, given again");
    }
}
