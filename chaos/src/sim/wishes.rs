//! What clients want: seeded requests that keep a small market busy.

use super::market::{BTC, BTC_KRW, KRW, LPJ, LPJ_KRW};
use super::swarm::Swarm;
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::client_id::ClientId;
use hoga_engine::order::{OrderRequest, SelfMatch, Side, Size, TimeInForce};
use hoga_engine::pit::Chooser;
use hoga_engine::request::{AccountRequest, Ack, OrderRef};
use hoga_engine::terms::TermsAsked;
use hoga_engine::time::Time;

#[path = "wishes_terms.rs"]
mod terms;

/// The name of the n-th account.
#[must_use]
pub fn name_of(nth: usize) -> Box<str> {
    format!("trader-{nth}").into()
}

/// What everybody starts with.
#[must_use]
pub fn riches(nth: usize) -> [AccountRequest; 3] {
    let plenty = 1 + (nth % 3) as Amount;
    [(KRW, 40_000 * plenty), (LPJ, 400 * plenty), (BTC, 4_000 * plenty)]
        .map(|(asset, amount)| AccountRequest::Deposit { asset, amount })
}

/// Orders that a client remembers to have placed, newest last.
pub const PLACED_MAX: usize = 12;

/// What a client knows when it wishes for something.
pub struct Scene<'a> {
    pub swarm: &'a Swarm,
    pub placed: &'a [ClientId],
    /// Exchange time.
    pub now: Time,
    /// Who asks, and the number of what it asks.
    pub next_id: (usize, u64),
}

/// The next request of somebody who has placed some orders.
pub fn next(dice: &mut Chooser, scene: &Scene<'_>) -> AccountRequest {
    let &Scene { swarm, placed, .. } = scene;
    let asset = *dice.one_of(&[KRW, LPJ, BTC]);
    let amount = 1 + Amount::from(dice.below(if asset == LPJ { 40 } else { 900 }));
    match dice.below(100) {
        0..62 if swarm.offer.is_plain() => place(dice, swarm),
        0..62 => place_any(dice, scene),
        62..75 => AccountRequest::Cancel { order: some(dice, placed) },
        75..85 => {
            let quantity = (dice.below(3) != 0).then(|| 10 * (1 + Amount::from(dice.below(6))));
            let price = (dice.below(3) != 0).then(|| 1000 * (90 + Amount::from(dice.below(21))));
            // Prices of the one instrument are thousands of the other's: some are refused.
            let price = price.map(|price| if dice.below(2) == 0 { price / 1000 } else { price });
            AccountRequest::Amend { order: some(dice, placed), quantity, price }
        }
        // Released more often than engaged, so that there is trade.
        85 if swarm.kills => AccountRequest::KillSwitch { engaged: dice.below(3) == 0 },
        85..88 => AccountRequest::CancelAll {
            instrument: *dice.one_of(&[None, Some(LPJ_KRW), Some(BTC_KRW)]),
        },
        88..92 => AccountRequest::Deposit { asset, amount },
        92..94 => AccountRequest::Withdraw { asset, amount },
        _ => {
            // One more than there are: that transfer bounces.
            let to = name_of(dice.below(swarm.accounts as u64 + 1) as usize);
            AccountRequest::Transfer { to, asset, amount }
        }
    }
}

/// An order in any instrument, with any terms that this market offers.
fn place_any(dice: &mut Chooser, scene: &Scene<'_>) -> AccountRequest {
    let offer = &scene.swarm.offer;
    let mut request = place(dice, scene.swarm);
    let AccountRequest::Place { order, .. } = &mut request else { return request };
    // Most of it goes where there is something to see.
    let special = *dice.one_of(&[offer.day(), offer.followed()]);
    if let Some(instrument) = special.filter(|_| dice.below(3) > 0)
        && order.instrument == LPJ_KRW
    {
        order.instrument = instrument;
    }
    let has_days = Some(order.instrument) == offer.day();
    if dice.below(if offer.terms { 2 } else { 6 }) == 0 {
        force(dice, scene, has_days, order);
    }
    // Of what is not offered a little is asked all the same, and refused.
    let follows = Some(order.instrument) == offer.followed();
    let asks = if follows { dice.below(40) == 0 } else { dice.below(5) < 2 };
    if offer.terms && asks {
        terms::add(dice, scene, order);
    }
    request
}

/// How long it stays.
fn force(dice: &mut Chooser, scene: &Scene<'_>, has_days: bool, order: &mut OrderRequest) {
    let calls = [TimeInForce::AtOpen, TimeInForce::AtClose, TimeInForce::Day];
    let usual = [TimeInForce::Day, TimeInForce::Day, TimeInForce::Gtd, TimeInForce::Gtd];
    let is_for_call = has_days && dice.below(2) == 0;
    order.time_in_force = *if is_for_call { dice.one_of(&calls) } else { dice.one_of(&usual) };
    if order.price.is_none() && !order.time_in_force.is_for_call() {
        order.price = Some(if order.instrument == BTC_KRW { 100_000 } else { 100 });
    }
    if let Size::QuoteAmount(_) = order.size {
        order.size = Size::Quantity(10);
    }
    if order.time_in_force == TimeInForce::Gtd {
        let lasts = scene.swarm.offer.pace * (1 + dice.below(80)) * Time::SECOND / 10;
        let expires = Some(Time(scene.now.0 + lasts));
        order.terms = Some(Box::new(TermsAsked { expires, ..TermsAsked::default() }));
    }
}

fn some(dice: &mut Chooser, placed: &[ClientId]) -> OrderRef {
    if placed.is_empty() {
        return OrderRef::No(hoga_engine::ids::OrderNo(1 + dice.below(3)));
    }
    // Mostly a late one, which may still be on its way.
    let reach = *dice.one_of(&[1, 3, PLACED_MAX as u64]);
    let back = dice.below(reach.min(placed.len() as u64)) as usize;
    OrderRef::ClientId(placed[placed.len() - 1 - back])
}

fn place(dice: &mut Chooser, swarm: &Swarm) -> AccountRequest {
    let instrument = *dice.one_of(&[LPJ_KRW, LPJ_KRW, BTC_KRW]);
    let side = *dice.one_of(&[Side::Buy, Side::Sell]);
    let (lot, tick) = if instrument == BTC_KRW { (10, 1000) } else { (1, 1) };
    let quantity = lot * (1 + Amount::from(dice.below(20)));
    let is_taker = dice.below(100) < swarm.takers;
    // Takers reach across the middle, makers stay on their side of it.
    let reach = Amount::from(dice.below(if is_taker { 9 } else { 7 }));
    let away = if is_taker { 4 - reach } else { 1 + reach };
    let price = if side == Side::Buy { 100 - away } else { 100 + away };
    let (gtc, ioc, fok) = (TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok);
    let modes = [None, None, None, Some(SelfMatch::None), Some(SelfMatch::CancelMaker)];
    let rare = [Some(SelfMatch::CancelBoth), Some(SelfMatch::Decrement)];
    let self_match = if dice.below(4) == 0 { *dice.one_of(&rare) } else { *dice.one_of(&modes) };
    let mut order = OrderRequest {
        instrument,
        side,
        size: Size::Quantity(quantity),
        price: Some(price * tick),
        time_in_force: if is_taker { *dice.one_of(&[gtc, gtc, ioc, fok]) } else { gtc },
        post_only: !is_taker && dice.below(6) == 0,
        self_match,
        terms: None,
    };
    let mut market_price = None;
    if is_taker && dice.below(5) == 0 {
        order.price = None;
        order.time_in_force = ioc;
        market_price = Some(Ticks(100));
        if side == Side::Buy && dice.below(3) == 0 {
            order.size = Size::QuoteAmount(Amount::from(1 + dice.below(3000)));
        }
    }
    let ack = *dice.one_of(&[Ack::Result, Ack::Result, Ack::Accepted, Ack::Full]);
    AccountRequest::Place { order, ack, market_price }
}
