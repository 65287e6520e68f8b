//! The last trades of every instrument, and what a day of them came to.
//!
//! Owns: a bounded strip of trades and one of minutes for each instrument. Takes: the feed of
//! this node, and at the start what [`kept`] wrote and what the log's tail brought back. Emits:
//! pages of trades, the figures of a ticker. On failure: a listener that falls behind loses
//! trades, and so may a restart and a state that another node sent; the list of trades then starts
//! anew behind the gap, so that what it shows is whole, and the minutes are read from the candles.
//! The trades themselves stand in the accounts' fills.

mod kept;
mod minutes;

use hoga_cluster::runtime::{Exchange, FeedEvent, Happened, News, Numbered, Topic};
use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::{InstrumentId, PartitionId, TradeNo};
use hoga_engine::order::Side;
use hoga_engine::time::Time;
use metrics::{Counter, counter};
use minutes::Whole;
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
    /// Up to this trade the minutes were read from candles.
    charted: TradeNo,
    /// Trades are missing that no minute has.
    #[serde(skip)]
    has_gap: bool,
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
            let is_whole = strip.reaches(traded) && !strip.has_gap;
            self.strips().insert(id, strip);
            if !is_whole {
                self.read_minutes(exchange, id).await;
            }
        }
    }

    /// The same, without keeping the feed waiting meanwhile.
    fn read_minutes_aside(self: &Arc<Tape>, exchange: &Exchange, ids: Vec<InstrumentId>) {
        let (tape, exchange) = (Arc::downgrade(self), exchange.clone());
        tokio::spawn(async move {
            for id in ids {
                let Some(tape) = tape.upgrade() else { return };
                tape.read_minutes(&exchange, id).await;
            }
        });
    }

    /// What the day came to, for a strip that has missed trades.
    async fn read_minutes(&self, exchange: &Exchange, id: InstrumentId) {
        match minutes::read(exchange, id).await {
            Some(whole) => self.strips().entry(id).or_default().take_over(whole),
            None => tracing::warn!(instrument = id.0, "the ticker's day lacks trades"),
        }
    }

    /// A partition's state was replaced by another node's.
    async fn check_ends(self: &Arc<Tape>, exchange: &Exchange, partition: PartitionId) {
        let catalogue = exchange.catalogue();
        let ours = catalogue.instruments.iter().filter(|(_, it)| it.partition == partition);
        let mut behind = Vec::new();
        for (id, _) in ours {
            let traded = trades_of(exchange, *id).await;
            if !self.strips().entry(*id).or_default().reaches(traded) {
                behind.push(*id);
            }
        }
        self.read_minutes_aside(exchange, behind);
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
    fn start_anew(self: &Arc<Tape>, exchange: &Exchange) {
        self.strips().values_mut().for_each(|strip| strip.trades.clear());
        let ids = exchange.catalogue().instruments.keys().copied().collect();
        self.read_minutes_aside(exchange, ids);
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
    /// Whether it has the last trade of its book; its list starts anew if it does not.
    fn reaches(&mut self, traded: TradeNo) -> bool {
        let reaches = self.trades.back().map_or(TradeNo(0), |last| last.no) >= traded;
        if !reaches {
            self.trades.clear();
        }
        reaches
    }

    fn take_over(&mut self, whole: Whole) {
        let Whole { minutes, before, through } = whole;
        // Trades may have come while the candles were read: those behind them count once more.
        let later = self.trades.iter().filter(|print| print.no > through).copied();
        let later: Vec<Print> = later.collect();
        (self.minutes, self.before, self.charted) = (minutes, before, through);
        self.has_gap = false;
        later.iter().for_each(|print| self.chart(print));
    }

    /// Takes a trade in unless it is there already; behind a gap the strip starts anew.
    fn extend(&mut self, print: Option<Print>) -> bool {
        let Some(print) = print else { return false };
        let last = self.trades.back().map(|last| last.no);
        if last.is_some_and(|last| print.no <= last) {
            return false;
        }
        let known = last.unwrap_or(self.charted).max(self.charted);
        if print.no.0 > known.0 + 1 {
            self.trades.clear();
            self.has_gap = true;
        }
        self.push(print);
        true
    }

    fn push(&mut self, print: Print) {
        if self.trades.len() == TRADES_MAX {
            self.trades.pop_front();
        }
        self.trades.push_back(print);
        if print.no > self.charted {
            self.chart(&print);
        }
    }

    /// Counts a trade in its minute.
    fn chart(&mut self, print: &Print) {
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
                tape.start_anew(&exchange);
            }
            Err(RecvError::Closed) => return,
        }
    }
}

#[cfg(test)]
#[path = "tape_tests.rs"]
mod tests;
