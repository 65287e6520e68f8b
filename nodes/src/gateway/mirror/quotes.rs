//! One instrument: its trades, its book and its ticker, on channels and as latest states.

use super::MirrorOptions;
use super::keys;
use crate::gateway::desk::Desk;
use crate::gateway::ladder::ladder;
use crate::gateway::market::BookSeen;
use crate::gateway::tape::Print;
use crate::gateway::ticker::ticker;
use crate::proto_json;
use hoga_engine::amount::Ticks;
use hoga_engine::book::Listing;
use hoga_engine::ids::{InstrumentId, TradeNo};
use hoga_engine::instrument::Instrument;
use hoga_proto::convert::market as wire;
use prost::Message;
use redis::Pipeline;
use serde_json::json;
use std::time::Instant;

/// Levels of each side.
const DEPTH: usize = 30;

/// What of an instrument stands in Redis.
pub struct Quotes {
    /// The last trade that was published.
    published: u64,
    /// As of which count of the book's events the states were written, and when.
    written: Option<(u64, Instant)>,
}

/// A book as it was looked at.
struct Seen {
    book: BookSeen,
    last: Option<Ticks>,
    trades: TradeNo,
}

impl Quotes {
    /// An instrument of which everything up to a trade was published, by whoever did.
    #[must_use]
    pub fn behind(published: u64) -> Quotes {
        Quotes { published, written: None }
    }

    /// Everything was flushed.
    pub fn forget(&mut self) {
        self.written = None;
    }

    /// Adds what there is to write; returns how many trades are published by it, `room` at most.
    pub async fn tell(
        &mut self,
        desk: &Desk,
        id: InstrumentId,
        options: &MirrorOptions,
        room: usize,
        pipeline: &mut Pipeline,
    ) -> usize {
        let look = |listing: &Listing, _| Seen {
            book: BookSeen::of(listing, ladder(listing, DEPTH)),
            last: listing.last(),
            trades: listing.trades(),
        };
        // A partition that is being replaced is read in the next round.
        let Ok(seen) = desk.exchange.book(id, None, look).await else { return 0 };
        let symbols = desk.symbols();
        let Some(instrument) = symbols.listed(id) else { return 0 };
        desk.tape.wait_for(id, seen.trades).await;
        if self.published > seen.trades.0 {
            // The place is of another exchange, or ahead of this replica: twice is better than not.
            self.published = 0;
        }
        let published = match seen.trades.0 > self.published {
            true => self.trades(desk, instrument, options, room, pipeline),
            false => 0,
        };
        if published > 0 || self.written.is_none() {
            let cursor = options.keys.of_symbol(keys::CURSOR, &instrument.symbol);
            pipeline.cmd("SET").arg(cursor).arg(self.published);
        }
        let sequence = seen.book.sequence + seen.trades.0;
        let is_news = self.written.is_none_or(|(written, _)| written != sequence);
        let is_due = self.written.is_none_or(|(_, at)| at.elapsed() >= options.ttl / 3);
        if is_news || is_due {
            states(desk, instrument, &seen, sequence, options, is_news, pipeline);
            self.written = Some((sequence, Instant::now()));
        }
        published
    }

    /// The trades behind the last one published.
    fn trades(
        &mut self,
        desk: &Desk,
        instrument: &Instrument,
        options: &MirrorOptions,
        room: usize,
        pipeline: &mut Pipeline,
    ) -> usize {
        let published = self.published;
        let is_new = |print: &Print| print.no.0 > published;
        let mut prints = desk.tape.page(instrument.id, u64::MAX, usize::MAX, is_new);
        prints.reverse();
        prints.truncate(room);
        let Some(first) = prints.first() else { return 0 };
        let channel = options.keys.of_symbol(keys::TRADES, &instrument.symbol);
        if first.no.0 > published + 1 {
            let missing = json!({"first": published + 1, "last": first.no.0 - 1});
            pipeline.cmd("PUBLISH").arg(&channel).arg(json!({"missing": missing}).to_string());
        }
        for print in &prints {
            let text = of_print(print, instrument);
            pipeline.cmd("PUBLISH").arg(&channel).arg(text);
            self.published = print.no.0;
        }
        prints.len()
    }
}

/// The latest states, and on their channels what is new.
fn states(
    desk: &Desk,
    instrument: &Instrument,
    seen: &Seen,
    sequence: u64,
    options: &MirrorOptions,
    is_news: bool,
    pipeline: &mut Pipeline,
) {
    let book = text("Book", &seen.book.shown(instrument));
    let now = desk.exchange.options().clock.now();
    let day = desk.tape.day(instrument.id, now);
    let ticker = ticker(instrument, &seen.book.sides, seen.last, &day, sequence, now);
    let ticker = text("Ticker", &ticker);
    let (keys, symbol) = (&options.keys, &*instrument.symbol);
    let seconds = options.ttl.as_secs();
    let mut keep = |family, text: &str| {
        let key = keys.of_symbol(family, symbol);
        pipeline.cmd("SET").arg(key).arg(text).arg("EX").arg(seconds);
    };
    keep(keys::LATEST_BOOK, &book);
    keep(keys::LATEST_TICKER, &ticker);
    if let Some(print) = desk.tape.last(instrument.id) {
        keep(keys::LATEST_TRADE, &of_print(&print, instrument));
    }
    if is_news {
        for (family, text) in [(keys::BOOK, book), (keys::TICKER, ticker)] {
            pipeline.cmd("PUBLISH").arg(keys.of_symbol(family, symbol)).arg(text);
        }
    }
}

fn of_print(print: &Print, instrument: &Instrument) -> String {
    let Print { no, price, quantity, taker, time } = *print;
    text("Trade", &wire::trade(no, price, quantity, taker, time, instrument))
}

/// A message as JSON on one line.
pub(super) fn text<M: Message>(name: &'static str, message: &M) -> String {
    proto_json::of(name, message).expect("our own messages have a mapping").to_string()
}
