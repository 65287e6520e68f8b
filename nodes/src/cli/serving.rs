//! An exchange in this process: started, founded, served, and stopped in good order.

use super::failure::{Exit, Failure};
use super::output::{self, Progress};
use crate::config::{LogFormat, NodeConfig, Papers};
use crate::gateway::{self, GatewayOptions, Running};
use crate::market::{self, FoundingError};
use crate::telemetry::otlp::Otlp;
use crate::telemetry::{self, Endpoint, Lines, Registry};
use crate::tls::Identity;
use crate::upstream::{self, Upstream};
use hoga_cluster::runtime::{Exchange, Failure as Unwritten, StartError};
use hoga_scenarios::listing;
use hoga_scenarios::rules::RuleBook;
use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

const FREE_SPACE: &str = "free some space and start again: it goes on where it was";

/// The pause before a founding that other nodes were missing for is tried again.
const FOUND_EVERY: Duration = Duration::from_millis(200);

/// An exchange that serves.
pub struct Standing<'c> {
    pub config: &'c NodeConfig,
    /// Where it really listens, also when the config left the port open.
    pub url: String,
    /// Where it listens to operators, when that is somewhere else.
    pub operators: Option<String>,
    pub symbols: Vec<String>,
    /// Where Prometheus reads, if anywhere.
    pub metrics: Option<String>,
}

/// Who starts it, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    /// Two accounts are opened and given something to trade with.
    pub seeded: bool,
    /// Another process that holds stdin open: it stops when that one is gone.
    pub by_parent: bool,
}

/// Runs an exchange until it is told to stop. `announce` is called once it serves.
///
/// # Errors
/// What was in the way of a start; nothing was changed but what a start repeats. Or the log's
/// disk failed: what was acknowledged is on it.
pub fn run(
    config: &NodeConfig,
    started: Started,
    announce: impl FnOnce(&Standing<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let otlp = Otlp::read(config.id, |name| std::env::var(name).ok())
            .map_err(|error| failed(format!("error: {error}")))?;
        let hops = otlp.map(telemetry::otlp::start);
        telemetry::start_logging(&config.log_filter, lines(config), hops)
            .map_err(|error| failed(format!("error: RUST_LOG: {error}")))?;
        // Before the exchange: what is recorded without a registry is lost.
        let registry = config.metrics.map(|_| Registry::install()).transpose();
        let registry = registry.map_err(|error| failed(format!("error: {error}")))?;
        // And these: a node that has no key for its door is not to open anything behind it.
        let papers = config.papers().map_err(|why| failed(format!("error: {why}")))?;
        if let Some(identity) = papers.tls.clone() {
            // As long as the process lives, from before a replay that takes long: to a process that
            // does not listen this signal is the end.
            tokio::spawn(renew(identity, signal(SignalKind::hangup())?));
        }
        let mut stop = Stop::listen(started.by_parent)?;
        let exchange = {
            let _alive = Progress::of("replaying the log");
            let options = config.exchange();
            let options = options.map_err(|error| failed(format!("error: {error}")))?;
            let start = Exchange::start(options);
            tokio::select! {
                started = start => started.map_err(|error| of_start(config, &error))?,
                () = stop.asked() => return Err(interrupted()),
            }
        };
        let served = match endpoint(config, registry, &exchange).await {
            Ok(endpoint) => {
                let metrics = endpoint.as_ref().map(|at| format!("http://{}/metrics", at.address));
                serve(config, papers, started.seeded, &exchange, &mut stop, |at, symbols| {
                    let At { url, operators } = at;
                    announce(&Standing { config, url, operators, symbols, metrics })
                })
                .await
            }
            Err(failure) => Err(failure),
        };
        // A second word means it: what is acknowledged is on the disk in any case.
        tokio::select! {
            () = exchange.stop() => served,
            () = stop.asked() => Err(interrupted()),
        }
    });
    // Nothing is left to do but where a disk does not answer, and that is not waited for.
    runtime.shutdown_background();
    ended
}

/// Where a gateway really listens.
struct At {
    url: String,
    operators: Option<String>,
}

async fn serve(
    config: &NodeConfig,
    papers: Papers,
    seeded: bool,
    exchange: &Exchange,
    stop: &mut Stop,
    announce: impl FnOnce(At, Vec<String>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Alone, nobody is let in before there is a market. Among others, clients are: what is asked
    // before a partition has a leader is answered so.
    let is_alone = exchange.membership().is_none();
    if is_alone {
        tokio::select! {
            founded = found(exchange, config, seeded) => founded?,
            cause = exchange.failed() => return Err(of_node(&cause)),
        }
    }
    let Papers { auth, tls, mirror } = papers;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let upstream = upstream::start(exchange, config.upstream.options());
    let upstream =
        upstream.map_err(|error| failed(format!("error: who proves venues: {error}")))?;
    // Whatever this ends for: another node takes over at once.
    let _hears = Hears(upstream.clone());
    let options = GatewayOptions {
        mirror,
        upstream,
        listen: config.listen,
        listen_for_operators: config.listen_for_operators,
        auth,
        tls,
        insecure: config.security.insecure,
        is_founding: !is_alone && config.rules.is_some(),
        orders_per_second_max: config.orders_per_second_max,
        ..GatewayOptions::default()
    };
    let gateway = gateway::serve(exchange.clone(), options)
        .await
        .map_err(|error| failed(format!("error: {error}")))?;
    if !is_alone {
        tokio::select! {
            founded = found(exchange, config, seeded) => founded?,
            () = stop.asked() => return drain(gateway, stop).await,
            cause = exchange.failed() => return Err(of_node(&cause)),
        }
        gateway.founded();
    }
    let symbols = exchange.catalogue();
    let symbols = symbols.instruments.values().map(|listed| listed.symbol.to_string()).collect();
    let url = |address| format!("{scheme}://{address}");
    let at = At { url: url(gateway.address), operators: gateway.operators.map(url) };
    announce(at, symbols)?;

    tokio::select! {
        () = stop.asked() => output::tell("stopping; Ctrl-C again stops at once"),
        cause = exchange.failed() => return Err(of_node(&cause)),
    }
    drain(gateway, stop).await
}

/// Reads the gateway's certificate again at every SIGHUP.
async fn renew(identity: Identity, mut asked: Signal) {
    while asked.recv().await.is_some() {
        match identity.reload() {
            Ok(()) => tracing::info!(
                "the gateway shows its new certificate; other files are read when the node starts"
            ),
            Err(error) => tracing::warn!(%error, "the gateway shows its old certificate on"),
        }
    }
}

/// Lets go of outside markets when this node stops serving.
struct Hears(Upstream);

impl Drop for Hears {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Where Prometheus reads, if anywhere.
async fn endpoint(
    config: &NodeConfig,
    registry: Option<Registry>,
    exchange: &Exchange,
) -> Result<Option<Endpoint>, Failure> {
    let (Some(address), Some(registry)) = (config.metrics, registry) else { return Ok(None) };
    let served = Endpoint::serve(address, registry, exchange.clone()).await;
    served.map(Some).map_err(|error| failed(format!("error: {error}")))
}

fn lines(config: &NodeConfig) -> Lines {
    match config.log_format {
        LogFormat::Auto => Lines::Auto,
        LogFormat::Json => Lines::Json,
        LogFormat::Pretty => Lines::Pretty,
    }
}

/// Lets calls that are under way come to their end.
async fn drain(gateway: Running, stop: &mut Stop) -> Result<(), Failure> {
    tokio::select! {
        () = gateway.shutdown() => Ok(()),
        () = stop.asked() => Err(interrupted()),
    }
}

/// The market of a shipped rule book, as far as it is not there yet. Among other nodes it is tried
/// until enough of them are there.
async fn found(exchange: &Exchange, config: &NodeConfig, seeded: bool) -> Result<(), Failure> {
    let Some(rules) = &config.rules else { return Ok(()) };
    let _alive = Progress::of("founding the market");
    let unsound = |why: String| failed(format!("error: the rule book {rules}: {why}"));
    let book = RuleBook::shipped(rules)
        .ok_or_else(|| unsound("there is none".into()))?
        .map_err(|mistakes| unsound(mistakes.lines().join("; ")))?;
    let listed =
        listing::market(&book, &exchange.topology()).map_err(|error| unsound(error.to_string()))?;
    let seeds = if seeded { market::first_seeds(&listed) } else { Vec::new() };
    loop {
        match market::found(exchange, &listed, &seeds).await {
            Ok(()) => return Ok(()),
            Err(error) if error.may_pass() && exchange.membership().is_some() => {
                tracing::debug!(%error, "the market is not founded yet");
                tokio::time::sleep(FOUND_EVERY).await;
            }
            Err(error) => {
                let failure = failed(format!("error: the market could not be founded: {error}"));
                let full =
                    matches!(error, FoundingError::Failed { failure: Unwritten::DiskFull, .. });
                return Err(if full { failure.hint(FREE_SPACE) } else { failure });
            }
        }
    }
}

/// Whether an address can be listened on now; `another` says how to choose one. The gateway asks
/// again when it comes to it.
///
/// # Errors
/// Another process listens there, or the address is none of this machine.
pub fn is_free(listen: SocketAddr, another: &str) -> Result<(), Failure> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(failed(format!("error: {listen} is in use by another process"))
                .hint(format!("stop that process, or choose another port: {another}")))
        }
        Err(error) => Err(failed(format!("error: listening on {listen}: {error}"))),
    }
}

/// What was in the way, with what to do about it.
fn of_start(config: &NodeConfig, error: &StartError) -> Failure {
    let failure = failed(format!("error: {error}"));
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(below) = cause {
        match below.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                return failure.hint(FREE_SPACE);
            }
            Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                let data = config.data.display();
                return failure.hint(format!("make {data} writable, or choose another directory"));
            }
            _ => cause = below.source(),
        }
    }
    failure
}

fn of_node(cause: &str) -> Failure {
    failed(format!("error: this node cannot go on: {cause}"))
        .hint("what was acknowledged is kept; mend the cause, then start again")
}

fn failed(message: String) -> Failure {
    Failure::new(Exit::Failure, message)
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "stopped at once")
}

/// The wish that this process ends, from a terminal, a supervisor, or a parent that is gone.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
    /// Closed with the parent's end of stdin; none without a parent.
    parent: Option<oneshot::Receiver<()>>,
}

impl Stop {
    /// From here on the process does not end by these signals alone.
    fn listen(by_parent: bool) -> Result<Stop, Failure> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Stop { interrupt, terminate, parent: by_parent.then(watch_stdin) })
    }

    async fn asked(&mut self) {
        let parent = async {
            match &mut self.parent {
                Some(parent) => drop(parent.await),
                None => std::future::pending().await,
            }
        };
        let is_parent = tokio::select! {
            _ = self.interrupt.recv() => false,
            _ = self.terminate.recv() => false,
            () = parent => true,
        };
        if is_parent {
            // It goes only once.
            self.parent = None;
        }
    }
}

/// Ends when stdin does. A thread of its own: reading it blocks.
fn watch_stdin() -> oneshot::Receiver<()> {
    let (gone, parent) = oneshot::channel();
    std::thread::spawn(move || {
        drop(io::copy(&mut io::stdin().lock(), &mut io::sink()));
        let _ = gone.send(());
    });
    parent
}
