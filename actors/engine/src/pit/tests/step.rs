//! One random step: what somebody asks, or what happens to the market.

use super::market::{BTC, BTC_KRW, KRW, LPJ, LPJ_KRW, instruments};
use crate::account::Account;
use crate::amount::{Amount, Rate};
use crate::client_id::ClientId;
use crate::ids::{AccountId, OrderNo};
use crate::instrument::{Instrument, Phase};
use crate::order::{OrderRequest, SelfMatch, Side, Size, TimeInForce};
use crate::pit::{Chooser, Pit};
use crate::request::{AccountRequest, Ack, OrderRef};
use crate::terms::{Distance, OtherAsked, StopAsked, TermsAsked};
use crate::time::Time;

/// What happens next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Ask {
        account: AccountId,
        id: String,
        request: AccountRequest,
    },
    /// An earlier request again, by its number among all asked.
    Again {
        nth: usize,
    },
    Change(Box<Instrument>),
    Pass {
        nanoseconds: u64,
    },
}

pub(super) const ACCOUNTS: u64 = 20;

pub(super) fn name_of(nth: u64) -> String {
    format!("trader-{nth}")
}

/// Chooses a step. `asked` is how many requests there were, `recent` how many of them are surely
/// remembered.
pub(super) fn choose(dice: &mut Chooser, pit: &Pit, asked: usize, recent: usize) -> Step {
    match dice.below(1000) {
        0..60 if asked > 0 => {
            // Mostly a recent one: its answer may still be under way.
            let reach = *dice.one_of(&[8, 512]);
            let back = dice.below(reach) as usize;
            Step::Again { nth: asked.saturating_sub(1 + back) }
        }
        60..64 => Step::Change(Box::new(changed(dice, pit))),
        64 => Step::Pass { nanoseconds: dice.below(16 * 3_600_000_000_000) },
        65..165 => Step::Pass { nanoseconds: dice.below(1_000_000_000) },
        _ => {
            let name = name_of(dice.below(ACCOUNTS));
            let account = pit.find(&name).expect("an account that was opened");
            let request = ask(dice, pit, account);
            // Now and then an id that was used before, for something else.
            let id = match dice.below(100) {
                0 if recent > 0 => asked - 1 - dice.below(recent as u64) as usize,
                _ => asked,
            };
            Step::Ask { account, id: format!("id-{id}"), request }
        }
    }
}

fn ask(dice: &mut Chooser, pit: &Pit, account: AccountId) -> AccountRequest {
    let asset = *dice.one_of(&[KRW, LPJ, BTC]);
    let plenty = match asset {
        KRW => 8000,
        LPJ => 80,
        _ => 800,
    };
    let amount = 1 + Amount::from(dice.below(plenty));
    match dice.below(100) {
        0..56 => place(dice, pit, pit.account(account)),
        56..70 => AccountRequest::Cancel { order: some_order(dice, pit, account) },
        70..88 => amend(dice, pit, account),
        88 => AccountRequest::CancelAll {
            instrument: *dice.one_of(&[None, Some(LPJ_KRW), Some(BTC_KRW)]),
        },
        // Released more often than engaged, so that there is trade.
        89 => AccountRequest::KillSwitch { engaged: dice.below(3) == 0 },
        90..94 => AccountRequest::Deposit { asset, amount },
        94 => AccountRequest::Withdraw { asset, amount },
        95..99 => {
            // One more than there are: that transfer bounces.
            let to = name_of(dice.below(ACCOUNTS + 1)).into();
            AccountRequest::Transfer { to, asset, amount }
        }
        _ => AccountRequest::Reset { amounts: vec![(KRW, 4000), (LPJ, 100)] },
    }
}

fn some_order(dice: &mut Chooser, pit: &Pit, account: AccountId) -> OrderRef {
    let account = pit.account(account);
    let open = account.open_orders().count() as u64;
    if open == 0 || dice.below(10) == 0 {
        return OrderRef::No(OrderNo(dice.below(account.orders().0 + 2)));
    }
    let nth = dice.below(open) as usize;
    let state = account.open_orders().nth(nth).map(|open| &open.state);
    let state = state.expect("one of those that were counted");
    if dice.below(4) == 0 {
        OrderRef::ClientId(state.client_id)
    } else {
        OrderRef::No(state.key.no)
    }
}

fn place(dice: &mut Chooser, pit: &Pit, account: &Account) -> AccountRequest {
    let instrument = *dice.one_of(&[LPJ_KRW, LPJ_KRW, LPJ_KRW, BTC_KRW]);
    let side = *dice.one_of(&[Side::Buy, Side::Sell]);
    let lots = 1 + Amount::from(dice.below(20));
    let lot = if instrument == BTC_KRW { 10 } else { 1 };
    let tick = if instrument == BTC_KRW { 1000 } else { 1 };
    let modes = [
        None,
        Some(SelfMatch::None),
        Some(SelfMatch::CancelTaker),
        Some(SelfMatch::CancelMaker),
        Some(SelfMatch::CancelBoth),
        Some(SelfMatch::Decrement),
    ];
    let (gtc, ioc, fok) = (TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok);
    let (day, gtd) = (TimeInForce::Day, TimeInForce::Gtd);
    let (at_open, at_close) = (TimeInForce::AtOpen, TimeInForce::AtClose);
    let mut order = OrderRequest {
        instrument,
        side,
        size: Size::Quantity(lots * lot),
        price: Some(Amount::from(90 + dice.below(21)) * tick),
        time_in_force: *dice.one_of(&[gtc, gtc, gtc, gtc, gtc, day, gtd, ioc, fok]),
        post_only: false,
        self_match: *dice.one_of(&modes),
        terms: None,
    };
    match dice.below(20) {
        0 | 1 => order.post_only = order.time_in_force.rests(),
        6 => order.time_in_force = *dice.one_of(&[at_open, at_close]),
        2 | 3 => order.price = None,
        4 if side == Side::Buy => {
            order.price = None;
            order.size = Size::QuoteAmount(Amount::from(1 + dice.below(2500)));
        }
        5 => order.price = order.price.map(|price| price + dice.below(3) as Amount - 1),
        _ => {}
    }
    if let Size::Quantity(_) = order.size
        && !order.post_only
        && !order.time_in_force.is_for_call()
        && dice.below(6) == 0
    {
        order.terms = Some(Box::new(TermsAsked {
            stop: Some(stop(dice, tick)),
            display: None,
            other: None,
            expires: None,
        }));
    } else if order.time_in_force.rests() && order.price.is_some() && dice.below(6) == 0 {
        let display = Some(lot * (1 + Amount::from(dice.below(10))));
        order.terms =
            Some(Box::new(TermsAsked { stop: None, display, other: None, expires: None }));
    }
    let may_rest = order.time_in_force.rests() && !order.time_in_force.is_for_call();
    let may_rest = may_rest && order.price.is_some();
    if order.terms.is_none() && may_rest && dice.below(6) == 0 {
        let id = ClientId::parse(&format!("other-{}", account.orders().0)).expect("a good id");
        let price = (dice.below(2) == 0).then(|| Amount::from(90 + dice.below(21)) * tick);
        let other = Some(OtherAsked { id, stop: stop(dice, tick), price });
        order.terms =
            Some(Box::new(TermsAsked { stop: None, display: None, other, expires: None }));
    }
    let (is_market, force) = (order.price.is_none(), order.time_in_force);
    if is_market && order.stop().is_none() && matches!(force, TimeInForce::Day | TimeInForce::Gtd) {
        order.time_in_force = gtc;
    }
    if order.time_in_force == gtd {
        let terms = order.terms.get_or_insert_default();
        terms.expires = Some(Time(pit.now().0 + dice.below(20_000_000_000)));
    }
    let ack = *dice.one_of(&[Ack::Result, Ack::Result, Ack::Accepted, Ack::Full]);
    let market_price = pit.market_price(&order);
    AccountRequest::Place { order, ack, market_price }
}

fn stop(dice: &mut Chooser, tick: Amount) -> StopAsked {
    let mut distance = |least: u64| match dice.below(2) {
        0 => Distance::Price(Amount::from(least + dice.below(6)) * tick),
        _ => Distance::Share(Rate((least + dice.below(100_000_000)) as i64)),
    };
    let (offset, step) = (distance(1), distance(0));
    match dice.below(3) {
        0 => StopAsked::Trailing { offset, step },
        _ => StopAsked::At(Amount::from(90 + dice.below(21)) * tick),
    }
}

fn amend(dice: &mut Chooser, pit: &Pit, account: AccountId) -> AccountRequest {
    let order = some_order(dice, pit, account);
    let no = pit.account(account).order_no(order);
    let open = no.and_then(|no| pit.account(account).open_order(no));
    let (lot, tick) = match open.map(|open| open.state.instrument) {
        Some(BTC_KRW) => (10, 1000),
        _ => (1, 1),
    };
    let quantity = (dice.below(3) != 0).then(|| lot * (1 + Amount::from(dice.below(25))));
    let price = (dice.below(3) != 0).then(|| tick * Amount::from(88 + dice.below(25)));
    AccountRequest::Amend { order, quantity, price }
}

/// Other fees, another band, a halt or the end of one.
fn changed(dice: &mut Chooser, pit: &Pit) -> Instrument {
    let mut instrument = dice.one_of(&instruments()).clone();
    let listed = pit.listing(instrument.id).map(|listing| listing.instrument());
    instrument.schedule = listed.and_then(|listed| listed.schedule.clone());
    instrument.calls = listed.map(|listed| listed.calls.clone()).unwrap_or_default();
    instrument.fees.version = dice.below(1000) as u32;
    // Now and then a sell costs more than it brings; it must not cost its owner more than that.
    let taker = dice.below(600_000_000) as i64;
    instrument.fees.taker = Rate(taker);
    instrument.fees.maker = Rate(dice.below(300_000_000) as i64 - taker.min(100_000_000));
    instrument.fees.sell_tax = Rate(dice.below(500_000_000) as i64);
    instrument.phase = *dice.one_of(&[Phase::Continuous, Phase::Closed, Phase::Halted]);
    if dice.below(4) != 0 {
        instrument.phase = Phase::Continuous;
    }
    instrument
}
