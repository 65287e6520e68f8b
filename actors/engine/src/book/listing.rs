//! A listed instrument: its book with its rules, phase, counters and last price.

use super::matching::{Book, Decision, Execution, Incoming, Reports};
use super::snapshot::RestingOrder;
use super::{AmendRefused, Amended};
use crate::amount::{Lots, Ticks};
use crate::effect::{Effect, Effects, MarketEvent};
use crate::ids::{InstrumentId, OrderKey, Origin, PartitionId, TradeNo};
use crate::instrument::Instrument;
use crate::message::{
    AccountMessage, Amend, BoardMessage, BookMessage, Leg, Message, Outcome, OutcomeOf, Submit,
};
use crate::order::{CancelReason, Side, Status};
use crate::reject::Reject;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// How much exchange time passes, at least, between two marks to the board.
const MARK_INTERVAL_NS: u64 = Time::SECOND;

/// An instrument's book and everything that decides about its later matches.
pub struct Listing {
    instrument: Instrument,
    book: Book,
    tape: Tape,
    /// Where rankings are made; none where nothing is ranked.
    board: Option<PartitionId>,
    mark: Mark,
}

/// Counters of what the book has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tape {
    trades: TradeNo,
    /// Commands that were handled: each has its number, and the outcome says it.
    commands: u64,
    /// Of level events; what a stream numbers its deltas by.
    sequence: u64,
    last: Option<Ticks>,
}

/// The last price that the board was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    price: Option<Ticks>,
    sent: Time,
}

/// A listing as a snapshot keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingState {
    instrument: Instrument,
    orders: Vec<RestingOrder>,
    tape: Tape,
    board: Option<PartitionId>,
    mark: Mark,
}

impl Listing {
    #[must_use]
    pub fn new(instrument: Instrument, board: Option<PartitionId>) -> Listing {
        let (book, tape, mark) = Default::default();
        Listing { instrument, book, tape, board, mark }
    }

    #[must_use]
    pub fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The last trade's price.
    #[must_use]
    pub fn last(&self) -> Option<Ticks> {
        self.tape.last
    }

    /// Number of level events so far: a stream's position.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.tape.sequence
    }

    #[must_use]
    pub fn trades(&self) -> TradeNo {
        self.tape.trades
    }

    /// Takes over changed rules. Resting orders stay as they are.
    pub fn update(&mut self, instrument: Instrument) {
        self.instrument = instrument;
    }

    /// Handles one command and says what follows from it, in order.
    pub fn handle(&mut self, message: &BookMessage, at: Time, out: &mut impl Effects) {
        self.tape.commands += 1;
        match message {
            BookMessage::Submit(submit) => self.submit(submit, at, out),
            BookMessage::Cancel { order, request, origin } => {
                self.cancel(*order, *request, *origin, at, out);
            }
            BookMessage::Amend(amend) => self.amend(amend, at, out),
        }
        self.send_mark(at, out);
    }

    /// Does what became due as time went on.
    pub fn tick(&mut self, at: Time, out: &mut impl Effects) {
        self.send_mark(at, out);
    }

    fn send_mark(&mut self, at: Time, out: &mut impl Effects) {
        let (Some(board), Some(price)) = (self.board, self.tape.last) else { return };
        let is_due = self.mark.price.is_none() || self.mark.sent <= at.minus(MARK_INTERVAL_NS);
        if self.mark.price != Some(price) && is_due {
            self.mark = Mark { price: Some(price), sent: at };
            let instrument = self.instrument.id;
            let mark = BoardMessage::Mark { instrument, price, time: at };
            out.send(board, Message::ToBoard(mark));
        }
    }

    fn submit(&mut self, submit: &Submit, at: Time, out: &mut impl Effects) {
        let outcome = match self.check(submit) {
            Ok(()) => {
                let incoming = Incoming {
                    order: submit.order,
                    side: submit.side,
                    limit: submit.limit,
                    quantity: submit.quantity,
                    time_in_force: submit.time_in_force,
                    self_match: submit.self_match,
                    value_max: submit.value_max,
                };
                let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
                let decision = self.book.submit(&incoming, &mut wire);
                submitted(submit, &decision)
            }
            Err(reject) => refused(submit.order, OutcomeOf::Submit, submit.limit, reject),
        };
        self.answer(outcome, submit.origin, out);
    }

    /// Says what became of the command that is being handled, with its number.
    #[inline(always)]
    fn answer(&self, mut outcome: Outcome, origin: Option<Origin>, out: &mut impl Effects) {
        outcome.arrival = self.tape.commands;
        out.outcome(outcome, origin);
    }

    /// Checks again what may have changed since the account looked, then post-only.
    fn check(&self, submit: &Submit) -> Result<(), Reject> {
        let rules = &self.instrument;
        rules.check_phase()?;
        if !submit.is_market {
            rules.check_tick(submit.limit)?;
        }
        if submit.value_max.is_none() {
            rules.check_size(submit.quantity)?;
        }
        rules.check_band(submit.limit)?;
        if submit.post_only { self.check_passive(submit.side, submit.limit) } else { Ok(()) }
    }

    fn check_passive(&self, side: Side, limit: Ticks) -> Result<(), Reject> {
        if !self.book.would_cross(side, limit) {
            return Ok(());
        }
        let best = self.book.best(side.opposite()).unwrap_or_default();
        let [price, best] = [limit, best].map(|ticks| self.instrument.shown_price(ticks));
        Err(Reject::PostOnlyWouldTrade { price, best })
    }

    fn cancel(
        &mut self,
        order: OrderKey,
        request: Option<u128>,
        origin: Option<Origin>,
        at: Time,
        out: &mut impl Effects,
    ) {
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        let of = OutcomeOf::Cancel(request);
        let outcome = match self.book.cancel(order, &mut wire) {
            Some(removed) => Outcome {
                order,
                of,
                arrival: 0,
                status: Status::Cancelled,
                limit: removed.price,
                filled: removed.filled,
                remaining: Lots::ZERO,
                cancelled: removed.open,
                value: 0,
                reason: Some(CancelReason::Requested),
                reject: None,
            },
            None => refused(order, of, Ticks(0), not_open(order)),
        };
        self.answer(outcome, origin, out);
    }

    fn amend(&mut self, amend: &Amend, at: Time, out: &mut impl Effects) {
        let rules = &self.instrument;
        let checked = rules.check_phase().and_then(|()| {
            amend.limit.map_or(Ok(()), |limit| {
                rules.check_tick(limit)?;
                rules.check_band(limit)
            })
        });
        let order = amend.order;
        let standing = self.book.find(order);
        let checked = checked.and_then(|()| match (standing, amend.limit) {
            (Some(standing), Some(limit)) if amend.post_only => {
                self.check_passive(standing.side, limit)
            }
            _ => Ok(()),
        });
        let total = |lots: Option<Lots>| {
            let stands = standing.map_or(Lots::ZERO, |s| s.open + s.filled + s.reduced);
            lots.unwrap_or(stands)
        };
        let (amend_no, request) = (amend.amend_no, amend.request);
        let of = |total| OutcomeOf::Amend { amend_no, request, total };
        let limit = standing.map_or(Ticks(0), |s| s.price);
        let outcome = match checked {
            Err(reject) => refused(order, of(total(None)), limit, reject),
            Ok(()) => {
                let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
                let mode = amend.self_match;
                match self.book.amend(order, amend.total, amend.limit, mode, &mut wire) {
                    Ok(amended) => amended_outcome(order, of(amended.total), &amended),
                    Err(AmendRefused::NotOpen) => {
                        refused(order, of(total(None)), limit, not_open(order))
                    }
                    Err(AmendRefused::BelowDone(done)) => {
                        let asked = total(amend.total);
                        let [total_shown, filled] =
                            [asked, done].map(|lots| self.instrument.shown_quantity(lots));
                        let reject = Reject::AmendBelowFilled { total: total_shown, filled };
                        refused(order, of(total(None)), limit, reject)
                    }
                }
            }
        };
        self.answer(outcome, Some(amend.origin), out);
    }

    #[must_use]
    pub fn state(&self) -> ListingState {
        ListingState {
            instrument: self.instrument.clone(),
            orders: self.book.orders().collect(),
            tape: self.tape,
            board: self.board,
            mark: self.mark,
        }
    }

    #[must_use]
    pub fn restore(state: ListingState) -> Listing {
        let mut book = Book::default();
        state.orders.iter().for_each(|order| book.restore(order));
        let ListingState { instrument, tape, board, mark, .. } = state;
        Listing { instrument, book, tape, board, mark }
    }
}

/// What a suspended book says to a command: refused, so that its hold is released.
#[must_use]
pub fn decline(instrument: InstrumentId, message: &BookMessage) -> Vec<Effect> {
    let entity = format!("the book of instrument #{}", instrument.0).into();
    let reject = Reject::EntitySuspended { entity };
    let (outcome, origin) = match message {
        BookMessage::Submit(submit) => {
            (refused(submit.order, OutcomeOf::Submit, submit.limit, reject), submit.origin)
        }
        BookMessage::Cancel { order, request, origin } => {
            (refused(*order, OutcomeOf::Cancel(*request), Ticks(0), reject), *origin)
        }
        BookMessage::Amend(amend) => {
            let (amend_no, request, total) = (amend.amend_no, amend.request, Lots::ZERO);
            let of = OutcomeOf::Amend { amend_no, request, total };
            (refused(amend.order, of, Ticks(0), reject), Some(amend.origin))
        }
    };
    let mut out = Vec::new();
    out.outcome(outcome, origin);
    out
}

fn not_open(order: OrderKey) -> Reject {
    Reject::OrderNotOpen { order: order.no.0.to_string().into() }
}

fn refused(order: OrderKey, of: OutcomeOf, limit: Ticks, reject: Reject) -> Outcome {
    let nothing = Lots::ZERO;
    Outcome {
        order,
        of,
        arrival: 0,
        status: Status::Rejected,
        limit,
        filled: nothing,
        remaining: nothing,
        cancelled: nothing,
        value: 0,
        reason: None,
        reject: Some(Box::new(reject)),
    }
}

fn submitted(submit: &Submit, decision: &Decision) -> Outcome {
    // A market buy by amount has no quantity of its own: what it did not buy was never ordered.
    let is_by_amount = submit.value_max.is_some();
    let cancelled = if is_by_amount { Lots::ZERO } else { decision.cancelled };
    let spent = is_by_amount && !decision.filled.is_zero();
    let status = match (decision.resting.is_zero(), decision.filled.is_zero()) {
        (false, true) => Status::Open,
        (false, false) => Status::PartiallyFilled,
        (true, _) if decision.cancelled.is_zero() || spent => Status::Filled,
        (true, _) => Status::Cancelled,
    };
    Outcome {
        order: submit.order,
        of: OutcomeOf::Submit,
        arrival: 0,
        status,
        limit: submit.limit,
        filled: decision.filled,
        remaining: decision.resting,
        cancelled,
        value: decision.value,
        reason: decision.reason.filter(|_| !spent),
        reject: None,
    }
}

fn amended_outcome(order: OrderKey, of: OutcomeOf, amended: &Amended) -> Outcome {
    let decision = &amended.decision;
    let status = match (decision.resting.is_zero(), amended.filled.is_zero()) {
        (false, true) => Status::Open,
        (false, false) => Status::PartiallyFilled,
        // What self-match took off it earlier counts too.
        (true, _) if amended.filled == amended.total => Status::Filled,
        (true, _) => Status::Cancelled,
    };
    Outcome {
        order,
        of,
        arrival: 0,
        status,
        limit: amended.limit,
        filled: amended.filled,
        remaining: decision.resting,
        cancelled: decision.cancelled,
        value: decision.value,
        reason: decision.reason,
        reject: None,
    }
}

/// Turns what the matcher reports into effects.
struct Wire<'a, E: Effects> {
    instrument: InstrumentId,
    tape: &'a mut Tape,
    at: Time,
    out: &'a mut E,
}

impl<'a, E: Effects> Wire<'a, E> {
    fn new(instrument: &Instrument, tape: &'a mut Tape, at: Time, out: &'a mut E) -> Wire<'a, E> {
        Wire { instrument: instrument.id, tape, at, out }
    }

    fn settle(&mut self, leg: Leg) {
        let account = leg.order.account;
        let message = || Message::ToAccount(account, AccountMessage::Settle(leg));
        self.out.send_with(account.partition(), message);
    }
}

impl<E: Effects> Reports for Wire<'_, E> {
    fn traded(&mut self, execution: &Execution) {
        let &Execution { taker, maker, taker_side, price, quantity } = execution;
        self.tape.trades.0 += 1;
        self.tape.last = Some(price);
        let (no, time) = (self.tape.trades, self.at);
        let event = MarketEvent::Trade { no, price, quantity, taker: taker_side, time };
        self.out.market(self.instrument, event);
        let instrument = self.instrument;
        let leg = |order, side, is_maker| Leg {
            order,
            instrument,
            trade: no,
            side,
            is_maker,
            price,
            quantity,
            time,
        };
        self.settle(leg(maker, taker_side.opposite(), true));
        self.settle(leg(taker, taker_side, false));
    }

    fn reduced(&mut self, maker: OrderKey, quantity: Lots, _left: Lots) {
        let (reason, time) = (CancelReason::SelfMatch, self.at);
        let message = AccountMessage::Dropped { order: maker, quantity, reason, time };
        let account = maker.account;
        self.out.send(account.partition(), Message::ToAccount(account, message));
    }

    fn level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.tape.sequence += 1;
        let sequence = self.tape.sequence;
        let event = MarketEvent::Level { sequence, side, price, quantity };
        self.out.market(self.instrument, event);
    }
}
