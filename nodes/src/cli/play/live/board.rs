//! What bots see of a market: looked at again and again, for all of them together.

use super::line::Who;
use super::venue::Venue;
use hoga_engine::amount::Ticks;
use hoga_engine::instrument::Instrument;
use hoga_proto::convert::numbers;
use hoga_proto::v1;
use hoga_scenarios::player::Sight;
use std::cell::Cell;
use std::time::Duration;

/// How old what bots see may get.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// The phase is looked at every so many looks.
const PHASE_EVERY: u32 = 8;

/// An instrument at a glance.
pub struct Board {
    name: String,
    /// Best bid, best ask, last price.
    prices: Cell<[Option<Ticks>; 3]>,
    is_open: Cell<bool>,
    /// Of the last outside book that was posted.
    book_no: Cell<u64>,
}

impl Board {
    pub fn of(symbol: &str) -> Board {
        let name = format!("instruments/{symbol}");
        Board { name, prices: Cell::default(), is_open: Cell::new(true), book_no: Cell::new(0) }
    }

    /// Whether orders are matched as they come.
    pub fn is_open(&self) -> bool {
        self.is_open.get()
    }

    pub fn book_no(&self) -> u64 {
        self.book_no.get()
    }

    pub fn number_books_from(&self, standing: u64) {
        self.book_no.set(standing);
    }

    pub fn next_book(&self) -> u64 {
        self.book_no.set(self.book_no.get() + 1);
        self.book_no.get()
    }

    /// The market; an account's means are still to be filled in.
    pub fn sight(&self) -> Sight {
        let [best_bid, best_ask, last] = self.prices.get();
        Sight { best_bid, best_ask, last, ..Sight::default() }
    }

    fn show(&self, ticker: &v1::Ticker, instrument: &Instrument) {
        let price = |price: Option<&v1::Decimal>| ticks(price, instrument);
        let best = |level: &Option<v1::Level>| {
            price(level.as_ref().and_then(|level| level.price.as_ref()))
        };
        self.prices.set([best(&ticker.bid), best(&ticker.ask), price(ticker.last.as_ref())]);
    }
}

/// A price of the wire in smallest ticks.
pub fn ticks(price: Option<&v1::Decimal>, instrument: &Instrument) -> Option<Ticks> {
    let minor = numbers::amount("price", price, instrument.quote_scale).ok()?;
    u32::try_from(minor / instrument.tick).ok().map(Ticks)
}

impl Venue {
    /// Looks at every board once.
    pub async fn look(&self, with_phase: bool) {
        for (board, instrument) in self.boards.iter().zip(&self.market.instruments) {
            let name = board.name.clone();
            let request = v1::GetTickerRequest { name: name.clone(), min_index: None };
            let asked = self
                .lines
                .ask(Who::Trader(0), async |call| call.market().get_ticker(request.clone()).await);
            // While nobody answers bots see what was there last.
            let Ok(answer) = asked.await else { continue };
            board.show(&answer.into_inner().ticker.unwrap_or_default(), instrument);
            if with_phase {
                let request = v1::GetInstrumentRequest { name, min_index: None };
                let asked = self.lines.ask(Who::Trader(0), async |call| {
                    call.market().get_instrument(request.clone()).await
                });
                let Ok(answer) = asked.await else { continue };
                let phase = answer.into_inner().instrument.map(|listed| listed.phase());
                board.is_open.set(phase == Some(v1::Phase::Continuous));
            }
        }
    }

    /// Says which markets are not open: they keep the exchange's own hours.
    pub fn warn_of_hours(&self) {
        let boards = self.boards.iter().zip(&self.market.instruments);
        let closed = boards.filter(|(board, _)| !board.is_open());
        let warnings = closed.map(|(_, instrument)| {
            let symbol = &instrument.symbol;
            format!("{symbol} is not open now; its hours are those of the exchange's own clock")
        });
        self.warnings.borrow_mut().extend(warnings);
    }

    /// Looks for as long as it is polled.
    pub async fn look_on(&self) -> std::convert::Infallible {
        let mut look: u32 = 0;
        loop {
            look = look.wrapping_add(1);
            self.look(look.is_multiple_of(PHASE_EVERY)).await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
