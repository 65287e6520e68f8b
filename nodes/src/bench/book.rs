//! The bare book beside its floor: one thread, one pinned core, both flows.

use super::floor::Floor;
use super::latency::{Latencies, clock_cost};
use super::machine::{self, Machine};
use super::{BenchError, BenchReport, Figures, median};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, Decision, Execution, Incoming, Reports};
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{Life, SelfMatch, Side, TimeInForce};
use hoga_scenarios::replay::flow::{FlowRun, Kind};
use hoga_scenarios::replay::flow_source::{FlowSource, SEED, Shape};
use std::time::Instant;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub shape: Shape,
    pub operations: u64,
    pub seed: u64,
    /// Measurements of product and floor, in turn.
    pub rounds: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { shape: Shape::Default, operations: 3_000_000, seed: SEED, rounds: 9 }
    }
}

/// An operation as both sides read it: 32 bytes, nothing to parse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub order: u64,
    /// Of an amend the new open quantity for the floor, the new total for the book.
    pub quantity: Lots,
    pub price: Ticks,
    pub account: u32,
    pub kind: Kind,
    pub side: Side,
}

/// The same flow, once as the floor and once as the book takes it. The floor knows orders by the
/// flow's own numbers; in the book they have the names they have in the exchange, where each
/// account numbers its orders from 1.
pub(super) struct Flow {
    pub for_floor: Vec<Operation>,
    pub for_book: Vec<Operation>,
}

impl Flow {
    pub fn generate(options: &Options) -> Flow {
        let source = FlowSource::new(options.shape, options.seed, options.operations);
        let (mut for_floor, mut for_book) = (Vec::new(), Vec::new());
        let mut run = FlowRun::default();
        let mut names = Names::default();
        for drawn in source {
            let operation = Operation {
                order: drawn.order,
                quantity: drawn.quantity,
                price: drawn.price,
                account: drawn.account,
                kind: drawn.kind,
                side: drawn.side,
            };
            let is_amend = drawn.kind == Kind::Amend;
            let standing = if is_amend { run.book().find(drawn.key()) } else { None };
            let done = standing.map_or(Lots::ZERO, |order| order.filled);
            for_floor.push(operation);
            let order = names.of(&operation);
            for_book.push(Operation { order, quantity: drawn.quantity + done, ..operation });
            run.apply(&drawn);
        }
        Flow { for_floor, for_book }
    }
}

/// The number that an account has given to each order of the flow.
#[derive(Default)]
struct Names {
    /// By account, how many orders it has entered.
    entered: Vec<u64>,
    /// By order of the flow.
    given: Vec<u64>,
}

impl Names {
    fn of(&mut self, operation: &Operation) -> u64 {
        let (order, account) = (operation.order as usize, operation.account as usize);
        if matches!(operation.kind, Kind::Limit | Kind::Immediate) {
            self.entered.resize(self.entered.len().max(account + 1), 0);
            self.given.resize(self.given.len().max(order + 1), 0);
            self.entered[account] += 1;
            self.given[order] = self.entered[account];
        }
        self.given[order]
    }
}

/// Counts every report, as cheaply as one can hear them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub trades: u64,
    pub traded: u64,
    levels: u64,
    shown: u64,
    decisions: u64,
    resting: u64,
}

impl Reports for Heard {
    #[inline(always)]
    fn traded(&mut self, execution: &Execution) {
        self.trades += 1;
        self.traded += execution.quantity.0;
    }

    #[inline(always)]
    fn reduced(&mut self, _: OrderKey, quantity: Lots, _: Lots) {
        self.shown ^= quantity.0;
    }

    #[inline(always)]
    fn level(&mut self, _: Side, price: Ticks, quantity: Lots) {
        self.levels += 1;
        self.shown ^= quantity.0 ^ u64::from(price.0);
    }
}

impl Heard {
    #[inline(always)]
    fn decided(&mut self, decision: &Decision) {
        self.decisions += 1;
        self.resting ^= decision.resting.0 ^ decision.filled.0 ^ decision.cancelled.0;
    }
}

/// A book and what it said.
#[derive(Default)]
pub(super) struct Real {
    book: Book,
    pub heard: Heard,
}

impl Real {
    #[inline(always)]
    pub fn perform(&mut self, operation: &Operation) {
        let &Operation { order, quantity, price, account, kind, side } = operation;
        let account = AccountId::new(PartitionId(0), account);
        let order = OrderKey { account, no: OrderNo(order) };
        match kind {
            Kind::Limit | Kind::Immediate => {
                let is_immediate = kind == Kind::Immediate;
                let incoming = Incoming {
                    order,
                    side,
                    limit: price,
                    quantity,
                    time_in_force: if is_immediate { TimeInForce::Ioc } else { TimeInForce::Gtc },
                    self_match: SelfMatch::None,
                    value_max: None,
                    display: None,
                    life: Life::UntilCancelled,
                    at_market: false,
                };
                let decision = self.book.submit(&incoming, &mut self.heard);
                self.heard.decided(&decision);
            }
            Kind::Cancel => {
                if let Some(removed) = self.book.cancel(order, &mut self.heard) {
                    self.heard.decisions += 1;
                    self.heard.resting ^= removed.open.0;
                }
            }
            Kind::Amend => {
                let (total, limit) = (Some(quantity), Some(price));
                let none = SelfMatch::None;
                if let Ok(amended) = self.book.amend(order, total, limit, none, &mut self.heard) {
                    self.heard.decided(&amended.decision);
                }
            }
        }
    }
}

/// Measures on a thread of its own, which it pins.
///
/// # Errors
/// The options give nothing to measure, or book and floor do not agree about the trades.
pub fn run(options: Options) -> Result<BenchReport, BenchError> {
    if options.operations == 0 || options.rounds == 0 {
        let what = "at least one operation and one round are needed".to_owned();
        return Err(BenchError::Options(what));
    }
    let measuring = std::thread::Builder::new().name("bench".to_owned());
    let thread = measuring.spawn(move || measure(&options));
    let thread = thread.map_err(|error| BenchError::Options(format!("no thread: {error}")))?;
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn measure(options: &Options) -> Result<BenchReport, BenchError> {
    let machine = Machine::look();
    let is_pinned = machine::pin();
    let flow = Flow::generate(options);
    let (mut floor_rates, mut rates) = (Vec::new(), Vec::new());
    // The first round warms up and is thrown away.
    for round in 0..=options.rounds {
        let pair = time_pair(options, &flow, round % 2 == 0)?;
        if round > 0 {
            floor_rates.push(pair.0);
            rates.push(pair.1);
        }
    }
    let ratios: Vec<f64> =
        rates.iter().zip(&floor_rates).map(|(ours, floor)| ours / floor).collect();
    let mut floor = new_floor(options.shape);
    let floor_times = Latencies::measure(&flow.for_floor, |operation| floor.perform(operation));
    let mut real = Real::default();
    let times = Latencies::measure(&flow.for_book, |operation| real.perform(operation));
    let figures = |name, rates: &[f64], times: &Latencies| Figures {
        name,
        rate: Some(median(rates)),
        p50_us: times.quantile_us(0.5),
        p99_us: times.quantile_us(0.99),
        p999_us: times.quantile_us(0.999),
    };
    Ok(BenchReport {
        bench: "book",
        workload: workload(options),
        machine,
        floor: figures("match, cancel, amend alone", &floor_rates, &floor_times),
        result: figures("bare book, report per event", &rates, &times),
        ratio: median(&ratios),
        target: (options.operations >= 3_000_000).then(|| target(options.shape)),
        ratios,
        method: method(options, is_pinned),
        commit: machine::commit(),
    })
}

pub(super) fn method(options: &Options, is_pinned: bool) -> String {
    let pinned = if is_pinned { "pinned to one core" } else { "not pinned" };
    format!(
        "one thread, {pinned}; {} rounds in turn, medians, rates by the thread's processor time; \
         the floor has its capacity beforehand, the book starts empty and grows; quantiles by \
         wall time from a pass of their own, one operation at a time, less {} ns for the clock",
        options.rounds,
        clock_cost()
    )
}

pub(super) fn new_floor(shape: Shape) -> Floor {
    match shape {
        Shape::Default => Floor::new(17),
        Shape::Deep => Floor::new(21),
    }
}

/// Rates of floor and book, measured one after the other; then whether they agree.
fn time_pair(
    options: &Options,
    flow: &Flow,
    is_floor_first: bool,
) -> Result<(f64, f64), BenchError> {
    let mut floor = new_floor(options.shape);
    let mut real = Real::default();
    let mut time_floor = || rate(&flow.for_floor, |operation| floor.perform(operation));
    let mut time_real = || rate(&flow.for_book, |operation| real.perform(operation));
    let rates = if is_floor_first {
        let floor_rate = time_floor();
        (floor_rate, time_real())
    } else {
        let real_rate = time_real();
        (time_floor(), real_rate)
    };
    let (ours, theirs) = (real.heard, (floor.trades, floor.traded));
    if (ours.trades, ours.traded) != theirs {
        return Err(BenchError::Disagreement(format!("trades {theirs:?} and {ours:?}")));
    }
    Ok(rates)
}

/// Operations per second of the time that the thread had a core for. On a machine with other
/// work, wall time would compare how often each side had to wait.
#[inline(always)]
pub(super) fn rate<T>(operations: &[T], mut perform: impl FnMut(&T)) -> f64 {
    let (since, cpu_since) = (Instant::now(), machine::thread_seconds());
    for operation in operations {
        perform(operation);
    }
    let wall = since.elapsed().as_secs_f64();
    let cpu = cpu_since.and_then(|before| Some(machine::thread_seconds()? - before));
    operations.len() as f64 / cpu.filter(|&seconds| seconds > 0.0).unwrap_or(wall)
}

/// The fastest peer on the same flow runs at this share of the floor.
fn target(shape: Shape) -> f64 {
    match shape {
        Shape::Default => 0.56,
        Shape::Deep => 0.70,
    }
}

pub(super) fn workload(options: &Options) -> String {
    let shape = match options.shape {
        Shape::Default => "default flow (5 k live orders)",
        Shape::Deep => "deep flow (730 k live orders)",
    };
    format!("{shape}, {} operations in memory, seed {}", options.operations, options.seed)
}
