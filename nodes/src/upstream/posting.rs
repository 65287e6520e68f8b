//! From a venue's books to the log: for each instrument one at a time, and of those that come
//! meanwhile only the newest.

use super::health::{Became, Health};
use super::numbering::Numbering;
use super::wanted::Wanted;
use hoga_cluster::partition::Trace;
use hoga_cluster::runtime::Exchange;
use hoga_engine::effect::Answer;
use hoga_engine::ids::InstrumentId;
use hoga_scenarios::feed::{self, OutsideBook};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::watch;

/// How long a book may be on its way to a leader: one that is older is not worth having, and is
/// not sent any more.
const POST_WITHIN: Duration = Duration::from_secs(1);

/// The newest book of an instrument, and how many there were. It is the whole queue: what comes
/// while it is full takes the place of what is in it.
#[derive(Default)]
struct Newest {
    count: u64,
    book: Option<Arc<OutsideBook>>,
}

/// The ways of one venue's books into the log.
pub struct Posts {
    exchange: Exchange,
    health: Arc<Health>,
    ways: BTreeMap<InstrumentId, watch::Sender<Newest>>,
}

impl Posts {
    pub fn new(exchange: Exchange, health: Arc<Health>) -> Posts {
        Posts { exchange, health, ways: BTreeMap::new() }
    }

    /// Has a way for each instrument that follows the venue, and for no other.
    pub fn keep(&mut self, wanted: &Wanted) {
        let followers: BTreeMap<InstrumentId, &str> = wanted.iter().collect();
        self.ways.retain(|id, way| followers.contains_key(id) && !way.is_closed());
        self.health.keep(&followers);
        for id in followers.into_keys() {
            self.ways.entry(id).or_insert_with(|| {
                let (way, newest) = watch::channel(Newest::default());
                let (exchange, health) = (self.exchange.clone(), self.health.clone());
                // It ends with its sender, behind what is on its way then: that is never cut off,
                // so that nothing of it lingers.
                tokio::spawn(
                    Poster { id, exchange, health, numbering: Default::default() }.run(newest),
                );
                way
            });
        }
    }

    /// A book for those who follow it.
    pub fn offer(&self, followers: &[InstrumentId], book: Arc<OutsideBook>) {
        for way in followers.iter().filter_map(|id| self.ways.get(id)) {
            way.send_modify(|newest| {
                newest.count += 1;
                newest.book = Some(book.clone());
            });
        }
    }
}

/// Posts one instrument's books.
struct Poster {
    id: InstrumentId,
    exchange: Exchange,
    health: Arc<Health>,
    numbering: Numbering,
}

impl Poster {
    async fn run(mut self, mut newest: watch::Receiver<Newest>) {
        let mut seen = 0;
        while newest.changed().await.is_ok() {
            let (count, book) = {
                let newest = newest.borrow_and_update();
                (newest.count, newest.book.clone())
            };
            let Some(book) = book else { continue };
            self.health.conflated(self.id, count - seen - 1);
            seen = count;
            let became = self.post(&book).await;
            self.health.fed(self.id, became);
        }
    }

    async fn post(&mut self, book: &Arc<OutsideBook>) -> Became {
        let catalogue = self.exchange.catalogue();
        let Some(instrument) = catalogue.instruments.get(&self.id) else {
            return Became::Unfit("it is not listed".into());
        };
        let now_ns = UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let now_ns = u64::try_from(now_ns).unwrap_or(u64::MAX);
        let number = match self.numbering.number(book, now_ns) {
            Ok(number) => number,
            Err(why) => return Became::Unfit(why.to_string()),
        };
        let snapshot = match feed::snapshot(book, number, instrument) {
            Ok(snapshot) => snapshot,
            Err(why) => return Became::Unfit(why.to_string()),
        };
        let posted = self.exchange.post(self.id, snapshot, Trace::default(), POST_WITHIN).await;
        match posted.answer {
            Ok(Answer::Posted(posted)) if posted.is_taken => Became::Taken,
            Ok(Answer::Posted(_)) => Became::Dropped,
            Ok(Answer::Rejected { reject, .. }) => Became::Unfit(reject.to_string()),
            Ok(other) => Became::Failed(format!("an answer to something else: {other:?}")),
            Err(failure) => Became::Failed(failure.to_string()),
        }
    }
}
