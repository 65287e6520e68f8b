//! The conductor: gives every cue of the score its time, and waits for what comes of it.
//!
//! What steps and tapes say keeps its order: one is answered before the next is asked. Bots act
//! side by side, each after its own last answer. As fast as it goes, a cue also waits for those
//! that lie further back than [`SLACK`], and what steps say waits for everything before it.

use super::ground::Ground;
use super::seat::Seat;
use super::stage::Stage;
use crate::cli::failure::Failure;
use crate::cli::play::Speed;
use futures::future::{FutureExt, LocalBoxFuture};
use futures::stream::{FuturesUnordered, StreamExt};
use hoga_scenarios::bots::{Intent, OwnOrder};
use hoga_scenarios::file::Scenario;
use hoga_scenarios::grammar::{Act, OrderRef, Who as Says};
use hoga_scenarios::player::{Cue, PlayError, Score, Sight, said};
use hoga_scenarios::time::Millis;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep_until;

/// Cues that are under way at the same time; the next one waits for one of them.
const UNDER_WAY_MAX: usize = 64;
/// As fast as it goes, how far a cue may run ahead of one that is still under way, in the time of
/// the scenario.
const SLACK: Millis = Millis(250);
/// What a play in wall time may be late without saying so.
const LATE_MAX: Duration = Duration::from_secs(1);

/// What came of a cue.
enum Came<'v> {
    Done,
    /// A bot has looked, and is to act.
    Looked(Box<Looked<'v>>),
}

struct Looked<'v> {
    bot: usize,
    at: Millis,
    seat: MutexGuard<'v, Seat>,
    /// None when nobody answered.
    seen: Option<(Sight, Vec<OwnOrder>)>,
}

type Cued<'v> = LocalBoxFuture<'v, (Millis, Result<Came<'v>, Failure>)>;

pub struct Conductor<'v, G> {
    ground: &'v G,
    scenario: &'v Scenario,
    score: Score<'v>,
    speed: Speed,
    stage: &'v Stage,
    started: Instant,
    under_way: FuturesUnordered<Cued<'v>>,
    /// How many of them are from which time of the scenario.
    since: BTreeMap<Millis, usize>,
    /// Whoever has it may say what a step says.
    word: &'v Mutex<()>,
    late: Duration,
}

impl<'v, G: Ground> Conductor<'v, G> {
    pub fn new(
        ground: &'v G,
        scenario: &'v Scenario,
        score: Score<'v>,
        speed: Speed,
        stage: &'v Stage,
        word: &'v Mutex<()>,
    ) -> Conductor<'v, G> {
        Conductor {
            ground,
            scenario,
            score,
            speed,
            stage,
            started: Instant::now(),
            under_way: FuturesUnordered::new(),
            since: BTreeMap::new(),
            word,
            late: Duration::ZERO,
        }
    }

    /// Plays the score to its end. What is to be said of it.
    ///
    /// # Errors
    /// The tape cannot be read or recorded.
    pub async fn play(mut self) -> Result<Vec<String>, Failure> {
        let length = self.scenario.length;
        self.started = Instant::now();
        loop {
            while let Some(came) = self.under_way.next().now_or_never().flatten() {
                self.take(Some(came))?;
            }
            let next = self.score.next_time().map_err(of_play)?.filter(|at| *at <= length);
            let Some(at) = next else {
                // Whoever is under way may still have something to come.
                if self.come().await? {
                    continue;
                }
                break;
            };
            if self.has_to_wait(at)? {
                self.come().await?;
                continue;
            }
            if !self.is_due(at).await? {
                continue;
            }
            self.stage.reach(at);
            if let Some(cue) = self.score.next_cue(at).map_err(of_play)? {
                self.cue(cue, at);
            }
        }
        self.until(length).await;
        self.stage.reach(length);
        let mut warnings = self.score.left_out();
        if self.late > LATE_MAX {
            let late = self.late.as_secs_f64();
            warnings.push(format!("the play was late by up to {late:.1} s: answers came slowly"));
        }
        Ok(warnings)
    }

    /// Whether a cue of this time has to wait for others that are under way.
    fn has_to_wait(&mut self, at: Millis) -> Result<bool, Failure> {
        if self.under_way.is_empty() {
            return Ok(false);
        }
        if self.under_way.len() >= UNDER_WAY_MAX {
            return Ok(true);
        }
        if self.speed == Speed::Wall {
            return Ok(false);
        }
        let first = self.since.keys().next().copied().unwrap_or(at);
        let is_far_ahead = at.0 > first.0.saturating_add(SLACK.0);
        // A word is under way as long as somebody has it.
        let is_said = self.word.try_lock().is_err();
        Ok(is_far_ahead || is_said || !self.score.is_of_bots(at).map_err(of_play)?)
    }

    /// Whether the time has come. If something else comes first, it has not.
    async fn is_due(&mut self, at: Millis) -> Result<bool, Failure> {
        if self.speed == Speed::Max {
            return Ok(true);
        }
        let due = self.started + Duration::from_millis(at.0);
        if Instant::now() < due && !self.under_way.is_empty() {
            tokio::select! {
                biased;
                came = self.under_way.next() => {
                    self.take(came)?;
                    return Ok(false);
                }
                () = sleep_until(due.into()) => {}
            }
        }
        sleep_until(due.into()).await;
        self.late = self.late.max(due.elapsed());
        Ok(true)
    }

    async fn until(&self, end: Millis) {
        if self.speed == Speed::Wall {
            sleep_until((self.started + Duration::from_millis(end.0)).into()).await;
        }
    }

    /// Waits for one that is under way; false when none is.
    async fn come(&mut self) -> Result<bool, Failure> {
        let came = self.under_way.next().await;
        self.take(came)
    }

    fn take(&mut self, came: Option<(Millis, Result<Came<'v>, Failure>)>) -> Result<bool, Failure> {
        let Some((at, came)) = came else { return Ok(false) };
        if let Some(count) = self.since.get_mut(&at) {
            *count -= 1;
            if *count == 0 {
                self.since.remove(&at);
            }
        }
        match came? {
            Came::Done => {}
            Came::Looked(looked) => self.act(*looked),
        }
        Ok(true)
    }

    fn push(&mut self, at: Millis, cued: LocalBoxFuture<'v, Result<Came<'v>, Failure>>) {
        *self.since.entry(at).or_default() += 1;
        self.under_way.push(Box::pin(async move { (at, cued.await) }));
    }

    fn cue(&mut self, cue: Cue, at: Millis) {
        let (ground, scenario, word) = (self.ground, self.scenario, self.word);
        if let Cue::Wake(bot) = cue {
            let trader = &self.score.crowd.traders()[bot];
            let (account, instrument) = (trader.account.clone(), trader.instrument);
            let Some(seat) = ground.seat(&account) else { return };
            return self.push(
                at,
                Box::pin(async move {
                    let seat = seat.lock().await;
                    let seen = ground.seen_by(&seat, instrument).await;
                    Ok(Came::Looked(Box::new(Looked { bot, at, seat, seen })))
                }),
            );
        }
        // Whoever asks for the word first has it first.
        let mut word = Box::pin(word.lock());
        let has_word = (&mut word).now_or_never();
        self.push(
            at,
            Box::pin(async move {
                let _word = match has_word {
                    Some(word) => word,
                    None => word.await,
                };
                match cue {
                    Cue::Say(who, act) => everybody(ground, scenario, &who, &act, at).await?,
                    Cue::Operate(act) => ground.operate(&act, at).await?,
                    Cue::Post(instrument, snapshot) => ground.post(instrument, *snapshot).await,
                    Cue::Wake(_) => {}
                }
                Ok(Came::Done)
            }),
        );
    }

    /// A bot that has looked says what it wants, and goes to sleep again.
    fn act(&mut self, looked: Looked<'v>) {
        let Looked { bot, at, mut seat, seen } = looked;
        let ground = self.ground;
        let place = self.score.crowd.traders()[bot].instrument;
        let instrument = &ground.market().instruments[place];
        let mut intents = Vec::new();
        let (sight, own) = seen.clone().unwrap_or_default();
        self.score.crowd.act(bot, at, &sight.view(instrument, &own), &mut intents);
        // Who sees nothing does nothing, and a bot sends no orders into a book that takes none.
        let is_open = ground.is_open(place);
        intents.retain(|intent| {
            seen.is_some() && (is_open || matches!(intent, Intent::Cancel { .. }))
        });
        let before = seat.orders_before;
        let acts: Vec<Act> = intents
            .into_iter()
            .filter_map(|intent| match intent {
                Intent::Cancel { id } => Some(Act::Cancel(OrderRef::Number(id - before.min(id)))),
                Intent::Place { side, lots, terms } => said(instrument, side, lots, terms),
            })
            .collect();
        if acts.is_empty() {
            return;
        }
        self.push(
            at,
            Box::pin(async move {
                for act in &acts {
                    ground.say(&mut seat, act, at).await?;
                }
                Ok(Came::Done)
            }),
        );
    }
}

/// One account, or each of a group in order of number.
async fn everybody(
    ground: &impl Ground,
    scenario: &Scenario,
    who: &Says,
    act: &Act,
    at: Millis,
) -> Result<(), Failure> {
    let members = scenario.accounts_of(who);
    let mut is_anybody = false;
    for seat in members.iter().filter_map(|name| ground.seat(name)) {
        is_anybody = true;
        ground.say(&mut *seat.lock().await, act, at).await?;
    }
    // Steps were checked for this, a tape was not.
    if !is_anybody {
        ground.nobody();
    }
    Ok(())
}

fn of_play(error: PlayError) -> Failure {
    crate::cli::play::failure(&error)
}

#[cfg(test)]
#[path = "conductor_tests.rs"]
mod tests;
