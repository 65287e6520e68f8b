//! From the words of a sentence to the wire, and the names of its enums to words.

use super::actor;
use hoga_proto::{decimal, v1};
use hoga_scenarios::grammar::{self, Distance, OrderKind, Stop};
use hoga_scenarios::numbers::Amount;
use rust_decimal::Decimal;

/// The order of a sentence, under this client order id.
pub fn order(said: &grammar::Order, id: &str) -> v1::Order {
    let mut order = v1::Order {
        client_order_id: id.to_owned(),
        instrument: format!("instruments/{}", said.symbol),
        post_only: said.post_only,
        ..v1::Order::default()
    };
    order.set_side(match said.side {
        grammar::Side::Buy => v1::Side::Buy,
        grammar::Side::Sell => v1::Side::Sell,
    });
    match &said.kind {
        OrderKind::Limit { quantity, price } => {
            order.set_type(v1::OrderType::Limit);
            order.quantity = number(*quantity);
            order.price = number(*price);
        }
        OrderKind::Market { quantity } => {
            order.set_type(v1::OrderType::Market);
            order.quantity = number(*quantity);
        }
        OrderKind::MarketSpend { amount, .. } => {
            order.set_type(v1::OrderType::Market);
            order.quote_amount = number(*amount);
        }
    }
    order.display_quantity = said.show.and_then(number);
    if let Some(stop) = said.stop {
        wait(&mut order, stop);
    }
    if let Some(time_in_force) = said.time_in_force {
        order.set_time_in_force(in_force(time_in_force));
    }
    if let Some(length) = said.lasts {
        order.set_time_in_force(v1::TimeInForce::Gtd);
        order.expire_time = Some(actor::sent_in(length));
    }
    if let Some(mode) = said.self_match {
        order.set_self_match(self_match(mode));
    }
    order
}

/// Makes an order wait for its trigger.
fn wait(order: &mut v1::Order, stop: Stop) {
    let fields = |distance| match distance {
        Distance::Price(amount) => (number(amount), None),
        Distance::Percent(percent) => (None, number(percent)),
    };
    match stop {
        Stop::At(price) => {
            let is_limit = order.r#type() == v1::OrderType::Limit;
            order.set_type(if is_limit { v1::OrderType::StopLimit } else { v1::OrderType::Stop });
            order.trigger_price = number(price);
        }
        Stop::Trailing { offset, step } => {
            order.set_type(v1::OrderType::TrailingStop);
            (order.trailing_offset, order.trailing_offset_percent) = fields(offset);
            (order.trailing_step, order.trailing_step_percent) = step.map_or((None, None), fields);
        }
    }
}

pub fn number(amount: Amount) -> Option<v1::Decimal> {
    Some(amount.value().into())
}

fn in_force(said: grammar::TimeInForce) -> v1::TimeInForce {
    match said {
        grammar::TimeInForce::Gtc => v1::TimeInForce::Gtc,
        grammar::TimeInForce::Day => v1::TimeInForce::Day,
        grammar::TimeInForce::Ioc => v1::TimeInForce::Ioc,
        grammar::TimeInForce::Fok => v1::TimeInForce::Fok,
        grammar::TimeInForce::AtOpen => v1::TimeInForce::AtOpen,
        grammar::TimeInForce::AtClose => v1::TimeInForce::AtClose,
    }
}

fn self_match(said: grammar::SelfMatch) -> v1::SelfMatch {
    match said {
        grammar::SelfMatch::None => v1::SelfMatch::None,
        grammar::SelfMatch::CancelTaker => v1::SelfMatch::CancelTaker,
        grammar::SelfMatch::CancelMaker => v1::SelfMatch::CancelMaker,
        grammar::SelfMatch::CancelBoth => v1::SelfMatch::CancelBoth,
        grammar::SelfMatch::Decrement => v1::SelfMatch::Decrement,
    }
}

/// A decimal as text; empty when it is absent.
pub fn text(number: Option<&v1::Decimal>) -> &str {
    number.map_or("", |number| number.value.as_str())
}

pub fn is_zero(number: Option<&v1::Decimal>) -> bool {
    number.is_none_or(|number| decimal::parse(&number.value).is_ok_and(|value| value.is_zero()))
}

/// Two parts of one whole: what is available, and what orders hold.
pub fn sum(one: Option<&v1::Decimal>, other: Option<&v1::Decimal>) -> String {
    let value = |part| decimal::parse(text(part)).unwrap_or_default();
    decimal::print((value(one) + value(other)).normalize())
}

/// `total / count` without more digits than people read; none for a zero count.
pub fn per(total: Option<&v1::Decimal>, count: Option<&v1::Decimal>) -> Option<String> {
    let (total, count) = (decimal::parse(text(total)).ok()?, decimal::parse(text(count)).ok()?);
    let each = total.checked_div(count)?;
    Some(decimal::print(each.round_dp(4).normalize()))
}

/// An enum's name without what all its names begin with, in lower case: `PARTIALLY_FILLED` of
/// `ORDER_STATE_` is `partially filled`.
pub fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', " ")
}

/// What an order asks for: `buy 10 LPJ-KRW @ 777 ioc`.
pub fn ask(order: &v1::Order) -> String {
    let symbol = actor::last_part(&order.instrument);
    let side = word(order.side().as_str_name(), "SIDE_");
    let much = match &order.quote_amount {
        // Of an order by amount that bought nothing the quantity is zero.
        Some(amount) if order.quantity.is_none() || is_zero(order.quantity.as_ref()) => {
            format!("{} of {symbol}", amount.value)
        }
        _ => format!("{} {symbol}", text(order.quantity.as_ref())),
    };
    let price = match &order.price {
        Some(price) => format!("@ {}", price.value),
        None => "at market".to_owned(),
    };
    let mut words = vec![side, much, price];
    let force = order.time_in_force();
    let is_default = matches!(force, v1::TimeInForce::Unspecified | v1::TimeInForce::Gtc)
        || (order.price.is_none() && force == v1::TimeInForce::Ioc);
    if !is_default {
        words.push(word(force.as_str_name(), "TIME_IN_FORCE_"));
    }
    if order.expire_time.is_some() {
        words.push(format!("until {}", time(order.expire_time.as_ref())));
    }
    if order.post_only {
        words.push("post-only".into());
    }
    words.extend(waits_for(order));
    words.extend(order.display_quantity.as_ref().map(|part| format!("show {}", part.value)));
    words.join(" ")
}

/// What a stop waits for: `trail 5 (777 now)`, `stop 777`.
fn waits_for(order: &v1::Order) -> Option<String> {
    let said = |price: &Option<v1::Decimal>, percent: &Option<v1::Decimal>| match (price, percent) {
        (Some(price), _) => Some(price.value.clone()),
        (None, Some(percent)) => Some(format!("{}%", percent.value)),
        (None, None) => None,
    };
    let trigger = order.trigger_price.as_ref().map(|price| &price.value);
    let Some(offset) = said(&order.trailing_offset, &order.trailing_offset_percent) else {
        return trigger.map(|price| format!("stop {price}"));
    };
    let step = said(&order.trailing_step, &order.trailing_step_percent);
    let step = step.map_or(String::new(), |step| format!(" step {step}"));
    let now = trigger.map_or(String::new(), |price| format!(" (at {price} now)"));
    Some(format!("trail {offset}{step}{now}"))
}

/// A time to the second in UTC, as tables show it.
pub fn time(time: Option<&prost_types::Timestamp>) -> String {
    let Some(time) = time else { return String::new() };
    let whole = prost_types::Timestamp { seconds: time.seconds, nanos: 0 };
    whole.to_string().replace('T', " ").replace('Z', "")
}

/// `continuous`, or `call auction: interruption until 10:02:00`, as far as it is known.
pub fn phase(phase: v1::Phase, kind: v1::CallKind, end: Option<&prost_types::Timestamp>) -> String {
    let mut shown = word(phase.as_str_name(), "PHASE_");
    if kind != v1::CallKind::Unspecified {
        shown = format!("{shown}: {}", word(kind.as_str_name(), "CALL_KIND_"));
    }
    if phase != v1::Phase::Continuous && end.is_some() {
        shown = format!("{shown} until {}", time(end));
    }
    shown
}

/// A fraction as a percentage, to what people read of it: `0.123456` is `12.35 %`.
pub fn percent(fraction: &str) -> String {
    hundredfold(fraction, |value| value.round_dp(2))
}

/// A rate of a rule as a percentage, exactly: `0.00015` is `0.015 %`.
pub fn rate(fraction: &str) -> String {
    hundredfold(fraction, |value| value)
}

fn hundredfold(fraction: &str, shown: impl Fn(Decimal) -> Decimal) -> String {
    let value = decimal::parse(fraction).ok().and_then(|value| value.checked_mul(100.into()));
    value.map_or_else(
        || fraction.to_owned(),
        |value| format!("{} %", decimal::print(shown(value).normalize())),
    )
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
