//! Binance's streams as hftbacktest records them: `nanoseconds {json}` a line. The depth stream
//! says what has changed, with the numbers of the first and the last change in it.

use super::json::Json;
use super::{Level, OutsideBook, Reader};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What is known of a book of which only changes are told.
#[derive(Debug, Default)]
pub(super) struct Depth {
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
    /// The number of the last change.
    last: Option<u64>,
    last_trade: Option<u64>,
}

impl Reader {
    pub(super) fn binance(&mut self, line: &str) -> Result<Option<OutsideBook>, String> {
        let (received, text) = line.split_once(' ').ok_or("there is no time before the JSON")?;
        let received_ns = received.parse().map_err(|_| format!("`{received}` is not a time"))?;
        let message = Json::read(text)?;
        let data = message.get("data").unwrap_or(&message);
        if !data.get("s").and_then(Json::text).is_some_and(|code| self.is_wanted(code)) {
            return Ok(None);
        }
        match data.get("e").and_then(Json::text) {
            Some("depthUpdate") => self.change(data, received_ns).map(Some),
            Some("trade") => {
                self.trade(data)?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Lays a change over what is known. Where one is missing before, nothing is known any more.
    fn change(&mut self, data: &Json<'_>, received_ns: u64) -> Result<OutsideBook, String> {
        let number = |key: &str| data.get(key).and_then(Json::whole);
        let (first, last) = number("U").zip(number("u")).ok_or("a change has no numbers")?;
        self.counted.books += 1;
        let known = &mut self.binance;
        if known.last.is_some_and(|before| before.checked_add(1) != Some(first)) {
            self.counted.gaps += 1;
            known.bids.clear();
            known.asks.clear();
        }
        known.last = Some(last);
        for (key, side) in [("b", &mut known.bids), ("a", &mut known.asks)] {
            for level in data.get(key).map(Json::list).unwrap_or_default() {
                let [price, quantity] = level.list() else {
                    return Err("a level is no pair".into());
                };
                let (price, quantity) = price
                    .decimal()
                    .zip(quantity.decimal())
                    .ok_or("a level has no price or no quantity")?;
                if quantity.is_zero() {
                    side.remove(&price);
                } else {
                    side.insert(price, quantity);
                }
            }
        }
        let level = |(price, quantity): (&Decimal, &Decimal)| -> Level { (*price, *quantity) };
        Ok(OutsideBook {
            received_ns,
            time_ns: number("E").unwrap_or(0).saturating_mul(1_000_000),
            bids: known.bids.iter().rev().take(self.depth).map(level).collect(),
            asks: known.asks.iter().take(self.depth).map(level).collect(),
        })
    }

    fn trade(&mut self, data: &Json<'_>) -> Result<(), String> {
        let id = data.get("t").and_then(Json::whole).ok_or("a trade has no number")?;
        self.counted.trades += 1;
        let is_next =
            self.binance.last_trade.is_none_or(|before| before.checked_add(1) == Some(id));
        self.counted.trade_gaps += u64::from(!is_next);
        self.binance.last_trade = Some(id);
        Ok(())
    }
}
