//! Candles: those under way from the book, those that are over from its partition's history.
//!
//! Both are of one position: what the history has from behind it is left out.

use super::admin::Admin;
use super::desk::{Desk, shown_at};
use super::failure::{Refused, history, unread};
use super::market::Market;
use super::money::Named;
use super::page::{self, List as Pages, Place};
use super::reasons::refusal;
use crate::auth::Caller;
use hoga_cluster::history::{Direction, History, HistoryError, RowKey, RowKind};
use hoga_cluster::partition::MetaCommand;
use hoga_cluster::runtime::At;
use hoga_engine::book::Listing;
use hoga_engine::candle::{Bar, Candle, CandleRow, Import, Interval, List, Origin, Standing, Zone};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::Instrument;
use hoga_engine::time::Time;
use hoga_proto::convert::candle as wire;
use hoga_proto::convert::numbers::time_if_any;
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::time::Duration;

/// Candles of one import.
const IMPORTED_MAX: usize = 1_000;
/// How often an import looks whether the book has it.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What is wanted of an instrument's candles.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub instrument: InstrumentId,
    pub interval: Interval,
    /// Only those that begin here or later.
    pub from: Time,
    /// Only those that begin before.
    pub before: Time,
    pub most: usize,
}

/// Candles at a position.
pub struct Read {
    pub instrument: Instrument,
    /// Newest first.
    pub candles: Vec<Candle>,
    /// Number of the last event that they contain.
    pub sequence: u64,
    pub at: At,
}

/// Reads candles.
///
/// # Errors
/// The book or its history could not be read, or not within the time.
pub async fn read(
    desk: &Desk,
    wanted: Wanted,
    min: Option<At>,
    within: Duration,
) -> Result<Read, Refused> {
    let base = wanted.interval.base();
    let look =
        move |listing: &Listing, at| (listing.candles(base), listing.instrument().clone(), at);
    let seen = desk.exchange.book(wanted.instrument, min, look).await;
    let (standing, instrument, at) = seen.map_err(|error| unread(&error))?;
    let store = desk.exchange.book_history(wanted.instrument);
    let store = match tokio::time::timeout(within, store).await {
        Ok(Ok(store)) => store,
        Ok(Err(error)) => return Err(unread(&error)),
        Err(_) => return Err(refusal("DEADLINE_EXCEEDED", "the history is behind")),
    };
    // The book's time may be ahead of this node's clock.
    let now = desk.exchange.options().clock.now().max(standing.through);
    let before = wanted.before.min(Time(now.0.saturating_add(1)));
    let wanted = Wanted { before, ..wanted };
    let sequence = standing.sequence;
    let made = tokio::task::spawn_blocking(move || {
        let candles = make(&*store, &wanted, &standing, &instrument)?;
        Ok::<_, HistoryError>((candles, instrument))
    });
    match made.await {
        Ok(Ok((candles, instrument))) => Ok(Read { instrument, candles, sequence, at }),
        Ok(Err(error)) => Err(history(&error)),
        Err(_) => Err(refusal("HISTORY_FAILED", "the history cannot be read now")),
    }
}

fn make(
    store: &dyn History,
    wanted: &Wanted,
    standing: &Standing,
    instrument: &Instrument,
) -> Result<Vec<Candle>, HistoryError> {
    let &Wanted { interval, from, before, most, .. } = wanted;
    let base = interval.base();
    let schedule = instrument.schedule.as_deref();
    let zone = Zone::of(schedule);
    let end = zone.end(interval, zone.start(interval, before.minus(1)));
    let last = end.minus(1).0 / Time::SECOND;
    let book = RowKey::book(instrument.partition, instrument.id);
    let kept = |origin| {
        let kind = RowKind::candle(base, origin);
        let rows = store.scan(book, kind, 0..=last, Direction::NewestFirst);
        rows.filter_map(|row| match row {
            Ok(HistoryRow::Candle(CandleRow { bar, origin, .. })) => Some(Ok((bar, origin))),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    };
    let newest = standing.newest.map(|(bar, _)| bar);
    let is_known = |bar: &Bar| {
        bar.first <= standing.sequence && newest.is_none_or(|newest| bar.start < newest.start)
    };
    let traded =
        kept(Origin::Traded).filter(|part| part.as_ref().map_or(true, |(bar, _)| is_known(bar)));
    let parts =
        newest.into_iter().filter(|bar| bar.start < end).map(|bar| Ok((bar, Origin::Traded)));
    let list = List {
        interval,
        schedule,
        before,
        from,
        most,
        through: standing.through.max(standing.imported),
        closed: standing
            .newest
            .filter(|(_, is_shut)| *is_shut && interval == base.interval())
            .map(|(bar, _)| bar.start),
    };
    list.make(parts.chain(traded).chain(kept(Origin::Imported)))
}

impl Market {
    pub(super) async fn candles(
        &self,
        caller: &Caller,
        message: v1::ListCandlesRequest,
    ) -> Result<v1::ListCandlesResponse, Refused> {
        let desk = &self.0;
        let symbols = desk.symbols();
        let instrument = symbols.instrument("parent", &message.parent)?;
        let interval = wire::interval("interval", message.interval)?;
        let size = page::size(message.page_size)?;
        let from = time_if_any("start_time", message.start_time.as_ref())?;
        let until = time_if_any("end_time", message.end_time.as_ref())?;
        let list = Pages::of(&("candles", instrument.id, interval.name(), from, until));
        let place = list.place(&message.page_token)?;
        let place = place.map(|place| Time(place.0.saturating_mul(Time::SECOND)));
        let min = desk.min(instrument.partition, message.min_index.as_ref())?;
        let wanted = Wanted {
            instrument: instrument.id,
            interval,
            from: from.unwrap_or_default(),
            before: place.or(until).unwrap_or(Time(u64::MAX)),
            most: size + 1,
        };
        let mut read = read(desk, wanted, min, caller.remaining()).await?;
        let more = read.candles.len() > size;
        read.candles.truncate(size);
        let last = read.candles.last().filter(|_| more);
        let next = last.map(|candle| Place(candle.bar.start.0 / Time::SECOND, 0));
        let shown = |candle| wire::candle(candle, interval, &read.instrument);
        Ok(v1::ListCandlesResponse {
            candles: read.candles.iter().map(shown).collect(),
            next_page_token: list.token(next),
            position: Some(shown_at(read.at)),
        })
    }
}

impl Admin {
    pub(super) async fn import_candles(
        &self,
        caller: &Caller,
        message: v1::ImportCandlesRequest,
    ) -> Result<v1::ImportCandlesResponse, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("parent", &message.parent)?;
        let base = wire::base(message.interval)?;
        let malformed = |rule: String| Box::new(Refusal::malformed("candles", rule));
        if message.candles.is_empty() || message.candles.len() > IMPORTED_MAX {
            return Err(malformed(format!("give 1 to {IMPORTED_MAX} of them")));
        }
        let bars = message.candles.iter().map(|candle| wire::bar(candle, base, instrument));
        let mut bars = bars.collect::<Result<Vec<Bar>, _>>()?;
        let asked = bars.len();
        if !bars.is_sorted_by(|one, next| one.start < next.start) {
            return Err(malformed("must come oldest first, each once".into()));
        }
        let zone = Zone::of(instrument.schedule.as_deref());
        // A day that is not over is none of an exchange's past: more of it may come, from here too.
        let now = self.0.exchange.options().clock.now();
        bars.retain(|bar| zone.end(Interval::Day1, bar.start) <= now);
        let ends: Vec<(Time, Time)> =
            bars.iter().map(|bar| (bar.start, zone.end(base.interval(), bar.start))).collect();
        let look = |listing: &Listing, _| *listing.imports();
        let seen = self.0.exchange.book(instrument.id, None, look).await;
        let imports = seen.map_err(|error| unread(&error))?;
        let mut fitting = ends.iter().filter(|(start, end)| imports.fits(*start, *end));
        let (imported, last) = (fitting.clone().count(), fitting.next_back().map(|(_, end)| *end));
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let import = Box::new(Import { base, bars });
        let command = MetaCommand::ImportCandles { instrument: instrument.id, import };
        let (at, repeated_answer) = self.administer(caller, named, command).await?;
        if let Some(last) = last {
            self.wait_for_import(caller, instrument.id, last).await?;
        }
        let by = caller.subject().map(AccountName::id);
        tracing::info!(symbol = %instrument.symbol, imported, by, "candles imported");
        Ok(v1::ImportCandlesResponse {
            imported_count: imported as u32,
            skipped_count: (asked - imported) as u32,
            position: Some(shown_at(at)),
            repeated_answer,
        })
    }

    /// The book answers no import, so this looks until it has it. An operator's call, once in an
    /// instrument's life.
    async fn wait_for_import(
        &self,
        caller: &Caller,
        instrument: InstrumentId,
        last: Time,
    ) -> Result<(), Refused> {
        let has_come = async {
            loop {
                let look = |listing: &Listing, _| *listing.imports();
                let seen = self.0.exchange.book(instrument, None, look).await;
                // A first trade may have come between: then what is left out is never taken.
                if !seen.map_err(|error| unread(&error))?.fits(last.minus(1), last) {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let late =
            |_| refusal("DEADLINE_EXCEEDED", "the import was asked for, but not applied yet");
        tokio::time::timeout(caller.remaining(), has_come).await.map_err(late)?
    }
}
