//! The core beside its floor: accounts with holds, fees, ledger rows and the memory of client
//! ids, and the book, in one thread without a runtime.

#[cfg(test)]
use super::book::Operation;
use super::book::{Flow, Options, method, new_floor, rate, workload};
use super::commands::{self, BASE, Command, PAIR, QUOTE, UNIT, in_batches};
use super::latency::Latencies;
use super::machine::{self, Machine};
use super::{BenchError, BenchReport, Figures, median};
use hoga_engine::amount::{Amount, Lots, Rate, Ticks};
use hoga_engine::effect::{Answer, MarketEvent};
use hoga_engine::hash::Fnv;
use hoga_engine::history::{FillRow, LedgerRow};
use hoga_engine::ids::{AccountId, InstrumentId, Origin};
use hoga_engine::instrument::{Asset, Calls, Fees, Instrument, Phase};
use hoga_engine::message::Outcome;
use hoga_engine::order::{OrderState, SelfMatch};
use hoga_engine::pit::{Pit, Tap};
use hoga_engine::tick_table::TickTable;
use hoga_engine::topology::Topology;
use hoga_scenarios::replay::flow::Kind;
use hoga_scenarios::replay::flow_source::Shape;

/// Accounts of the flow are numbered from 1 to this.
const ACCOUNTS: u32 = 1000;
/// Nobody runs out of it. An account of that much still counts in 64 bits, as real ones do.
const PLENTY: Amount = 1 << 60;
/// Counts what a history store, a stream and waiting clients would be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub trades: u64,
    pub traded: u64,
    pub ledger_rows: u64,
    pub fills: u64,
    pub closed: u64,
    pub answers: u64,
    pub rejected: u64,
    states: u64,
    levels: u64,
    /// Of everything that was given, so that nothing is made in vain.
    seen: u64,
}

impl Tap for Given {
    #[inline(always)]
    fn answer(&mut self, _: Origin, answer: Answer) {
        self.answers += 1;
        self.rejected += u64::from(matches!(answer, Answer::Rejected { .. }));
    }

    #[inline(always)]
    fn decided(&mut self, _: Origin, outcome: &Outcome) {
        self.answers += 1;
        self.rejected += u64::from(outcome.reject.is_some());
        self.seen ^= outcome.filled.0 ^ outcome.remaining.0;
    }

    #[inline(always)]
    fn ledger(&mut self, row: &LedgerRow) {
        self.ledger_rows += 1;
        self.seen ^= row.after as u64;
    }

    #[inline(always)]
    fn fill(&mut self, row: &FillRow) {
        self.fills += 1;
        self.seen ^= row.fee as u64;
    }

    #[inline(always)]
    fn closed(&mut self, order: &OrderState) {
        self.closed += 1;
        self.seen ^= order.filled.0;
    }

    #[inline(always)]
    fn order(&mut self, order: &OrderState) {
        self.states += 1;
        self.seen ^= order.filled.0 ^ order.updated.0;
    }

    #[inline(always)]
    fn market(&mut self, _: InstrumentId, event: MarketEvent) {
        match event {
            MarketEvent::Trade { quantity, .. } => {
                self.trades += 1;
                self.traded += quantity.0;
            }
            MarketEvent::Level { quantity, .. } => {
                self.levels += 1;
                self.seen ^= quantity.0;
            }
            MarketEvent::Indicated { .. }
            | MarketEvent::Phase { .. }
            | MarketEvent::CandlesEnded { .. } => {}
        }
    }
}

/// The core with its accounts, and how far the flow has come.
pub(super) struct Exchange<T: Tap> {
    pub pit: Pit<T>,
    pub accounts: Vec<AccountId>,
}

impl<T: Tap> Exchange<T> {
    pub fn open(tap: T) -> Exchange<T> {
        let topology = Topology { books: 1, accounts: 1 };
        let mut pit = Pit::prompt(topology, tap);
        for (id, code) in [(QUOTE, "QUOTE"), (BASE, "BASE")] {
            let code = code.into();
            pit.add_asset(&Asset { id, code, scale: 0, shown_scale: 0, faucet: None });
        }
        pit.list(&instrument(topology));
        let mut accounts = Vec::new();
        for nth in 0..=ACCOUNTS {
            let name = format!("account-{nth}");
            accounts.push(pit.open(&name));
            for asset in [QUOTE, BASE] {
                pit.deposit(&name, asset, PLENTY);
            }
        }
        Exchange { pit, accounts }
    }

    /// Asks what the command says, and does all that follows.
    #[inline(always)]
    pub fn perform(&mut self, command: &Command) {
        self.pit.set_time(command.at);
        self.pit.request(command.account, &command.envelope, &command.request);
    }

    /// All of a flow.
    #[cfg(test)]
    pub fn perform_all(&mut self, operations: &[Operation]) {
        let accounts = self.accounts.clone();
        in_batches(operations, &accounts, |commands| {
            commands.iter().for_each(|command| self.perform(command));
        });
    }
}

fn instrument(topology: Topology) -> Instrument {
    Instrument {
        id: PAIR,
        symbol: "BASE-QUOTE".into(),
        partition: topology.book_partition(PAIR),
        base: BASE,
        base_code: "BASE".into(),
        base_scale: 0,
        quote: QUOTE,
        quote_code: "QUOTE".into(),
        quote_scale: 0,
        tick: UNIT,
        lot: 1,
        ticks: TickTable::uniform(),
        quantity_min: Lots(1),
        quantity_max: Lots(1 << 32),
        notional_min: 0,
        notional_max: 0,
        base_price: Some(Ticks(100_000)),
        band: None,
        collar: Rate(100_000_000),
        fees: Fees {
            version: 1,
            maker: Rate(1_000_000),
            taker: Rate(2_500_000),
            sell_tax: Rate(1_800_000),
        },
        self_match: SelfMatch::None,
        open_orders_max: u32::MAX,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

/// Digests trades as the flow's published digests do, from the fills that were settled.
#[derive(Default)]
struct Digest {
    /// The flow's numbers of orders, by account and the account's number.
    orders: Vec<Vec<u64>>,
    sequence: u64,
    maker: u64,
    fnv: Fnv,
}

impl Tap for Digest {
    fn fill(&mut self, fill: &FillRow) {
        let order = self.orders[fill.account.index() as usize][fill.order.0 as usize];
        if fill.is_maker {
            self.maker = order;
            return;
        }
        let price = u64::from(fill.price.0);
        for word in [self.sequence, order, self.maker, price, fill.quantity.0] {
            self.fnv.word(word);
        }
    }
}

/// The digest of the trades that the core makes of a flow.
pub(super) fn digest(flow: &Flow) -> String {
    let mut exchange = Exchange::open(Digest::default());
    let mut orders = vec![vec![0]; ACCOUNTS as usize + 1];
    // The floor's operations name orders as the flow does, the book's as their accounts do.
    for operation in &flow.for_floor {
        if matches!(operation.kind, Kind::Limit | Kind::Immediate) {
            orders[operation.account as usize].push(operation.order);
        }
    }
    exchange.pit.tap_mut().orders = orders;
    let accounts = exchange.accounts.clone();
    in_batches(&flow.for_book, &accounts, |commands| {
        for command in commands {
            exchange.pit.tap_mut().sequence += 1;
            exchange.perform(command);
        }
    });
    format!("{:016x}", exchange.pit.tap().fnv.0)
}

/// Measures on a thread of its own, which it pins.
///
/// # Errors
/// The options give nothing to measure, or core and floor do not agree about the trades.
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
        let pair = time_pair(options, &flow)?;
        if round > 0 {
            floor_rates.push(pair.0);
            rates.push(pair.1);
        }
    }
    let ratios: Vec<f64> =
        rates.iter().zip(&floor_rates).map(|(ours, floor)| ours / floor).collect();
    let mut floor = new_floor(options.shape);
    let floor_times = Latencies::measure(&flow.for_floor, |operation| floor.perform(operation));
    let mut exchange = Exchange::open(Given::default());
    let accounts = exchange.accounts.clone();
    let mut times = Latencies::default();
    in_batches(&flow.for_book, &accounts, |commands| {
        times.add(commands, |command| exchange.perform(command));
    });
    let times = times.sorted();
    let figures = |name, rates: &[f64], times: &Latencies| Figures {
        name,
        rate: Some(median(rates)),
        p50_us: times.quantile_us(0.5),
        p99_us: times.quantile_us(0.99),
        p999_us: times.quantile_us(0.999),
    };
    Ok(BenchReport {
        bench: "core",
        workload: workload(options),
        machine,
        floor: figures("match, cancel, amend alone", &floor_rates, &floor_times),
        result: figures("core with 1,000 accounts", &rates, &times),
        ratio: median(&ratios),
        target: (options.operations >= 3_000_000).then(|| target(options.shape)),
        ratios,
        method: format!(
            "{}; commands are made in batches outside the measured time; holds, fees, tax, \
             double-entry rows, memory of every id; trades digest {}",
            method(options, is_pinned),
            digest(&flow)
        ),
        commit: machine::commit(),
    })
}

/// Rates of floor and core, measured one after the other; then whether they agree.
fn time_pair(options: &Options, flow: &Flow) -> Result<(f64, f64), BenchError> {
    let mut floor = new_floor(options.shape);
    let floor_rate = rate(&flow.for_floor, |operation| floor.perform(operation));
    let mut exchange = Exchange::open(Given::default());
    let accounts = exchange.accounts.clone();
    let rate = commands::rate(&flow.for_book, &accounts, |command| exchange.perform(command));
    let given = *exchange.pit.tap();
    let agrees = (given.trades, given.traded) == (floor.trades, floor.traded)
        && given.fills == 2 * given.trades
        && given.rejected == 0;
    if agrees {
        return Ok((floor_rate, rate));
    }
    let theirs = (floor.trades, floor.traded);
    Err(BenchError::Disagreement(format!("the floor's trades {theirs:?}, ours {given:?}")))
}

/// The fastest peer with accounts on the same flow runs at this share of the floor.
fn target(shape: Shape) -> f64 {
    match shape {
        Shape::Default => 0.08,
        Shape::Deep => 0.16,
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
