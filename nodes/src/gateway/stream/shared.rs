//! States that are made once for all who follow them: tickers, candles, queues and the tops
//! of boards.
//!
//! A task for each of them waits for news, reads the state, and rings the bells of its followers;
//! it ends when nobody follows any more.

use super::deltas::Deltas;
use super::log::Log;
use super::queues::{self, Queues};
use super::{candles, ranking, ticker};
use crate::gateway::desk::Desk;
use crate::gateway::failure::Refused;
use bytes::Bytes;
use hoga_cluster::runtime::{At, Followed, Topic};
use hoga_engine::board::BoardKind;
use hoga_engine::candle::Interval;
use hoga_engine::ids::InstrumentId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Time between two states: five a second is what an eye can follow.
const EVERY: Duration = Duration::from_millis(200);

/// How long a follower that has seen more elsewhere waits for a state that is as new.
const AHEAD_MAX: Duration = Duration::from_secs(1);

/// What a state is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Of {
    Ticker(InstrumentId),
    Queues(InstrumentId),
    Candles(InstrumentId, Interval),
    Board(BoardKind),
}

/// A state as its frames carry it.
pub struct State {
    pub sequence: u64,
    pub at: At,
    /// Goes into every frame.
    pub head: Bytes,
    /// Places from the top; or candles, oldest first; a ticker has none.
    pub places: Vec<Bytes>,
    /// Of candles: which of them an event has changed.
    pub log: Option<Log>,
    /// What there is instead of places, of a book's queues.
    pub queues: Option<Queues>,
}

impl State {
    /// The parts of a frame with the whole of it.
    #[must_use]
    pub fn whole(&self, depth: usize) -> Vec<Bytes> {
        if let Some(queues) = &self.queues {
            return queues.whole(depth);
        }
        let first = self.log.as_ref().map_or(0, |_| self.places.len().saturating_sub(depth));
        let places = self.places.iter().skip(first).take(depth);
        std::iter::once(&self.head).chain(places).cloned().collect()
    }

    /// The parts of a frame for somebody who has the state `before`.
    #[must_use]
    pub fn changed(&self, before: &State, depth: usize) -> Vec<Bytes> {
        let is_news = |(at, place): &(usize, &Bytes)| before.places.get(*at) != Some(*place);
        let places = self.places.iter().take(depth).enumerate().filter(is_news);
        std::iter::once(&self.head).chain(places.map(|(_, place)| place)).cloned().collect()
    }
}

/// The newest state, and the one before it.
struct Pair {
    newest: Arc<State>,
    before: Option<Arc<State>>,
    /// The newest was read more than once: of a board, whose accounts move between two sets of
    /// marks, followers may have either, and nothing leads from both to what comes next.
    is_reread: bool,
}

/// What there is behind a follower's place.
pub enum Behind {
    Nothing,
    /// The parts that lead it to a newer state.
    Parts(Arc<State>, Vec<Bytes>),
    /// Some of them are not kept any more.
    Gone,
}

/// A state that is renewed while somebody follows it.
pub struct Published {
    of: Of,
    states: Mutex<Pair>,
    bells: Mutex<Vec<Weak<Notify>>>,
    /// Rings for whoever renews it: there is news, or nobody follows any more.
    renewer: Arc<Notify>,
}

impl Drop for Published {
    fn drop(&mut self) {
        self.renewer.notify_one();
    }
}

impl Published {
    #[must_use]
    pub fn newest(&self) -> Arc<State> {
        lock(&self.states).newest.clone()
    }

    /// Whether whoever has this sequence, read at this log index, has what was published here.
    #[must_use]
    pub fn knows(&self, sequence: u64, index: u64) -> bool {
        let states = lock(&self.states);
        let same = |state: &State| (state.sequence, state.at.index) == (sequence, index);
        !matches!(self.of, Of::Board(_))
            || same(&states.newest)
            || states.before.as_deref().is_some_and(same)
    }

    /// What leads a follower who has `sequence` to the newest state.
    #[must_use]
    pub fn behind(&self, sequence: u64, depth: usize) -> Behind {
        let (newest, before) = {
            let states = lock(&self.states);
            (states.newest.clone(), states.before.clone())
        };
        if newest.sequence <= sequence {
            return Behind::Nothing;
        }
        if let Some(queues) = &newest.queues {
            return match queues.behind(sequence) {
                Some(parts) => Behind::Parts(newest, parts),
                None => Behind::Gone,
            };
        }
        if let Some(log) = &newest.log {
            let Some(at) = log.place(sequence) else { return Behind::Gone };
            let parts = newest.places[at..].to_vec();
            return Behind::Parts(newest, parts);
        }
        let before = before.filter(|before| before.sequence == sequence);
        let parts = match before {
            Some(before) => newest.changed(&before, depth),
            None => newest.whole(depth),
        };
        Behind::Parts(newest, parts)
    }

    /// Waits a moment until the state is of this log index or later: a client that comes from
    /// another gateway may have seen more than this one has applied, or read.
    pub async fn reach(&self, desk: &Desk, index: u64) {
        let is_there = || self.newest().at.index >= index;
        let waited_in_vain = *lock(&desk.streams.waited_in_vain);
        if is_there() || waited_in_vain.is_some_and(|at| at.elapsed() < AHEAD_MAX) {
            return;
        }
        let reached = async {
            if !is_applied(desk, self.of, At { index, ..self.newest().at }).await {
                return;
            }
            let bell = Arc::new(Notify::new());
            self.listen(&bell);
            self.renewer.notify_one();
            while !is_there() {
                bell.notified().await;
            }
        };
        // Too late, it begins with what there is.
        if tokio::time::timeout(AHEAD_MAX, reached).await.is_err() {
            *lock(&desk.streams.waited_in_vain) = Some(Instant::now());
        }
    }

    /// Rings a stream's bell from now on whenever there is a newer state. A stream that comes again
    /// is known already.
    pub fn listen(&self, bell: &Arc<Notify>) {
        let mut bells = lock(&self.bells);
        if bells.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(bell))) {
            return;
        }
        hang(&mut bells, bell);
    }

    fn renew(&self, state: State) {
        {
            let mut states = lock(&self.states);
            let (known, at) = (states.newest.sequence, states.newest.at);
            if state.sequence < known || state.sequence == known && state.at.index <= at.index {
                return;
            }
            let before = std::mem::replace(&mut states.newest, Arc::new(state));
            let is_reread = before.sequence == states.newest.sequence;
            let was_reread = std::mem::replace(&mut states.is_reread, is_reread);
            if !is_reread {
                states.before = Some(before).filter(|_| !was_reread);
            }
        }
        lock(&self.bells).retain(|bell| match bell.upgrade() {
            Some(bell) => {
                bell.notify_one();
                true
            }
            None => false,
        });
    }
}

/// What the streams of a gateway share.
#[derive(Default)]
pub struct Shared {
    published: Mutex<HashMap<Of, Weak<Published>>>,
    /// Of public topics.
    deltas: Mutex<HashMap<Topic, Weak<Deltas>>>,
    is_closing: AtomicBool,
    /// When a subscription gave up waiting for this node's replicas: the next need not try.
    waited_in_vain: Mutex<Option<Instant>>,
    /// The bell of every open stream.
    open: Mutex<Vec<Weak<Notify>>>,
}

impl Shared {
    /// Ends every stream; a new one ends at once.
    pub fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        let open = lock(&self.open);
        open.iter().filter_map(Weak::upgrade).for_each(|bell| bell.notify_one());
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// A stream was opened: its bell rings when it has to end.
    pub(super) fn opened(&self, bell: &Arc<Notify>) {
        hang(&mut lock(&self.open), bell);
    }

    /// The frames that readers of a topic share; none of a private one, which has one reader.
    pub(super) fn deltas(&self, topic: Topic) -> Option<Arc<Deltas>> {
        if topic.is_private() {
            return None;
        }
        let mut all = lock(&self.deltas);
        let known = all.get(&topic).and_then(Weak::upgrade);
        Some(known.unwrap_or_else(|| {
            all.retain(|_, deltas| deltas.strong_count() > 0);
            let deltas = Arc::new(Deltas::default());
            all.insert(topic, Arc::downgrade(&deltas));
            deltas
        }))
    }

    /// The state of something, renewed from now on.
    ///
    /// # Errors
    /// It could not be read.
    pub(super) async fn of(desk: &Arc<Desk>, of: Of) -> Result<Arc<Published>, Refused> {
        let known = |desk: &Desk| lock(&desk.streams.published).get(&of).and_then(Weak::upgrade);
        if let Some(published) = known(desk) {
            return Ok(published);
        }
        let bell = Arc::new(Notify::new());
        let followed = follow(desk, of, &bell);
        let newest = Arc::new(read(desk, of, None, &followed).await?);
        let (states, renewer) =
            (Mutex::new(Pair { newest, before: None, is_reread: false }), bell.clone());
        let published = Arc::new(Published { of, states, bells: Mutex::default(), renewer });
        // Somebody else may have been quicker while the state was read.
        if let Some(published) = known(desk) {
            return Ok(published);
        }
        lock(&desk.streams.published).insert(of, Arc::downgrade(&published));
        let renewing = renew(Arc::downgrade(desk), Arc::downgrade(&published), followed, bell);
        tokio::spawn(renewing);
        Ok(published)
    }
}

fn follow(desk: &Desk, of: Of, bell: &Arc<Notify>) -> Vec<Followed> {
    let feed = desk.exchange.feed();
    match of {
        Of::Ticker(id) | Of::Queues(id) => {
            vec![feed.follow(Topic::Book(id), bell), feed.follow(Topic::Trades(id), bell)]
        }
        Of::Candles(id, _) => {
            vec![feed.follow(Topic::Trades(id), bell), feed.follow(Topic::Candles(id), bell)]
        }
        Of::Board(_) => vec![feed.follow(Topic::Ranking, bell)],
    }
}

async fn read(
    desk: &Desk,
    of: Of,
    before: Option<&State>,
    followed: &[Followed],
) -> Result<State, Refused> {
    match of {
        Of::Queues(instrument) => queues::read(desk, instrument, before, followed).await,
        Of::Candles(id, interval) => candles::read(desk, id, interval, before).await,
        Of::Ticker(instrument) => ticker::read(desk, instrument).await,
        Of::Board(kind) => ranking::read(desk, kind).await,
    }
}

/// Whether the replica here has applied so much, or does in a moment.
async fn is_applied(desk: &Desk, of: Of, min: At) -> bool {
    let exchange = &desk.exchange;
    match of {
        Of::Ticker(id) | Of::Queues(id) | Of::Candles(id, _) => {
            exchange.book(id, Some(min), |_, _| ()).await.is_ok()
        }
        Of::Board(_) => exchange.board(Some(min), |_, _, _| ()).await.is_ok(),
    }
}

async fn renew(
    desk: Weak<Desk>,
    published: Weak<Published>,
    followed: Vec<Followed>,
    bell: Arc<Notify>,
) {
    loop {
        bell.notified().await;
        let since = Instant::now();
        {
            let (Some(desk), Some(published)) = (desk.upgrade(), published.upgrade()) else {
                break;
            };
            let of = published.of;
            match read(&desk, of, Some(&published.newest()), &followed).await {
                Ok(state) => published.renew(state),
                // It stays as it was; the next news tries again.
                Err(refusal) => tracing::debug!(?of, %refusal, "a shared state was not renewed"),
            }
        }
        // Whatever a book is like, its readers cost it a tenth of its time at most.
        tokio::time::sleep(EVERY.max(since.elapsed() * 9)).await;
    }
    drop(followed);
}

/// Adds a bell; those of streams that ended go when there is no room for another, so each costs
/// little.
fn hang(bells: &mut Vec<Weak<Notify>>, bell: &Arc<Notify>) {
    if bells.len() == bells.capacity() {
        bells.retain(|bell| bell.strong_count() > 0);
    }
    bells.push(Arc::downgrade(bell));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is replaced whole, so a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
