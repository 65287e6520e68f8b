//! A million random commands through the real and the obvious book: the same decisions, the same
//! reports in the same order, the same state.

use super::listing::instrument;
use super::{Amending, AnyBook, Book, NaiveBook, Report, Tape, force_of};
use crate::amount::{Lots, Rate, Ticks};
use crate::book::{
    AmendRefused, Amended, BySize, Clearing, Decision, Execution, Incoming, Prints, Removed,
    WaitingStop,
};
use crate::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use crate::instrument::{Calls, Instrument};
use crate::order::{CancelReason, Life, SelfMatch, Side, TimeInForce};
use crate::session::Interruption;
use crate::terms::{Distance, Stop, Trail};
use crate::tick_table::TickTable;
use crate::time::Time;
use std::collections::{BTreeSet, VecDeque};

const COMMANDS: u64 = 1_000_000;
/// State hashes are compared once in so many commands, everything else at each.
const HASH_EVERY: u64 = 4;
/// The real book is replaced by one restored from its orders once in so many commands.
const RESTORE_EVERY: u64 = 5_000;
/// Of three times so many commands, a third must not trade too far away.
const GUARD_EVERY: u64 = 2_000;

/// A kind of market to draw commands from.
struct Regime {
    name: &'static str,
    accounts: u64,
    /// Lowest price, and how many prices above it are in use.
    low: u32,
    span: u64,
    /// Distance of neighbouring prices; wide ones spread over many pages of the ladder.
    step: u32,
    quantity_max: u64,
    /// Above so many resting orders, sweeps and cancels prevail.
    resting_max: usize,
}

const REGIMES: [Regime; 6] = [
    Regime { name: "a crowd at few prices", accounts: 15, span: 8, ..USUAL },
    Regime { name: "one account against itself", accounts: 2, span: 12, ..USUAL },
    Regime { name: "prices far apart", span: 60, step: 70_001, ..USUAL },
    Regime { name: "the lowest prices", low: 1, span: 30, ..USUAL },
    Regime { name: "the highest prices", low: Ticks::MAX.0 - 99, span: 100, ..USUAL },
    Regime { name: "tiny and huge orders", accounts: 4, quantity_max: 1 << 44, ..USUAL },
];

impl Regime {
    /// A sixth of the prices away from the last, a third from the last call's.
    fn interruption(&self) -> Interruption {
        let width = self.span * u64::from(self.step);
        let middle = u64::from(self.low) + width / 2;
        let share = |part: u64| Rate((width * 1_000_000_000 / part / middle) as i64);
        let [dynamic, fixed] = [6, 3].map(|part| Some(share(part)));
        Interruption { dynamic, fixed, call_ns: 1 }
    }
}

const USUAL: Regime = Regime {
    name: "usual",
    accounts: 6,
    low: 10_000,
    span: 40,
    step: 1,
    quantity_max: 50,
    resting_max: 120,
};

/// The splitmix64 generator: one number of state, every seed a good one.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Submit(Incoming),
    Stop(WaitingStop),
    Pair(Incoming, WaitingStop),
    Cancel(OrderKey),
    Amend(Amending),
    /// Time goes on to here.
    Pass(Time),
    /// The market closes.
    Close,
    /// Orders collect from here on.
    Call,
    Uncross(Option<Ticks>),
}

struct Source<'a> {
    regime: &'a Regime,
    now: u64,
    random: Random,
    last_no: u64,
    recent: VecDeque<OrderKey>,
}

impl Source<'_> {
    fn command(&mut self, book: &NaiveBook) -> Command {
        let is_full = book.len() > self.regime.resting_max;
        if self.random.one_in(20) {
            if self.random.one_in(200) {
                return Command::Close;
            }
            if book.collects() && self.random.one_in(4) {
                let near = self.random.one_in(4);
                let reference = (!near).then(|| self.price(Side::Buy));
                return Command::Uncross(reference);
            }
            if self.random.one_in(20) {
                return Command::Call;
            }
            self.now += self.random.below(8);
            return Command::Pass(Time(self.now));
        }
        match self.random.below(if is_full { 160 } else { 90 }) {
            0..54 if book.collects() => Command::Submit(self.collected(is_full)),
            0..54 => Command::Submit(self.incoming(is_full)),
            54..59 => Command::Stop(self.stop(is_full)),
            59..62 => {
                let stop = self.stop(is_full);
                let limit = Incoming { side: stop.side, ..self.incoming(is_full) };
                Command::Pair(limit, stop)
            }
            62..76 => Command::Amend(self.amending(book)),
            _ => Command::Cancel(self.some_order(book)),
        }
    }

    fn incoming(&mut self, is_full: bool) -> Incoming {
        self.last_no += 1;
        let index = self.random.below(self.regime.accounts) as u32;
        let account = AccountId::new(PartitionId(6), index);
        // Accounts of one number each would not see that the whole key counts.
        let no = if self.random.one_in(2) { self.last_no } else { self.last_no << 29 };
        let order = OrderKey { account, no: OrderNo(no) };
        self.recent.push_back(order);
        if self.recent.len() > 2 * self.regime.resting_max {
            self.recent.pop_front();
        }
        let side = if self.random.one_in(2) { Side::Buy } else { Side::Sell };
        let limit = self.price(side);
        let quantity = self.quantity();
        let life = match self.random.below(8) {
            0 => Life::Day,
            1 => Life::Until(Time(self.now + 1 + self.random.below(60))),
            _ => Life::UntilCancelled,
        };
        let time_in_force = match self.random.below(10) {
            0 | 1 => TimeInForce::Ioc,
            2 => TimeInForce::Fok,
            _ if is_full => TimeInForce::Ioc,
            _ => force_of(life),
        };
        let is_by_amount = !time_in_force.rests() && self.random.one_in(3);
        let most = u128::from(limit.0) * u128::from(quantity.0);
        Incoming {
            order,
            side,
            limit,
            quantity,
            time_in_force,
            self_match: self.mode(),
            value_max: is_by_amount.then(|| most * u128::from(self.random.below(120)) / 100),
            display: (time_in_force.rests() && self.random.one_in(4))
                .then(|| Lots(1 + quantity.0 / (1 + self.random.below(9)))),
            life,
            at_market: time_in_force == TimeInForce::Ioc && !is_by_amount && self.random.one_in(2),
        }
    }

    /// An order of a call; some for whatever it comes to.
    fn collected(&mut self, is_full: bool) -> Incoming {
        let is_full = is_full && self.random.one_in(2);
        let incoming = self.incoming(is_full);
        match self.random.below(8) {
            0 => Incoming { at_market: true, time_in_force: TimeInForce::Ioc, ..incoming },
            1 => Incoming { life: Life::Call, time_in_force: TimeInForce::AtOpen, ..incoming },
            _ => incoming,
        }
    }

    fn stop(&mut self, is_full: bool) -> WaitingStop {
        let incoming = self.incoming(is_full);
        let Incoming { order, side, limit, quantity, self_match, life, .. } = incoming;
        let mut trigger = self.price(side);
        let mut distance = |most: u64| match self.random.below(2) {
            0 => Distance::Price(Ticks(1 + self.random.below(most) as u32 * self.regime.step)),
            _ => Distance::Share(Rate(1 + self.random.below(20_000) as i64)),
        };
        let trail = Trail { offset: distance(4), step: distance(2) };
        let trail = self.random.one_in(3).then_some(trail);
        if trail.is_some() {
            // Far away, so that it has somewhere to go.
            let top = (self.regime.span - 1) as u32 * self.regime.step;
            trigger = Ticks(self.regime.low + if side == Side::Buy { top } else { 0 });
        }
        let stop = Stop { trigger, trail };
        let is_market = self.random.one_in(3);
        let force = incoming.time_in_force;
        let time_in_force = if is_market { force.at_once() } else { force };
        let twin = None;
        WaitingStop {
            order,
            side,
            stop,
            limit,
            is_market,
            quantity,
            time_in_force,
            life,
            self_match,
            twin,
        }
    }

    fn amending(&mut self, book: &NaiveBook) -> Amending {
        let order = self.some_order(book);
        let total = (!self.random.one_in(4)).then(|| self.quantity());
        // Accounts see to it that an iceberg does not come in too many parts.
        let iceberg = book.orders().find(|o| o.order == order).and_then(|o| o.iceberg);
        let most = iceberg.map_or(u64::MAX, |iceberg| iceberg.display.0 * 100);
        let total = total.map(|total| Lots(total.0.min(most)));
        let side = if self.random.one_in(2) { Side::Buy } else { Side::Sell };
        let limit = (!self.random.one_in(3)).then(|| self.price(side));
        Amending { order, total, limit, self_match: self.mode() }
    }

    /// A resting order or one of late, at times under a wrong account.
    fn some_order(&mut self, book: &NaiveBook) -> OrderKey {
        let waiting = book.stops().iter().count() as u64;
        if waiting > 0 && self.random.one_in(if waiting > 40 { 3 } else { 12 }) {
            let place = self.random.below(waiting) as usize;
            return book.stops().iter().nth(place).expect("the place is inside the list").order;
        }
        if !book.is_empty() && self.random.one_in(2) {
            let place = self.random.below(book.len() as u64) as usize;
            return book.orders().nth(place).expect("the place is inside the book").order;
        }
        let account = AccountId::new(PartitionId(6), self.random.below(4) as u32);
        let Some(newest) = self.recent.len().checked_sub(1) else {
            return OrderKey { account, no: OrderNo(1) };
        };
        let back = self.random.below(self.recent.len() as u64) as usize;
        let order = self.recent[newest - back];
        if self.random.one_in(20) { OrderKey { account, ..order } } else { order }
    }

    /// Buys lie in the lower three quarters of the prices, sells in the upper three.
    fn price(&mut self, side: Side) -> Ticks {
        let quarter = self.regime.span / 4;
        let from = if side == Side::Buy { 0 } else { quarter };
        let place = from + self.random.below(self.regime.span - quarter);
        Ticks(self.regime.low + place as u32 * self.regime.step)
    }

    fn quantity(&mut self) -> Lots {
        // Small ones prevail, so that quantities at a level sum to far less than 2^64.
        let most = if self.random.one_in(20) { self.regime.quantity_max } else { 50 };
        Lots(1 + self.random.below(most))
    }

    fn mode(&mut self) -> SelfMatch {
        use SelfMatch::{CancelBoth, CancelMaker, CancelTaker, Decrement, None};
        [None, CancelTaker, CancelMaker, CancelBoth, Decrement][self.random.below(5) as usize]
    }
}

#[derive(Debug, PartialEq)]
enum Answer {
    Decided(Decision),
    Cancelled { found: Option<Removed>, removed: Option<Removed> },
    Amended(Result<Amended, AmendRefused>),
    Waits,
    CancelledStop(WaitingStop),
    AmendedStop,
    Passed(Option<Time>),
    Cleared(Option<Clearing>),
}

/// Everything that a book says to a command, the stops included that fire by it.
fn said(
    book: &mut impl AnyBook,
    command: &Command,
    rules: &Instrument,
    prints: Prints,
) -> (Tape, Answer) {
    let mut tape = Tape::after(prints);
    book.guard(rules, prints);
    let answer = match command {
        Command::Submit(incoming) => Answer::Decided(book.submit(incoming, &mut tape)),
        Command::Stop(stop) => {
            book.enter_stop(*stop);
            Answer::Waits
        }
        Command::Pair(limit, stop) => {
            let decision = book.submit(limit, &mut tape);
            if decision.filled.is_zero() {
                let twin = Some(limit.order).filter(|_| !decision.resting.is_zero());
                book.enter_stop(WaitingStop { twin, ..*stop });
            }
            Answer::Decided(decision)
        }
        Command::Pass(at) => {
            book.expire(*at, &mut tape);
            Answer::Passed(book.next_expiry())
        }
        Command::Call => {
            book.call();
            Answer::Passed(None)
        }
        Command::Uncross(reference) => {
            let indicated = book.clearing(*reference, &rules.ticks);
            // At times its price is a limit of the day.
            let at_limit = indicated.filter(|clearing| clearing.volume.0 % 3 == 0);
            let by_size = at_limit.map(|Clearing { price, volume, .. }| {
                let limits = if volume.0 % 2 == 0 { (price, price) } else { (Ticks(1), price) };
                BySize { limits, each_first: Lots(1 + volume.0 % 7) }
            });
            let clearing = book.uncross(*reference, &rules.ticks, by_size, &mut tape);
            assert_eq!(indicated, clearing, "what is indicated is what it comes to");
            Answer::Cleared(clearing)
        }
        Command::Close => {
            book.close_day(&mut tape);
            Answer::Passed(book.next_expiry())
        }
        Command::Cancel(order) => {
            let found = book.find(*order);
            let removed = book.cancel(*order, &mut tape);
            match book.remove_stop(*order) {
                Some(stop) => Answer::CancelledStop(stop),
                None => Answer::Cancelled { found, removed },
            }
        }
        Command::Amend(amend) => match (book.amend(amend, &mut tape), amend.total, amend.limit) {
            (Err(AmendRefused::NotOpen), Some(total), Some(limit)) => {
                book.amend_stop(amend.order, total, limit);
                Answer::AmendedStop
            }
            (answer, ..) => Answer::Amended(answer),
        },
    };
    book.cascade(rules, &mut tape);
    (tape, answer)
}

/// What the commands led to, so that a regime in which little happens is noticed.
#[derive(Debug, Default)]
struct Tally {
    trades: u64,
    reductions: u64,
    killed: u64,
    spent: u64,
    amended: u64,
    cancelled: u64,
    fired: u64,
    trailed: u64,
    cancelled_stops: u64,
    surfaced: u64,
    parted: u64,
    crossed: u64,
    cleared: u64,
    expired: u64,
    closed: u64,
    leapt: u64,
    resting_most: usize,
}

impl Tally {
    fn count(&mut self, tape: &Tape, answer: &Answer) {
        let mut met = BTreeSet::new();
        for report in &tape.said {
            if let Report::Traded(Execution { taker, maker, .. }) = report {
                // Again: another part of it.
                self.surfaced += u64::from(!met.insert((*taker, *maker)));
            }
            if let Report::Dropped { reason, .. } = report {
                self.parted += u64::from(*reason == CancelReason::OtherLeg);
                self.expired += u64::from(*reason == CancelReason::Expired);
                self.closed += u64::from(*reason == CancelReason::MarketClosed);
            }
            self.crossed += u64::from(matches!(report, Report::Crossed(_)));
            self.fired += u64::from(matches!(report, Report::Fired { .. }));
            self.trailed += u64::from(matches!(report, Report::Trailed { .. }));
            self.trades += u64::from(matches!(report, Report::Traded(_)));
            self.reductions += u64::from(matches!(report, Report::Reduced { .. }));
        }
        match answer {
            Answer::Decided(Decision { reason, .. }) => {
                self.killed += u64::from(*reason == Some(CancelReason::NotFilledWhole));
                self.spent += u64::from(*reason == Some(CancelReason::AmountSpent));
            }
            Answer::Cancelled { removed, .. } => self.cancelled += u64::from(removed.is_some()),
            Answer::Amended(result) => self.amended += u64::from(result.is_ok()),
            Answer::CancelledStop(_) => self.cancelled_stops += 1,
            Answer::Cleared(clearing) => self.cleared += u64::from(clearing.is_some()),
            Answer::Waits | Answer::AmendedStop | Answer::Passed(_) => {}
        }
    }

    fn least(&self) -> u64 {
        let Tally { trades, reductions, killed, spent, amended, cancelled, .. } = *self;
        let Tally { fired, trailed, cancelled_stops, surfaced, parted, expired, closed, .. } =
            *self;
        let usual = [trades, reductions, killed, spent * 2, amended, cancelled];
        let rare = [fired, trailed * 4, cancelled_stops * 2, surfaced * 2, parted * 2];
        let Tally { crossed, cleared, leapt, .. } = *self;
        let timed = [expired, closed * 4, crossed * 2, cleared * 20, leapt * 20];
        usual.into_iter().chain(rare).chain(timed).min().unwrap_or(0)
    }
}

fn compare(regime: &Regime, seed: u64, commands: u64) -> Tally {
    let (random, recent) = (Random(seed), VecDeque::new());
    let mut source = Source { regime, now: 0, random, last_no: 0, recent };
    let (mut real, mut naive) = (Book::default(), NaiveBook::default());
    let mut tally = Tally::default();
    let ticks = TickTable::uniform();
    let free = Instrument { collar: Rate(1_000_000), ticks, ..instrument() };
    let calls = Calls { interruption: Some(regime.interruption()), ..Calls::default() };
    let guarded = Instrument { calls, ..free.clone() };
    let mut prints = Prints::default();
    for at in 1..=commands {
        let is_guarded = at / GUARD_EVERY % 3 == 1;
        let rules = if is_guarded { &guarded } else { &free };
        if !is_guarded {
            AnyBook::unguard(&mut real);
            AnyBook::unguard(&mut naive);
        }
        let collected = naive.collects();
        let command = source.command(&naive);
        let place = || format!("{}, seed {seed}, command {at}: {command:?}", regime.name);
        let (wanted, wanted_answer) = said(&mut naive, &command, rules, prints);
        let (got, got_answer) = said(&mut real, &command, rules, prints);
        assert_eq!(got_answer, wanted_answer, "{}", place());
        assert_eq!(got, wanted, "{}", place());
        prints = wanted.prints;
        tally.count(&wanted, &wanted_answer);
        let is_call = matches!(command, Command::Call);
        tally.leapt += u64::from(naive.collects() && !collected && !is_call);
        tally.resting_most = tally.resting_most.max(naive.len());
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(AnyBook::best(&real, side), AnyBook::best(&naive, side), "{}", place());
        }
        if at % HASH_EVERY == 0 {
            assert_eq!(AnyBook::hash(&real), AnyBook::hash(&naive), "{}", place());
        }
        if at % RESTORE_EVERY == 0 || at == commands {
            same_state(&real, &naive);
            let (orders, stops) = (AnyBook::orders(&real), AnyBook::stops(&real));
            real = Book::restored(&orders, &stops, AnyBook::collects(&real));
            same_state(&real, &naive);
        }
    }
    tally
}

#[track_caller]
fn same_state(real: &Book, naive: &NaiveBook) {
    assert_eq!(AnyBook::orders(real), AnyBook::orders(naive));
    assert_eq!(AnyBook::stops(real), AnyBook::stops(naive));
    assert_eq!(real.len(), naive.len());
    for side in [Side::Buy, Side::Sell] {
        assert_eq!(AnyBook::levels(real, side), AnyBook::levels(naive, side));
        for (price, quantity) in AnyBook::levels(real, side) {
            assert_eq!(real.quantity_at(side, price), quantity);
        }
        let wide = Ticks(1)..=Ticks::MAX;
        for price in [*wide.start(), Ticks(10_020), *wide.end()] {
            assert_eq!(real.would_cross(side, price), naive.would_cross(side, price));
        }
    }
}

#[test]
fn a_million_random_commands_leave_both_books_alike() {
    let each = COMMANDS.div_ceil(REGIMES.len() as u64);
    for (seed, regime) in REGIMES.iter().enumerate() {
        let tally = compare(regime, 20_261_121 + seed as u64, each);
        assert!(tally.least() > each / 200, "{}: too little of a kind: {tally:?}", regime.name);
        assert!(tally.resting_most > 100, "{}: a shallow book: {tally:?}", regime.name);
    }
}
