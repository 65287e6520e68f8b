//! Rules around a book: phase, tick, size, band, post-only, market orders, and what is told.

use crate::amount::{Lots, Rate, Ticks};
use crate::book::Listing;
use crate::effect::{Effect, MarketEvent};
use crate::ids::{AccountId, AssetId, InstrumentId, OrderKey, OrderNo, Origin, PartitionId};
use crate::instrument::{Calls, Fees, Instrument, Phase};
use crate::message::{
    AccountMessage, Amend, BoardMessage, BookMessage, Leg, Message, Outcome, OutcomeOf, Submit,
};
use crate::order::{CancelReason, SelfMatch, Side, Status, TimeInForce};
use crate::session::BreakerLevel;
use crate::session::tests::{krx, seoul};
use crate::terms::Terms;
use crate::tick_table::{Band, TickTable};
use crate::time::Time;

const NOW: Time = Time(1_000 * Time::SECOND);

/// A market with ticks of 1 below 1,000 and of 10 above, orders of 1 to 1,000 lots.
pub(crate) fn instrument() -> Instrument {
    let bands = [(0, 1), (1_000, 10)].map(|(from, step)| Band { from: Ticks(from), step });
    Instrument {
        id: InstrumentId(7),
        symbol: "LPJ-KRW".into(),
        partition: PartitionId(2),
        base: AssetId(1),
        base_code: "LPJ".into(),
        base_scale: 0,
        quote: AssetId(2),
        quote_code: "KRW".into(),
        quote_scale: 0,
        tick: 1,
        lot: 1,
        ticks: TickTable::new(bands.into()).expect("the bands ascend"),
        quantity_min: Lots(1),
        quantity_max: Lots(1_000),
        notional_min: 0,
        notional_max: 0,
        base_price: None,
        band: None,
        collar: Rate(0),
        fees: Fees::default(),
        self_match: SelfMatch::CancelTaker,
        open_orders_max: 100,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

fn key(no: u64) -> OrderKey {
    OrderKey { account: AccountId::new(PartitionId(6), no as u32), no: OrderNo(no) }
}

fn order(no: u64, side: Side, quantity: u64, limit: u32) -> Submit {
    Submit {
        order: key(no),
        side,
        limit: Ticks(limit),
        quantity: Lots(quantity),
        value_max: None,
        time_in_force: TimeInForce::Gtc,
        is_market: false,
        post_only: false,
        self_match: SelfMatch::CancelTaker,
        terms: None,
        origin: None,
    }
}

fn buy(no: u64, quantity: u64, limit: u32) -> Submit {
    order(no, Side::Buy, quantity, limit)
}

fn sell(no: u64, quantity: u64, limit: u32) -> Submit {
    order(no, Side::Sell, quantity, limit)
}

/// A market order as its account sends it: an IOC at the worst price.
fn market(submit: Submit) -> Submit {
    Submit { is_market: true, time_in_force: TimeInForce::Ioc, ..submit }
}

/// A listing with what it said so far.
struct Market {
    listing: Listing,
    said: Vec<Effect>,
}

impl Market {
    fn new(change: impl FnOnce(&mut Instrument)) -> Market {
        let mut instrument = instrument();
        change(&mut instrument);
        instrument.check().expect("the instrument is sound");
        Market { listing: Listing::new(instrument, None), said: Vec::new() }
    }

    fn change(&mut self, change: impl FnOnce(&mut Instrument)) {
        let mut instrument = self.listing.instrument().clone();
        change(&mut instrument);
        self.listing.update(&instrument, NOW, &mut self.said);
    }

    /// Handles a command and returns its one outcome.
    fn handle(&mut self, message: &BookMessage) -> Outcome {
        let mut effects = Vec::new();
        self.listing.handle(message, NOW, &mut effects);
        let outcomes: Vec<Outcome> = effects.iter().filter_map(outcome_of).collect();
        self.said.extend(effects);
        let [outcome] = outcomes.try_into().expect("every command has exactly one outcome");
        outcome
    }

    fn submit(&mut self, submit: Submit) -> Outcome {
        self.handle(&BookMessage::Submit(submit))
    }

    fn cancel(&mut self, no: u64) -> Outcome {
        let reason = CancelReason::Requested;
        let (order, request, origin) = (key(no), None, None);
        self.handle(&BookMessage::Cancel { order, request, origin, reason })
    }

    fn amend(&mut self, no: u64, total: Option<u64>, limit: Option<u32>) -> Outcome {
        let origin = Origin { node: 1, incarnation: 1, request: 1 };
        let (total, limit) = (total.map(Lots), limit.map(Ticks));
        let (self_match, request) = (SelfMatch::CancelTaker, 9);
        let amend = Amend {
            order: key(no),
            amend_no: 1,
            total,
            limit,
            post_only: false,
            self_match,
            request,
            origin,
        };
        self.handle(&BookMessage::Amend(amend))
    }

    fn resting(&self) -> Vec<(u64, u64)> {
        self.listing.book().orders().map(|o| (o.order.no.0, o.open.0)).collect()
    }

    fn legs(&self) -> Vec<Leg> {
        let leg = |effect: &Effect| match effect {
            Effect::Send(_, Message::ToAccount(_, AccountMessage::Settle(leg))) => Some(*leg),
            _ => None,
        };
        self.said.iter().filter_map(leg).collect()
    }
}

fn outcome_of(effect: &Effect) -> Option<Outcome> {
    match effect {
        Effect::Send(to, Message::ToAccount(account, AccountMessage::Outcome(outcome))) => {
            assert_eq!((*to, *account), (account.partition(), outcome.order.account));
            Some(outcome.clone())
        }
        _ => None,
    }
}

#[track_caller]
fn refused(outcome: &Outcome, reason: &str) {
    let reject = outcome.reject.as_ref().expect("a refusal says why");
    assert_eq!((outcome.status, reject.reason()), (Status::Rejected, reason), "{reject}");
    let left = [outcome.filled, outcome.remaining, outcome.cancelled];
    assert_eq!(left, [Lots::ZERO; 3], "a refused command does nothing");
}

#[track_caller]
fn decided(outcome: &Outcome, status: Status, filled: u64, remaining: u64, cancelled: u64) {
    let quantities = [outcome.filled, outcome.remaining, outcome.cancelled].map(|lots| lots.0);
    assert_eq!(outcome.reject, None);
    assert_eq!((outcome.status, quantities), (status, [filled, remaining, cancelled]));
}

#[test]
fn a_halt_refuses_what_is_new_and_lets_cancels_through() {
    let mut halted = Market::new(|i| i.band = Some((Ticks(90), Ticks(110))));
    halted.submit(buy(1, 10, 100));
    halted.submit(buy(2, 10, 99));
    halted.change(|i| i.phase = Phase::Halted);
    refused(&halted.submit(buy(3, 10, 100)), "INSTRUMENT_HALTED");
    // The halt comes before the band.
    refused(&halted.submit(buy(3, 10, 111)), "INSTRUMENT_HALTED");
    refused(&halted.amend(1, Some(5), None), "INSTRUMENT_HALTED");
    decided(&halted.cancel(1), Status::Cancelled, 0, 0, 10);
    assert_eq!(halted.resting(), [(2, 10)]);
    halted.change(|i| i.phase = Phase::Continuous);
    decided(&halted.submit(sell(4, 4, 99)), Status::Filled, 4, 0, 0);

    let mut other = Market::new(|_| ());
    decided(&other.submit(buy(1, 10, 100)), Status::Open, 0, 10, 0);
    other.change(|i| i.phase = Phase::Closed);
    refused(&other.submit(buy(2, 10, 100)), "MARKET_CLOSED");
}

#[test]
fn prices_at_the_edges_of_the_band_are_inside() {
    let mut market = Market::new(|i| i.band = Some((Ticks(90), Ticks(110))));
    decided(&market.submit(buy(1, 10, 90)), Status::Open, 0, 10, 0);
    decided(&market.submit(sell(2, 10, 110)), Status::Open, 0, 10, 0);
    refused(&market.submit(sell(3, 10, 111)), "PRICE_OUT_OF_BAND");
    refused(&market.submit(buy(3, 10, 89)), "PRICE_OUT_OF_BAND");
    refused(&market.amend(1, None, Some(111)), "PRICE_OUT_OF_BAND");
    market.change(|i| i.band = Some((Ticks(95), Ticks(105))));
    assert_eq!(market.resting(), [(1, 10), (2, 10)], "resting orders survive a new band");
    decided(&market.amend(2, Some(4), None), Status::Open, 0, 4, 0);
    decided(&market.cancel(1), Status::Cancelled, 0, 0, 10);
}

#[test]
fn a_market_order_stops_at_the_band() {
    let mut market_place = Market::new(|i| i.collar = Rate(500_000_000));
    market_place.submit(sell(1, 5, 100));
    market_place.submit(sell(2, 5, 111));
    market_place.change(|i| i.band = Some((Ticks(90), Ticks(110))));
    let worst = market_place.listing.instrument().collared(true, Ticks(100));
    assert_eq!(worst, Ticks(110));
    let outcome = market_place.submit(market(buy(3, 10, worst.0)));
    decided(&outcome, Status::Cancelled, 5, 0, 5);
    assert_eq!(outcome.reason, Some(CancelReason::NoLiquidity));
    assert_eq!(market_place.resting(), [(2, 5)]);
}

#[test]
fn post_only_that_touches_the_other_side_is_refused() {
    let mut market = Market::new(|_| ());
    market.submit(sell(1, 10, 100));
    let post_only = |submit| Submit { post_only: true, ..submit };
    refused(&market.submit(post_only(buy(2, 10, 100))), "POST_ONLY_WOULD_TRADE");
    decided(&market.submit(post_only(buy(3, 10, 99))), Status::Open, 0, 10, 0);
    assert!(market.legs().is_empty());
    // The owner of the best ask asks with the mode that cancels makers: still only a refusal.
    let own = Submit { order: OrderKey { no: OrderNo(4), ..key(1) }, ..buy(4, 10, 100) };
    let own = post_only(Submit { self_match: SelfMatch::CancelMaker, ..own });
    refused(&market.submit(own), "POST_ONLY_WOULD_TRADE");
    assert_eq!(market.resting(), [(3, 10), (1, 10)]);
}

#[test]
fn a_market_order_never_rests() {
    let mut empty = Market::new(|_| ());
    let outcome = empty.submit(market(buy(1, 10, 100)));
    decided(&outcome, Status::Cancelled, 0, 0, 10);
    assert_eq!(outcome.reason, Some(CancelReason::NoLiquidity));
    empty.submit(sell(2, 5, 100));
    decided(&empty.submit(market(buy(3, 10, 100))), Status::Cancelled, 5, 0, 5);
    assert_eq!(empty.resting(), []);
}

#[test]
fn a_market_buy_by_amount_is_filled_when_its_amount_is_spent() {
    let by_amount = |no, most| Submit { value_max: Some(most), ..market(buy(no, 1 << 44, 600)) };
    let mut shop = Market::new(|_| ());
    shop.submit(sell(1, 2, 500));
    let outcome = shop.submit(by_amount(2, 1_000));
    decided(&outcome, Status::Filled, 2, 0, 0);
    assert_eq!((outcome.value, outcome.reason), (1_000, None));
    let outcome = shop.submit(by_amount(3, 1_000));
    decided(&outcome, Status::Cancelled, 0, 0, 0);
    assert_eq!(outcome.reason, Some(CancelReason::NoLiquidity));
    shop.submit(sell(4, 2, 500));
    let outcome = shop.submit(by_amount(5, 499));
    decided(&outcome, Status::Cancelled, 0, 0, 0);
    assert_eq!(outcome.reason, Some(CancelReason::AmountSpent));
}

#[test]
fn tick_and_size_are_checked_again_in_the_book() {
    let mut market = Market::new(|i| i.quantity_min = Lots(2));
    refused(&market.submit(buy(1, 5, 1_005)), "PRICE_NOT_ON_TICK");
    refused(&market.submit(buy(1, 5, 0)), "PRICE_NOT_ON_TICK");
    refused(&market.submit(buy(1, 1, 1_010)), "QUANTITY_TOO_SMALL");
    refused(&market.submit(buy(1, 1_001, 1_010)), "QUANTITY_TOO_LARGE");
    decided(&market.submit(buy(1, 5, 1_010)), Status::Open, 0, 5, 0);
    refused(&market.amend(1, None, Some(1_015)), "PRICE_NOT_ON_TICK");
    assert_eq!(market.resting(), [(1, 5)]);
}

#[test]
fn commands_for_an_order_that_is_gone_are_refused() {
    let mut market = Market::new(|_| ());
    refused(&market.cancel(1), "ORDER_NOT_OPEN");
    refused(&market.amend(1, Some(5), None), "ORDER_NOT_OPEN");
    market.submit(buy(1, 10, 100));
    market.submit(sell(2, 4, 100));
    refused(&market.amend(1, Some(4), None), "AMEND_BELOW_FILLED");
    decided(&market.amend(1, Some(5), None), Status::PartiallyFilled, 4, 1, 0);
    decided(&market.cancel(1), Status::Cancelled, 4, 0, 1);
    refused(&market.cancel(1), "ORDER_NOT_OPEN");
}

#[test]
fn a_trade_is_told_to_both_sides_and_to_the_market_without_gaps() {
    let mut market = Market::new(|_| ());
    market.submit(sell(1, 5, 100));
    market.submit(sell(2, 5, 101));
    market.submit(buy(3, 8, 101));
    let legs = market.legs();
    let told: Vec<_> =
        legs.iter().map(|l| (l.trade.0, l.order.no.0, l.is_maker, l.quantity.0)).collect();
    assert_eq!(told, [(1, 1, true, 5), (1, 3, false, 5), (2, 2, true, 3), (2, 3, false, 3)]);
    assert!(legs.iter().all(|l| (l.side == Side::Sell) == l.is_maker && l.time == NOW));
    assert_eq!(market.listing.last(), Some(Ticks(101)));
    assert_eq!(market.listing.trades().0, 2);
    let sequences: Vec<u64> = market.said.iter().filter_map(sequence_of).collect();
    assert_eq!(sequences, (1..=market.listing.sequence()).collect::<Vec<u64>>());
}

fn sequence_of(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::Market(_, MarketEvent::Level { sequence, .. }) => Some(*sequence),
        _ => None,
    }
}

#[test]
fn a_restored_listing_goes_on_alike() {
    let mut one = Market::new(|_| ());
    one.submit(sell(1, 5, 100));
    one.submit(sell(2, 5, 100));
    one.submit(buy(3, 3, 100));
    let state = one.listing.state();
    let mut other = Market { listing: Listing::restore(state.clone()), said: Vec::new() };
    assert_eq!(other.listing.state(), state);
    one.said.clear();
    for market in [&mut one, &mut other] {
        market.submit(buy(4, 5, 100));
    }
    assert_eq!(one.said, other.said);
    assert_eq!(one.listing.state(), other.listing.state());
}

#[test]
fn every_command_has_the_next_number_whatever_becomes_of_it() {
    let mut market = Market::new(|_| {});
    let mut numbers = vec![market.submit(sell(1, 10, 100)).arrival];
    let refused = market.submit(Submit { post_only: true, ..buy(2, 5, 100) });
    assert!(refused.reject.is_some());
    numbers.push(refused.arrival);
    numbers.push(market.amend(1, Some(8), None).arrival);
    numbers.push(market.cancel(7).arrival);
    // A book that was read again from a snapshot goes on where it was.
    market.listing = Listing::restore(market.listing.state());
    numbers.push(market.submit(buy(3, 8, 100)).arrival);
    numbers.push(market.cancel(1).arrival);
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

/// A book that stops with the whole market, on a Monday in Seoul.
fn stopping() -> (Listing, Vec<Effect>) {
    let level = BreakerLevel { fall: Rate(80_000_000), halt_ns: 1, call_ns: 1, closes_day: false };
    let calls = Calls { breaker: vec![level], ..Calls::default() };
    let schedule = Some(Box::new(krx()));
    let rules = Instrument { schedule, calls, ..instrument() };
    rules.check().expect("the instrument is sound");
    let (mut listing, mut said) = (Listing::new(rules, Some(PartitionId(1))), Vec::new());
    listing.tick(seoul(0, 10, 0), &mut said);
    (listing, said)
}

fn print(listing: &mut Listing, no: u64, price: u32, at: Time, said: &mut Vec<Effect>) {
    for submit in [sell(no, 5, price), buy(no + 1, 5, price)] {
        listing.handle(&BookMessage::Submit(submit), at, said);
    }
}

#[test]
fn a_stop_that_comes_behind_the_close_is_not_one_of_the_next_day() {
    let (mut listing, mut said) = stopping();
    listing.tick(seoul(0, 15, 31), &mut said);
    listing.stop_for(0, seoul(0, 15, 32), &mut said);
    listing.tick(seoul(1, 10, 0), &mut said);
    print(&mut listing, 1, 100, seoul(1, 10, 1), &mut said);
    assert_eq!(said.iter().filter_map(stops_of).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_price_from_before_a_stop_does_not_count_for_what_comes_behind_it() {
    let (mut listing, mut said) = stopping();
    let at = |ms: u64| Time(seoul(0, 10, 1).0 + ms * 1_000_000);
    print(&mut listing, 1, 100, at(0), &mut said);
    // Too soon to be told.
    print(&mut listing, 3, 99, at(100), &mut said);
    listing.stop_for(0, at(200), &mut said);
    listing.tick(at(2_000), &mut said);
    assert_eq!(said.iter().filter_map(stops_of).collect::<Vec<_>>(), [0, 0]);
}

/// For how many levels a book had stopped when it told a price.
fn stops_of(effect: &Effect) -> Option<u8> {
    match effect {
        Effect::Send(_, Message::ToBoard(BoardMessage::Mark { stops, .. })) => Some(*stops),
        _ => None,
    }
}

#[test]
fn a_call_that_ends_late_has_traded_at_its_end() {
    let rules = Instrument { schedule: Some(Box::new(krx())), ..instrument() };
    let (mut listing, mut said) = (Listing::new(rules, None), Vec::new());
    let (end, ms) = (seoul(0, 9, 0), Time::SECOND / 1_000);
    // Its time is over before anybody says that the call is.
    let terms = Terms { expires: Some(Time(end.0 + 5 * ms)), ..Terms::default() };
    let dated =
        Submit { time_in_force: TimeInForce::Gtd, terms: Some(Box::new(terms)), ..buy(1, 5, 100) };
    for submit in [dated, sell(2, 3, 100)] {
        listing.handle(&BookMessage::Submit(submit), seoul(0, 8, 40), &mut said);
    }
    listing.tick(Time(end.0 + 20 * ms), &mut said);
    let times = said.iter().filter_map(|effect| match effect {
        Effect::Send(_, Message::ToAccount(_, message)) => match message {
            AccountMessage::Settle(leg) => Some(("settled", leg.time)),
            AccountMessage::Dropped { time, .. } => Some(("dropped", *time)),
            _ => None,
        },
        _ => None,
    });
    let over = Time(end.0 + 5 * ms);
    assert_eq!(times.collect::<Vec<_>>(), [("settled", end), ("settled", end), ("dropped", over)]);
}

#[test]
fn a_reserved_market_order_stops_at_the_band_of_the_day_on_which_it_enters() {
    let rules = Instrument {
        schedule: Some(Box::new(krx())),
        band: Some((Ticks(50), Ticks(150))),
        ..instrument()
    };
    let (mut listing, mut said) = (Listing::new(rules.clone(), None), Vec::new());
    listing.tick(seoul(0, 7, 0), &mut said);
    // Made of the band of the day before.
    let at_market =
        |submit: Submit| Submit { is_market: true, time_in_force: TimeInForce::AtOpen, ..submit };
    for submit in [at_market(sell(1, 5, 40)), at_market(buy(2, 5, 160))] {
        listing.handle(&BookMessage::Submit(submit), seoul(0, 7, 1), &mut said);
    }
    listing.tick(seoul(0, 8, 30), &mut said);
    let admitted = said.iter().filter_map(|effect| match effect {
        Effect::Send(_, Message::ToAccount(_, AccountMessage::Outcome(outcome))) => Some(outcome),
        _ => None,
    });
    let admitted: Vec<_> = admitted
        .filter(|outcome| outcome.of == OutcomeOf::Admit)
        .map(|outcome| (outcome.order, outcome.status, outcome.limit))
        .collect();
    let open = |no, limit| (key(no), Status::Open, Ticks(limit));
    assert_eq!(admitted, [open(1, 50), open(2, 150)]);
}

#[test]
fn less_of_an_order_is_taken_also_where_its_price_is_beyond_the_band_now() {
    let mut market = Market::new(|_| {});
    market.submit(buy(1, 10, 50));
    market.change(|rules| rules.band = Some((Ticks(60), Ticks(90))));
    // A whole amend says the price that stands, too.
    let less = market.amend(1, Some(5), Some(50));
    assert_eq!((less.reject, less.remaining), (None, Lots(5)));
    let beyond = market.amend(1, None, Some(51));
    let reason = beyond.reject.map(|reject| reject.reason());
    assert_eq!(reason, Some("PRICE_OUT_OF_BAND"));
}
