//! The rows of the two files.

use super::super::lines::{Fields, Lines, Place};
use super::super::{ORDER_MAX, ReplayError};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::order::Side;
use std::io::BufRead;

/// Prices stand in ten-thousandths of a dollar; stocks above a dollar trade in whole cents.
const UNITS_PER_CENT: u32 = 100;
const NANOSECONDS: usize = 9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageKind {
    Add,
    /// Part of an order is cancelled.
    Reduce,
    Delete,
    /// A visible order trades.
    Execution,
    /// Hidden orders, crosses and halts: the visible book does not change.
    Unseen,
}

/// What happened to a resting order, or to nothing that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Nanoseconds after midnight.
    pub time: u64,
    pub kind: MessageKind,
    pub order: u64,
    pub quantity: Lots,
    pub price: Ticks,
    /// Of the resting order.
    pub side: Side,
}

/// How many units of the file make one tick of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step(u32);

impl Step {
    pub fn units(self) -> u32 {
        self.0
    }

    /// The price in ticks, if it is one that the book can hold.
    fn ticks(self, units: i64) -> Option<Ticks> {
        let ticks = u32::try_from(units / i64::from(self.0)).ok()?;
        let is_whole = units % i64::from(self.0) == 0;
        (is_whole && ticks > 0 && ticks <= Ticks::MAX.0).then_some(Ticks(ticks))
    }

    fn rule(self) -> String {
        format!(
            "a price is a multiple of {}, above 0 and at most {}",
            self.0,
            i64::from(Ticks::MAX.0) * i64::from(self.0)
        )
    }
}

/// Reads all messages; prices are in cents if all of them are, and as they stand otherwise.
pub(super) fn read(lines: &mut Lines<impl BufRead>) -> Result<(Vec<Message>, Step), ReplayError> {
    let mut rows = Vec::new();
    while let Some(mut fields) = lines.next()? {
        let row = message(&mut fields)?;
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(lines.place().wrong("there is no message in it"));
    }
    let is_seen = |row: &&(Message, i64)| row.0.kind != MessageKind::Unseen;
    let in_cents = rows.iter().filter(is_seen).all(|row| row.1 % i64::from(UNITS_PER_CENT) == 0);
    let step = Step(if in_cents { UNITS_PER_CENT } else { 1 });
    let name = lines.place().name;
    let mut messages = Vec::with_capacity(rows.len());
    for (at, (message, units)) in rows.into_iter().enumerate() {
        let place = Place { name, line: at as u64 + 1 };
        let price = match message.kind {
            MessageKind::Unseen => Ticks(0),
            _ => step.ticks(units).ok_or_else(|| place.wrong_field("price", units, step.rule()))?,
        };
        messages.push(Message { price, ..message });
    }
    Ok((messages, step))
}

/// A message without its price, and the price in the file's units.
fn message(fields: &mut Fields<'_>) -> Result<(Message, i64), ReplayError> {
    let place = fields.place;
    let text = fields.text("time")?;
    let time = nanoseconds(text);
    let time = time.ok_or_else(|| {
        place.wrong_field("time", text, "seconds after midnight with up to nine decimals")
    })?;
    let kind = match fields.number::<u8>("type")? {
        1 => MessageKind::Add,
        2 => MessageKind::Reduce,
        3 => MessageKind::Delete,
        4 => MessageKind::Execution,
        5..=7 => MessageKind::Unseen,
        other => return Err(place.wrong_field("type", other, "types run from 1 to 7")),
    };
    let order = fields.number("order id")?;
    if order > ORDER_MAX {
        return Err(place.wrong_field("order id", order, format!("an id is at most {ORDER_MAX}")));
    }
    let quantity = Lots(fields.number("size")?);
    if kind != MessageKind::Unseen && (quantity.is_zero() || quantity > Lots::MAX) {
        return Err(place.wrong_field(
            "size",
            quantity.0,
            format!("a size is above 0 and at most {}", Lots::MAX.0),
        ));
    }
    let units = fields.number("price")?;
    let side = match fields.number::<i8>("direction")? {
        1 => Side::Buy,
        -1 => Side::Sell,
        other => return Err(place.wrong_field("direction", other, "it is 1 (buy) or -1 (sell)")),
    };
    // Some days carry a seventh field, the participant; it says nothing about the book.
    let price = Ticks(0);
    Ok((Message { time, kind, order, quantity, price, side }, units))
}

/// `34200.01` in nanoseconds, exactly.
fn nanoseconds(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > NANOSECONDS || fraction.starts_with(['+', '-']) {
        return None;
    }
    let scale = 10u64.pow((NANOSECONDS - fraction.len()) as u32);
    let fraction: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let seconds = seconds.parse::<u64>().ok()?.checked_mul(1_000_000_000)?;
    seconds.checked_add(fraction * scale)
}

/// The book as it is published after a message: levels best first, without the empty ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Published {
    pub asks: Vec<(Ticks, Lots)>,
    pub bids: Vec<(Ticks, Lots)>,
}

impl Published {
    pub fn side(&self, side: Side) -> &Vec<(Ticks, Lots)> {
        if side == Side::Buy { &self.bids } else { &self.asks }
    }

    /// Reads a row of `levels` levels: ask price, ask size, bid price, bid size, best first.
    pub fn read(
        &mut self,
        fields: &mut Fields<'_>,
        levels: usize,
        step: Step,
    ) -> Result<(), ReplayError> {
        self.asks.clear();
        self.bids.clear();
        for _ in 0..levels {
            let ask = level(fields, step, ("ask price", "ask size"))?;
            self.asks.extend(ask);
            let bid = level(fields, step, ("bid price", "bid size"))?;
            self.bids.extend(bid);
        }
        fields.end(4 * levels)
    }
}

/// A level, or none where the side has no more: there the size is zero.
fn level(
    fields: &mut Fields<'_>,
    step: Step,
    (price_field, size_field): (&'static str, &'static str),
) -> Result<Option<(Ticks, Lots)>, ReplayError> {
    let place = fields.place;
    let units = fields.number(price_field)?;
    let quantity = Lots(fields.number(size_field)?);
    if quantity.is_zero() {
        return Ok(None);
    }
    let price = step.ticks(units);
    let price = price.ok_or_else(|| place.wrong_field(price_field, units, step.rule()))?;
    Ok(Some((price, quantity)))
}
