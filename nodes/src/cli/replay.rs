//! `hoga replay`: an outside tape through the real book, or through a whole exchange.

use super::failure::{Exit, Failure};
use super::output::{self, Bar, Progress};
use super::{Global, json};
use crate::replay::{self, ThroughError, ThroughReport};
use clap::{Args, ValueEnum};
use hoga_scenarios::replay::flow::{self, FlowReport};
use hoga_scenarios::replay::flow_script;
use hoga_scenarios::replay::lobster::{self, LobsterReport};
use hoga_scenarios::replay::{ReplayError, script::Script};
use serde::Serialize;
use serde_json::Value as Json;
use std::path::PathBuf;
use std::time::Instant;

/// Replay an outside tape through the real book, and compare it with what is published about it
#[derive(Args, Debug)]
#[command(after_help = "Exit code 0 when everything agrees, 6 when something differs.")]
pub struct Replay {
    /// What the tape is
    #[arg(long, value_enum)]
    format: Format,
    /// lobster: a zip archive or a directory with a message and an orderbook file; flow: flow.csv
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Through a whole exchange, durable, instead of the book alone
    #[arg(long, value_enum)]
    through: Option<Through>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A recorded day of a NASDAQ book, message by message
    Lobster,
    /// The common flow of operations
    Flow,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Through {
    Exchange,
}

/// A day or a flow, as far as it went.
#[derive(Serialize)]
struct Found<R> {
    #[serde(flatten)]
    bare: R,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<Exchanged>,
}

/// What the exchange made of a tape.
#[derive(Serialize)]
struct Exchanged {
    /// Messages of the tape.
    messages: u64,
    messages_per_second: f64,
    #[serde(flatten)]
    through: ThroughReport,
    /// Steps that set a maker right where the venue took another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrections: Option<u64>,
}

impl Replay {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        if let Err(error) = std::fs::metadata(&self.data) {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let exit = if missing { Exit::NotFound } else { Exit::Failure };
            let shown = self.data.display();
            return Err(Failure::new(exit, format!("error: {shown} cannot be read: {error}")));
        }
        let (document, text, ok) = match self.format {
            Format::Lobster => self.lobster()?,
            Format::Flow => self.flow()?,
        };
        if global.json {
            json::document(&document)?;
        } else {
            output::say(text)?;
        }
        if ok {
            return Ok(());
        }
        let message = format!("{} is not reproduced", self.data.display());
        Err(Failure::new(Exit::CheckFailed, message))
    }

    fn lobster(&self) -> Result<(Json, String, bool), Failure> {
        let since = Instant::now();
        let mut bare = alive("reading the day", || lobster::replay(&self.data))?;
        let mut exchange = None;
        if self.through.is_some() {
            let bar = Rows::default();
            let orders = lobster::orders(&self.data, |done, all| bar.at(done, all));
            let orders = orders.map_err(|error| failure(&error))?;
            bare.book_mismatches += orders.book_mismatches;
            bare.ok &= orders.book_mismatches == 0;
            let accounts: Vec<String> = orders.accounts.iter().map(|&n| n.to_owned()).collect();
            let found = through(&orders.script, &accounts, orders.rows)?;
            bare.ok &= found.through.ok;
            exchange = Some(Exchanged { corrections: Some(orders.corrections), ..found });
            bare.wall_seconds = since.elapsed().as_secs_f64();
        }
        let text = day_text(&bare, exchange.as_ref());
        let ok = bare.ok;
        Ok((document(&Found { bare, exchange })?, text, ok))
    }

    fn flow(&self) -> Result<(Json, String, bool), Failure> {
        let since = Instant::now();
        if self.through.is_none() {
            let bare = alive("replaying", || flow::replay(flow::read(&self.data)?))?;
            let (text, ok) = (flow_text(&bare, None), bare.ok);
            return Ok((document(&Found { bare, exchange: None })?, text, ok));
        }
        let written = alive("reading the flow", || flow_script::write(flow::read(&self.data)?))?;
        let accounts: Vec<String> = (0..written.accounts).map(|n| format!("user-{n}")).collect();
        let found = through(&written.script, &accounts, written.report.operations)?;
        let mut bare = written.report;
        bare.ok &= found.through.ok;
        bare.wall_seconds = since.elapsed().as_secs_f64();
        let (text, ok) = (flow_text(&bare, Some(&found)), bare.ok);
        Ok((document(&Found { bare, exchange: Some(found) })?, text, ok))
    }
}

/// How many of the rows are done.
#[derive(Default)]
struct Rows(std::cell::OnceCell<Bar>);

impl Rows {
    fn at(&self, done: u64, all: u64) {
        self.0.get_or_init(|| Bar::new(all)).at(done, || format!("{done} of {all} rows"));
    }
}

fn through(script: &Script, accounts: &[String], messages: u64) -> Result<Exchanged, Failure> {
    let bar = Bar::new(script.steps.len() as u64);
    let mut show = |done, _| bar.at(done, || format!("{done} operations answered"));
    let through = replay::through(script, accounts, &mut show).map_err(|error| of_run(&error))?;
    let messages_per_second = messages as f64 / through.seconds;
    Ok(Exchanged { messages, messages_per_second, through, corrections: None })
}

/// Runs something that says nothing while it works, and shows that it is alive.
fn alive<T>(
    what: &'static str,
    run: impl FnOnce() -> Result<T, ReplayError>,
) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    let _runtime = runtime.enter();
    let _alive = Progress::of(what);
    run().map_err(|error| failure(&error))
}

fn failure(error: &ReplayError) -> Failure {
    Failure::new(Exit::Failure, format!("error: {error}"))
}

fn of_run(error: &ThroughError) -> Failure {
    Failure::new(Exit::Failure, format!("error: {error}"))
}

fn document(found: &impl Serialize) -> Result<Json, Failure> {
    serde_json::to_value(found)
        .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))
}

fn day_text(day: &LobsterReport, exchange: Option<&Exchanged>) -> String {
    let LobsterReport { rows, levels, book_mismatches, executions, executions_at_best, .. } = day;
    let first = day.first_mismatch.map_or(String::new(), |row| format!(", the first at row {row}"));
    let matcher = day.matcher;
    format!(
        "rows        {rows}, {levels} levels a side: {book_mismatches} mismatches{first}\n\
         executions  {executions_at_best} of {executions} at the best price\n\
         matcher     {} of {} incoming orders filled as the venue did\n{}\
         {}",
        matcher.exact,
        matcher.orders,
        exchange.map(exchange_text).unwrap_or_default(),
        verdict(day.ok, day.wall_seconds),
    )
}

fn flow_text(flow: &FlowReport, exchange: Option<&Exchanged>) -> String {
    let FlowReport { operations, trades, traded_qty, trades_fnv, book_orders, book_fnv, .. } = flow;
    format!(
        "operations  {operations}, of which {} speak of another state\n\
         trades      {trades}, {traded_qty} lots, digest {trades_fnv}\n\
         book        {book_orders} orders, digest {book_fnv}\n{}\
         {}",
        flow.disagreements,
        exchange.map(exchange_text).unwrap_or_default(),
        verdict(flow.ok, flow.wall_seconds),
    )
}

fn exchange_text(found: &Exchanged) -> String {
    let ThroughReport { operations, events, differences, refused, .. } = found.through;
    let mut text = format!(
        "exchange    {operations} operations, {refused} refused; {differences} of {events} trades \
         and levels differ from the bare book\n\
         rate        {:.0} messages/s, {:.0} operations/s, durable; {} fsyncs\n",
        found.messages_per_second, found.through.operations_per_second, found.through.log_fsyncs,
    );
    let told = [&found.through.first_difference, &found.through.first_refusal];
    for why in told.into_iter().flatten() {
        text.push_str(&format!("            {why}\n"));
    }
    text
}

fn verdict(ok: bool, seconds: f64) -> String {
    let word = if ok { "reproduced" } else { "NOT reproduced" };
    format!("{word} in {seconds:.2} s")
}
