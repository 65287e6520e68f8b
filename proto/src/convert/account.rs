//! Balances, holdings, performance.

use super::numbers::{scaled_quotient, shown, shown_ratio};
use crate::v1;
use hoga_engine::account::{Balance, Performance, Position};
use hoga_engine::amount::{Amount, Rate, Ticks};
use hoga_engine::instrument::{Asset, Instrument};

#[must_use]
pub fn balance(balance: Balance, asset: &Asset) -> v1::Balance {
    v1::Balance {
        asset: asset.code.to_string(),
        available: Some(shown(balance.available, asset.scale)),
        held: Some(shown(balance.held, asset.scale)),
    }
}

/// What is held of an instrument, valued at `mark`.
#[must_use]
pub fn holding(position: &Position, instrument: &Instrument, mark: Option<Ticks>) -> v1::Holding {
    let quote = |minor: Amount| Some(shown(minor, instrument.quote_scale));
    let whole = 10u128.pow(u32::from(instrument.base_scale));
    let average = scaled_quotient(position.cost, whole, position.quantity);
    let value = mark.and_then(|mark| worth(position.quantity, instrument, mark));
    v1::Holding {
        instrument: format!("instruments/{}", instrument.symbol),
        quantity: Some(shown(position.quantity, instrument.base_scale)),
        cost: quote(position.cost),
        average_price: average.and_then(quote),
        mark: mark.and_then(|mark| quote(instrument.price_amount(mark))),
        value: value.and_then(quote),
        unrealised: value.and_then(|value| quote(value - position.cost)),
        realised: quote(position.realised),
        fees: quote(position.fees),
        taxes: quote(position.taxes),
    }
}

/// Quote minor units that base minor units are worth at a price, half to even; none beyond 128
/// bits.
#[must_use]
pub fn worth(quantity: Amount, instrument: &Instrument, mark: Ticks) -> Option<Amount> {
    let price = instrument.price_amount(mark).unsigned_abs();
    scaled_quotient(quantity, price, 10i128.pow(u32::from(instrument.base_scale)))
}

/// Profits and costs over all positions, in quote minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub realised: Amount,
    pub fees: Amount,
    pub taxes: Amount,
}

impl<'a> FromIterator<&'a Position> for Sums {
    fn from_iter<I: IntoIterator<Item = &'a Position>>(positions: I) -> Sums {
        positions.into_iter().fold(Sums::default(), |sums, position| Sums {
            realised: sums.realised + position.realised,
            fees: sums.fees + position.fees,
            taxes: sums.taxes + position.taxes,
        })
    }
}

/// How an account has done. `equity` and everything else is in minor units of `asset`;
/// `drawdown` is a fraction.
#[must_use]
pub fn performance(
    account: &str,
    asset: &Asset,
    figures: &Performance,
    sums: Sums,
    equity: Amount,
    drawdown: Option<Rate>,
) -> v1::Performance {
    let money = |minor: Amount| Some(shown(minor, asset.scale));
    let closes = figures.wins + figures.losses;
    v1::Performance {
        account: format!("accounts/{account}"),
        asset: asset.code.to_string(),
        equity: money(equity),
        // An account starts with nothing: what it has came by deposits or by trading.
        start_equity: money(0),
        deposits: money(figures.deposits),
        net_deposits: money(figures.net_deposits),
        return_rate: shown_ratio(equity - figures.net_deposits, figures.deposits),
        realised: money(sums.realised),
        fees: money(sums.fees),
        taxes: money(sums.taxes),
        turnover: money(figures.turnover),
        win_count: figures.wins,
        close_count: closes,
        win_rate: shown_ratio(figures.wins.into(), closes.into()),
        max_drawdown: drawdown.map(super::numbers::shown_rate),
        reset_count: figures.resets,
    }
}
