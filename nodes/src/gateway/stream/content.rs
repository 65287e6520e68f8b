//! From events and states to the bytes that frames carry.

use crate::gateway::desk::Desk;
use crate::gateway::ladder::{Rung, Sides};
use crate::gateway::symbols::Symbols;
use bytes::Bytes;
use hoga_cluster::runtime::{Happened, Numbered, Topic};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::Clearing;
use hoga_engine::history::FillRow;
use hoga_engine::ids::TradeNo;
use hoga_engine::instrument::Instrument;
use hoga_engine::notice::Notice;
use hoga_engine::order::{OrderState, Side};
use hoga_engine::time::Time;
use hoga_proto::convert::numbers::timestamp;
use hoga_proto::convert::{account, market, notice, order};
use hoga_proto::v1;
use prost::Message;

/// What an event adds to its frame; none while the gateway does not know its instrument yet.
#[must_use]
pub fn of_event(desk: &Desk, topic: Topic, event: &Numbered, account_id: &str) -> Option<Bytes> {
    if let Some(bytes) = event.wire.get() {
        return Some(bytes.clone());
    }
    let symbols = desk.symbols();
    let bytes = encode(&symbols, topic, event, account_id)?;
    Some(event.wire.get_or_init(|| bytes).clone())
}

fn encode(symbols: &Symbols, topic: Topic, event: &Numbered, account_id: &str) -> Option<Bytes> {
    let bytes = match (&event.happened, topic) {
        (Happened::Level { side, price, quantity }, Topic::Book(id)) => {
            let level = market::level(*price, *quantity, 0, symbols.listed(id)?);
            let mut book = v1::BookContent::default();
            match side {
                Side::Buy => book.bids.push(level),
                Side::Sell => book.asks.push(level),
            }
            book.encode_to_vec()
        }
        (Happened::Indicated(clearing), Topic::Book(id)) => {
            let indication = Some(market::indication(*clearing, symbols.listed(id)?));
            v1::BookContent { indication, ..Default::default() }.encode_to_vec()
        }
        (Happened::Phase(phase, until), Topic::Book(_)) => {
            let phases = vec![market::phase_change(*phase, *until)];
            v1::BookContent { phases, ..Default::default() }.encode_to_vec()
        }
        (Happened::Trade { price, quantity, taker, time }, Topic::Trades(id)) => {
            let no = TradeNo(event.sequence);
            let trade = market::trade(no, *price, *quantity, *taker, *time, symbols.listed(id)?);
            v1::TradesContent { trades: vec![trade] }.encode_to_vec()
        }
        (Happened::Order(state), _) => return of_order(symbols, state, account_id),
        (Happened::Fill(fill), _) => {
            let id = fill.1.as_ref().map_or("", |id| id.as_str());
            return of_fill(symbols, &fill.0, account_id, id);
        }
        (Happened::Balance(asset, held), _) => {
            let balance = account::balance(*held, symbols.asset_of(*asset)?);
            v1::BalancesContent { balances: vec![balance] }.encode_to_vec()
        }
        (Happened::Notice(notice), _) => return Some(of_notice(notice, account_id)),
        (happened, topic) => unreachable!("{happened:?} in {topic:?}"),
    };
    Some(bytes.into())
}

/// An order as it stood.
#[must_use]
pub fn of_order(symbols: &Symbols, state: &OrderState, account_id: &str) -> Option<Bytes> {
    let order = order::state(state, account_id, symbols.listed(state.instrument)?);
    Some(v1::OrdersContent { orders: vec![order] }.encode_to_vec().into())
}

/// A fill.
#[must_use]
pub fn of_fill(
    symbols: &Symbols,
    row: &FillRow,
    account_id: &str,
    client_id: &str,
) -> Option<Bytes> {
    let fill = order::fill(row, account_id, client_id, symbols.listed(row.instrument)?);
    Some(v1::FillsContent { fills: vec![fill] }.encode_to_vec().into())
}

/// A notice.
#[must_use]
pub fn of_notice(of: &Notice, account_id: &str) -> Bytes {
    let notices = vec![notice::notice(of, account_id)];
    v1::NoticesContent { notices }.encode_to_vec().into()
}

/// The time of a ladder's last change. It stands once in a frame: parts add up.
#[must_use]
pub fn of_book_time(time: Time) -> Bytes {
    let time = Some(timestamp(time));
    v1::BookContent { time, ..Default::default() }.encode_to_vec().into()
}

/// A whole ladder, with what a call would come to while there is one. A stream does not count
/// orders: its deltas could not.
#[must_use]
pub fn of_book(
    sides: &Sides,
    indicated: Option<Option<Clearing>>,
    instrument: &Instrument,
) -> Bytes {
    let level = |(price, quantity): (Ticks, Lots)| market::level(price, quantity, 0, instrument);
    let side = |rungs: &[Rung]| rungs.iter().map(|r| level((r.price, r.quantity))).collect();
    let (bids, asks) = (side(&sides.bids), side(&sides.asks));
    let phases = vec![market::phase_change(instrument.phase, instrument.phase_until)];
    let indication = indicated.map(|clearing| market::indication(clearing, instrument));
    let whole = v1::BookContent { bids, asks, indication, phases, ..Default::default() };
    whole.encode_to_vec().into()
}
