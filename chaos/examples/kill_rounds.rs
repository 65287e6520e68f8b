//! kill -9, many rounds, against a real binary:
//!
//! ```text
//! cargo build --release -p hoga -p hoga-auditor
//! cargo run --release -p hoga-chaos --example kill_rounds -- --rounds 100 --hoga target/release/hoga
//! ```
//! Options: `--rounds N`, `--seed N`, `--accounts N`, `--hoga FILE`, `--auditor FILE` (beside hoga
//! by default), `--dir DIR` (kept; a new one under the system's temporary directory by default).
//! Prints the report as one JSON document; exit code 1 when it is not ok, and then stderr says
//! first what is wrong.

use anyhow::{Context, bail};
use hoga_chaos::kill::{self, Plan};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let plan = plan(std::env::args().skip(1))?;
    eprintln!("{} rounds, seed {}, in {}", plan.rounds, plan.seed, plan.directory.display());
    let report = kill::run(&plan, |round| {
        if round % 10 == 0 {
            eprintln!("round {round} of {}", plan.rounds);
        }
    })?;
    if !report.ok {
        eprintln!("{report}");
    }
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &report)?;
    writeln!(out)?;
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn plan(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Plan> {
    let directory = std::env::temp_dir().join(format!("hoga-kill-{}", std::process::id()));
    let hoga = PathBuf::from("target/release/hoga");
    let mut plan = Plan::new(hoga, PathBuf::new(), directory, 100);
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--rounds" => plan.rounds = value.parse().context(name)?,
            "--seed" => plan.seed = value.parse().context(name)?,
            "--accounts" => plan.accounts = value.parse().context(name)?,
            "--hoga" => plan.hoga = value.into(),
            "--auditor" => plan.auditor = value.into(),
            "--dir" => plan.directory = value.into(),
            _ => bail!("{name} is no option"),
        }
    }
    if plan.auditor.as_os_str().is_empty() {
        plan.auditor = plan.hoga.with_file_name("hoga-auditor");
    }
    Ok(plan)
}
