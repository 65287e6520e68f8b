//! The load of a run: clients that trade through all gateways, and one that
//! watches through each.

use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::history::History;
use crate::plan::{self, Plan};
use crate::workload::{Days, Feed, Pulse, Silence, Trader, Voice, Watched, Watcher};
use anyhow::Context;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Accounts whose clients now and then cancel everything.
const SWEEPERS: usize = 1;
/// How long an exchange that has just started may take until it opens accounts.
const OPEN_WITHIN: Duration = Duration::from_secs(180);
/// Accounts that are opened, and clients that settle what they do not know, at the same time: an
/// exchange that is asked by ten thousand at once refuses most of them.
const AT_ONCE: usize = 128;

struct Client {
    trader: Trader,
    voice: Voice,
}

/// Everybody who asks something of the exchange.
pub(super) struct Load {
    history: Arc<History>,
    pulse: Arc<Pulse>,
    stop: Arc<AtomicBool>,
    waiting: Vec<Client>,
    trading: JoinSet<anyhow::Result<Client>>,
    /// Who will watch, and who does.
    watchers: Vec<Watcher>,
    watching: JoinSet<anyhow::Result<Watched>>,
    /// Of an outside book, where an instrument follows one.
    feed: Option<Feed>,
    /// Of an instrument with days.
    days: Option<Days>,
    feeding: JoinSet<anyhow::Result<()>>,
    clients: usize,
}

impl Load {
    /// Opens every account.
    pub async fn open(
        plan: &Plan,
        cluster: &Cluster,
        history: &Arc<History>,
        chance: &mut Chance,
        record: &Path,
    ) -> anyhow::Result<Load> {
        let pulse = Arc::new(Pulse::default());
        let mut waiting = clients(&plan.load, cluster, &pulse, chance)?;
        let (mut feed, mut days) = (None, None);
        if plan.load.terms.days_of_hundred > 0 {
            let (gateways, fork) = (Arc::clone(&cluster.gateways), chance.fork());
            let opened = Days::open(gateways, fork, OPEN_WITHIN).await;
            days = Some(opened.context("listing what has days")?);
        }
        if plan.load.outside > 0 {
            let (gateways, fork) = (Arc::clone(&cluster.gateways), chance.fork());
            let opened = Feed::open(gateways, record, fork, OPEN_WITHIN).await;
            feed = Some(opened.context("listing what follows an outside book")?);
        }
        let first = waiting.iter_mut().filter(|client| client.trader.name.ends_with('a'));
        let opening =
            first.map(|Client { trader, voice }| trader.open_on(voice, history, OPEN_WITHIN));
        let opening = stream::iter(opening).buffer_unordered(AT_ONCE);
        opening.try_collect::<()>().await.context("opening the accounts")?;
        let watcher = |at| Watcher::new(format!("watcher{at}"), Arc::clone(&cluster.gateways), at);
        Ok(Load {
            history: Arc::clone(history),
            pulse,
            stop: Arc::default(),
            clients: waiting.len(),
            waiting,
            trading: JoinSet::new(),
            watchers: (0..plan.nodes.count as usize).map(watcher).collect(),
            watching: JoinSet::new(),
            feed,
            days,
            feeding: JoinSet::new(),
        })
    }

    pub fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// How many clients trade.
    pub fn clients(&self) -> usize {
        self.clients
    }

    /// Begins to trade.
    pub fn begin(&mut self, plan: &Plan) {
        for (nth, mut client) in (0..).zip(std::mem::take(&mut self.waiting)) {
            let (history, stop) = (Arc::clone(&self.history), Arc::clone(&self.stop));
            let pause = plan.load.pause;
            // Who waits long between two requests does not ask together with everybody else.
            let later = pause * nth / u32::try_from(self.clients).unwrap_or(u32::MAX);
            self.trading.spawn(async move {
                sleep(later).await;
                let Client { trader, voice } = &mut client;
                trader.trade_on(voice, &history, &stop, pause).await?;
                Ok(client)
            });
        }
        if let Some(feed) = self.feed.take() {
            let (history, stop) = (Arc::clone(&self.history), Arc::clone(&self.stop));
            self.feeding.spawn(async move { feed.post_on(&history, &stop).await });
        }
        if let Some(days) = self.days.take() {
            let (history, stop) = (Arc::clone(&self.history), Arc::clone(&self.stop));
            self.feeding.spawn(async move { days.halt_on(&history, &stop).await });
        }
        for watcher in std::mem::take(&mut self.watchers) {
            let (history, stop) = (Arc::clone(&self.history), Arc::clone(&self.stop));
            self.watching.spawn(async move { watcher.watch(&history, &stop).await });
        }
    }

    /// Stops, and asks again what is of unknown outcome until it is known.
    pub async fn end(mut self, within: Duration) -> anyhow::Result<(Vec<Silence>, Watched)> {
        let silences = self.pulse.stop();
        self.stop.store(true, Ordering::Relaxed);
        let mut settling = JoinSet::new();
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        while let Some(done) = self.trading.join_next().await {
            let (mut client, history) = (done??, Arc::clone(&self.history));
            let at_once = Arc::clone(&at_once);
            settling.spawn(async move {
                let _turn = at_once.acquire().await?;
                client.trader.resume_on(&mut client.voice, &history, within).await
            });
        }
        while let Some(settled) = settling.join_next().await {
            settled?.context("after the faults")?;
        }
        while let Some(fed) = self.feeding.join_next().await {
            fed?.context("feeding an outside book, or halting what has days")?;
        }
        let mut watched = Watched::default();
        while let Some(one) = self.watching.join_next().await {
            watched.add(one??);
        }
        Ok((silences, watched))
    }
}

fn clients(
    load: &plan::Load,
    cluster: &Cluster,
    pulse: &Arc<Pulse>,
    chance: &mut Chance,
) -> anyhow::Result<Vec<Client>> {
    let account = |at: usize| format!("accounts/k{at}");
    let accounts: Vec<String> = (0..load.accounts + SWEEPERS).map(account).collect();
    let others: Arc<[String]> = accounts.clone().into();
    let mut clients = Vec::new();
    for (at, own) in accounts.iter().enumerate() {
        let may_sweep = at >= load.accounts;
        for letter in ('a'..='z').take(load.clients) {
            let (name, fork) = (format!("k{at}{letter}"), chance.fork());
            let trader = Trader::new(name, own.clone(), Arc::clone(&others), fork, may_sweep)
                .with_outside(load.outside)
                .with_terms(load.terms);
            let (gateways, pulse) = (Arc::clone(&cluster.gateways), Arc::clone(pulse));
            let voice = Voice::new(gateways, pulse, own.clone(), clients.len(), load.attempt)?;
            clients.push(Client { trader, voice });
        }
    }
    Ok(clients)
}
