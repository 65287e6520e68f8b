//! A run of a plan: load, faults, healing, judgement.
//!
//! Owns: [`run`]. Takes: a [`Plan`], the binary and how the auditor is called. Emits: a
//! [`Report`]. The phases: clients trade while faults strike by the plan's times and the seed;
//! everything is mended, and everybody has to get on within a deadline; what is of unknown outcome
//! is asked again until it is known; the exchange comes to rest; the auditor judges; all nodes are
//! killed at once, and what each left on its disk is verified and compared. On failure: an error
//! when the run could not be made; that something does not hold stands in the report.

mod coverage;
mod gaps;
mod judge;
mod load;
mod observe;
mod report;
mod schedule;
mod settle;
mod strikes;
mod summary;

pub use coverage::counters;
pub use report::{Invariant, Report, Strike};

use crate::chance::Chance;
use crate::cluster::{Cluster, Means};
use crate::fault;
use crate::history::History;
use crate::plan::Plan;
use anyhow::Context;
use load::Load;
use observe::Observer;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// What a run is made with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The binary hoga.
    pub hoga: PathBuf,
    /// How the auditor is called; its own arguments are added.
    pub auditor: Vec<OsString>,
    /// An empty directory: data, history and logs. It stays.
    pub directory: PathBuf,
    /// Instead of the plan's.
    pub seed: Option<u64>,
}

impl Setting {
    /// With the binary's own auditor, in an empty directory.
    #[must_use]
    pub fn of(hoga: PathBuf, directory: PathBuf, seed: Option<u64>) -> Setting {
        let auditor = vec![hoga.clone().into(), "audit".into()];
        Setting { hoga, auditor, directory, seed }
    }
}

/// Where a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Starting,
    /// So long of so long, and what struck last.
    Striking {
        at: Duration,
        of: Duration,
        last: String,
    },
    Mending,
    Auditing,
    Verifying,
}

/// Runs the plan.
///
/// # Errors
/// The exchange did not start or did not come back, or a program could not be run.
pub fn run(
    plan: &Plan,
    setting: &Setting,
    progress: &mut dyn FnMut(Stage),
) -> anyhow::Result<Report> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let ran = runtime.block_on(async {
        // Disks are unmounted and nodes are stopped whichever way this ends.
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            ran = attack(plan, setting, progress) => ran,
            _ = tokio::signal::ctrl_c() => Err(Interrupted.into()),
            _ = terminate.recv() => Err(Interrupted.into()),
        }
    });
    // Tasks that sleep are not waited for.
    runtime.shutdown_background();
    ran
}

/// The run was interrupted by its user; nothing is left running.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

async fn attack(
    plan: &Plan,
    setting: &Setting,
    progress: &mut dyn FnMut(Stage),
) -> anyhow::Result<Report> {
    progress(Stage::Starting);
    std::fs::create_dir_all(&setting.directory)?;
    let seed = setting.seed.unwrap_or(plan.attack.seed);
    let mut chance = Chance::new(seed);
    let strikes = schedule::strikes(plan, &mut chance.fork());
    let means = Means::of(plan, &setting.directory, &mut chance);
    let mut cluster = Cluster::start(&setting.hoga, &setting.directory, &plan.nodes, means)
        .await
        .context("starting the exchange")?;
    if plan.nodes.count > 1 {
        settle::until_stable(&cluster).await;
    }
    let history = Arc::new(History::create(&setting.directory.join("history.jsonl"))?);
    let record = setting.directory.join(judge::OUTSIDE_RECORD);
    let mut load = Load::open(plan, &cluster, &history, &mut chance, &record).await?;
    load.begin(plan);
    let observer = Observer::begin(&cluster, load.pulse());
    let struck = strikes::all(plan, &mut cluster, &load, &strikes, &mut chance, progress).await?;

    progress(Stage::Mending);
    fault::mend(&mut cluster).await.context("after the faults")?;
    let live = settle::until_live(&load, plan.checks.live_within).await;
    let (silences, watched) = load.end(plan.checks.live_within).await?;
    let observed = observer.end().await;
    let rest = settle::until_equal(&cluster, plan.checks.live_within).await;
    history.flush()?;

    progress(Stage::Auditing);
    let audit = judge::audit(setting, &cluster)?;
    progress(Stage::Verifying);
    judge::kill_all(&mut cluster)?;
    let verified = judge::verify(setting, &cluster)?;
    let found = report::Found {
        seed,
        struck,
        silences,
        watched,
        observed,
        live,
        rest,
        audit,
        verified,
        tally: history.tally(),
    };
    Ok(Report::of(plan, setting, found))
}
