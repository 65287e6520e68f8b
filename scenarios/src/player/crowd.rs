//! The bots of a play: who wakes when, what they see, what they want.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hoga_engine::amount::Ticks;
use hoga_engine::ids::{AccountId, InstrumentId, OrderNo};
use hoga_engine::instrument::{Instrument, Phase};
use hoga_engine::order::{self as engine, OrderRequest, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack, OrderRef};

use super::floor::Floor;
use crate::bots::{Bot, Intent, OwnOrder, Terms, View};
use crate::file::Scenario;
use crate::grammar::Side;
use crate::tape::TapeError;
use crate::time::Millis;

struct Trader {
    bot: Bot,
    account: AccountId,
    /// Place in the market's list.
    instrument: usize,
}

/// All bots. Of those that wake on one instant, the lower index acts first.
pub(super) struct Crowd {
    traders: Vec<Trader>,
    wakes: BinaryHeap<Reverse<(Millis, usize)>>,
    own: Vec<OwnOrder>,
    intents: Vec<Intent>,
}

impl Crowd {
    pub fn gather(scenario: &Scenario, seed: u64, floor: &mut Floor<'_>) -> Crowd {
        let mut crowd = Crowd {
            traders: Vec::new(),
            wakes: BinaryHeap::new(),
            own: Vec::new(),
            intents: Vec::new(),
        };
        for group in &scenario.bots {
            let symbol = group.symbol.as_str();
            let mut listed = floor.market.instruments.iter();
            let Some(instrument) = listed.position(|listed| *listed.symbol == *symbol) else {
                continue;
            };
            for name in group.members() {
                let index = crowd.traders.len();
                let mut bot = Bot::new(group.kind, seed, index as u64);
                crowd.wakes.push(Reverse((bot.first_wake(), index)));
                let account = floor.account(&name);
                crowd.traders.push(Trader { bot, account, instrument });
            }
        }
        crowd
    }

    pub fn next_wake(&self) -> Option<Millis> {
        self.wakes.peek().map(|Reverse((at, _))| *at)
    }

    /// The accounts of the bots, by index.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.traders.iter().map(|trader| trader.account)
    }

    /// The next bot acts, and goes to sleep again.
    ///
    /// # Errors
    /// The recording cannot be written.
    pub fn wake_next(&mut self, floor: &mut Floor<'_>) -> Result<(), TapeError> {
        let Some(Reverse((now, index))) = self.wakes.pop() else { return Ok(()) };
        let Crowd { traders, own, intents, .. } = self;
        let trader = &mut traders[index];
        let instrument = &floor.market.instruments[trader.instrument];
        let id = instrument.id;
        let listing = floor.pit.listing(id).map(hoga_engine::book::Listing::instrument);
        let is_open = listing.is_some_and(|now| now.phase == Phase::Continuous);
        let (unit, lot) = (instrument.tick, instrument.lot);
        intents.clear();
        let view = look(floor, instrument, trader.account, own);
        let next = trader.bot.wake(now, &view, intents);
        for intent in intents.iter() {
            let request = match *intent {
                Intent::Cancel { id } => {
                    AccountRequest::Cancel { order: OrderRef::No(OrderNo(id)) }
                }
                // A bot knows better than to send orders into a book that takes none.
                Intent::Place { .. } if !is_open => continue,
                Intent::Place { side, lots, terms } => {
                    let quantity = i128::from(lots) * lot;
                    order(id, side, quantity, terms, unit)
                }
            };
            floor.enter(trader.account, None, &request)?;
        }
        self.wakes.push(Reverse((next, index)));
        Ok(())
    }
}

/// What a bot sees: the top of the book, the last price, its own orders and means.
fn look<'v>(
    floor: &Floor<'_>,
    instrument: &Instrument,
    account: AccountId,
    own: &'v mut Vec<OwnOrder>,
) -> View<'v> {
    let (listing, account) = (floor.pit.listing(instrument.id), floor.pit.account(account));
    let best = |side| listing.and_then(|listing| listing.best(side));
    let last = listing.and_then(|listing| listing.last());
    let ticks = |price: Option<Ticks>| price.map(|price| u64::from(price.0));
    own.clear();
    let open = account.open_orders().filter(|open| open.state.instrument == instrument.id);
    own.extend(open.map(|open| OwnOrder {
        id: open.state.key.no.0,
        side: said(open.state.side),
        price: open.state.limit.0.into(),
        open_lots: open.state.remaining().0,
    }));
    let base = instrument.base_price.unwrap_or(Ticks(1));
    let available = |asset| account.balance(asset).available.max(0);
    let lots = available(instrument.base) / instrument.lot;
    View {
        best_bid: ticks(best(engine::Side::Buy)),
        best_ask: ticks(best(engine::Side::Sell)),
        last: ticks(last),
        base: base.0.into(),
        step: instrument.ticks.step(last.unwrap_or(base)).into(),
        band: listing
            .and_then(|listing| listing.instrument().band)
            .map(|(low, high)| (low.0.into(), high.0.into())),
        own,
        cash: (available(instrument.quote) / instrument.unit()) as u128,
        lots: u64::try_from(lots).unwrap_or(u64::MAX),
    }
}

const fn said(side: engine::Side) -> Side {
    match side {
        engine::Side::Buy => Side::Buy,
        engine::Side::Sell => Side::Sell,
    }
}

/// `quantity` in base minor units, `unit` the quote minor units of one tick.
fn order(
    instrument: InstrumentId,
    side: Side,
    quantity: i128,
    terms: Terms,
    unit: i128,
) -> AccountRequest {
    let (price, time_in_force, post_only) = match terms {
        Terms::Rest { price } => (Some(price), TimeInForce::Gtc, false),
        Terms::PostOnly { price } => (Some(price), TimeInForce::Gtc, true),
        Terms::Ioc { price } => (Some(price), TimeInForce::Ioc, false),
        Terms::Market => (None, TimeInForce::Gtc, false),
    };
    let order = OrderRequest {
        instrument,
        side: match side {
            Side::Buy => engine::Side::Buy,
            Side::Sell => engine::Side::Sell,
        },
        size: Size::Quantity(quantity),
        price: price.map(|price| i128::from(price) * unit),
        time_in_force,
        post_only,
        self_match: None,
        terms: None,
    };
    AccountRequest::Place { order, ack: Ack::Result, market_price: None }
}
