//! `hoga check`: the mistakes of a file, nothing run.

use super::failure::{Exit, Failure};
use super::{Global, json, output};
use crate::config::{self, ConfigError};
use clap::Args;
use hoga_scenarios::document::Mistakes;
use hoga_scenarios::file;
use serde_json::json;
use std::path::{Path, PathBuf};

/// A scenario's, a plan's or a node config's mistakes, with line and column
#[derive(Args, Debug)]
pub struct Check {
    /// The file; one with a [scenario] is a scenario, with a [cluster] too a plan of attack, any
    /// other a node's config
    file: PathBuf,
}

impl Check {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let found = match (is_scenario(&self.file), is_plan(&self.file)) {
            (true, true) => plan(&self.file),
            (true, false) => scenario(&self.file),
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
fn is_scenario(file: &Path) -> bool {
    let sections = ["[scenario]", "[[step]]", "[[accounts]]", "[[bots]]", "[[fault]]", "[check]"];
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| sections.iter().any(|section| line.trim_start().starts_with(section)))
}

/// A scenario that says of which nodes its exchange is made is attacked, not played.
fn is_plan(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| line.trim_start().starts_with("[cluster]"))
}

fn plan(path: &Path) -> Result<String, Wrong> {
    let (name, text) = (path.display().to_string(), std::fs::read_to_string(path));
    let text = text.map_err(|error| Wrong::Other(format!("error: {name}: {error}")))?;
    let plan = hoga_chaos::plan::parse(&name, &text)
        .map_err(|mistakes| Wrong::Mistakes(Box::new(mistakes)))?;
    let strikes = plan.attack.fault_times().len();
    let (name, nodes) = (&plan.attack.name, plan.nodes.count);
    Ok(format!("a plan of attack, `{name}`: {nodes} nodes, {strikes} faults; no mistakes"))
}

fn scenario(path: &Path) -> Result<String, Wrong> {
    let scenario = file::check(path).map_err(|report| match report.downcast::<Mistakes>() {
        Ok(mistakes) => Wrong::Mistakes(Box::new(mistakes)),
        Err(report) => Wrong::Other(format!("error: {report}")),
    })?;
    let accounts: u64 = scenario.accounts.iter().map(|group| group.count.unwrap_or(1)).sum();
    let bots: u64 = scenario.bots.iter().map(|group| group.count).sum();
    Ok(format!(
        "a scenario, `{}`: {accounts} accounts, {bots} bots, {} steps, {} checks; no mistakes",
        scenario.name,
        scenario.steps.len(),
        scenario.checks.len(),
    ))
}

fn config(path: &Path) -> Result<String, Wrong> {
    let config = config::read_file(path, std::env::vars()).map_err(|error| match error {
        ConfigError::File(mistakes) => Wrong::Mistakes(mistakes),
        other => Wrong::Other(format!("error: {other}")),
    })?;
    Ok(format!("the config of node {}, listening on {}; no mistakes", config.id, config.listen))
}
