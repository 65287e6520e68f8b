//! Rows as an account with ordinary trading would write them.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::client_id::ClientId;
use hoga_engine::history::{FillRow, HistoryRow, LedgerKind, LedgerRow};
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, OrderKey, OrderNo, PartitionId, TradeNo};
use hoga_engine::order::{OrderState, SelfMatch, Side, Status, TimeInForce};
use hoga_engine::time::Time;

pub(super) const PARTITION: PartitionId = PartitionId(2);

pub(crate) fn account(index: u32) -> AccountId {
    AccountId::new(PARTITION, index)
}

/// The time of the `sequence`-th row of an account: one a second since 2026.
pub(super) fn time(sequence: u64) -> Time {
    Time(1_767_225_600 * Time::SECOND + sequence * Time::SECOND)
}

pub(super) fn fill(index: u32, sequence: u64) -> HistoryRow {
    HistoryRow::Fill(FillRow {
        account: account(index),
        sequence,
        order: OrderNo(sequence),
        instrument: InstrumentId(5),
        trade: TradeNo(1_000_000 + sequence * 3),
        side: if sequence.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        is_maker: sequence.is_multiple_of(3),
        price: Ticks(650_000 + (sequence % 997) as u32),
        quantity: Lots(1 + sequence % 5_000),
        notional: 65_000_000_000 + i128::from(sequence) * 1_003,
        fee: 32_500_000 + i128::from(sequence % 1_000),
        tax: 0,
        time: time(sequence),
        posted: time(sequence),
        source: None,
    })
}

pub(crate) fn ledger(index: u32, sequence: u64) -> HistoryRow {
    let amount = 65_000_000_000 + i128::from(sequence) * 1_003;
    let before = 10_000_000_000_000 + i128::from(sequence) * 77_777;
    HistoryRow::Ledger(LedgerRow {
        account: account(index),
        sequence,
        kind: if sequence.is_multiple_of(2) { LedgerKind::Buy } else { LedgerKind::Sell },
        asset: AssetId(1),
        instrument: Some(InstrumentId(5)),
        order: Some(OrderNo(sequence)),
        trade: Some(TradeNo(1_000_000 + sequence * 3)),
        quantity: 1_000 * i128::from(1 + sequence % 5_000),
        price: Ticks(650_000 + (sequence % 997) as u32),
        amount,
        commission: 32_500_000,
        tax: 0,
        before,
        after: before + amount - 32_500_000,
        time: time(sequence),
        posted: time(sequence),
        request: None,
    })
}

pub(super) fn order(index: u32, number: u64) -> HistoryRow {
    HistoryRow::Order(Box::new(OrderState {
        key: OrderKey { account: account(index), no: OrderNo(number) },
        client_id: ClientId::parse(&format!("c-{index}-{number}")).expect("it is a name"),
        instrument: InstrumentId(5),
        side: if number.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        limit: Ticks(650_000 + (number % 997) as u32),
        is_market: false,
        quote_amount: None,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        self_match: SelfMatch::CancelTaker,
        terms: None,
        ordered: Lots(1 + number % 5_000),
        filled: Lots(1 + number % 5_000),
        cancelled: Lots::ZERO,
        notional: 65_000_000_000 + i128::from(number) * 1_003,
        fee: 32_500_000,
        tax: 0,
        status: Status::Filled,
        reason: None,
        arrival: 40,
        last_arrival: 41,
        created: time(number),
        updated: time(number),
        event: number,
    }))
}
