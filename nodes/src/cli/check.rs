//! `hoga check`: the mistakes of a file, nothing run.

use super::failure::{Exit, Failure};
use super::{Global, json, output};
use crate::config::{self, ConfigError, NodeConfig};
use clap::Args;
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
        let found = match (is_scenario(&self.file), is_plan(&self.file)) {
            (true, true) => plan(&self.file),
            (true, false) => scenario(&self.file),
            (false, _) if is_rule_book(&self.file) => rule_book(&self.file),
            (false, _) => self::config(&self.file),
        };
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

/// By what the file calls itself. One that is no TOML has mistakes of syntax either way.
pub fn is_scenario(file: &Path) -> bool {
    let sections = ["[scenario]", "[[step]]", "[[accounts]]", "[[bots]]", "[[fault]]", "[check]"];
    has_one_of(file, &sections)
}

/// A scenario that says of which nodes its exchange is made is attacked, not played.
pub fn is_plan(file: &Path) -> bool {
    has_one_of(file, &["[cluster]"])
}

/// A market by itself, with nobody who trades in it.
fn is_rule_book(file: &Path) -> bool {
    has_one_of(file, &["[[instruments]]", "[[tick_tables]]", "[session]"])
}

fn has_one_of(file: &Path, sections: &[&str]) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| sections.iter().any(|section| line.trim_start().starts_with(section)))
}

fn text_of(path: &Path) -> Result<(String, String), Wrong> {
    let (name, text) = (path.display().to_string(), std::fs::read_to_string(path));
    let text = text.map_err(|error| Wrong::Other(format!("error: {name}: {error}")))?;
    Ok((name, text))
}

fn rule_book(path: &Path) -> Result<String, Wrong> {
    let (name, text) = text_of(path)?;
    let book =
        RuleBook::parse(&name, &text).map_err(|mistakes| Wrong::Mistakes(Box::new(mistakes)))?;
    let symbols: Vec<&str> = book.instruments.iter().map(|listed| listed.symbol.as_str()).collect();
    Ok(format!("a rule book, `{}`: {}; no mistakes", book.name, symbols.join(", ")))
}

fn plan(path: &Path) -> Result<String, Wrong> {
    let (name, text) = text_of(path)?;
    let plan = hoga_chaos::plan::parse(&name, &text)
        .map_err(|mistakes| Wrong::Mistakes(Box::new(mistakes)))?;
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

fn config(path: &Path) -> Result<String, Wrong> {
    let config = config::read_file(path, std::env::vars()).map_err(|error| match error {
        ConfigError::File(mistakes) => Wrong::Mistakes(mistakes),
        other => Wrong::Other(format!("error: {other}")),
    })?;
    config.papers().map_err(|why| Wrong::Other(format!("error: {why}")))?;
    let NodeConfig { id, listen, .. } = &config;
    if text_of(path)?.1.trim().is_empty() {
        let what = "it is empty; as a config it says what is said by default";
        return Ok(format!("{what}: node {id}, listening on {listen}"));
    }
    Ok(format!("the config of node {id}, listening on {listen}; no mistakes"))
}

/// `1 account`, `2 accounts`.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
