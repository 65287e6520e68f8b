//! The small market that every run trades: few decimals, so that every rounding shows.

use super::offer::{Days, Offer, Outside};
use hoga_cluster::partition::MetaCommand;
use hoga_engine::amount::{Lots, Rate, Ticks};
use hoga_engine::follow::Follow;
use hoga_engine::ids::{AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::{Asset, Calls, Fees, Instrument, Phase};
use hoga_engine::order::SelfMatch;
use hoga_engine::tick_table::TickTable;

pub const KRW: AssetId = AssetId(0);
pub const LPJ: AssetId = AssetId(1);
pub const BTC: AssetId = AssetId(2);
/// Lot 1, tick 1: price x quantity is the notional. Fees 0.1 % and 0.25 %, tax 0.18 %.
pub const LPJ_KRW: InstrumentId = InstrumentId(0);
/// Lots of 0.001, with a maker rebate of 0.05 % and a taker fee of 0.1 %.
pub const BTC_KRW: InstrumentId = InstrumentId(1);

/// The one with days, or the one that follows where there is none with days.
pub const THIRD: InstrumentId = InstrumentId(2);
pub const FOURTH: InstrumentId = InstrumentId(3);
/// Of tables of the day: with it a run begins just after midnight.
pub const ZONE_MINUTES: i32 = 107;
/// The account of the house behind what is followed.
pub const HOUSE: &str = "house";

/// What the operator asks for, in order; ids are given by the log in this order, too.
#[must_use]
pub fn founding(offer: &Offer) -> Vec<MetaCommand> {
    let asset = |code: &str, scale| {
        let (id, code) = (AssetId(0), code.into());
        MetaCommand::CreateAsset(Asset { id, code, scale, shown_scale: scale, faucet: None })
    };
    let listed = |instrument| MetaCommand::CreateInstrument(Box::new(instrument));
    let mut founding = vec![asset("KRW", 0), asset("LPJ", 0), asset("BTC", 4)];
    founding.extend(instruments(offer).into_iter().map(listed));
    founding
}

/// All that is listed, in the order of the ids.
#[must_use]
pub fn instruments(offer: &Offer) -> Vec<Instrument> {
    let mut instruments = vec![lpj(), btc()];
    instruments.extend(offer.days.as_ref().map(with_days));
    instruments.extend(offer.outside.as_ref().map(following));
    instruments
}

fn with_days(days: &Days) -> Instrument {
    let (schedule, calls) = (Some(Box::new(days.table.clone())), days.calls.clone());
    Instrument { symbol: "DAY-KRW".into(), schedule, calls, ..lpj() }
}

fn following(outside: &Outside) -> Instrument {
    let (house, stale_ns) = (HOUSE.into(), outside.stale_ns);
    let follow = Some(Box::new(Follow { house, levels_max: 10, stale_ns, subscription: None }));
    Instrument { symbol: "OUT-KRW".into(), follow, ..lpj() }
}

fn lpj() -> Instrument {
    Instrument {
        id: LPJ_KRW,
        symbol: "LPJ-KRW".into(),
        partition: PartitionId(0),
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
        open_orders_max: 60,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

fn btc() -> Instrument {
    Instrument {
        id: BTC_KRW,
        symbol: "BTC-KRW".into(),
        base: BTC,
        base_code: "BTC".into(),
        base_scale: 4,
        tick: 1000,
        lot: 10,
        fees: Fees { version: 1, maker: Rate(-500_000), taker: Rate(1_000_000), sell_tax: Rate(0) },
        ..lpj()
    }
}
