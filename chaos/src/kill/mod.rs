//! **kill -9, round after round.** A real process under load from many clients is killed at a
//! random moment and started again on the same data; at the end the auditor says what held.
//!
//! Owns: [`run`]. Takes: a [`Plan`] with the programs to run. Emits: a [`Report`]. A round is:
//! load, kill, start, wait until the exchange says that it serves, ask everything of unknown
//! outcome again under its id, and some of what was acknowledged. Now and then snapshots are
//! under way when the kill comes, or it comes while the exchange is still starting. On failure: an error that names the round; directory,
//! history and what the exchange said on stderr stay for whoever looks.

mod audit;
mod evidence;
mod operator;
mod process;
mod report;

pub use process::Process;
pub use report::Report;

use crate::chance::Chance;
use crate::history::History;
use crate::workload::{Line, Trader, connect};
use anyhow::Context;
use report::Course;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Accounts whose clients now and then cancel everything.
const SWEEPERS: usize = 1;
/// Rounds in a hundred in which the exchange is killed once more while it starts.
const KILLED_WHILE_STARTING: u64 = 15;
/// Rounds in a hundred in which snapshots are under way when the kill comes.
const SNAPSHOTS: u64 = 20;

/// What to do to which programs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The binary hoga.
    pub hoga: PathBuf,
    /// The binary hoga-auditor.
    pub auditor: PathBuf,
    /// An empty directory: the exchange's data, the history and the logs.
    pub directory: PathBuf,
    pub seed: u64,
    pub rounds: u32,
    /// Accounts that trade; each has two clients.
    pub accounts: usize,
    /// The kill comes at a random moment between these after the load began.
    pub load_ms: (u64, u64),
}

impl Plan {
    /// A plan with the usual load.
    #[must_use]
    pub fn new(hoga: PathBuf, auditor: PathBuf, directory: PathBuf, rounds: u32) -> Plan {
        let (seed, accounts, load_ms) = (1, 12, (40, 700));
        Plan { hoga, auditor, directory, seed, rounds, accounts, load_ms }
    }
}

/// Runs the plan.
///
/// # Errors
/// The exchange did not start, an outcome stayed unknown, or a program could not be run. That an
/// invariant does not hold is no error: it stands in the report.
pub fn run(plan: &Plan, progress: impl Fn(u32)) -> anyhow::Result<Report> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    runtime.block_on(rounds(plan, progress))
}

async fn rounds(plan: &Plan, progress: impl Fn(u32)) -> anyhow::Result<Report> {
    std::fs::create_dir_all(&plan.directory)?;
    let path = plan.directory.join("history.jsonl");
    let history = Arc::new(History::create(&path)?);
    let mut chance = Chance::new(plan.seed);
    let mut course = Course::default();
    let mut traders = traders(plan, &mut chance);
    let mut process = Process::start(&plan.hoga, &plan.directory)?;
    open(&mut traders, &history, &process).await?;
    for round in 1..=plan.rounds {
        let load = Duration::from_millis(chance.between(plan.load_ms.0, plan.load_ms.1));
        let snapshots = chance.percent(SNAPSHOTS).then(|| load.mul_f64(0.3));
        let killed = load_and_kill(traders, &history, process, load, snapshots).await;
        let taken;
        (traders, taken) = killed.with_context(|| format!("round {round}: under load"))?;
        course.snapshot_rounds += u64::from(snapshots.is_some());
        course.snapshots += taken;
        course.kills += 1;
        course.kills_in_flight += u64::from(traders.iter().any(Trader::is_in_doubt));
        if chance.percent(KILLED_WHILE_STARTING) {
            let moment = Duration::from_millis(chance.between(0, 60));
            Process::kill_while_starting(&plan.hoga, &plan.directory, moment)?;
            course.kills_while_starting += 1;
        }
        let began = Instant::now();
        process = Process::start(&plan.hoga, &plan.directory)
            .with_context(|| format!("round {round}: starting again"))?;
        course.recoveries.push(began.elapsed());
        traders = resume(traders, &history, &process)
            .await
            .with_context(|| format!("round {round}: asking again"))?;
        progress(round);
    }
    history.flush()?;
    let audit = audit::audit(&plan.auditor, &plan.directory, &process.address)?;
    process.kill()?;
    let verify = audit::verify(&plan.hoga, &Process::data(&plan.directory))?;
    Ok(Report::of(plan, history.tally(), &course, audit, verify))
}

/// Two clients for each account; those of the last accounts also cancel everything at times.
fn traders(plan: &Plan, chance: &mut Chance) -> Vec<Trader> {
    let account = |at: usize| format!("accounts/k{at}");
    let accounts: Vec<String> = (0..plan.accounts + SWEEPERS).map(account).collect();
    let mut traders = Vec::new();
    for (at, own) in accounts.iter().enumerate() {
        let others: Vec<String> = accounts.iter().filter(|other| *other != own).cloned().collect();
        let may_sweep = at >= plan.accounts;
        for client in ["a", "b"] {
            let name = format!("k{at}{client}");
            let fork = chance.fork();
            traders.push(Trader::new(name, own.clone(), others.clone(), fork, may_sweep));
        }
    }
    traders
}

/// Opens every account, once.
async fn open(traders: &mut [Trader], history: &History, process: &Process) -> anyhow::Result<()> {
    for trader in traders.iter_mut().filter(|trader| trader.name.ends_with('a')) {
        let mut line = Line::open(&process.address, &trader.account).await?;
        trader.open(&mut line, history).await?;
    }
    Ok(())
}

async fn load_and_kill(
    traders: Vec<Trader>,
    history: &Arc<History>,
    process: Process,
    load: Duration,
    snapshots: Option<Duration>,
) -> anyhow::Result<(Vec<Trader>, u64)> {
    let stop = Arc::new(AtomicBool::new(false));
    let channel = connect(&process.address).await?;
    let mut tasks = JoinSet::new();
    for mut trader in traders {
        let mut line = Line::of(channel.clone(), &trader.account)?;
        let (history, stop) = (Arc::clone(history), Arc::clone(&stop));
        tasks.spawn(async move {
            let traded = trader.trade(&mut line, &history, &stop).await;
            traded.map(|()| trader)
        });
    }
    let operator = snapshots.map(|after| tokio::spawn(operator::snapshots(channel, after)));
    // The moment of the kill, and nothing that anybody waits for.
    tokio::time::sleep(load).await;
    process.kill()?;
    stop.store(true, Ordering::Relaxed);
    let taken = match operator {
        Some(operator) => operator.await?,
        None => 0,
    };
    Ok((joined(tasks).await?, taken))
}

async fn resume(
    traders: Vec<Trader>,
    history: &Arc<History>,
    process: &Process,
) -> anyhow::Result<Vec<Trader>> {
    let channel = connect(&process.address).await?;
    let mut tasks = JoinSet::new();
    for mut trader in traders {
        let mut line = Line::of(channel.clone(), &trader.account)?;
        let history = Arc::clone(history);
        tasks.spawn(async move {
            let resumed = trader.resume(&mut line, &history).await;
            resumed.map(|()| trader)
        });
    }
    joined(tasks).await
}

/// Everybody, in an order that does not depend on who was done first.
async fn joined(mut tasks: JoinSet<anyhow::Result<Trader>>) -> anyhow::Result<Vec<Trader>> {
    let mut traders = Vec::new();
    while let Some(done) = tasks.join_next().await {
        traders.push(done??);
    }
    traders.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(traders)
}
