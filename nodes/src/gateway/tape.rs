//! The last trades of every instrument, and what a day of them came to.
//!
//! Owns: a bounded strip of trades and one of minutes for each instrument. Takes: the feed of
//! this node, and at the start what [`kept`] wrote and what the log's tail brought back. Emits:
//! pages of trades, the figures of a ticker. On failure: a listener that falls behind loses
//! trades, and so may a restart; the strip then starts anew behind the gap, so that what it shows
//! is whole. The trades themselves stand in the accounts' fills.

mod kept;

use hoga_cluster::runtime::{Exchange, FeedEvent, Happened, News, Numbered, Topic};
use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::{InstrumentId, PartitionId, TradeNo};
use hoga_engine::order::Side;
use hoga_engine::time::Time;
use metrics::{Counter, counter};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::AbortHandle;

/// Trades kept of one instrument.
const TRADES_MAX: usize = 4_096;
/// Minutes kept of one instrument: a day, and the minute under way.
const MINUTES_MAX: usize = 24 * 60 + 1;
const MINUTE: u64 = 60 * Time::SECOND;
/// How long a page waits for trades that its position has and the feed has not brought yet.
const BEHIND_MAX: Duration = Duration::from_millis(500);

/// A trade, as everyone sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    pub no: TradeNo,
    pub price: Ticks,
    pub quantity: Lots,
    /// None in a call.
    pub taker: Option<Side>,
    pub time: Time,
}

/// What the last 24 hours came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// The last price before the day; none when nothing had traded by then.
    pub before: Option<Ticks>,
    pub high: Option<Ticks>,
    pub low: Option<Ticks>,
    pub volume: Amount,
    /// Sum of price x quantity, in tick-lots.
    pub value: Amount,
    pub trades: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Minute {
    start: u64,
    high: Ticks,
    low: Ticks,
    close: Ticks,
    volume: Amount,
    value: Amount,
    trades: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Strip {
    trades: VecDeque<Print>,
    minutes: VecDeque<Minute>,
    /// Close of the last minute that was dropped.
    before: Option<Ticks>,
    /// Number of the last trade that was written down.
    #[serde(skip)]
    kept: TradeNo,
    #[serde(skip)]
    meters: Option<[Counter; 2]>,
    /// Turnover short of a whole unit, which is what is counted.
    #[serde(skip)]
    uncounted: i128,
}

/// The strips of all instruments.
pub struct Tape {
    strips: Mutex<HashMap<InstrumentId, Strip>>,
    /// Counts what was taken in: whoever waits for a trade looks again.
    news: watch::Sender<u64>,
    /// They end with the tape: one holds the exchange.
    tasks: OnceLock<[AbortHandle; 2]>,
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.tasks.get().into_iter().flatten().for_each(AbortHandle::abort);
    }
}

impl Tape {
    /// A tape that follows the exchange until that stops, with what it had before a restart.
    pub async fn follow(exchange: &Exchange) -> Arc<Tape> {
        let (strips, news) = (Mutex::new(HashMap::new()), watch::channel(0).0);
        let tape = Arc::new(Tape { strips, news, tasks: OnceLock::new() });
        // First, so that nothing happens unseen while the past is looked up.
        let feed = exchange.feed().subscribe();
        tape.recall(exchange).await;
        let reader = tokio::spawn(read(Arc::downgrade(&tape), exchange.clone(), feed));
        let directory = kept::directory(exchange);
        let keeper = tokio::spawn(kept::keep_up(Arc::downgrade(&tape), directory));
        tape.tasks.get_or_init(|| [reader.abort_handle(), keeper.abort_handle()]);
        tape
    }

    /// Takes in what was kept, and behind it what the node replayed from the log.
    async fn recall(&self, exchange: &Exchange) {
        let ids: Vec<InstrumentId> = exchange.catalogue().instruments.keys().copied().collect();
        for id in ids {
            let traded = trades_of(exchange, id).await;
            let mut strip = kept::read(&kept::directory(exchange), id).unwrap_or_default();
            let followed = exchange.feed().follow(Topic::Trades(id), &Arc::new(Notify::new()));
            for numbered in followed.last(u64::MAX, TRADES_MAX) {
                strip.extend(print_of(&numbered));
            }
            strip.reaches(traded);
            self.strips().insert(id, strip);
        }
    }

    /// A partition's state was replaced by another node's.
    async fn check_ends(&self, exchange: &Exchange, partition: PartitionId) {
        let catalogue = exchange.catalogue();
        let ours = catalogue.instruments.iter().filter(|(_, it)| it.partition == partition);
        for (id, _) in ours {
            let traded = trades_of(exchange, *id).await;
            if let Some(strip) = self.strips().get_mut(id) {
                strip.reaches(traded);
            }
        }
        self.news.send_modify(|count| *count += 1);
    }

    /// Writes down what there is.
    pub async fn keep(self: &Arc<Tape>, exchange: &Exchange) {
        kept::keep(self, kept::directory(exchange)).await;
    }

    /// Up to `most` trades before number `before` for which `is_wanted` holds, newest first.
    pub fn page(
        &self,
        instrument: InstrumentId,
        before: u64,
        most: usize,
        is_wanted: impl Fn(&Print) -> bool,
    ) -> Vec<Print> {
        let strips = self.strips();
        let Some(strip) = strips.get(&instrument) else { return Vec::new() };
        let newest_first = strip.trades.iter().rev().filter(|print| print.no.0 < before);
        newest_first.filter(|print| is_wanted(print)).take(most).copied().collect()
    }

    /// The day up to `now`, to the minute.
    #[must_use]
    pub fn day(&self, instrument: InstrumentId, now: Time) -> Day {
        let strips = self.strips();
        let Some(strip) = strips.get(&instrument) else { return Day::default() };
        let from = now.minus(Time::DAY).0 / MINUTE;
        let mut day = Day { before: strip.before, ..Day::default() };
        for minute in &strip.minutes {
            if minute.start < from {
                day.before = Some(minute.close);
                continue;
            }
            day.high = day.high.max(Some(minute.high));
            day.low = Some(day.low.map_or(minute.low, |low| low.min(minute.low)));
            day.volume += minute.volume;
            day.value += minute.value;
            day.trades += minute.trades;
        }
        day
    }

    /// The last trade taken in.
    #[must_use]
    pub fn last(&self, instrument: InstrumentId) -> Option<Print> {
        self.strips().get(&instrument)?.trades.back().copied()
    }

    /// Waits a moment for trade number `no`. What the exchange traded before this tape began
    /// never comes, so the wait is for a strip that has begun.
    pub async fn wait_for(&self, instrument: InstrumentId, no: TradeNo) {
        let mut news = self.news.subscribe();
        let is_there = |tape: &Tape| tape.last(instrument).is_none_or(|last| last.no >= no);
        let wait = news.wait_for(|_| is_there(self));
        // Late or not, the page shows what there is.
        drop(tokio::time::timeout(BEHIND_MAX, wait).await);
    }

    fn take(&self, event: &FeedEvent, exchange: &Exchange) {
        if event.market.is_empty() {
            return;
        }
        {
            let mut strips = self.strips();
            for (instrument, event) in &event.market {
                if let MarketEvent::Trade { no, price, quantity, taker, time } = *event {
                    let print = Print { no, price, quantity, taker, time };
                    let strip = strips.entry(*instrument).or_default();
                    if strip.extend(Some(print)) {
                        strip.count(*instrument, print, exchange);
                    }
                }
            }
        }
        self.news.send_modify(|count| *count += 1);
    }

    /// Trades were lost: what is left would have a hole.
    fn start_anew(&self) {
        self.strips().values_mut().for_each(|strip| strip.trades.clear());
    }

    fn strips(&self) -> MutexGuard<'_, HashMap<InstrumentId, Strip>> {
        // A poisoned strip still has whole trades.
        self.strips.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A trade as a follower of the feed gets it.
fn print_of(numbered: &Numbered) -> Option<Print> {
    match numbered.happened {
        Happened::Trade { price, quantity, taker, time } => {
            Some(Print { no: TradeNo(numbered.sequence), price, quantity, taker, time })
        }
        _ => None,
    }
}

/// How many trades a book has made; 0 where it cannot be asked.
async fn trades_of(exchange: &Exchange, id: InstrumentId) -> TradeNo {
    exchange.book(id, None, |listing, _| listing.trades()).await.unwrap_or_default()
}

impl Strip {
    /// Starts anew when its last trades were missed, because its book has come farther.
    fn reaches(&mut self, traded: TradeNo) {
        if self.trades.back().is_some_and(|last| last.no < traded) {
            self.trades.clear();
        }
    }

    /// Takes a trade in unless it is there already; behind a gap the strip starts anew.
    fn extend(&mut self, print: Option<Print>) -> bool {
        let Some(print) = print else { return false };
        match self.trades.back().map(|last| last.no.0) {
            Some(last) if print.no.0 <= last => return false,
            Some(last) if print.no.0 > last + 1 => self.trades.clear(),
            _ => {}
        }
        self.push(print);
        true
    }

    fn push(&mut self, print: Print) {
        if self.trades.len() == TRADES_MAX {
            self.trades.pop_front();
        }
        self.trades.push_back(print);
        let (start, price) = (print.time.0 / MINUTE, print.price);
        let volume = Amount::from(print.quantity.0);
        let value = volume * Amount::from(price.0);
        match self.minutes.back_mut() {
            // Exchange time of a book never goes back.
            Some(minute) if minute.start >= start => {
                minute.high = minute.high.max(price);
                minute.low = minute.low.min(price);
                minute.close = price;
                minute.volume += volume;
                minute.value += value;
                minute.trades += 1;
            }
            _ => {
                if self.minutes.len() == MINUTES_MAX
                    && let Some(dropped) = self.minutes.pop_front()
                {
                    self.before = Some(dropped.close);
                }
                let (high, low, close) = (price, price, price);
                self.minutes.push_back(Minute {
                    start,
                    high,
                    low,
                    close,
                    volume,
                    value,
                    trades: 1,
                });
            }
        }
    }

    fn count(&mut self, id: InstrumentId, print: Print, exchange: &Exchange) {
        let catalogue = || exchange.catalogue();
        if self.meters.is_none()
            && let Some(instrument) = catalogue().instruments.get(&id)
        {
            let symbol = || instrument.symbol.to_string();
            let trades = counter!("hoga_trades_total", "symbol" => symbol());
            let turnover = counter!("hoga_turnover_total", "symbol" => symbol(),
                "asset" => instrument.quote_code.to_string());
            self.meters = Some([trades, turnover]);
        }
        if let (Some([trades, turnover]), Some(instrument)) =
            (&self.meters, catalogue().instruments.get(&id))
        {
            let unit = 10i128.pow(u32::from(instrument.quote_scale));
            let minor = self.uncounted + instrument.notional(print.price, print.quantity);
            self.uncounted = minor % unit;
            trades.increment(1);
            turnover.increment(u64::try_from(minor / unit).unwrap_or(u64::MAX));
        }
    }
}

async fn read(
    tape: std::sync::Weak<Tape>,
    exchange: Exchange,
    mut feed: broadcast::Receiver<News>,
) {
    loop {
        let event = feed.recv().await;
        // Nobody asks for trades any more.
        let Some(tape) = tape.upgrade() else { return };
        match event {
            Ok(News::Chunk(event)) => tape.take(&event, &exchange),
            Ok(News::Replaced(partition)) => tape.check_ends(&exchange, partition).await,
            Err(RecvError::Lagged(chunks)) => {
                tracing::warn!(chunks, "the tape of trades fell behind and starts anew");
                tape.start_anew();
            }
            Err(RecvError::Closed) => return,
        }
    }
}

#[cfg(test)]
#[path = "tape_tests.rs"]
mod tests;
