//! What goes out comes in again as it was, and what does not fit is refused by name.

mod market;
mod numbers;
mod orders;

use hoga_engine::amount::{Lots, Rate, Ticks};
use hoga_engine::ids::{AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::{Asset, Calls, Fees, Instrument, Phase};
use hoga_engine::order::SelfMatch;
use hoga_engine::tick_table::{Band, TickTable};

/// Krw, kept to eight decimals.
pub(super) fn won() -> Asset {
    Asset { id: AssetId(0), code: "KRW".into(), scale: 8, shown_scale: 0, faucet: None }
}

/// A coin of fixed supply, kept to two decimals.
pub(super) fn coin() -> Asset {
    let faucet = Some("faucet".into());
    Asset { id: AssetId(1), code: "LPJ".into(), scale: 2, shown_scale: 2, faucet }
}

/// LPJ-KRW: ticks of 1 below 2,000 and of 5 from there, lots of 0.5.
pub(super) fn listed() -> Instrument {
    let bands = vec![Band { from: Ticks(0), step: 1 }, Band { from: Ticks(2_000), step: 5 }];
    Instrument {
        id: InstrumentId(0),
        symbol: "LPJ-KRW".into(),
        partition: PartitionId(0),
        base: AssetId(1),
        base_code: "LPJ".into(),
        base_scale: 2,
        quote: AssetId(0),
        quote_code: "KRW".into(),
        quote_scale: 8,
        tick: 100_000_000,
        lot: 50,
        ticks: TickTable::new(bands).expect("a sound table"),
        quantity_min: Lots(1),
        quantity_max: Lots(2_000_000),
        notional_min: 500_000_000_000,
        notional_max: 0,
        base_price: Some(Ticks(777)),
        band: Some((Ticks(500), Ticks(3_000))),
        collar: Rate(50_000_000),
        fees: Fees { version: 1, maker: Rate(-100_000), taker: Rate(500_000), sell_tax: Rate(0) },
        self_match: SelfMatch::CancelTaker,
        open_orders_max: 1_000,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

/// What makes a good message bad.
pub(super) type Spoil<T> = fn(&mut T);

/// A decimal as a client writes it.
pub(super) fn written(text: &str) -> crate::v1::Decimal {
    crate::v1::Decimal { value: text.into() }
}
