//! A listed instrument: its book with its rules, phase, counters and last price.

use super::indication::Indication;
use super::matching::{Book, Decision, Incoming};
use super::outcomes::{
    amended_outcome, cancelled, expired, not_open, parted, refused, submitted, untriggered,
};
use super::prints::{Prints, Unseen};
use super::reserved::{Reserved, ReservedOrder};
use super::session::Session;
use super::snapshot::RestingOrder;
use super::stops::WaitingStop;
use super::wire::Wire;
use super::{AmendRefused, Amended};
use crate::amount::{Lots, Ticks};
use crate::candle::{Base, Candles, Import, Imports, Standing};
use crate::effect::{Effect, Effects, MarketEvent};
use crate::follow::Following;
use crate::ids::{InstrumentId, OrderKey, Origin, PartitionId, TradeNo};
use crate::instrument::{Instrument, Manner, Phase};
use crate::message::{Amend, BoardMessage, BookMessage, Message, Outcome, OutcomeOf, Pair, Submit};
use crate::order::{CancelReason, Life, OrderRequest, Side, TimeInForce};
use crate::reject::Reject;
use crate::terms::Stop;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How much exchange time passes, at least, between two marks to the board.
const MARK_INTERVAL_NS: u64 = Time::SECOND;

/// An instrument's book and everything that decides about its later matches.
pub struct Listing {
    pub(super) instrument: Instrument,
    pub(super) book: Book,
    pub(super) tape: Tape,
    pub(super) session: Session,
    pub(super) reserved: Reserved,
    pub(super) indication: Indication,
    /// Set where users trade against an outside book: then the book only keeps their orders.
    pub(super) follow: Option<Box<Following>>,
    /// Where rankings are made; none where nothing is ranked.
    board: Option<PartitionId>,
    mark: Mark,
    /// When time alone has something to do here, as the partition was told last.
    alarm: Option<Time>,
}

/// Counters of what the book has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tape {
    pub trades: TradeNo,
    /// Commands that were handled: each has its number, and the outcome says it.
    pub commands: u64,
    /// Of level events; what a stream numbers its deltas by.
    pub sequence: u64,
    pub prints: Prints,
    pub candles: Candles,
    /// Nothing between two commands, except what a closing call has printed: stops look at it
    /// when trading goes on.
    pub unseen: Unseen,
    /// Whether a stop has another leg in the book, and then who traded: neither between two
    /// commands.
    #[serde(skip)]
    pub is_watched: bool,
    #[serde(skip)]
    pub met: Vec<OrderKey>,
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
    stops: Vec<WaitingStop>,
    tape: Tape,
    session: Session,
    reserved: Vec<ReservedOrder>,
    /// A call has not made its price yet.
    collects: bool,
    indication: Indication,
    follow: Option<Box<Following>>,
    board: Option<PartitionId>,
    mark: Mark,
}

impl Listing {
    #[must_use]
    pub fn new(instrument: Instrument, board: Option<PartitionId>) -> Listing {
        let (book, tape, reserved, mark) = Default::default();
        let session = Session::new(&instrument);
        let mut instrument = instrument;
        instrument.phase = session.phase();
        let alarm = session.next();
        let indication = Indication::default();
        let follow = instrument.follow.is_some().then(Box::default);
        Listing {
            instrument,
            book,
            tape,
            session,
            reserved,
            indication,
            follow,
            board,
            mark,
            alarm,
        }
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
        self.tape.prints.last
    }

    /// The last prices.
    #[must_use]
    pub fn prints(&self) -> Prints {
        self.tape.prints
    }

    /// Where the market stands for an order; none for one that has its own price.
    #[must_use]
    pub fn market_price(&self, order: &OrderRequest) -> Option<Ticks> {
        order.market_price(self.best(order.side.opposite()), self.prints(), self.instrument.phase)
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

    /// How the candles of one length stand.
    #[must_use]
    pub fn candles(&self, base: Base) -> Standing {
        self.tape.candles.standing(base, self.tape.trades.0, &self.instrument)
    }

    /// Which candles can be imported.
    #[must_use]
    pub fn imports(&self) -> &Imports {
        self.tape.candles.imports()
    }

    /// An import is no command of an account: it has no number and no outcome.
    #[cold]
    fn import(&mut self, import: &Import, out: &mut impl Effects) {
        let Listing { tape, instrument, .. } = self;
        tape.candles.import(import, instrument, &mut |row| out.candle(row));
    }

    /// Handles one command and says what follows from it, in order.
    pub fn handle(&mut self, message: &BookMessage, at: Time, out: &mut impl Effects) {
        self.pass(at, out);
        match message {
            BookMessage::Submit(submit) => {
                self.begin_command();
                self.submit(submit, at, out);
            }
            BookMessage::Pair(pair) => {
                self.begin_command();
                self.submit_pair(pair, at, out);
            }
            BookMessage::Cancel { order, request, origin, reason } => {
                self.begin_command();
                let of = OutcomeOf::Cancel(*request);
                self.cancel(*order, of, *reason, *origin, at, out);
            }
            BookMessage::Amend(amend) => {
                self.begin_command();
                self.amend(amend, at, out);
            }
            BookMessage::Fund(funding) => {
                self.fund(funding);
                return self.set_alarm(out);
            }
            BookMessage::Import(import) => {
                self.import(import, out);
                return self.set_alarm(out);
            }
        }
        self.settle(at, out);
        if self.book.collects() {
            self.indicate(at, out);
        }
        self.send_mark(at, out);
        self.set_alarm(out);
    }

    /// Numbers a command that has an outcome.
    #[inline(always)]
    fn begin_command(&mut self) {
        self.tape.commands += 1;
        self.watch();
    }

    /// Notes who trades from here on, if that takes the other leg of something away.
    #[inline(always)]
    pub(super) fn watch(&mut self) {
        self.tape.is_watched = self.book.stops().has_twins();
    }

    /// Looks at what stops have waited for, behind everything that may have brought it about.
    #[inline(always)]
    pub(super) fn settle(&mut self, at: Time, out: &mut impl Effects) {
        if self.follow.is_some() {
            self.meet_outside(at, out);
        }
        if matches!(self.instrument.phase, Phase::Halted | Phase::Closed) {
            self.tape.is_watched = false;
            return;
        }
        if self.book.stops().is_empty() {
            self.tape.unseen.take();
            self.tape.met.clear();
        } else {
            let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
            self.book.cascade(&self.instrument, &mut wire);
        }
        self.tape.is_watched = false;
        self.note_interruption(at, out);
    }

    /// Does what became due as time went on.
    pub fn tick(&mut self, at: Time, out: &mut impl Effects) {
        self.pass(at, out);
        let has_ended = self.tape.candles.pass(at, &self.instrument, &mut |row| out.candle(row));
        self.tell_ended(has_ended, out);
        self.send_mark(at, out);
        self.set_alarm(out);
    }

    /// Says that candles ended without a trade behind them.
    pub(super) fn tell_ended(&self, has_ended: bool, out: &mut impl Effects) {
        if has_ended {
            let sequence = self.tape.candles.sequence(self.tape.trades.0);
            out.market(self.instrument.id, MarketEvent::CandlesEnded { sequence });
        }
    }

    /// Does what time has brought about, before anything else is done at `at`.
    #[inline(always)]
    pub(super) fn pass(&mut self, at: Time, out: &mut impl Effects) {
        if self.alarm.is_some_and(|alarm| alarm <= at) {
            self.catch_up(at, out);
        }
    }

    /// Everything is done, and stamped, at the moment at which it was due, however much later the
    /// command is that brought the time here: what a call has traded was not traded behind the end
    /// of an order that was in it.
    #[cold]
    #[inline(never)]
    fn catch_up(&mut self, at: Time, out: &mut impl Effects) {
        loop {
            let expiry = self.book.next_expiry().into_iter().chain(self.reserved.next_due()).min();
            // What ends with a phase has ended before the next begins.
            let shown = self.indication.due();
            let turns = self.session.next().into_iter().chain(self.session.pause_ends());
            let stale = self.stale_at();
            let due = expiry.into_iter().chain(turns).chain(shown).chain(stale).min();
            let Some(due) = due.filter(|due| *due <= at) else { return };
            if expiry == Some(due) {
                let mut wire = Wire::new(&self.instrument, &mut self.tape, due, out);
                self.book.expire(due, &mut wire);
                self.give_up(due, out);
                self.settle(due, out);
            } else if stale == Some(due) {
                self.go_stale(due, out);
            } else if self.session.pause_ends() == Some(due) {
                self.go_on(due, out);
            } else if self.session.next() == Some(due) {
                // The first time that is heard is none of the table's.
                match due {
                    Time(0) => self.turn(at, true, out),
                    edge => self.turn(edge, false, out),
                }
            } else {
                self.indicate(due, out);
            }
        }
    }

    /// Tells the partition when time alone has something to do here, where that has changed.
    #[inline(always)]
    pub(super) fn set_alarm(&mut self, out: &mut impl Effects) {
        let next = self.next_alarm();
        if next != self.alarm {
            self.alarm = next;
            out.alarm(self.instrument.id, next);
        }
    }

    /// When time alone has something to do here.
    #[inline(always)]
    fn next_alarm(&self) -> Option<Time> {
        let turns = sooner(self.session.next(), self.session.pause_ends());
        let shown = sooner(self.indication.due(), self.mark_due());
        let ends = sooner(self.book.next_expiry(), self.reserved.next_due());
        sooner(sooner(turns, shown), sooner(ends, self.stale_at()))
    }

    /// When a price has to be told to whoever watches the market, if nothing else happens.
    #[inline(always)]
    fn mark_due(&self) -> Option<Time> {
        let is_watched = !self.instrument.calls.breaker.is_empty() && self.board.is_some();
        let is_news = is_watched && self.mark.price != self.tape.prints.last;
        is_news.then(|| Time(self.mark.sent.0.saturating_add(MARK_INTERVAL_NS)))
    }

    pub(super) fn send_mark(&mut self, at: Time, out: &mut impl Effects) {
        if self.mark.price.is_none() || self.mark.sent <= at.minus(MARK_INTERVAL_NS) {
            self.tell_mark(at, out);
        }
    }

    /// Tells the last price to the boards, unless it was told.
    pub(super) fn tell_mark(&mut self, at: Time, out: &mut impl Effects) {
        let (Some(board), Some(price)) = (self.board, self.tape.prints.last) else { return };
        if self.mark.price != Some(price) {
            self.mark = Mark { price: Some(price), sent: at };
            let instrument = self.instrument.id;
            let stops = self.session.stops();
            let mark = BoardMessage::Mark { instrument, price, time: at, stops };
            out.send(board, Message::ToBoard(mark));
        }
    }

    fn submit(&mut self, submit: &Submit, at: Time, out: &mut impl Effects) {
        let outcome = match self.check(submit).map(|()| waiting(submit)) {
            Ok(_) if is_past(submit, at) => expired(submit),
            Ok(_) if self.has_to_wait(submit) => self.reserve(submit, at),
            Ok(Some(stop)) => {
                self.book.stops_mut().enter(stop);
                untriggered(submit.order, OutcomeOf::Submit, stop.limit, stop.quantity)
            }
            Ok(None) => {
                let submit = self.within_band(submit);
                let decision = self.match_now(&submit, at, out);
                submitted(&submit, &decision)
            }
            Err(reject) => refused(submit.order, OutcomeOf::Submit, submit.limit, reject),
        };
        self.answer(outcome, submit.origin, out);
    }

    /// Two orders of which one cancels the other: both enter, or neither.
    fn submit_pair(&mut self, pair: &Pair, at: Time, out: &mut impl Effects) {
        let Pair { limit, stop } = pair;
        let mut waits = match (self.check_pair(pair), waiting(stop)) {
            (Ok(()), _) if is_past(stop, at) => {
                for leg in [limit, stop] {
                    self.answer(expired(leg), leg.origin, out);
                }
                return;
            }
            (Ok(()), Some(waits)) => waits,
            (Ok(()), None) => unreachable!("the second leg of a pair is a stop"),
            (Err(reject), _) => {
                for leg in [limit, stop] {
                    let refusal = refused(leg.order, OutcomeOf::Submit, leg.limit, reject.clone());
                    self.answer(refusal, leg.origin, out);
                }
                return;
            }
        };
        let decision = self.match_now(limit, at, out);
        self.answer(submitted(limit, &decision), limit.origin, out);
        let outcome = if decision.filled.is_zero() {
            waits.twin = Some(limit.order).filter(|_| !decision.resting.is_zero());
            self.book.stops_mut().enter(waits);
            untriggered(stop.order, OutcomeOf::Submit, stop.limit, stop.quantity)
        } else {
            parted(stop)
        };
        self.answer(outcome, stop.origin, out);
    }

    fn check_pair(&self, Pair { limit, stop }: &Pair) -> Result<(), Reject> {
        // Both enter at once, so neither can wait for the open.
        self.instrument.check_amendable(false)?;
        self.check(limit)?;
        self.check(stop)
    }

    #[inline(always)]
    pub(super) fn match_now(
        &mut self,
        submit: &Submit,
        at: Time,
        out: &mut impl Effects,
    ) -> Decision {
        let incoming: Incoming = submit.into();
        if self.follow.is_some() {
            return self.match_outside(&incoming, at, out);
        }
        self.book.guard(&self.instrument, self.tape.prints);
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        self.book.submit(&incoming, &mut wire)
    }

    /// Says what became of the command that is being handled, with its number.
    #[inline(always)]
    pub(super) fn answer(
        &self,
        mut outcome: Outcome,
        origin: Option<Origin>,
        out: &mut impl Effects,
    ) {
        outcome.arrival = self.tape.commands;
        out.outcome(outcome, origin);
    }

    /// Every check that a message to this book makes, and nothing else.
    ///
    /// # Errors
    /// What would be refused.
    pub fn validate(&self, message: &BookMessage) -> Result<(), Reject> {
        match message {
            BookMessage::Submit(submit) => self.check(submit),
            BookMessage::Pair(pair) => self.check_pair(pair),
            _ => Ok(()),
        }
    }

    /// An order as it is matched: at market, with its worst price brought back into the band as it
    /// is now.
    #[inline(always)]
    pub(super) fn within_band<'a>(&self, submit: &'a Submit) -> Cow<'a, Submit> {
        if !submit.is_market {
            return Cow::Borrowed(submit);
        }
        match self.instrument.within_band(submit.side == Side::Buy, submit.limit) {
            limit if limit == submit.limit => Cow::Borrowed(submit),
            limit => Cow::Owned(Submit { limit, ..submit.clone() }),
        }
    }

    /// Checks again what may have changed since the account looked, then post-only.
    pub(super) fn check(&self, submit: &Submit) -> Result<(), Reject> {
        let rules = &self.instrument;
        rules.check_phase(Manner::from(submit))?;
        self.check_fresh(submit)?;
        if !submit.is_market {
            rules.check_tick(submit.limit)?;
        }
        let stop = submit.stop();
        stop.map_or(Ok(()), |stop| rules.check_tick(stop.trigger))?;
        if submit.value_max.is_none() {
            rules.check_size(submit.quantity)?;
        }
        if !submit.is_market {
            rules.check_band(submit.limit)?;
        }
        if let Some(stop) = stop {
            rules.check_band(stop.trigger)?;
            self.check_waits(submit.side, &stop)?;
        }
        if submit.post_only { self.check_passive(submit.side, submit.limit) } else { Ok(()) }
    }

    fn check_waits(&self, side: Side, stop: &Stop) -> Result<(), Reject> {
        match self.last() {
            Some(last) if stop.is_reached(side, last) => {
                let [trigger, last] = [stop.trigger, last].map(|t| self.instrument.shown_price(t));
                Err(Reject::StopWouldTrigger { trigger, last })
            }
            _ => Ok(()),
        }
    }

    fn check_passive(&self, side: Side, limit: Ticks) -> Result<(), Reject> {
        let would_cross = match &self.follow {
            Some(follow) => follow.would_cross(side, limit),
            None => self.book.would_cross(side, limit),
        };
        if !would_cross {
            return Ok(());
        }
        let best = self.best(side.opposite()).unwrap_or_default();
        let [price, best] = [limit, best].map(|ticks| self.instrument.shown_price(ticks));
        Err(Reject::PostOnlyWouldTrade { price, best })
    }

    fn cancel(
        &mut self,
        order: OrderKey,
        of: OutcomeOf,
        reason: CancelReason,
        origin: Option<Origin>,
        at: Time,
        out: &mut impl Effects,
    ) {
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        let gone = |limit, open| cancelled(order, of, limit, open, reason);
        let outcome = match self.book.cancel(order, &mut wire) {
            Some(removed) => {
                Outcome { filled: removed.filled, ..gone(removed.price, removed.open) }
            }
            None => match self.book.stops_mut().remove(order) {
                Some(stop) => gone(stop.limit, stop.quantity),
                None => match self.reserved.remove(order) {
                    Some(reserved) => gone(reserved.submit.limit, reserved.submit.quantity),
                    None => refused(order, of, Ticks(0), not_open(order)),
                },
            },
        };
        self.answer(outcome, origin, out);
    }

    fn amend(&mut self, amend: &Amend, at: Time, out: &mut impl Effects) {
        let (rules, order) = (&self.instrument, amend.order);
        let reserved = self.reserved.find(order).cloned();
        let stop = self.book.stops().find(order).copied();
        let standing = self.book.find(order);
        let price = reserved.as_ref().map(|reserved| reserved.submit.limit);
        let price = price.or(stop.map(|stop| stop.limit)).or(standing.map(|it| it.price));
        // What stands may stand on, also where it could not be entered any more.
        let new_limit = amend.limit.filter(|limit| Some(*limit) != price);
        let checked = rules.check_amendable(reserved.is_some()).and_then(|()| {
            new_limit.map_or(Ok(()), |limit| {
                rules.check_tick(limit)?;
                rules.check_band(limit)
            })
        });
        if let Some(reserved) = reserved {
            let outcome = self.amend_reserved(amend, &reserved, checked);
            self.answer(outcome, Some(amend.origin), out);
            return;
        }
        if let Some(stop) = stop {
            let outcome = self.amend_stop(amend, &stop, checked);
            self.answer(outcome, Some(amend.origin), out);
            return;
        }
        let checked = checked.and_then(|()| match (standing, new_limit) {
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
            Ok(()) => match self.amend_resting(amend, at, out) {
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
            },
        };
        self.answer(outcome, Some(amend.origin), out);
    }

    fn amend_resting(
        &mut self,
        amend: &Amend,
        at: Time,
        out: &mut impl Effects,
    ) -> Result<Amended, AmendRefused> {
        let &Amend { order, total, limit, self_match, .. } = amend;
        if self.follow.is_some() {
            return self.amend_outside(order, total, limit, at, out);
        }
        self.book.guard(&self.instrument, self.tape.prints);
        let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
        self.book.amend(order, total, limit, self_match, &mut wire)
    }

    /// A stop that waits keeps its trigger and its place.
    fn amend_stop(
        &mut self,
        amend: &Amend,
        stop: &WaitingStop,
        checked: Result<(), Reject>,
    ) -> Outcome {
        let (amend_no, request) = (amend.amend_no, amend.request);
        let of = |total| OutcomeOf::Amend { amend_no, request, total };
        let (quantity, limit) =
            (amend.total.unwrap_or(stop.quantity), amend.limit.unwrap_or(stop.limit));
        if let Err(reject) = checked {
            return refused(amend.order, of(stop.quantity), stop.limit, reject);
        }
        self.book.stops_mut().amend(amend.order, quantity, limit);
        untriggered(amend.order, of(quantity), limit, quantity)
    }

    #[must_use]
    pub fn state(&self) -> ListingState {
        ListingState {
            instrument: self.instrument.clone(),
            orders: self.book.orders().collect(),
            stops: self.book.stops().iter().copied().collect(),
            tape: self.tape.clone(),
            session: self.session.clone(),
            reserved: self.reserved.iter().cloned().collect(),
            collects: self.book.collects(),
            indication: self.indication,
            follow: self.follow.clone(),
            board: self.board,
            mark: self.mark,
        }
    }

    #[must_use]
    pub fn restore(state: ListingState) -> Listing {
        let mut book = Book::default();
        state.orders.iter().for_each(|order| book.restore(order));
        state.stops.iter().for_each(|&stop| book.stops_mut().enter(stop));
        let ListingState { instrument, tape, session, indication, mut follow, .. } = state;
        let (board, mark) = (state.board, state.mark);
        if let Some(follow) = &mut follow {
            follow.was_told();
        }
        book.set_collecting(state.collects);
        let mut reserved = Reserved::default();
        state.reserved.into_iter().for_each(|order| reserved.enter(order));
        let alarm = None;
        let mut listing = Listing {
            instrument,
            book,
            tape,
            session,
            reserved,
            indication,
            follow,
            board,
            mark,
            alarm,
        };
        // Told after every command, so the partition knows.
        listing.alarm = listing.next_alarm();
        listing
    }
}

/// What a suspended book says to a command: refused, so that its hold is released.
#[must_use]
pub fn decline(instrument: InstrumentId, message: &BookMessage) -> Vec<Effect> {
    let entity = format!("the book of instrument #{}", instrument.0).into();
    let reject = Reject::EntitySuspended { entity };
    let submit = |submit: &Submit, reject| {
        (refused(submit.order, OutcomeOf::Submit, submit.limit, reject), submit.origin)
    };
    let mut out = Vec::new();
    let (outcome, origin) = match message {
        BookMessage::Submit(alone) => submit(alone, reject),
        BookMessage::Pair(pair) => {
            let (outcome, origin) = submit(&pair.limit, reject.clone());
            out.outcome(outcome, origin);
            submit(&pair.stop, reject)
        }
        BookMessage::Cancel { order, request, origin, .. } => {
            (refused(*order, OutcomeOf::Cancel(*request), Ticks(0), reject), *origin)
        }
        BookMessage::Import(_) => return out,
        BookMessage::Amend(amend) => {
            let (amend_no, request, total) = (amend.amend_no, amend.request, Lots::ZERO);
            let of = OutcomeOf::Amend { amend_no, request, total };
            (refused(amend.order, of, Ticks(0), reject), Some(amend.origin))
        }
        // It waits until the book is resumed: the account has counted on it.
        BookMessage::Fund(_) => return out,
    };
    out.outcome(outcome, origin);
    out
}

/// The sooner of two times, where there are any.
#[inline(always)]
fn sooner(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The stop that a submit asks for, if it asks for one.
fn waiting(submit: &Submit) -> Option<WaitingStop> {
    let stop = submit.stop()?;
    let &Submit { order, side, limit, is_market, quantity, time_in_force, self_match, .. } = submit;
    let life = Life::of(time_in_force, submit.terms.as_deref());
    let time_in_force = if is_market { time_in_force.at_once() } else { time_in_force };
    Some(WaitingStop {
        order,
        side,
        stop,
        limit,
        is_market,
        quantity,
        time_in_force,
        life,
        self_match,
        twin: None,
    })
}

/// Whether its time ran out on its way here.
#[inline(always)]
fn is_past(submit: &Submit, at: Time) -> bool {
    submit.time_in_force == TimeInForce::Gtd
        && Life::of(submit.time_in_force, submit.terms.as_deref())
            .expires()
            .is_some_and(|time| time <= at)
}
