//! FILL-2 and FILL-3: a trade has two legs that agree, inside both limits, and each settles once.

use super::Told;
use crate::sim::words::{Broken, hold};
use hoga_engine::effect::MarketEvent;
use hoga_engine::history::{FillRow, HistoryRow, LedgerRow};
use hoga_engine::ids::{InstrumentId, OrderKey, TradeNo};
use hoga_engine::message::{AccountMessage, Leg, Message};
use hoga_engine::order::Side;
use std::collections::BTreeMap;

type Key = (InstrumentId, TradeNo);

/// A trade as its book said it, and what has settled of it.
#[derive(Default)]
struct Trade {
    said: Option<MarketEvent>,
    /// The buyer's and the seller's.
    legs: [Option<Leg>; 2],
    settled: [bool; 2],
    /// Ledger rows of it: two for each leg.
    rows: u32,
}

#[derive(Default)]
pub struct Fills {
    pub checked: u64,
    /// Trades that have not settled whole.
    trades: BTreeMap<Key, Trade>,
    /// The last trade of each book.
    last: BTreeMap<InstrumentId, TradeNo>,
    /// The least favourable limit that an order ever had.
    worst: BTreeMap<OrderKey, hoga_engine::amount::Ticks>,
}

impl Fills {
    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        for (instrument, event) in &told.market {
            if let MarketEvent::Trade { no, .. } = event {
                let last = self.last.entry(*instrument).or_default();
                let follows = no.0 == last.0 + 1;
                hold!("FILL-3", follows, "{event:?} of #{} follows {last:?}", instrument.0);
                *last = *no;
                self.trades.entry((*instrument, *no)).or_default().said = Some(event.clone());
            }
        }
        for (_, message) in &told.sent {
            if let Message::ToAccount(_, AccountMessage::Settle(leg)) = message {
                self.leg(leg)?;
            }
        }
        for state in &told.orders {
            let worst = self.worst.entry(state.key).or_insert(state.limit);
            *worst = match state.side {
                Side::Buy => state.limit.max(*worst),
                Side::Sell => state.limit.min(*worst),
            };
        }
        for row in &told.rows {
            match row {
                HistoryRow::Fill(fill) => self.fill(fill)?,
                HistoryRow::Ledger(row) => self.row(row)?,
                HistoryRow::Order(_) | HistoryRow::Party(_) | HistoryRow::Candle(_) => {}
            }
        }
        self.trades.retain(|_, trade| !(trade.settled == [true, true] && trade.rows == 4));
        Ok(())
    }

    fn leg(&mut self, leg: &Leg) -> Result<(), Broken> {
        let Some(trade) = self.trades.get_mut(&(leg.instrument, leg.trade)) else {
            hold!("FILL-2", false, "{leg:?} is of no trade that its book told");
            return Ok(());
        };
        let Some(MarketEvent::Trade { price, quantity, taker, .. }) = &trade.said else {
            return Ok(());
        };
        // In a call nobody takes.
        let takes = *taker == Some(leg.side);
        let is_in_place = leg.in_call == taker.is_none() && leg.is_maker != (leg.in_call || takes);
        let agrees = leg.price == *price && leg.quantity == *quantity && is_in_place;
        hold!("FILL-2", agrees, "{leg:?} does not agree with {:?}", trade.said);
        let place = &mut trade.legs[leg.side as usize];
        hold!("FILL-2", place.is_none(), "{leg:?} was sent twice");
        *place = Some(*leg);
        Ok(())
    }

    fn fill(&mut self, fill: &FillRow) -> Result<(), Broken> {
        self.checked += 1;
        let Some(trade) = self.trades.get_mut(&(fill.instrument, fill.trade)) else {
            hold!("FILL-3", false, "{fill:?} settled again, or of no trade");
            return Ok(());
        };
        let place = fill.side as usize;
        hold!("FILL-3", !trade.settled[place], "{fill:?} settled again");
        trade.settled[place] = true;
        let order = OrderKey { account: fill.account, no: fill.order };
        let agrees = trade.legs[place].is_some_and(|leg| {
            leg.order == order
                && leg.price == fill.price
                && leg.quantity == fill.quantity
                && leg.is_maker == fill.is_maker
                && leg.source == fill.source
        });
        hold!("FILL-2", agrees, "{fill:?} is not its book's {:?}", trade.legs[place]);
        if let Some(&worst) = self.worst.get(&order) {
            let is_inside = match fill.side {
                Side::Buy => fill.price <= worst,
                Side::Sell => fill.price >= worst,
            };
            hold!("FILL-2", is_inside, "{fill:?} is outside its limit {worst:?}");
        }
        Ok(())
    }

    fn row(&mut self, row: &LedgerRow) -> Result<(), Broken> {
        let (Some(instrument), Some(no)) = (row.instrument, row.trade) else { return Ok(()) };
        let Some(trade) = self.trades.get_mut(&(instrument, no)) else {
            hold!("FILL-3", false, "{row:?} is of no unsettled trade");
            return Ok(());
        };
        trade.rows += 1;
        Ok(())
    }

    /// At rest every trade is settled.
    pub fn finish(&self) -> Result<(), Broken> {
        let left = self.trades.len();
        hold!("FILL-3", left == 0, "{left} trades did not settle both legs");
        Ok(())
    }
}
