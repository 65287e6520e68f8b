//! `hoga check`: the mistakes of a file, nothing run.

use super::failure::{Exit, Failure};
use super::{Global, json, output};
use crate::config::{self, ConfigError, NodeConfig};
use clap::Args;
use hoga_engine::topology::Topology;
use hoga_scenarios::document::Mistakes;
use hoga_scenarios::file;
use hoga_scenarios::rules::RuleBook;
use serde_json::json;
use std::path::{Path, PathBuf};

/// A scenario's, a plan's, a rule book's or a node config's mistakes, with line and column
#[derive(Args, Debug)]
pub struct Check {
    /// The file; one with a [scenario] is a scenario, with a [cluster] too a plan of attack, one
    /// with [[instruments]] alone a rule book, any other a node's config
    file: PathBuf,
}

impl Check {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let found = checked(&self.file);
        let file = self.file.display().to_string();
        if global.json {
            let (about, mistakes) = match &found {
                Ok(about) => (about.as_str(), Vec::new()),
                Err(Wrong::Mistakes(mistakes)) => ("", mistakes.lines()),
                Err(Wrong::Other(why)) => ("", vec![why.clone()]),
            };
            let ok = found.is_ok();
            json::document(&json!({"file": file, "about": about, "mistakes": mistakes, "ok": ok}))?;
        }
        match found {
            Ok(about) if !global.json => output::say(format!("{file}: {about}")),
            Ok(_) => Ok(()),
            Err(Wrong::Mistakes(mistakes)) => Err(Failure::report((*mistakes).into())),
            Err(Wrong::Other(why)) if !self.file.exists() => Err(Failure::new(Exit::NotFound, why)),
            Err(Wrong::Other(why)) => Err(Failure::new(Exit::Failure, why)),
        }
    }
}

enum Wrong {
    Mistakes(Box<Mistakes>),
    Other(String),
}

/// What a file is, by the sections that it has. One that is no TOML has mistakes of syntax either
/// way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Scenario,
    /// A scenario that says of which nodes its exchange is made is attacked, not played.
    Plan,
    /// A market by itself, with nobody who trades in it.
    RuleBook,
    Config,
}

impl Kind {
    pub fn of(text: &str) -> Kind {
        let has_one_of = |sections: &[&str]| {
            let is_one = |line: &str| sections.iter().any(|section| line.starts_with(section));
            text.lines().any(|line| is_one(line.trim_start()))
        };
        let played = ["[scenario]", "[[step]]", "[[accounts]]", "[[bots]]", "[[fault]]", "[check]"];
        match has_one_of(&played) {
            true if has_one_of(&["[cluster]"]) => Kind::Plan,
            true => Kind::Scenario,
            false if has_one_of(&["[[instruments]]", "[[tick_tables]]", "[session]"]) => {
                Kind::RuleBook
            }
            false => Kind::Config,
        }
    }
}

/// What the file is, when it has no mistakes.
fn checked(path: &Path) -> Result<String, Wrong> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Wrong::Other(format!("error: {name}: {error}")))?;
    match Kind::of(&text) {
        Kind::Plan => plan(&name, &text),
        Kind::Scenario => scenario(path),
        Kind::RuleBook => rule_book(&name, &text),
        Kind::Config => config(path, &text),
    }
}

fn rule_book(name: &str, text: &str) -> Result<String, Wrong> {
    let book =
        RuleBook::parse(name, text).map_err(|mistakes| Wrong::Mistakes(Box::new(mistakes)))?;
    listed(name, &book)?;
    let symbols: Vec<&str> = book.instruments.iter().map(|listed| listed.symbol.as_str()).collect();
    Ok(format!("a rule book, `{}`: {}; no mistakes", book.name, symbols.join(", ")))
}

/// A rule may be well written and still be none that an exchange can keep.
fn listed(name: &str, book: &RuleBook) -> Result<(), Wrong> {
    let market = hoga_scenarios::listing::market(book, &Topology::default());
    market.map(drop).map_err(|error| Wrong::Other(format!("error: {name}: {error}")))
}

fn plan(name: &str, text: &str) -> Result<String, Wrong> {
    let plan = hoga_chaos::plan::parse(name, text)
        .map_err(|mistakes| Wrong::Mistakes(Box::new(mistakes)))?;
    listed(name, &plan.attack.market)?;
    let strikes = plan.attack.fault_times().len();
    let (name, nodes) = (&plan.attack.name, plan.nodes.count);
    Ok(format!("a plan of attack, `{name}`: {nodes} nodes, {strikes} faults; no mistakes"))
}

fn scenario(path: &Path) -> Result<String, Wrong> {
    let scenario = file::check_all(path).map_err(|report| match report.downcast::<Mistakes>() {
        Ok(mistakes) => Wrong::Mistakes(Box::new(mistakes)),
        Err(report) => Wrong::Other(match report.root_cause().to_string() {
            why if why == report.to_string() => format!("error: {why}"),
            why => format!("error: {report}: {why}"),
        }),
    })?;
    listed(&path.display().to_string(), &scenario.market)?;
    let accounts: u64 = scenario.accounts.iter().map(|group| group.count.unwrap_or(1)).sum();
    let bots: u64 = scenario.bots.iter().map(|group| group.count).sum();
    Ok(format!(
        "a scenario, `{}`: {}, {}, {}, {}; no mistakes",
        scenario.name,
        counted(accounts, "account"),
        counted(bots, "bot"),
        counted(scenario.steps.len() as u64, "step"),
        counted(scenario.checks.len() as u64, "check"),
    ))
}

fn config(path: &Path, text: &str) -> Result<String, Wrong> {
    let config = config::read_file(path, std::env::vars()).map_err(|error| match error {
        ConfigError::File(mistakes) => Wrong::Mistakes(mistakes),
        other => Wrong::Other(format!("error: {other}")),
    })?;
    config.papers().map_err(|why| Wrong::Other(format!("error: {why}")))?;
    let NodeConfig { id, listen, .. } = &config;
    if text.trim().is_empty() {
        let what = "it is empty; as a config it says what is said by default";
        return Ok(format!("{what}: node {id}, listening on {listen}"));
    }
    Ok(format!("the config of node {id}, listening on {listen}; no mistakes"))
}

/// `1 account`, `2 accounts`.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
