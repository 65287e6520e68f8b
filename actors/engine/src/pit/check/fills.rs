//! FILL-2 and FILL-3: a trade has two legs that agree, and each settles once.

use super::{Broken, hold};
use crate::amount::Lots;
use crate::history::{FillRow, LedgerKind};
use crate::ids::{InstrumentId, OrderKey, TradeNo};
use crate::message::HOUSE_ORDER;
use crate::order::Side;
use crate::pit::{Pit, Trade};
use std::collections::BTreeMap;

type Key = (InstrumentId, TradeNo);

/// The legs of one trade that have settled.
#[derive(Default)]
struct Legs {
    buy: Option<FillRow>,
    sell: Option<FillRow>,
    /// Ledger rows of it: two for each leg.
    rows: u32,
}

#[derive(Default)]
pub(super) struct Join {
    fills_read: usize,
    trades_read: usize,
    rows_read: usize,
    trades: BTreeMap<Key, Trade>,
    /// Trades whose legs have not all settled.
    unsettled: BTreeMap<Key, Legs>,
    settled: BTreeMap<OrderKey, Lots>,
}

impl Join {
    pub fn check(&mut self, pit: &Pit) -> Result<(), Broken> {
        self.read_trades(pit)?;
        self.read_fills(pit)?;
        self.read_rows(pit)?;
        let ready = |legs: &Legs| legs.buy.is_some() && legs.sell.is_some();
        let done: Vec<Key> =
            self.unsettled.iter().filter(|(_, legs)| ready(legs)).map(|(&key, _)| key).collect();
        for key in done {
            let legs = self.unsettled.remove(&key).unwrap_or_default();
            let rows = legs.rows;
            hold!("FILL-3", rows == 4, "trade {key:?} has {rows} ledger rows instead of 4");
            if let (Some(buy), Some(sell)) = (legs.buy, legs.sell) {
                check_pair(&self.trades[&key], &buy, &sell)?;
            }
        }
        if pit.is_quiet() {
            let left = self.unsettled.len();
            hold!("FILL-3", left == 0, "{left} trades did not settle both legs");
        }
        Ok(())
    }

    fn read_trades(&mut self, pit: &Pit) -> Result<(), Broken> {
        for trade in &pit.tap().trades[self.trades_read..] {
            let key = (trade.instrument, trade.no);
            let is_new = self.trades.insert(key, *trade).is_none();
            hold!("FILL-3", is_new, "trade number {key:?} was given twice");
            self.unsettled.insert(key, Legs::default());
        }
        self.trades_read = pit.tap().trades.len();
        Ok(())
    }

    fn read_fills(&mut self, pit: &Pit) -> Result<(), Broken> {
        for fill in &pit.tap().fills[self.fills_read..] {
            let key = (fill.instrument, fill.trade);
            let Some(legs) = self.unsettled.get_mut(&key) else {
                hold!("FILL-3", false, "{fill:?} settled again, or of no trade");
                continue;
            };
            let leg = if fill.side == Side::Buy { &mut legs.buy } else { &mut legs.sell };
            hold!("FILL-3", leg.is_none(), "{fill:?} settled again");
            *leg = Some(*fill);
            let order = OrderKey { account: fill.account, no: fill.order };
            if order.no == HOUSE_ORDER {
                // A house has no orders.
                continue;
            }
            let worst = pit.tap().worst_limits[&order];
            let is_inside = match fill.side {
                Side::Buy => fill.price <= worst,
                Side::Sell => fill.price >= worst,
            };
            hold!("FILL-2", is_inside, "{fill:?} is outside its limit {worst:?}");
            let is_bearable = fill.side == Side::Buy || fill.fee + fill.tax <= fill.notional;
            hold!("CASH-2", is_bearable, "{fill:?} cost its seller more than it brought");
            *self.settled.entry(order).or_default() += fill.quantity;
        }
        self.fills_read = pit.tap().fills.len();
        for (key, &filled) in &self.settled {
            let state = &pit.tap().orders[key];
            hold!("FILL-1", state.filled == filled, "{state:?} has fills of {filled:?}");
        }
        self.settled.retain(|key, _| !pit.tap().orders[key].status.is_final());
        Ok(())
    }

    fn read_rows(&mut self, pit: &Pit) -> Result<(), Broken> {
        for row in &pit.tap().ledger[self.rows_read..] {
            let is_trade = matches!(row.kind, LedgerKind::Buy | LedgerKind::Sell);
            hold!("FILL-3", is_trade == row.trade.is_some(), "{row:?} names no trade, or one");
            if let (Some(instrument), Some(trade)) = (row.instrument, row.trade) {
                let Some(legs) = self.unsettled.get_mut(&(instrument, trade)) else {
                    hold!("FILL-3", false, "{row:?} is of no unsettled trade");
                    continue;
                };
                legs.rows += 1;
            }
        }
        self.rows_read = pit.tap().ledger.len();
        Ok(())
    }
}

fn check_pair(trade: &Trade, buy: &FillRow, sell: &FillRow) -> Result<(), Broken> {
    for fill in [buy, sell] {
        let agrees = fill.price == trade.price && fill.quantity == trade.quantity;
        // In a call nobody made the price.
        let is_maker = trade.taker.is_some_and(|taker| taker != fill.side);
        hold!("FILL-2", agrees && fill.is_maker == is_maker, "{fill:?} against {trade:?}");
    }
    Ok(())
}
