//! One client: what it remembers, and what it does until it is told to stop.

use super::line::Line;
use super::terms::Terms;
use super::voice::Voice;
use super::wishes::{self, Scene};
use crate::chance::Chance;
use crate::history::{Ask, End, History};
use anyhow::bail;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Open orders of a client beyond which it rather cancels.
const OPEN_MAX: usize = 15;
/// Acknowledged requests that a client remembers, to ask them again.
const REMEMBERED_MAX: usize = 40;
/// Tries after which a request of unknown outcome is a fault of the exchange.
const TRIES_MAX: u32 = 20;
/// Refusals of one try that say nothing about an earlier one, and pass.
const PASSING: [&str; 2] = ["EXCHANGE_BUSY", "DISK_FULL"];
/// As long as a busy exchange asks its clients to wait.
const PASSES_IN: Duration = Duration::from_millis(100);
/// Acknowledged requests that are asked again after a restart.
const ASKED_AGAIN: usize = 3;

fn passes(reason: &str) -> bool {
    PASSING.contains(&reason)
}

/// A client. It has one request under way at a time.
pub struct Trader {
    pub name: String,
    pub account: String,
    /// Everybody, itself among them.
    others: Arc<[String]>,
    chance: Chance,
    /// Requests so far: their ids are made of it.
    count: u64,
    open: Vec<String>,
    /// Of unknown outcome, oldest first.
    pending: Vec<Ask>,
    acknowledged: VecDeque<Ask>,
    may_sweep: bool,
    outside: u64,
    terms: Terms,
}

impl Trader {
    /// A client of an account that it may share with others. One that sweeps cancels all of its
    /// orders now and then.
    #[must_use]
    pub fn new(
        name: String,
        account: String,
        others: impl Into<Arc<[String]>>,
        chance: Chance,
        may_sweep: bool,
    ) -> Trader {
        Trader {
            name,
            account,
            others: others.into(),
            chance,
            count: 0,
            open: Vec::new(),
            pending: Vec::new(),
            acknowledged: VecDeque::new(),
            may_sweep,
            outside: 0,
            terms: Terms::default(),
        }
    }

    /// The same; of a hundred of its orders so many go to the instrument that follows.
    #[must_use]
    pub fn with_outside(self, outside: u64) -> Trader {
        Trader { outside, ..self }
    }

    /// The same; some of its orders have more to them.
    #[must_use]
    pub fn with_terms(self, terms: Terms) -> Trader {
        Trader { terms, ..self }
    }

    /// Whether a request of it was under way when the exchange was lost.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Creates the account and puts money in.
    ///
    /// # Errors
    /// Something of it was refused, or stays unknown.
    pub async fn open(&mut self, line: &mut Line, history: &History) -> anyhow::Result<()> {
        for ask in wishes::opening(&self.account, self.outside, self.others.len()) {
            match self.ask(line, history, &ask).await? {
                End::Ok(_) => {}
                End::Fail(reason) => bail!("{}: {ask:?} was refused: {reason}", self.name),
                End::Unknown(_) => self.settle(line, history, &ask).await?,
            }
        }
        Ok(())
    }

    /// Trades until it is told to stop, or until an outcome is unknown.
    ///
    /// # Errors
    /// The history could not be written.
    pub async fn trade(
        &mut self,
        line: &mut Line,
        history: &History,
        stop: &AtomicBool,
    ) -> anyhow::Result<()> {
        while !stop.load(Ordering::Relaxed) {
            let ask = self.next();
            if let End::Unknown(_) = self.ask(line, history, &ask).await? {
                self.pending.push(ask);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Trades through whatever gateway answers, until it is told to stop. What is of unknown outcome
    /// is asked again at once, elsewhere and under the same id.
    ///
    /// # Errors
    /// The history could not be written.
    pub async fn trade_on(
        &mut self,
        voice: &mut Voice,
        history: &History,
        stop: &AtomicBool,
        pause: Duration,
    ) -> anyhow::Result<()> {
        while !stop.load(Ordering::Relaxed) {
            let asked = self.pending.pop();
            let is_asked_again = asked.is_some();
            let ask = asked.unwrap_or_else(|| self.next());
            match self.speak(voice, history, &ask).await? {
                End::Unknown(_) => self.pending.push(ask),
                End::Fail(reason) if is_asked_again && passes(&reason) => {
                    self.pending.push(ask);
                    sleep(PASSES_IN).await;
                }
                _ => sleep(pause).await,
            }
        }
        Ok(())
    }

    /// The same as [`Trader::resume`], through whatever gateway answers, for as long as that may
    /// take.
    ///
    /// # Errors
    /// An outcome stays unknown, or the history could not be written.
    pub async fn resume_on(
        &mut self,
        voice: &mut Voice,
        history: &History,
        within: Duration,
    ) -> anyhow::Result<()> {
        let until = Instant::now() + within;
        let mut asks = std::mem::take(&mut self.pending);
        asks.extend(self.acknowledged.iter().rev().take(ASKED_AGAIN).cloned());
        for ask in asks {
            loop {
                let why = match self.speak(voice, history, &ask).await? {
                    End::Unknown(why) => why,
                    End::Fail(reason) if passes(&reason) => reason,
                    _ => break,
                };
                if Instant::now() >= until {
                    bail!("{}: {ask:?} is unknown after {within:?}: {why}", self.name);
                }
                sleep(PASSES_IN).await;
            }
        }
        Ok(())
    }

    /// Creates the account and puts money in, through whatever gateway answers.
    ///
    /// # Errors
    /// Something of it was refused, or stays unknown.
    pub async fn open_on(
        &mut self,
        voice: &mut Voice,
        history: &History,
        within: Duration,
    ) -> anyhow::Result<()> {
        let until = Instant::now() + within;
        for ask in wishes::opening(&self.account, self.outside, self.others.len()) {
            loop {
                match self.speak(voice, history, &ask).await? {
                    End::Ok(_) => break,
                    End::Fail(reason) => bail!("{}: {ask:?} was refused: {reason}", self.name),
                    End::Unknown(why) if Instant::now() >= until => {
                        bail!("{}: {ask:?} is unknown after {within:?}: {why}", self.name);
                    }
                    End::Unknown(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Asks once through whatever gateway is next, and remembers what came of it.
    async fn speak(
        &mut self,
        voice: &mut Voice,
        history: &History,
        ask: &Ask,
    ) -> anyhow::Result<End> {
        let begun = history.begin(&self.name, ask)?;
        let end = voice.ask(ask).await?;
        history.end(&begun, ask, &end)?;
        self.learn(ask, &end);
        Ok(end)
    }

    /// Asks again, with the same ids, what is of unknown outcome, until it is known; then some of
    /// what had been acknowledged.
    ///
    /// # Errors
    /// An outcome stays unknown, or the history could not be written.
    pub async fn resume(&mut self, line: &mut Line, history: &History) -> anyhow::Result<()> {
        for ask in std::mem::take(&mut self.pending) {
            self.settle(line, history, &ask).await?;
        }
        let again: Vec<Ask> = self.acknowledged.iter().rev().take(ASKED_AGAIN).cloned().collect();
        for ask in again {
            if let End::Unknown(_) = self.ask(line, history, &ask).await? {
                self.settle(line, history, &ask).await?;
            }
        }
        Ok(())
    }

    async fn settle(
        &mut self,
        line: &mut Line,
        history: &History,
        ask: &Ask,
    ) -> anyhow::Result<()> {
        let mut last = String::new();
        for _ in 0..TRIES_MAX {
            match self.ask(line, history, ask).await? {
                End::Unknown(why) => last = why,
                // This try was not done; the one before may have been.
                End::Fail(reason) if passes(&reason) => {
                    last = reason;
                    tokio::time::sleep(PASSES_IN).await;
                }
                _ => return Ok(()),
            }
        }
        bail!("{}: {ask:?} is unknown after {TRIES_MAX} tries: {last}", self.name)
    }

    /// Asks once and remembers what came of it.
    async fn ask(&mut self, line: &mut Line, history: &History, ask: &Ask) -> anyhow::Result<End> {
        let begun = history.begin(&self.name, ask)?;
        let end = line.ask(ask).await;
        history.end(&begun, ask, &end)?;
        self.learn(ask, &end);
        Ok(end)
    }

    fn learn(&mut self, ask: &Ask, end: &End) {
        match (ask, end) {
            (Ask::GetAccount { .. } | Ask::GetBook { .. }, _) | (_, End::Unknown(_)) => return,
            (Ask::CreateOrder(order), End::Ok(answer)) => {
                let is_open = answer.order.as_ref().is_some_and(|said| said.is_open());
                if is_open && !answer.repeated {
                    self.open.push(order.id.clone());
                    self.open.extend(order.other.iter().map(|other| other.id.clone()));
                }
            }
            (Ask::CancelOrder { order, .. }, _) => self.open.retain(|open| open != order),
            (Ask::CancelAll { .. }, End::Ok(_)) => self.open.clear(),
            (Ask::AmendOrder { order, .. }, End::Fail(reason)) if reason == "ORDER_NOT_OPEN" => {
                self.open.retain(|open| open != order);
            }
            _ => {}
        }
        if matches!(end, End::Ok(_)) && !self.acknowledged.contains(ask) {
            self.acknowledged.push_back(ask.clone());
            if self.acknowledged.len() > REMEMBERED_MAX {
                self.acknowledged.pop_front();
            }
        }
    }

    fn next(&mut self) -> Ask {
        let known = self.acknowledged.make_contiguous();
        if self.chance.percent(4)
            && let Some(ask) = self.chance.pick(known)
        {
            return ask.clone();
        }
        if self.chance.percent(2)
            && let Some(other) = self.chance.pick(known).and_then(wishes::other_body)
        {
            return other;
        }
        self.count += 1;
        let scene = Scene {
            account: &self.account,
            id: format!("{}.{}", self.name, self.count),
            others: &self.others,
            open: &self.open,
            is_full: self.open.len() > OPEN_MAX,
            may_sweep: self.may_sweep,
            outside: self.outside,
            terms: self.terms,
        };
        wishes::next(&mut self.chance, scene)
    }
}
