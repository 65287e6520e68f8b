//! How fast batches are committed by one-voter replicas on this disk, beside the floor: one thread
//! that writes a batch and calls fdatasync, again and again, before and after every phase.
//!
//! `cargo run --release -p hoga-cluster --example commit_rate [DIRECTORY] [SECONDS]`
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hoga_cluster::log::{
    LogEntry, LogOptions, LogPosition, LogStats, PartitionId, PartitionLog, SegmentLog,
};
use hoga_cluster::raft::{
    Applied, Committed, Machine, NoNetwork, Replica, ReplicaSettings, SnapshotMeta,
    SnapshotWriting, SnapshotWritten,
};

const COMMANDS_PER_BATCH: usize = 64;
const COMMAND_BYTES: usize = 128;
const TASKS: usize = 64;
const NODE: u64 = 1;
/// How often a phase is tried on a busy machine.
const ATTEMPTS: usize = 60;
/// How much slower than at the start the floor may be.
const NOISE: f64 = 1.3;
/// What one batch takes on the disk: 8 KiB and its headers, in whole blocks.
const FLOOR_BYTES: usize = 12 << 10;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Takes every batch and does nothing with it, so that only commit is measured.
struct Nothing;

impl Machine for Nothing {
    fn applied(&self) -> Applied {
        Applied::default()
    }

    async fn apply(&mut self, entries: Vec<Committed>) {
        std::hint::black_box(entries);
    }

    async fn capture(&mut self, _meta: SnapshotMeta) -> SnapshotWriting {
        Box::pin(async { Ok(SnapshotWritten { log_needless_through: None }) })
    }

    async fn install(
        &mut self,
        _meta: SnapshotMeta,
    ) -> Result<(), hoga_cluster::raft::SnapshotError> {
        Ok(())
    }
}

/// Latencies of one phase; the phase's length gives the rate.
struct Measured {
    latencies: Vec<Duration>,
    took: Duration,
}

impl Measured {
    fn at(&self, quantile: f64) -> Duration {
        self.latencies[((self.latencies.len() - 1) as f64 * quantile) as usize]
    }

    fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }
}

/// The floor right before a phase and right after it. Other work on the machine starves one thread
/// more than many, so a phase only counts when the floor beside it is the floor of a quiet machine.
struct Floor<'a> {
    dir: &'a Path,
    seconds: Duration,
    /// The median at the start of the run, in microseconds.
    quiet: f64,
}

impl Floor<'_> {
    async fn beside<F>(&self, what: &str, log: &SegmentLog, phase: impl Fn() -> F) -> Outcome<()>
    where
        F: Future<Output = Outcome<Measured>>,
    {
        let floor = || Outcome::Ok(micros(floor(self.dir, FLOOR_BYTES, self.seconds / 3)?.at(0.5)));
        for attempt in 1..=ATTEMPTS {
            let before = floor()?;
            if before > NOISE * self.quiet && attempt < ATTEMPTS {
                continue;
            }
            let stats = log.stats();
            let measured = phase().await?;
            let written = writes(log.stats(), stats);
            let after = floor()?;
            let noisy = before.max(after) > NOISE * self.quiet;
            if noisy && attempt < ATTEMPTS {
                continue;
            }
            report(what, COMMANDS_PER_BATCH, &measured);
            let ratio = 2.0 * micros(measured.at(0.5)) / (before + after);
            let verdict =
                if noisy { "NOISY, does not count".into() } else { format!("{ratio:.2}x") };
            println!("{:<32} floor p50 {before:.0} and {after:.0} us: {verdict}; {written}", "");
            return Ok(());
        }
        Ok(())
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn report(what: &str, each: usize, measured: &Measured) {
    let rate = measured.per_second() * each as f64;
    let (p50, p99) = (micros(measured.at(0.5)), micros(measured.at(0.99)));
    println!("{what:<32} {rate:>10.0}/s   p50 {p50:>6.0} us   p99 {p99:>6.0} us");
}

fn writes(stats: LogStats, before: LogStats) -> String {
    let writes = (stats.writes - before.writes).max(1) as f64;
    let batches = (stats.entries - before.entries) as f64 / writes;
    let bytes = (stats.bytes - before.bytes) as f64 / writes;
    format!("{batches:.1} batches and {bytes:.0} bytes a write")
}

fn floor(dir: &Path, bytes: usize, seconds: Duration) -> Outcome<Measured> {
    let path = dir.join("floor");
    let file = File::options().create(true).truncate(true).read(true).write(true).open(&path)?;
    let size = 64 << 20;
    for offset in (0..size).step_by(1 << 20) {
        file.write_all_at(&vec![0; 1 << 20], offset)?;
    }
    file.sync_all()?;
    let block = vec![7; bytes];
    let begun = Instant::now();
    let mut latencies = Vec::new();
    while begun.elapsed() < seconds {
        let at = Instant::now();
        let offset = (latencies.len() * bytes) as u64 % size;
        file.write_all_at(&block, offset)?;
        file.sync_data()?;
        latencies.push(at.elapsed());
    }
    let took = begun.elapsed();
    std::fs::remove_file(path)?;
    latencies.sort();
    Ok(Measured { latencies, took })
}

/// Runs `tasks` that do `work` one after the other until the time is over.
async fn run<W, F>(tasks: usize, seconds: Duration, work: W) -> Outcome<Measured>
where
    W: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = Outcome<()>> + Send,
{
    let begun = Instant::now();
    let mut running = Vec::new();
    for task in 0..tasks {
        let work = work.clone();
        running.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            while begun.elapsed() < seconds {
                let at = Instant::now();
                work(task).await?;
                latencies.push(at.elapsed());
            }
            Outcome::Ok(latencies)
        }));
    }
    let mut latencies = Vec::new();
    for task in running {
        latencies.extend(task.await??);
    }
    let took = begun.elapsed();
    latencies.sort();
    Ok(Measured { latencies, took })
}

async fn bare_log(dir: PathBuf, seconds: Duration, floor: &Floor<'_>) -> Outcome<()> {
    let log = SegmentLog::open_dir(&dir, LogOptions::default())?;
    for (tasks, what) in [(1, "bare log, one caller"), (TASKS, "bare log, 64 partitions")] {
        let partitions: Vec<PartitionLog> =
            (0..tasks).map(|id| log.partition(PartitionId(id as u32))).collect();
        let phase = || {
            let partitions = partitions.clone();
            run(tasks, seconds, move |task| append(partitions[task].clone()))
        };
        floor.beside(what, &log, phase).await?;
    }
    Ok(log.close().await?)
}

async fn append(log: PartitionLog) -> Outcome<()> {
    let index = log.state().last.map_or(0, |last| last.index + 1);
    let payload = vec![5; COMMANDS_PER_BATCH * COMMAND_BYTES].into();
    let at = LogPosition { term: 1, index };
    let (done, durable) = tokio::sync::oneshot::channel();
    let done = Box::new(|outcome| drop(done.send(outcome)));
    log.append(vec![LogEntry { at, tag: 1, payload }], done).await?;
    Ok(durable.await??)
}

async fn start(log: &SegmentLog, partition: usize) -> Outcome<(Replica<Nothing>, Duration)> {
    let begun = Instant::now();
    let settings = ReplicaSettings::founded_by([NODE]);
    let id = PartitionId(partition as u32);
    let replica = Replica::start(id, NODE, log, Nothing, NoNetwork, settings).await?;
    let mut leadership = replica.leadership();
    leadership.wait_for(|leadership| leadership.is_me).await?;
    replica.read_barrier().await?;
    Ok((replica, begun.elapsed()))
}

async fn propose(replica: Replica<Nothing>) -> Outcome<()> {
    static BATCH: [u8; COMMANDS_PER_BATCH * COMMAND_BYTES] =
        [5; COMMANDS_PER_BATCH * COMMAND_BYTES];
    Ok(replica.propose(Bytes::from_static(&BATCH)).await.map(drop)?)
}

async fn replicas(dir: PathBuf, seconds: Duration, floor: &Floor<'_>) -> Outcome<()> {
    let log = SegmentLog::open_dir(&dir, LogOptions::default())?;
    let mut replicas = Vec::new();
    for partition in 0..12 {
        replicas.push(start(&log, partition).await?.0);
    }
    for (tasks, partitions, what) in [
        (1, 1, "one partition, one caller"),
        (TASKS, 1, "one partition, 64 callers"),
        (TASKS, 12, "12 partitions, 64 callers"),
    ] {
        let phase = || {
            let used = replicas.clone();
            run(tasks, seconds, move |task| propose(used[task % partitions].clone()))
        };
        floor.beside(what, &log, phase).await?;
    }
    for replica in replicas {
        replica.shutdown().await;
    }
    log.close().await?;
    drop(log);

    let begun = Instant::now();
    let log = SegmentLog::open_dir(&dir, LogOptions::default())?;
    let opened = begun.elapsed();
    let entries = log.partition(PartitionId(0)).state().last.map_or(0, |last| last.index);
    let (busy, led_busy) = start(&log, 0).await?;
    let (quiet, led_quiet) = start(&log, 11).await?;
    println!(
        "restart: log of {} segments opened in {opened:.0?}; serving {entries} batches after \
         {led_busy:.0?}, a quieter partition after {led_quiet:.0?}",
        log.stats().segments
    );
    busy.shutdown().await;
    quiet.shutdown().await;
    Ok(log.close().await?)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let seconds = Duration::from_secs(seconds);
    let dir = dir.join(format!("commit-rate-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    println!(
        "batches of {COMMANDS_PER_BATCH} commands of {COMMAND_BYTES} bytes; rates in commands \
         (floor: in fdatasyncs); {} s a phase",
        seconds.as_secs()
    );
    report("4 KiB and fdatasync, one thread", 1, &floor(&dir, 4096, seconds)?);
    let quiet = floor(&dir, FLOOR_BYTES, seconds)?;
    report("12 KiB and fdatasync, one thread", 1, &quiet);
    let floor = Floor { dir: &dir, seconds, quiet: micros(quiet.at(0.5)) };
    bare_log(dir.join("log"), seconds, &floor).await?;
    replicas(dir.join("replicas"), seconds, &floor).await?;
    Ok(std::fs::remove_dir_all(dir)?)
}
