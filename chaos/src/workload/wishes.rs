//! What a client wants next: of every kind something, and some of it wrong on purpose.

use super::terms::{self, Terms};
use super::{ASSETS, DAYS, INSTRUMENT, OUTSIDE, OUTSIDE_ASSET};
use crate::chance::Chance;
use crate::history::{Ask, Order};

/// Where prices are drawn around.
const MIDDLE: u64 = 777;
/// Ticks to both sides of it.
const SPREAD: u64 = 6;
/// Largest quantity of an order that is meant to be taken.
const QUANTITY_MAX: u64 = 20;

/// What a client knows when it chooses.
pub(super) struct Scene<'a> {
    pub account: &'a str,
    /// A name that this account never used.
    pub id: String,
    pub others: &'a [String],
    /// Client ids of orders that may be open.
    pub open: &'a [String],
    /// Orders that it would rather have no more of.
    pub is_full: bool,
    pub may_sweep: bool,
    /// Of a hundred orders, so many go to the instrument that follows an outside book.
    pub outside: u64,
    pub terms: Terms,
}

/// The next thing to ask. Weights are in percent.
pub(super) fn next(chance: &mut Chance, scene: Scene<'_>) -> Ask {
    let Scene { account, id, .. } = &scene;
    let (account, id) = (account.to_string(), id.clone());
    if scene.may_sweep && chance.percent(6) {
        let has_days = scene.terms.days_of_hundred > 0;
        let instrument = if has_days && chance.percent(40) { DAYS } else { INSTRUMENT };
        return Ask::CancelAll { account, id, instrument: instrument.into() };
    }
    let mut ask = next_inside(chance, &scene, account, id);
    if let Ask::CreateOrder(order) = &mut ask
        && scene.terms != Terms::default()
        && !is_wrong(order)
    {
        terms::add(chance, scene.terms, MIDDLE, order);
    }
    // What follows an outside book takes no second orders.
    if scene.outside > 0
        && let Ask::CreateOrder(order) = &mut ask
        && order.other.is_none()
        && chance.percent(scene.outside)
    {
        order.instrument = OUTSIDE.into();
    }
    ask
}

/// It is to be refused for what it is, and stays that.
fn is_wrong(order: &Order) -> bool {
    let quantity = order.quantity.as_deref().unwrap_or("1");
    order.price.as_deref() == Some("777.5") || quantity.len() > 2
}

fn next_inside(chance: &mut Chance, scene: &Scene<'_>, account: String, id: String) -> Ask {
    match chance.between(0, 99) {
        0..54 if !scene.is_full => limit(chance, account, id),
        0..62 => taking(chance, account, id),
        62..76 => match chance.pick(scene.open) {
            Some(order) => Ask::CancelOrder { account, id, order: order.clone() },
            None => limit(chance, account, id),
        },
        76..83 => match chance.pick(scene.open) {
            Some(order) => amend(chance, account, id, order.clone()),
            None => limit(chance, account, id),
        },
        83..90 => money(chance, scene),
        90..92 => Ask::GetAccount { account },
        92..94 => Ask::GetBook { instrument: INSTRUMENT.into() },
        _ => wrong(chance, account, id),
    }
}

/// What everybody gets of the asset of fixed supply, and what all of them get together at most: the
/// faucet of the rule book has more, and what it has not it refuses.
const SHARE: usize = 50_000;
const SHARES_MAX: usize = 80_000_000;

/// What opens one of so many accounts: itself, and enough of both assets.
pub(super) fn opening(account: &str, outside: u64, accounts: usize) -> Vec<Ask> {
    let share = SHARE.min(SHARES_MAX / accounts.max(1)).to_string();
    let deposit = |asset: &str, amount: &str| Ask::Deposit {
        account: account.into(),
        id: format!("open-{asset}"),
        asset: asset.into(),
        amount: amount.into(),
    };
    let mut opening = vec![
        Ask::CreateAccount { account: account.into(), id: "open".into() },
        deposit(ASSETS[0], "50000000"),
        deposit(ASSETS[1], &share),
    ];
    opening.extend((outside > 0).then(|| deposit(OUTSIDE_ASSET, "50000")));
    opening
}

/// The same id with another body; none for what has no body to change.
pub(super) fn other_body(ask: &Ask) -> Option<Ask> {
    let mut other = ask.clone();
    match &mut other {
        Ask::CreateOrder(order) => {
            let price = order.price.as_mut()?;
            *price = if price == "700" { "701" } else { "700" }.into();
        }
        Ask::Deposit { amount, .. } | Ask::Withdraw { amount, .. } => *amount = "3".into(),
        _ => return None,
    }
    (other != *ask).then_some(other)
}

fn order(chance: &mut Chance, account: String, id: String) -> Order {
    let ack = match chance.between(0, 99) {
        0..2 => "ACCEPTED",
        2..6 => "FULL",
        _ => "RESULT",
    };
    Order {
        account,
        id,
        instrument: INSTRUMENT.into(),
        side: if chance.percent(50) { "BUY" } else { "SELL" },
        quantity: Some(chance.between(1, QUANTITY_MAX).to_string()),
        ack,
        ..Order::default()
    }
}

fn price(chance: &mut Chance) -> u64 {
    chance.between(MIDDLE - SPREAD, MIDDLE + SPREAD)
}

fn limit(chance: &mut Chance, account: String, id: String) -> Ask {
    let mut order = order(chance, account, id);
    order.price = Some(price(chance).to_string());
    order.post_only = chance.percent(10);
    order.time_in_force = if chance.percent(50) { "GTC" } else { "" };
    if order.post_only {
        order.time_in_force = "GTC";
    }
    Ask::CreateOrder(Box::new(order))
}

/// An order that never rests.
fn taking(chance: &mut Chance, account: String, id: String) -> Ask {
    let mut order = order(chance, account, id);
    match chance.between(0, 3) {
        0 => {
            order.price = Some(price(chance).to_string());
            order.time_in_force = "IOC";
        }
        1 => {
            order.price = Some(price(chance).to_string());
            order.time_in_force = "FOK";
        }
        2 => {}
        _ => {
            order.side = "BUY";
            order.quantity = None;
            order.quote_amount = Some((chance.between(1, QUANTITY_MAX) * 800).to_string());
        }
    }
    Ask::CreateOrder(Box::new(order))
}

fn amend(chance: &mut Chance, account: String, id: String, order: String) -> Ask {
    let changes = chance.between(1, 3);
    let quantity = (changes & 1 != 0).then(|| chance.between(1, QUANTITY_MAX + 5).to_string());
    let price = (changes & 2 != 0).then(|| price(chance).to_string());
    Ask::AmendOrder { account, id, order, quantity, price }
}

fn money(chance: &mut Chance, scene: &Scene<'_>) -> Ask {
    let (account, id) = (scene.account.to_owned(), scene.id.clone());
    let asset = ASSETS[usize::from(chance.percent(30))].to_owned();
    let amount = chance.between(1, 500).to_string();
    let to = chance.pick(scene.others).filter(|to| *to != scene.account);
    match (chance.between(0, 2), to) {
        (0, Some(to)) => Ask::Transfer { account, id, to: to.clone(), asset, amount },
        (1, _) => Ask::Withdraw { account, id, asset, amount },
        _ => Ask::Deposit { account, id, asset, amount },
    }
}

/// Something that has to be refused.
fn wrong(chance: &mut Chance, account: String, id: String) -> Ask {
    let mut order = order(chance, account.clone(), id.clone());
    order.price = Some(MIDDLE.to_string());
    match chance.between(0, 7) {
        0 => order.price = Some("777.5".into()),
        1 => order.quantity = Some("1.5".into()),
        2 => {
            order.side = "BUY";
            order.quantity = Some("900000".into());
        }
        3 => {
            order.side = "SELL";
            order.quantity = Some("900000".into());
        }
        4 => order.quantity = Some("1000001".into()),
        5 => return Ask::CancelOrder { account, id, order: "never-was".into() },
        6 => {
            let (to, asset) = ("accounts/nobody".into(), ASSETS[0].into());
            return Ask::Transfer { account, id, to, asset, amount: "5".into() };
        }
        _ => {
            let (asset, amount) = (ASSETS[0].into(), "999999999999".into());
            return Ask::Withdraw { account, id, asset, amount };
        }
    }
    Ask::CreateOrder(Box::new(order))
}
