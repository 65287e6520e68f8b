//! Followed instruments: their rules, and the outside books that feeds post.

use super::BadField;
use super::market::{lots_of, shown_price, shown_quantity, ticks_of};
use super::numbers::{amount, time_if_any, timestamp};
use super::schedule::{duration, nanoseconds};
use crate::names::AccountName;
use crate::v1;
use hoga_engine::follow::{Follow, Following, Level, Rung, Snapshot, Subscription};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::Side;

/// How an instrument of this pair follows; none for one that makes its own price.
///
/// # Errors
/// A field is missing or has the wrong form. Whether the numbers are in range is checked where
/// the instrument is listed.
pub fn follow(
    wire: Option<&v1::Follow>,
    base: &str,
    quote: &str,
) -> Result<Option<Box<Follow>>, BadField> {
    const STALE: &str = "instrument.follow.stale_after";
    let Some(wire) = wire else { return Ok(None) };
    let house = AccountName::parse(&wire.house)
        .map_err(|bad| BadField::malformed("instrument.follow.house", bad.to_string()))?;
    let levels_max = u16::try_from(wire.levels_max)
        .map_err(|_| BadField::malformed("instrument.follow.levels_max", "is far too large"))?;
    let stale = wire.stale_after.as_ref().ok_or_else(|| BadField::missing(STALE))?;
    let stale_ns = nanoseconds(STALE, stale)?;
    let subscription = subscription(wire, base, quote);
    Ok(Some(Box::new(Follow { house: house.id().into(), levels_max, stale_ns, subscription })))
}

/// The outside book that an instrument of this pair follows; none without a venue.
#[must_use]
pub fn subscription(wire: &v1::Follow, base: &str, quote: &str) -> Option<Subscription> {
    let v1::Follow { venue, code, .. } = wire;
    if venue.is_empty() {
        return None;
    }
    Some(match code.as_str() {
        "" => Subscription::of_pair(venue, base, quote),
        code => Subscription { venue: venue.as_str().into(), code: code.into() },
    })
}

/// The same as everyone sees it.
#[must_use]
pub fn shown_follow(follow: &Follow) -> v1::Follow {
    let subscription = follow.subscription.as_ref();
    let text = |part: fn(&Subscription) -> &str| subscription.map(part).unwrap_or_default().into();
    v1::Follow {
        house: format!("accounts/{}", follow.house),
        levels_max: follow.levels_max.into(),
        stale_after: Some(duration(follow.stale_ns)),
        venue: text(|it| &it.venue),
        code: text(|it| &it.code),
    }
}

/// A snapshot as a feed posts it.
///
/// # Errors
/// A price is no whole number of ticks, a quantity no whole number of lots, or the time is
/// malformed. Whether it is a book is for the instrument to say.
pub fn snapshot(wire: &v1::OutsideBook, instrument: &Instrument) -> Result<Snapshot, BadField> {
    let side = |field, levels: &[v1::OutsideLevel]| {
        let level = |level: &v1::OutsideLevel| {
            let price = amount(field, level.price.as_ref(), instrument.quote_scale)?;
            let quantity = amount(field, level.quantity.as_ref(), instrument.base_scale)?;
            let price = ticks_of(field, price, instrument)?;
            Ok(Level { price, quantity: lots_of(field, quantity, instrument)? })
        };
        levels.iter().map(level).collect::<Result<Vec<Level>, BadField>>()
    };
    Ok(Snapshot {
        number: wire.number,
        time: time_if_any("book.time", wire.time.as_ref())?.unwrap_or_default(),
        bids: side("book.bids", &wire.bids)?,
        asks: side("book.asks", &wire.asks)?,
    })
}

/// A snapshot as a feed posts it: the way back of [`snapshot`].
#[must_use]
pub fn shown_snapshot(snapshot: &Snapshot, instrument: &Instrument) -> v1::OutsideBook {
    let side = |side| {
        let level = |level: &Level| v1::OutsideLevel {
            price: Some(shown_price(level.price, instrument)),
            quantity: Some(shown_quantity(level.quantity, instrument)),
            taken: None,
        };
        snapshot.side(side).iter().map(level).collect()
    };
    v1::OutsideBook {
        instrument: format!("instruments/{}", instrument.symbol),
        number: snapshot.number,
        time: Some(timestamp(snapshot.time)),
        bids: side(Side::Buy),
        asks: side(Side::Sell),
        stale: false,
    }
}

/// The outside book that stands, with what was taken of it.
#[must_use]
pub fn shown_outside(follow: &Following, instrument: &Instrument) -> v1::OutsideBook {
    let side = |side| {
        let level = |rung: &Rung| v1::OutsideLevel {
            price: Some(shown_price(rung.price, instrument)),
            quantity: Some(shown_quantity(rung.displayed, instrument)),
            taken: Some(shown_quantity(rung.taken, instrument)),
        };
        follow.rungs(side).iter().map(level).collect()
    };
    v1::OutsideBook {
        instrument: format!("instruments/{}", instrument.symbol),
        number: follow.number(),
        time: (follow.number() > 0).then(|| timestamp(follow.time())),
        bids: side(Side::Buy),
        asks: side(Side::Sell),
        stale: follow.is_stale(),
    }
}
