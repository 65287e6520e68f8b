//! `hoga doctor`: whether this machine and this setup can carry an exchange.

mod disk;
mod machine;

use super::failure::{Exit, Failure};
use super::output::Paint;
use super::table::{Lean, Table};
use super::{Global, json, output, server};
use crate::config;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Check this machine, the data directory and the server
#[derive(Args, Debug)]
pub struct Doctor {
    /// The data directory to look at
    #[arg(long, value_name = "DIR", default_value_os_t = config::default_data())]
    data: PathBuf,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug)]
pub struct Finding {
    what: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do about it; empty when it is well.
    advice: String,
}

impl Finding {
    /// All is well.
    pub fn ok(what: &'static str, found: impl Into<String>) -> Finding {
        Finding { what, verdict: Verdict::Ok, found: found.into(), advice: String::new() }
    }

    /// It works, and not as well as it could.
    pub fn warn(what: &'static str, found: impl Into<String>, advice: &str) -> Finding {
        Finding { what, verdict: Verdict::Warn, found: found.into(), advice: advice.into() }
    }

    /// An exchange cannot run like this.
    pub fn fail(what: &'static str, found: impl Into<String>, advice: &str) -> Finding {
        Finding { what, verdict: Verdict::Fail, found: found.into(), advice: advice.into() }
    }
}

impl Doctor {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut findings =
            vec![machine::cores(), machine::memory(), machine::open_files(), machine::clock()];
        findings.extend(disk::look(&self.data));
        findings.push(reach(global));
        let failed = findings.iter().filter(|f| f.verdict == Verdict::Fail).count();
        if global.json {
            let checks: serde_json::Value = findings.iter().map(document).collect();
            json::document(&json!({"checks": checks, "ok": failed == 0}))?;
        } else {
            output::say(table(&findings))?;
        }
        match failed {
            0 => Ok(()),
            1 => Err(Failure::new(Exit::Failure, "one check failed")),
            _ => Err(Failure::new(Exit::Failure, format!("{failed} checks failed"))),
        }
    }
}

/// A server that is not there is worth a word, and no failure: it may not be wanted yet.
fn reach(global: &Global) -> Finding {
    const WHAT: &str = "server";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = runtime.map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async {
            let channel = server::connect(global, &global.server, global.within()).await?;
            let service = String::new();
            Ok(HealthClient::new(channel).check(HealthCheckRequest { service }).await?)
        })
    });
    let address = &global.server;
    match asked.map(|answer| answer.into_inner().status()) {
        Ok(ServingStatus::Serving) => Finding::ok(WHAT, format!("{address} serves")),
        Ok(status) => {
            let found = format!("{address} says {}", status.as_str_name());
            Finding::fail(WHAT, found, "it is starting, draining or broken: look at its log")
        }
        Err(failure) if failure.exit == Exit::Unreachable => {
            Finding::warn(WHAT, format!("nobody answers at {address}"), "start one: hoga up")
        }
        Err(failure) => Finding::fail(WHAT, failure.to_string(), "is that an exchange?"),
    }
}

fn document(finding: &Finding) -> serde_json::Value {
    let verdict = word(finding.verdict);
    let Finding { what, found, advice, .. } = finding;
    json!({"check": what, "verdict": verdict, "found": found, "advice": advice})
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
    }
}

fn table(findings: &[Finding]) -> Table {
    let columns = [
        ("CHECK", Lean::Left),
        ("", Lean::Left),
        ("FOUND", Lean::Left),
        ("WHAT TO DO", Lean::Left),
    ];
    let mut table = Table::new(columns);
    for finding in findings {
        let paint = match finding.verdict {
            Verdict::Ok => Paint::Green,
            Verdict::Warn => Paint::Bold,
            Verdict::Fail => Paint::Red,
        };
        table.row([
            finding.what.into(),
            paint.on(word(finding.verdict)),
            finding.found.clone(),
            finding.advice.clone(),
        ]);
    }
    table
}
