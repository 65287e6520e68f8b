//! A scenario against a running exchange: the same people, bots and checks, over the wire.
//!
//! Owns: the accounts of the play there and what was acknowledged to them; where it has nodes of
//! its own, also those. Takes: a scenario, a seed, an address or a number of nodes. Emits: the
//! report of a play. On failure: what the exchange refuses is counted; an exchange that cannot be
//! reached, or that lacks what only an operator may list, ends the play before it begins.
//!
//! Bots see what the exchange shows and act many at once: the same file and seed do not give the
//! same trades here. What happens when, what bots want and what is made of the end is the
//! virtual player's ([`hoga_scenarios::player`]); the exchange is another.

mod board;
mod conductor;
mod faults;
mod ground;
mod holds;
mod judge;
mod line;
mod listed;
mod operating;
mod reading;
mod rest;
mod saying;
mod seat;
mod stage;
mod venue;
mod waits;

use super::Speed;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Bar};
use crate::cli::{Global, actor, server};
use anyhow::Context;
use conductor::Conductor;
use faults::Strikes;
use hoga_chaos::chance::Chance;
use hoga_chaos::cluster::{Cluster, Means};
use hoga_chaos::fault;
use hoga_chaos::plan::Nodes;
use hoga_engine::client_id::ClientId;
use hoga_scenarios::file::{Check, Scenario, StepAct};
use hoga_scenarios::grammar::{Act, MarketAct};
use hoga_scenarios::listing::{self, Market};
use hoga_scenarios::player::{LiveReport, Report, Score};
use line::Lines;
use stage::Stage;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use venue::{Recorder, Venue};

/// How often the bar moves.
const SHOW_EVERY: Duration = Duration::from_millis(200);
/// The size of a disk that a fault needs, in MiB.
const DISK_MIB: u64 = 256;

/// Where it is played.
pub enum Place<'p> {
    /// On so many nodes of its own.
    Nodes(u8),
    Target(&'p str),
}

/// What is played, and how.
pub struct Live<'l> {
    pub scenario: &'l Scenario,
    pub seed: u64,
    pub speed: Speed,
    pub place: Place<'l>,
    /// What files that the scenario names are relative to.
    pub folder: &'l Path,
    pub global: &'l Global,
}

impl Live<'_> {
    /// Plays it from its start to its end.
    ///
    /// # Errors
    /// The exchange cannot be reached or does not list what is played, or the file has something
    /// that only a play in virtual time has.
    pub fn play(&self, record: Option<Box<dyn std::io::Write>>) -> Result<Report, Failure> {
        self.is_playable()?;
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build()?;
        let played = runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let interrupted = || Err(Failure::new(Exit::Interrupted, "interrupted"));
            tokio::select! {
                played = self.played(record.map(Recorder::new)) => played,
                _ = tokio::signal::ctrl_c() => interrupted(),
                _ = terminate.recv() => interrupted(),
            }
        });
        runtime.shutdown_background();
        played
    }

    async fn played(&self, recorder: Option<Recorder>) -> Result<Report, Failure> {
        let market = listing::market(&self.scenario.market, &Default::default())
            .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
        // What is wrong with its files is said before anything is started.
        let open = |market: &Market| {
            let opened = Score::open(self.scenario, self.seed, self.folder, market);
            opened.map(drop).map_err(|error| super::failure(&error))
        };
        open(&market)?;
        match self.place {
            Place::Target(target) => self.on_target(target, market, recorder).await,
            Place::Nodes(count) => self.on_nodes(count, market, recorder).await,
        }
    }

    async fn on_target(
        &self,
        target: &str,
        market: Market,
        recorder: Option<Recorder>,
    ) -> Result<Report, Failure> {
        let url = if target.contains("://") { target.into() } else { format!("http://{target}") };
        let global = Global { server: url.clone(), ..self.global.clone() };
        let channel = server::connect(&global, &url, global.within()).await?;
        // A name that somebody is remembered by is a development token's: so are those of a play.
        let token = actor::token(&global)?.filter(|token| !token.starts_with("dev:"));
        let lines = Lines::target(channel, token.as_deref(), global.within())?;
        let venue = Venue::found(lines, false, self.scenario, market, recorder).await?;
        let ignored = self.scenario.faults.iter().map(|fault| {
            let (what, at) = (&fault.what, fault.at);
            format!("ignored at {at}: {what}; the exchange is not this play's to break")
        });
        venue.warnings.borrow_mut().extend(ignored);
        let begun = Instant::now();
        let stage = Stage::default();
        let played = self.conducted(&venue, &stage).await?;
        venue.warnings.borrow_mut().extend(played);
        let took = begun.elapsed();
        let is_at_rest = venue.come_to_rest().await;
        let live = LiveReport {
            target: Some(url),
            nodes: 0,
            unknown: venue.lines.waits.unknown(),
            faults: Vec::new(),
        };
        self.report(&venue, took, is_at_rest, live).await
    }

    async fn on_nodes(
        &self,
        count: u8,
        market: Market,
        recorder: Option<Recorder>,
    ) -> Result<Report, Failure> {
        let place = tempfile::Builder::new().prefix("hoga-play-").tempdir()?;
        let mut chance = Chance::new(self.seed);
        let means = Means::for_faults(&self.scenario.faults, place.path(), &mut chance);
        let sizes = Nodes {
            count: count.into(),
            snapshot_bytes: None,
            segment_bytes: None,
            disk_mib: DISK_MIB,
        };
        output::tell(format!("{count} nodes start"));
        let hoga = std::env::current_exe()?;
        let started = Cluster::start_with(&hoga, place.path(), &sizes, means, "none").await;
        let played = match started.context("starting the exchange") {
            Ok(mut cluster) => {
                self.on_cluster(&mut cluster, count, &mut chance, market, recorder).await
            }
            Err(error) => Err(broken(&error)),
        };
        // What the nodes said is kept for whoever looks.
        let is_ok = played.as_ref().is_ok_and(|report| report.ok);
        let is_interrupted =
            played.as_ref().is_err_and(|failure| failure.exit == Exit::Interrupted);
        if !is_ok && !is_interrupted {
            output::tell(format!("data and logs are in {}", place.keep().display()));
        }
        played
    }

    async fn on_cluster(
        &self,
        cluster: &mut Cluster,
        count: u8,
        chance: &mut Chance,
        market: Market,
        recorder: Option<Recorder>,
    ) -> Result<Report, Failure> {
        let lines = Lines::own(cluster.gateways.clone())?;
        output::tell(format!("{} accounts come in", self.scenario.every_account().count()));
        let venue = Venue::found(lines, true, self.scenario, market, recorder).await?;
        let (begun, stage) = (Instant::now(), Stage::default());
        let (strikes, took) = {
            let waits = &venue.lines.waits;
            let broken_by = faults::strike(self.scenario, cluster, chance, &stage, waits);
            let struck = async { broken_by.await.map_err(|error| broken(&error)) };
            let conducted = async {
                let warnings = self.conducted(&venue, &stage).await?;
                Ok((warnings, begun.elapsed()))
            };
            let (strikes, (warnings, took)) = tokio::try_join!(struck, conducted)?;
            venue.warnings.borrow_mut().extend(warnings);
            (strikes, took)
        };
        venue.lines.waits.over();
        let Strikes { faults, warnings } = strikes;
        venue.warnings.borrow_mut().extend(warnings);
        venue.warnings.borrow_mut().extend(cluster.note_ends());
        fault::mend(cluster).await.context("after the faults").map_err(|error| broken(&error))?;
        let is_at_rest = faults::until_alike(cluster).await;
        let (target, unknown) = (None, venue.lines.waits.unknown());
        let live = LiveReport { target, nodes: count.into(), unknown, faults };
        self.report(&venue, took, is_at_rest, live).await
    }

    /// Lets the score play, while the boards are looked at and the bar moves.
    async fn conducted(&self, venue: &Venue, stage: &Stage) -> Result<Vec<String>, Failure> {
        let score = Score::open(self.scenario, self.seed, self.folder, &venue.market);
        let score = score.map_err(|error| super::failure(&error))?;
        let word = Mutex::new(());
        let bar = Bar::new(self.scenario.length.0);
        let show = async {
            loop {
                tokio::time::sleep(SHOW_EVERY).await;
                let (now, orders) = (stage.now().0, venue.counts.borrow().orders);
                bar.at(now, || format!("{} s played, {orders} orders", now / 1_000));
            }
        };
        venue.look(true).await;
        venue.warn_of_hours();
        let conductor = Conductor::new(venue, self.scenario, score, self.speed, stage, &word);
        let played = tokio::select! {
            played = conductor.play() => played,
            _ = venue.look_on() => unreachable!("it looks on"),
            () = show => unreachable!("it shows on"),
        };
        venue.finish()?;
        played
    }

    /// Whatever only a play in virtual time has is refused before anything is done.
    fn is_playable(&self) -> Result<(), Failure> {
        if let Place::Target(_) = self.place {
            self.are_ids_short()?;
        }
        let steps = self.scenario.steps.iter();
        let mut acts = steps.filter_map(|step| match &step.what {
            StepAct::Market(act @ (MarketAct::Open | MarketAct::Close)) => Some(act),
            _ => None,
        });
        let Some(act) = acts.next() else { return Ok(()) };
        let word = if *act == MarketAct::Open { "open" } else { "close" };
        let why = format!("error: `{word} the market` is played in virtual time only");
        let failure = Failure::usage(why);
        Err(failure
            .hint("a running market opens and closes by its own hours; halt what should stop"))
    }

    /// The play's stamp has to fit in front of every id that the file gives.
    fn are_ids_short(&self) -> Result<(), Failure> {
        let ids = self.scenario.steps.iter().filter_map(|step| match &step.what {
            StepAct::Account { act: Act::Place(order), .. } => order.id.as_ref(),
            _ => None,
        });
        let most = ClientId::LENGTH_MAX - venue::STAMP_MAX;
        let Some(long) = ids.map(|id| id.as_str()).find(|id| id.len() > most) else {
            return Ok(());
        };
        let why = format!("error: with --target an id has at most {most} characters, not `{long}`");
        Err(Failure::usage(why))
    }

    async fn report(
        &self,
        venue: &Venue,
        took: Duration,
        is_at_rest: bool,
        live: LiveReport,
    ) -> Result<Report, Failure> {
        let (outcome, left_out) = rest::outcome(venue, self.scenario, took, is_at_rest).await?;
        let mut scenario = self.scenario.clone();
        // A check that cannot be held here is left out, and said.
        scenario.checks.retain(|check| match why_not(check, &left_out) {
            None => true,
            Some(why) => {
                let warning = format!("left out the check {}: {why}", check.name());
                venue.warnings.borrow_mut().push(warning);
                false
            }
        });
        let (market, warnings) = (&venue.market, venue.warnings.take());
        let made = hoga_scenarios::player::report;
        let report = made(&scenario, self.seed, market, &outcome, warnings, took);
        Ok(Report { live: Some(live), ..report })
    }
}

/// Why a check cannot be held on a running exchange.
fn why_not(check: &Check, left_out: &rest::LeftOut) -> Option<String> {
    match check {
        Check::Digest(_) => Some("the same trades do not come twice here".into()),
        Check::Interruptions(..) => Some("interruptions are counted in virtual time only".into()),
        Check::Conserved(_) => left_out.conserved.clone(),
        _ => None,
    }
}

fn broken(error: &anyhow::Error) -> Failure {
    Failure::new(Exit::Failure, format!("error: {error:#}"))
}
