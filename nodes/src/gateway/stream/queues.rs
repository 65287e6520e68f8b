//! The queues of a book as frames carry them: every order by itself, without its owner.
//!
//! Nothing is published for them. What levels and trades say of a price is that its queue may have
//! changed, and then it is read from the book, at one position for all prices. The trades are
//! needed for icebergs: a part that is taken and shown anew, behind all others, leaves its level
//! as it was.

use super::shared::State;
use crate::gateway::desk::Desk;
use crate::gateway::failure::{Refused, unread};
use bytes::Bytes;
use hoga_cluster::runtime::{At, Followed, Happened, Tail};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, Listing};
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::Instrument;
use hoga_engine::order::Side;
use hoga_proto::convert::market::{shown_price, shown_quantity};
use hoga_proto::v1;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};

/// Orders of one price that are told one by one; of those behind, their sum.
const ORDERS_MAX: usize = 1_000;
/// Prices without orders that are remembered, for readers who have not heard of it.
const GONE_MAX: usize = 4_096;
/// Looks at the book, while it moves, before all of it is read.
const LOOKS_MAX: usize = 4;

/// A price of a side; they sort best first within a side.
type Place = (Side, u32);

fn place(side: Side, price: Ticks) -> Place {
    let key = if side == Side::Buy { u32::MAX - price.0 } else { price.0 };
    (side, key)
}

fn price((side, key): Place) -> Ticks {
    Ticks(if side == Side::Buy { u32::MAX - key } else { key })
}

/// The queues of all prices, and which events changed them.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    entries: BTreeMap<Place, Entry>,
    /// What changed up to here is not told apart.
    known_from: u64,
    /// Of the levels and of the trades, the last that were looked at.
    levels: u64,
    trades: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    /// The last event that the queue may have changed with.
    changed: u64,
    is_gone: bool,
    shown: Bytes,
}

impl Queues {
    /// The parts of a frame with the whole of it.
    pub fn whole(&self, depth: usize) -> Vec<Bytes> {
        let side = |side| {
            let of_side = self.entries.range((side, 0)..=(side, u32::MAX));
            of_side.map(|(_, entry)| entry).filter(|entry| !entry.is_gone).take(depth)
        };
        side(Side::Buy).chain(side(Side::Sell)).map(|entry| entry.shown.clone()).collect()
    }

    /// The parts for somebody who has event `sequence`; none when they are not known any more.
    pub fn behind(&self, sequence: u64) -> Option<Vec<Bytes>> {
        let changed = self.entries.values().filter(|entry| entry.changed > sequence);
        (sequence >= self.known_from).then(|| changed.map(|entry| entry.shown.clone()).collect())
    }

    /// Forgets the oldest of the prices that are gone.
    fn prune(&mut self) {
        let gone = self.entries.values().filter(|entry| entry.is_gone);
        let mut changes: Vec<u64> = gone.map(|entry| entry.changed).collect();
        if changes.len() > GONE_MAX {
            let middle = changes.len() / 2;
            let (_, &mut until, _) = changes.select_nth_unstable(middle);
            self.entries.retain(|_, entry| !entry.is_gone || entry.changed > until);
            self.known_from = self.known_from.max(until);
        }
    }
}

/// What a look at the book saw.
struct Seen {
    queues: BTreeMap<Place, Queue>,
    levels: u64,
    trades: u64,
    at: At,
    instrument: Instrument,
}

/// Orders of a price, oldest first, and what is shown of all of them.
#[derive(Default)]
struct Queue {
    orders: Vec<Lots>,
    whole: Lots,
}

impl Queue {
    fn of(book: &Book, side: Side, price: Ticks) -> Queue {
        let orders = book.queue(side, price).take(ORDERS_MAX).collect();
        Queue { orders, whole: book.quantity_at(side, price) }
    }

    fn shown(&self, place: Place, instrument: &Instrument) -> Bytes {
        let quantity = |lots: &Lots| shown_quantity(*lots, instrument);
        let queue = v1::OrderQueue {
            price: Some(shown_price(price(place), instrument)),
            orders: self.orders.iter().map(quantity).collect(),
            quantity: Some(quantity(&self.whole)),
        };
        let mut content = v1::QueuesContent::default();
        match place.0 {
            Side::Buy => content.bids.push(queue),
            Side::Sell => content.asks.push(queue),
        }
        content.encode_to_vec().into()
    }
}

/// Reads the queues; of those that `before` has, only what may have changed. `followed` are the
/// levels and the trades. The sequence counts both.
///
/// # Errors
/// The book could not be read.
pub async fn read(
    desk: &Desk,
    instrument: InstrumentId,
    before: Option<&State>,
    followed: &[Followed],
) -> Result<State, Refused> {
    let known = before.and_then(|state| state.queues.as_ref());
    let changed = match known {
        Some(known) => look_at_changed(desk, instrument, known, followed).await?,
        None => None,
    };
    let is_whole = changed.is_none();
    let seen = match changed {
        Some(seen) => seen,
        None => look(desk, instrument, None).await?,
    };
    let sequence = seen.levels + seen.trades;
    let mut queues = match known {
        Some(known) => known.clone(),
        None => Queues { known_from: sequence, ..Queues::default() },
    };
    (queues.levels, queues.trades) = (seen.levels, seen.trades);
    let mut found = seen.queues;
    if is_whole {
        let missing = queues.entries.keys().filter(|place| !found.contains_key(place));
        let missing: Vec<Place> = missing.copied().collect();
        found.extend(missing.into_iter().map(|place| (place, Queue::default())));
    }
    for (place, queue) in found {
        let (shown, is_gone) = (queue.shown(place, &seen.instrument), queue.whole.is_zero());
        let is_same = |entry: &Entry| entry.shown == shown;
        if !queues.entries.get(&place).is_some_and(is_same) {
            queues.entries.insert(place, Entry { changed: sequence, is_gone, shown });
        }
    }
    queues.prune();
    let (head, places) = (Bytes::new(), Vec::new());
    Ok(State { sequence, at: seen.at, head, places, log: None, queues: Some(queues) })
}

/// The queues of all prices that changed since `known`, at one position; none when that cannot be
/// said, because events are gone or the book moves too fast.
async fn look_at_changed(
    desk: &Desk,
    instrument: InstrumentId,
    known: &Queues,
    followed: &[Followed],
) -> Result<Option<Seen>, Refused> {
    let [levels, trades] = followed else { return Ok(None) };
    let mut places = BTreeSet::new();
    let mut done = (known.levels, known.trades);
    for _ in 0..LOOKS_MAX {
        let seen = look(desk, instrument, Some(places.clone())).await?;
        let to = (seen.levels, seen.trades);
        let before = places.len();
        let is_told =
            told(levels, done.0, to.0, &mut places) && told(trades, done.1, to.1, &mut places);
        if !is_told {
            return Ok(None);
        }
        if places.len() == before {
            return Ok(Some(seen));
        }
        done = to;
    }
    Ok(None)
}

/// Adds the prices of the events behind `after` up to `until`. Says whether all are there.
fn told(followed: &Followed, after: u64, until: u64, places: &mut BTreeSet<Place>) -> bool {
    if after >= until {
        return true;
    }
    let Tail::Events(events) = followed.read(after, usize::MAX) else { return false };
    for event in events.iter().take_while(|event| event.sequence <= until) {
        match event.happened {
            Happened::Level { side, price, .. } => {
                places.insert(place(side, price));
            }
            Happened::Trade { price, .. } => {
                places.extend([place(Side::Buy, price), place(Side::Sell, price)]);
            }
            _ => {}
        }
    }
    events.last().is_some_and(|last| last.sequence >= until)
}

/// Looks at these queues, or at all.
async fn look(
    desk: &Desk,
    instrument: InstrumentId,
    places: Option<BTreeSet<Place>>,
) -> Result<Seen, Refused> {
    let question = move |listing: &Listing, at| {
        let book = listing.book();
        let queues = match places {
            Some(places) => {
                let queue = |at: Place| (at, Queue::of(book, at.0, price(at)));
                places.into_iter().map(queue).collect()
            }
            None => {
                let sides = [Side::Buy, Side::Sell].into_iter();
                let levels =
                    sides.flat_map(|side| book.levels(side).map(move |level| (side, level.0)));
                levels
                    .map(|(side, price)| (place(side, price), Queue::of(book, side, price)))
                    .collect()
            }
        };
        let (levels, trades) = (listing.sequence(), listing.trades().0);
        Seen { queues, levels, trades, at, instrument: listing.instrument().clone() }
    };
    let seen = desk.exchange.book(instrument, None, question).await;
    seen.map_err(|error| unread(&error))
}
