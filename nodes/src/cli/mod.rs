//! The command line: nearly one command a file, in the order of the help.
//!
//! Owns: the arguments and what people and programs read on a terminal. Takes: words, environment.
//! Emits: data on stdout (tables, or one document with `--json`), talk and progress on stderr.
//! On failure: [`failure::Failure`], one sentence on stderr and an exit code: 1 failure, 2 usage,
//! 3 not found, 4 refused by a rule, 5 unreachable or timed out, 6 a check failed, 130 Ctrl-C.

mod actor;
mod failure;
mod json;
mod keys;
mod kill_switch;
mod output;
mod paging;
mod remembered;
mod season;
mod secure;
mod sentences;
mod server;
mod serving;
mod table;
mod updating;
mod wire;

mod accounts;
mod amend;
mod audit;
mod bench;
mod book;
mod cancel;
mod candles;
mod chaos;
mod check;
mod cluster;
mod completions;
mod doctor;
mod explain;
mod feed;
mod fills;
mod fresh;
mod fund;
mod halt;
mod instruments;
mod ledger;
mod log_in;
mod money;
mod node;
mod orders;
mod orders_in;
mod play;
mod portfolio;
mod rank;
mod replay;
mod sim;
mod token;
mod trace;
mod up;
mod verify;

use clap::{Args, CommandFactory, Parser, Subcommand};
use failure::Failure;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// An exchange you can run, replay and break.
#[derive(Parser)]
#[command(name = "hoga", version, max_term_width = 100)]
#[command(after_help = "Start with `hoga up`; in another terminal, `hoga book LPJ-KRW`.\n\
    Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 refused by a rule, 5 unreachable or \
    timed out, 6 a check failed, 130 Ctrl-C.")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Where `hoga up` listens when nobody says otherwise.
const LOCAL: &str = "http://127.0.0.1:7070";

/// What every command understands.
#[derive(Args, Clone, Debug)]
struct Global {
    /// The exchange to talk to; else HOGA_SERVER, else http://127.0.0.1:7070
    #[arg(long, global = true, value_name = "URL", help_heading = "Everywhere")]
    #[arg(default_value = "", hide_default_value = true)]
    server: String,
    /// Who acts: the name of an account; or HOGA_AS
    #[arg(long = "as", global = true, value_name = "NAME", help_heading = "Everywhere")]
    who: Option<String>,
    /// A token to act with, instead of the development token of --as; or HOGA_TOKEN
    #[arg(long, global = true, value_name = "TOKEN", help_heading = "Everywhere")]
    token: Option<String>,
    /// A PEM file of the certificate authorities to trust for https servers; or HOGA_CA
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    ca: Option<PathBuf>,
    /// One JSON document on stdout instead of text
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    /// How long to wait for an answer
    #[arg(long, global = true, value_name = "SECONDS", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=3600), help_heading = "Everywhere")]
    timeout: u16,
}

impl Global {
    /// What was not said is taken from the environment. Not by `clap`: it would show what a
    /// variable says as a part of every usage.
    fn or_by(mut self, variable: impl Fn(&str) -> Option<String>) -> Global {
        let said = |name| variable(name).filter(|text| !text.is_empty());
        if self.server.is_empty() {
            self.server = said("HOGA_SERVER").unwrap_or_else(|| LOCAL.into());
        }
        self.who = self.who.or_else(|| said("HOGA_AS"));
        self.token = self.token.or_else(|| said("HOGA_TOKEN"));
        self.ca = self.ca.or_else(|| said("HOGA_CA").map(PathBuf::from));
        self
    }

    fn within(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }
}

#[derive(Subcommand)]
enum Command {
    Up(up::Up),
    Node(node::Node),
    Buy(orders_in::Buy),
    Sell(orders_in::Sell),
    Cancel(cancel::Cancel),
    KillSwitch(kill_switch::KillSwitch),
    Amend(amend::Amend),
    Orders(orders::Orders),
    Fills(fills::Fills),
    Ledger(ledger::Ledger),
    Portfolio(portfolio::Portfolio),
    Deposit(money::Deposit),
    Withdraw(money::Withdraw),
    Book(book::Book),
    Candles(candles::Candles),
    Rank(rank::Rank),
    Season(season::Season),
    Cluster(cluster::Cluster),
    Instruments(instruments::Instruments),
    Halt(halt::Halt),
    Resume(halt::Resume),
    Limit(halt::Limit),
    Feed(feed::Feed),
    Fund(fund::Fund),
    LogIn(log_in::LogIn),
    Token(token::Token),
    Accounts(accounts::Accounts),
    Play(play::Play),
    Check(check::Check),
    Replay(replay::Replay),
    Chaos(chaos::Chaos),
    Sim(sim::Sim),
    #[command(hide = true)]
    Audit(audit::Audit),
    Verify(verify::Verify),
    Bench(bench::Bench),
    Trace(trace::Trace),
    Explain(explain::Explain),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

/// Reads the arguments, does what they say, and says how it went.
pub fn main() -> ExitCode {
    // Errors of usage end in here, with exit code 2 and a hint of clap's own.
    let Cli { global, command } = Cli::parse();
    let global = global.or_by(|name| std::env::var(name).ok());
    match run(command, &global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(command: Command, global: &Global) -> Result<(), Failure> {
    match command {
        Command::Up(command) => command.run(global),
        Command::Node(command) => command.run(global),
        Command::Buy(command) => command.run(global),
        Command::Sell(command) => command.run(global),
        Command::Cancel(command) => command.run(global),
        Command::KillSwitch(command) => command.run(global),
        Command::Amend(command) => command.run(global),
        Command::Orders(command) => command.run(global),
        Command::Fills(command) => command.run(global),
        Command::Ledger(command) => command.run(global),
        Command::Portfolio(command) => command.run(global),
        Command::Deposit(command) => command.run(global),
        Command::Withdraw(command) => command.run(global),
        Command::Book(command) => command.run(global),
        Command::Candles(command) => command.run(global),
        Command::Rank(command) => command.run(global),
        Command::Season(command) => command.run(global),
        Command::Cluster(command) => command.run(global),
        Command::Instruments(command) => command.run(global),
        Command::Halt(command) => command.run(global),
        Command::Resume(command) => command.run(global),
        Command::Limit(command) => command.run(global),
        Command::Feed(command) => command.run(global),
        Command::Fund(command) => command.run(global),
        Command::LogIn(command) => command.run(global),
        Command::Token(command) => command.run(global),
        Command::Accounts(command) => command.run(global),
        Command::Play(command) => command.run(global),
        Command::Check(command) => command.run(global),
        Command::Replay(command) => command.run(global),
        Command::Chaos(command) => command.run(global),
        Command::Sim(command) => command.run(global),
        Command::Audit(command) => command.run(),
        Command::Verify(command) => command.run(global),
        Command::Bench(command) => command.run(global),
        Command::Trace(command) => command.run(global),
        Command::Explain(command) => command.run(global),
        Command::Doctor(command) => command.run(global),
        Command::Completions(command) => command.run(global),
    }
}

/// The whole tree of arguments, for completions and for tests.
fn arguments() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests;
