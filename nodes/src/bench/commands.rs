//! The flow as commands of the core, made a batch at a time outside the measured time: in the
//! exchange it is a log's decoder that makes them, and it is no part of the core.

use super::book::Operation;
use super::machine::thread_seconds;
use hoga_engine::amount::Amount;
use hoga_engine::client_id::ClientId;
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, OrderNo, Origin};
use hoga_engine::order::{OrderRequest, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack, Envelope, OrderRef};
use hoga_engine::time::Time;
use hoga_scenarios::replay::flow::Kind;
use std::time::Instant;

pub(super) const QUOTE: AssetId = AssetId(1);
pub(super) const BASE: AssetId = AssetId(2);
pub(super) const PAIR: InstrumentId = InstrumentId(1);
/// Quote minor units of a tick for one lot: enough decimals for fees to mean something.
pub(super) const UNIT: Amount = 10_000;
/// Exchange time between two operations.
const STEP_NS: u64 = 1_000;
/// Commands made at once: few enough to stay in the cache, and reading the clock costs them
/// less than a nanosecond each.
const BATCH: usize = 256;

/// One request as the log has it.
pub(super) struct Command {
    pub account: AccountId,
    pub at: Time,
    pub envelope: Envelope,
    pub request: AccountRequest,
}

impl Command {
    /// The `nth` operation of the flow, from 1, under an id of its own.
    pub fn of(nth: u64, operation: &Operation, accounts: &[AccountId]) -> Command {
        let no = OrderNo(operation.order);
        let price = Amount::from(operation.price.0) * UNIT;
        let quantity = Amount::from(operation.quantity.0);
        let request = match operation.kind {
            Kind::Limit | Kind::Immediate => {
                let is_immediate = operation.kind == Kind::Immediate;
                let order = OrderRequest {
                    instrument: PAIR,
                    side: operation.side,
                    size: Size::Quantity(quantity),
                    price: Some(price),
                    time_in_force: if is_immediate { TimeInForce::Ioc } else { TimeInForce::Gtc },
                    post_only: false,
                    self_match: None,
                    terms: None,
                };
                AccountRequest::Place { order, ack: Ack::Result, market_price: None }
            }
            Kind::Cancel => AccountRequest::Cancel { order: OrderRef::No(no) },
            Kind::Amend => {
                let (quantity, price) = (Some(quantity), Some(price));
                AccountRequest::Amend { order: OrderRef::No(no), quantity, price }
            }
        };
        let origin = Origin { node: 1, incarnation: 1, request: nth };
        let envelope = Envelope { origin, id: id_of(nth), body_hash: nth, sent_at: None };
        let account = accounts[operation.account as usize];
        Command { account, at: Time(nth * STEP_NS), envelope, request }
    }
}

/// Eight characters, as short as clients' ids get.
fn id_of(mut number: u64) -> ClientId {
    let mut text = [b'0'; 8];
    for byte in text.iter_mut().rev() {
        *byte = b'a' + (number & 15) as u8;
        number >>= 4;
    }
    let text = std::str::from_utf8(&text).unwrap_or("0");
    ClientId::parse(text).expect("letters alone")
}

/// Gives all operations to `perform`, batch by batch, in their order.
pub(super) fn in_batches(
    operations: &[Operation],
    accounts: &[AccountId],
    mut perform: impl FnMut(&[Command]),
) {
    let mut commands = Vec::with_capacity(BATCH);
    let mut nth = 0;
    for batch in operations.chunks(BATCH) {
        commands.clear();
        commands.extend(batch.iter().map(|operation| {
            nth += 1;
            Command::of(nth, operation, accounts)
        }));
        perform(&commands);
    }
}

/// Commands per second of the time that the thread had a core for, without making them.
pub(super) fn rate(
    operations: &[Operation],
    accounts: &[AccountId],
    mut perform: impl FnMut(&Command),
) -> f64 {
    let (mut wall, mut cpu) = (0.0, Some(0.0));
    in_batches(operations, accounts, |commands| {
        let (since, cpu_since) = (Instant::now(), thread_seconds());
        commands.iter().for_each(&mut perform);
        let took = thread_seconds().zip(cpu_since).map(|(now, before)| now - before);
        cpu = cpu.zip(took).map(|(sum, took)| sum + took);
        wall += since.elapsed().as_secs_f64();
    });
    operations.len() as f64 / cpu.filter(|&seconds| seconds > 0.0).unwrap_or(wall)
}
