//! A small market for tests: two assets that trade against a currency of few decimals, so that
//! every rounding shows.

use crate::amount::{Amount, Lots, Rate, Ticks};
use crate::ids::{AssetId, InstrumentId};
use crate::instrument::{Asset, Calls, Fees, Instrument, Phase};
use crate::order::{OrderRequest, SelfMatch, Side, Size, TimeInForce};
use crate::pit::{Pit, Record};
use crate::tick_table::TickTable;
use crate::topology::Topology;

pub(crate) const KRW: AssetId = AssetId(1);
pub(crate) const LPJ: AssetId = AssetId(2);
pub(crate) const BTC: AssetId = AssetId(3);
/// Lot 1, tick 1: price x quantity is the notional. Fees 0.1 % and 0.25 %, tax 0.18 %.
pub(crate) const LPJ_KRW: InstrumentId = InstrumentId(1);
/// Lots of 0.001, with a maker rebate of 0.05 % and a taker fee of 0.1 %.
pub(crate) const BTC_KRW: InstrumentId = InstrumentId(2);

pub(crate) fn topology() -> Topology {
    Topology { books: 2, accounts: 3 }
}

pub(crate) fn assets() -> [Asset; 3] {
    let asset = |id, code: &str, scale| Asset {
        id,
        code: code.into(),
        scale,
        shown_scale: scale,
        faucet: None,
    };
    [asset(KRW, "KRW", 0), asset(LPJ, "LPJ", 0), asset(BTC, "BTC", 4)]
}

pub(crate) fn instruments() -> [Instrument; 2] {
    let lpj = Instrument {
        id: LPJ_KRW,
        symbol: "LPJ-KRW".into(),
        partition: topology().book_partition(LPJ_KRW),
        base: LPJ,
        base_code: "LPJ".into(),
        base_scale: 0,
        quote: KRW,
        quote_code: "KRW".into(),
        quote_scale: 0,
        tick: 1,
        lot: 1,
        ticks: TickTable::uniform(),
        quantity_min: Lots(1),
        quantity_max: Lots(1_000_000),
        notional_min: 0,
        notional_max: 0,
        base_price: Some(Ticks(100)),
        band: None,
        collar: Rate(100_000_000),
        fees: Fees {
            version: 1,
            maker: Rate(1_000_000),
            taker: Rate(2_500_000),
            sell_tax: Rate(1_800_000),
        },
        self_match: SelfMatch::CancelTaker,
        open_orders_max: 200,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    };
    let btc = Instrument {
        id: BTC_KRW,
        symbol: "BTC-KRW".into(),
        partition: topology().book_partition(BTC_KRW),
        base: BTC,
        base_code: "BTC".into(),
        base_scale: 4,
        tick: 1000,
        lot: 10,
        fees: Fees { version: 1, maker: Rate(-500_000), taker: Rate(1_000_000), sell_tax: Rate(0) },
        ..lpj.clone()
    };
    [lpj, btc]
}

/// A pit with the assets and instruments, and nobody in it.
pub(crate) fn furnish(mut pit: Pit) -> Pit {
    for asset in assets() {
        pit.add_asset(&asset);
    }
    for instrument in instruments() {
        instrument.check().expect("sound rules");
        pit.list(&instrument);
    }
    pit
}

/// A market where messages arrive at once.
pub(crate) fn prompt() -> Pit {
    furnish(Pit::prompt(topology(), Record::default()))
}

/// A limit order GTC in LPJ-KRW.
pub(crate) fn limit(side: Side, quantity: Amount, price: Amount) -> OrderRequest {
    OrderRequest {
        instrument: LPJ_KRW,
        side,
        size: Size::Quantity(quantity),
        price: Some(price),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        self_match: None,
        terms: None,
    }
}
