//! States that are made once for all who follow them: tickers and the tops of boards.
//!
//! A task for each of them waits for news, reads the state, and rings the bells of its followers;
//! it ends when nobody follows any more.

use super::{ranking, ticker};
use crate::gateway::desk::Desk;
use crate::gateway::failure::Refused;
use bytes::Bytes;
use hoga_cluster::runtime::{At, Followed};
use hoga_engine::board::BoardKind;
use hoga_engine::ids::InstrumentId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Time between two states: five a second is what an eye can follow.
const EVERY: Duration = Duration::from_millis(200);

/// What a state is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Of {
    Ticker(InstrumentId),
    Board(BoardKind),
}

/// A state as its frames carry it.
pub struct State {
    pub sequence: u64,
    pub at: At,
    /// Goes into every frame.
    pub head: Bytes,
    /// Places from the top; a ticker has none.
    pub places: Vec<Bytes>,
}

impl State {
    /// The parts of a frame with the whole of it.
    #[must_use]
    pub fn whole(&self, depth: usize) -> Vec<Bytes> {
        let places = self.places.iter().take(depth);
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
}

/// A state that is renewed while somebody follows it.
pub struct Published {
    states: Mutex<Pair>,
    bells: Mutex<Vec<Weak<Notify>>>,
}

impl Published {
    #[must_use]
    pub fn newest(&self) -> Arc<State> {
        lock(&self.states).newest.clone()
    }

    /// The parts that lead a follower who has `sequence` to the newest state.
    #[must_use]
    pub fn behind(&self, sequence: u64, depth: usize) -> Option<(Arc<State>, Vec<Bytes>)> {
        let states = lock(&self.states);
        let newest = states.newest.clone();
        if newest.sequence <= sequence {
            return None;
        }
        let before = states.before.as_ref().filter(|before| before.sequence == sequence);
        let parts = match before {
            Some(before) => newest.changed(before, depth),
            None => newest.whole(depth),
        };
        Some((newest, parts))
    }

    pub fn listen(&self, bell: &Arc<Notify>) {
        lock(&self.bells).push(Arc::downgrade(bell));
    }

    fn renew(&self, state: State) {
        {
            let mut states = lock(&self.states);
            if state.sequence <= states.newest.sequence {
                return;
            }
            let before = std::mem::replace(&mut states.newest, Arc::new(state));
            states.before = Some(before);
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
pub struct Shared {
    published: Mutex<HashMap<Of, Weak<Published>>>,
    closing: watch::Sender<bool>,
}

impl Default for Shared {
    fn default() -> Self {
        Shared { published: Mutex::default(), closing: watch::channel(false).0 }
    }
}

impl Shared {
    /// Ends every stream; a new one ends at once.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
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
        let newest = Arc::new(read(desk, of).await?);
        let states = Mutex::new(Pair { newest, before: None });
        let published = Arc::new(Published { states, bells: Mutex::default() });
        // Somebody else may have been quicker while the state was read.
        if let Some(published) = known(desk) {
            return Ok(published);
        }
        lock(&desk.streams.published).insert(of, Arc::downgrade(&published));
        let renewing = renew(Arc::downgrade(desk), Arc::downgrade(&published), of, followed, bell);
        tokio::spawn(renewing);
        Ok(published)
    }
}

fn follow(desk: &Desk, of: Of, bell: &Arc<Notify>) -> Vec<Followed> {
    use hoga_cluster::runtime::Topic;
    let feed = desk.exchange.feed();
    match of {
        Of::Ticker(id) => {
            vec![feed.follow(Topic::Book(id), bell), feed.follow(Topic::Trades(id), bell)]
        }
        Of::Board(_) => vec![feed.follow(Topic::Ranking, bell)],
    }
}

async fn read(desk: &Desk, of: Of) -> Result<State, Refused> {
    match of {
        Of::Ticker(instrument) => ticker::read(desk, instrument).await,
        Of::Board(kind) => ranking::read(desk, kind).await,
    }
}

async fn renew(
    desk: Weak<Desk>,
    published: Weak<Published>,
    of: Of,
    followed: Vec<Followed>,
    bell: Arc<Notify>,
) {
    loop {
        bell.notified().await;
        {
            let (Some(desk), Some(published)) = (desk.upgrade(), published.upgrade()) else {
                break;
            };
            match read(&desk, of).await {
                Ok(state) => published.renew(state),
                // It stays as it was; the next news tries again.
                Err(refusal) => tracing::debug!(?of, %refusal, "a shared state was not renewed"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
    drop(followed);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is replaced whole, so a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
