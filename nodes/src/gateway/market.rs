//! Market data: what is listed, ladders, trades, tickers; candles are beside.
//!
//! Owns: nothing; the trades are on the [`Tape`](super::tape::Tape). Takes: questions of anybody.
//! Emits: what the books say, with the position at which it is true. On failure:
//! `UNKNOWN_INSTRUMENT`, or a position that is not reached in time.

use super::desk::{Desk, shown_at, told};
use super::failure::{Refused, rejected, unread};
use super::ladder::{Sides, grouped, ladder};
use super::page::{self, List, Place};
use super::symbols::Symbols;
use super::ticker::ticker;
use crate::auth::Caller;
use hoga_cluster::runtime::{At, ReadError};
use hoga_engine::book::{Clearing, Listing};
use hoga_engine::instrument::{Instrument, Phase};
use hoga_engine::reject::Reject;
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use hoga_proto::convert::numbers::{time_if_any, timestamp};
use hoga_proto::convert::{follow, market as wire};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::market_service_server::MarketService;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Levels of a ladder that does not say.
const DEPTH_DEFAULT: usize = 30;
/// Most levels of any ladder.
const DEPTH_MAX: i32 = 1_000;

/// `hoga.v1.MarketService`.
pub struct Market(pub Arc<Desk>);

impl Market {
    /// Looks at a book, once it is as far as the question wants.
    async fn look<T: Send + 'static>(
        &self,
        instrument: &Instrument,
        min: Option<&v1::Position>,
        question: impl FnOnce(&Listing, At) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let min = self.0.min(instrument.partition, min)?;
        let seen = self.0.exchange.book(instrument.id, min, question).await;
        seen.map_err(|error| unread(&error))
    }

    async fn list(
        &self,
        message: v1::ListInstrumentsRequest,
    ) -> Result<v1::ListInstrumentsResponse, Refused> {
        let cut = List::of(&"instruments").cut(message.page_size, &message.page_token)?;
        let min = self.0.min(Topology::META, message.min_index.as_ref())?;
        let at = self.0.exchange.core(Topology::META, |_, at| at).await;
        let at = at.map_err(|error| unread(&error))?;
        if min.is_some_and(|min| min.index > at.index) {
            return Err(unread(&ReadError::TooEarly));
        }
        let symbols = self.0.symbols();
        let mut all: Vec<&Instrument> = symbols.catalogue().instruments.values().collect();
        all.sort_by(|one, other| one.symbol.cmp(&other.symbol));
        // Instruments are never taken off the list, but a new one may move those behind it.
        let (page, next_page_token) = cut.of(all.into_iter());
        Ok(v1::ListInstrumentsResponse {
            instruments: page.into_iter().map(wire::shown_instrument).collect(),
            next_page_token,
            position: Some(shown_at(at)),
        })
    }

    async fn get(
        &self,
        message: v1::GetInstrumentRequest,
    ) -> Result<v1::GetInstrumentResponse, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("name", &message.name)?;
        let look = |listing: &Listing, at| (wire::shown_instrument(listing.instrument()), at);
        let (shown, at) = self.look(instrument, message.min_index.as_ref(), look).await?;
        let (instrument, position) = (Some(shown), Some(shown_at(at)));
        Ok(v1::GetInstrumentResponse { instrument, position })
    }

    async fn book(&self, message: v1::GetBookRequest) -> Result<v1::GetBookResponse, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("name", &message.name)?;
        let depth = depth(message.depth)?;
        let step = wire::price_step(message.price_step.as_ref(), instrument)?;
        let look = move |listing: &Listing, at| {
            let sides = match step {
                Some(step) => grouped(listing, depth, step),
                None => ladder(listing, depth),
            };
            (BookSeen::of(listing, sides), at)
        };
        let (seen, at) = self.look(instrument, message.min_index.as_ref(), look).await?;
        let book = Some(seen.shown(instrument));
        Ok(v1::GetBookResponse { book, position: Some(shown_at(at)) })
    }

    async fn outside(
        &self,
        message: v1::GetOutsideBookRequest,
    ) -> Result<v1::GetOutsideBookResponse, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("name", &message.name)?;
        let look = |listing: &Listing, at| {
            let shown = |follow| follow::shown_outside(follow, listing.instrument());
            (listing.following().map(shown), at)
        };
        let (book, at) = self.look(instrument, message.min_index.as_ref(), look).await?;
        let symbol = instrument.symbol.clone();
        let book = book.ok_or_else(|| rejected(&Reject::NotFollowed { symbol }, ""))?;
        let position = Some(shown_at(at));
        Ok(v1::GetOutsideBookResponse { book: Some(book), position })
    }

    async fn trades(
        &self,
        message: v1::ListTradesRequest,
    ) -> Result<v1::ListTradesResponse, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("parent", &message.parent)?;
        let size = page::size(message.page_size)?;
        let from = time_if_any("start_time", message.start_time.as_ref())?;
        let until = time_if_any("end_time", message.end_time.as_ref())?;
        let list = List::of(&("trades", instrument.id, from, until));
        let before = list.place(&message.page_token)?.map_or(u64::MAX, |place| place.0);
        let look = |listing: &Listing, at| (listing.trades(), at);
        let (last, at) = self.look(instrument, message.min_index.as_ref(), look).await?;
        self.0.tape.wait_for(instrument.id, last).await;
        // What was traded since is not of this position.
        let before = before.min(last.0 + 1);
        let mut found = self.0.tape.page(instrument.id, before, size + 1, |print| {
            from.is_none_or(|from| print.time >= from)
                && until.is_none_or(|until| print.time < until)
        });
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| more).map(|print| Place(print.no.0, 0));
        let shown = found
            .iter()
            .map(|p| wire::trade(p.no, p.price, p.quantity, p.taker, p.time, instrument));
        Ok(v1::ListTradesResponse {
            trades: shown.collect(),
            next_page_token: list.token(next),
            position: Some(shown_at(at)),
        })
    }

    async fn ticker(
        &self,
        message: v1::GetTickerRequest,
    ) -> Result<v1::GetTickerResponse, Refused> {
        let symbols: Arc<Symbols> = self.0.symbols();
        let instrument = symbols.instrument("name", &message.name)?;
        let look = |listing: &Listing, at| {
            let sequence = listing.sequence() + listing.trades().0;
            (ladder(listing, 1), listing.last(), listing.trades(), sequence, at)
        };
        let (best, last, trades, sequence, at) =
            self.look(instrument, message.min_index.as_ref(), look).await?;
        self.0.tape.wait_for(instrument.id, trades).await;
        let now = self.0.exchange.options().clock.now();
        let day = self.0.tape.day(instrument.id, now);
        let ticker = Some(ticker(instrument, &best, last, &day, sequence, now));
        Ok(v1::GetTickerResponse { ticker, position: Some(shown_at(at)) })
    }
}

fn depth(asked: i32) -> Result<usize, Refused> {
    match asked {
        0 => Ok(DEPTH_DEFAULT),
        1.. => Ok(asked.min(DEPTH_MAX) as usize),
        _ => Err(Box::new(Refusal::malformed("depth", "must not be below 0"))),
    }
}

/// A book as it was looked at.
pub struct BookSeen {
    pub sides: Sides,
    pub sequence: u64,
    /// Where orders collect: what they would come to, if they meet.
    indicated: Option<Option<Clearing>>,
    phase: Phase,
    phase_until: Option<Time>,
}

impl BookSeen {
    #[must_use]
    pub fn of(listing: &Listing, sides: Sides) -> BookSeen {
        let Instrument { phase, phase_until, .. } = *listing.instrument();
        let indicated = listing.book().collects().then(|| listing.indicated());
        BookSeen { sides, sequence: listing.sequence(), indicated, phase, phase_until }
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn shown(&self, instrument: &Instrument) -> v1::Book {
        let [bids, asks] = [&self.sides.bids, &self.sides.asks].map(|side| {
            let shown = side
                .iter()
                .map(|level| wire::level(level.price, level.quantity, level.orders, instrument));
            shown.collect()
        });
        v1::Book {
            instrument: format!("instruments/{}", instrument.symbol),
            bids,
            asks,
            sequence: self.sequence,
            indication: self.indicated.map(|clearing| wire::indication(clearing, instrument)),
            phase: v1::Phase::from(self.phase).into(),
            call_kind: wire::call_kind(self.phase).into(),
            phase_end_time: self.phase_until.map(timestamp),
            ..Default::default()
        }
    }
}

#[tonic::async_trait]
impl MarketService for Market {
    async fn list_instruments(
        &self,
        request: Request<v1::ListInstrumentsRequest>,
    ) -> Result<Response<v1::ListInstrumentsResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.list(message).await)
    }

    async fn get_instrument(
        &self,
        request: Request<v1::GetInstrumentRequest>,
    ) -> Result<Response<v1::GetInstrumentResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.get(message).await)
    }

    async fn get_book(
        &self,
        request: Request<v1::GetBookRequest>,
    ) -> Result<Response<v1::GetBookResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.book(message).await)
    }

    async fn get_outside_book(
        &self,
        request: Request<v1::GetOutsideBookRequest>,
    ) -> Result<Response<v1::GetOutsideBookResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.outside(message).await)
    }

    async fn list_trades(
        &self,
        request: Request<v1::ListTradesRequest>,
    ) -> Result<Response<v1::ListTradesResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.trades(message).await)
    }

    async fn list_candles(
        &self,
        request: Request<v1::ListCandlesRequest>,
    ) -> Result<Response<v1::ListCandlesResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.candles(&caller, message).await)
    }

    async fn get_ticker(
        &self,
        request: Request<v1::GetTickerRequest>,
    ) -> Result<Response<v1::GetTickerResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.ticker(message).await)
    }
}
