//! From the wire to the auditor's own shapes.

use crate::export::{
    Account, Balance, Fill, Instrument, Ladder, Order, Partition, Replica, Row, Side, Table, Terms,
    Totals, Trade,
};
use crate::number::Number;
use crate::v1;
use anyhow::{Error, anyhow, bail};

/// A decimal that must be there.
fn number(field: &str, decimal: Option<v1::Decimal>) -> Result<Number, Error> {
    let decimal = decimal.ok_or_else(|| anyhow!("{field} is missing"))?;
    decimal.value.parse().map_err(|why| anyhow!("{field}: {why}"))
}

fn if_any(field: &str, decimal: Option<v1::Decimal>) -> Result<Option<Number>, Error> {
    decimal.map(|decimal| number(field, Some(decimal))).transpose()
}

/// Zero when it is absent.
fn or_zero(field: &str, decimal: Option<v1::Decimal>) -> Result<Number, Error> {
    Ok(if_any(field, decimal)?.unwrap_or_default())
}

fn side(side: v1::Side) -> Result<Side, Error> {
    match side {
        v1::Side::Buy => Ok(Side::Buy),
        v1::Side::Sell => Ok(Side::Sell),
        v1::Side::Unspecified => bail!("a side is missing"),
    }
}

/// `OPEN` of `ORDER_STATE_OPEN`.
fn bare(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

/// Nanoseconds since 1970; zero when it is absent.
fn nanoseconds(time: Option<prost_types::Timestamp>) -> u64 {
    let time = time.unwrap_or_default();
    let seconds = u64::try_from(time.seconds).unwrap_or_default();
    seconds * 1_000_000_000 + u64::try_from(time.nanos).unwrap_or_default()
}

impl TryFrom<v1::PartitionStatus> for Partition {
    type Error = Error;

    fn try_from(wire: v1::PartitionStatus) -> Result<Partition, Error> {
        let suspended = wire.suspended.into_iter().map(|entity| entity.entity).collect();
        let totals = wire.totals.into_iter().map(Totals::try_from).collect::<Result<_, _>>()?;
        Ok(Partition { number: wire.partition, outbox: wire.outbox_messages, suspended, totals })
    }
}

impl TryFrom<v1::PartitionStatus> for Replica {
    type Error = Error;

    fn try_from(wire: v1::PartitionStatus) -> Result<Replica, Error> {
        let (applied, hash) = (wire.applied_index, wire.state_hash.clone());
        let entities = wire.entity_count;
        Ok(Replica { applied, hash, entities, partition: wire.try_into()? })
    }
}

impl TryFrom<v1::AssetTotals> for Totals {
    type Error = Error;

    fn try_from(wire: v1::AssetTotals) -> Result<Totals, Error> {
        Ok(Totals {
            asset: wire.asset,
            issued: or_zero("issued", wire.issued)?,
            in_accounts: if_any("in_accounts", wire.in_accounts)?,
            fees: or_zero("fees", wire.fees)?,
            taxes: or_zero("taxes", wire.taxes)?,
            clearing: or_zero("clearing", wire.clearing)?,
        })
    }
}

impl TryFrom<v1::Account> for Account {
    type Error = Error;

    fn try_from(wire: v1::Account) -> Result<Account, Error> {
        let balances =
            wire.balances.into_iter().map(Balance::try_from).collect::<Result<_, _>>()?;
        let (name, partition) = (wire.name, wire.partition);
        Ok(Account { name, partition, balances, ..Account::default() })
    }
}

impl TryFrom<v1::Balance> for Balance {
    type Error = Error;

    fn try_from(wire: v1::Balance) -> Result<Balance, Error> {
        let available = number("available", wire.available)?;
        Ok(Balance { asset: wire.asset, available, held: number("held", wire.held)? })
    }
}

impl TryFrom<v1::Instrument> for Instrument {
    type Error = Error;

    fn try_from(wire: v1::Instrument) -> Result<Instrument, Error> {
        Ok(Instrument {
            self_match: bare(wire.self_match().as_str_name(), "SELF_MATCH_"),
            name: wire.name,
            base: wire.base_asset,
            quote: wire.quote_asset,
            maker_fee: or_zero("maker_fee", wire.maker_fee)?,
            taker_fee: or_zero("taker_fee", wire.taker_fee)?,
            lot: number("lot", wire.lot)?,
            follows: wire.follow.is_some(),
            base_price: if_any("base_price", wire.base_price)?,
            table: wire.schedule.map(Table::from),
        })
    }
}

impl From<v1::Schedule> for Table {
    fn from(wire: v1::Schedule) -> Table {
        let span = |span: v1::SchedulePhase| {
            let phase = bare(span.phase().as_str_name(), "PLANNED_PHASE_");
            (phase, span.from_minute.into(), span.to_minute.into())
        };
        let zone_minutes = wire.zone_offset_minutes.into();
        Table { zone_minutes, spans: wire.phases.into_iter().map(span).collect() }
    }
}

impl TryFrom<v1::Order> for Order {
    type Error = Error;

    fn try_from(wire: v1::Order) -> Result<Order, Error> {
        let kind = wire.r#type();
        let is_market = matches!(
            kind,
            v1::OrderType::Market | v1::OrderType::Stop | v1::OrderType::TrailingStop
        );
        let expires = wire.expire_time.map(|time| nanoseconds(Some(time)));
        let terms = Terms {
            kind: bare(kind.as_str_name(), "ORDER_TYPE_"),
            trigger: if_any("trigger_price", wire.trigger_price.clone())?,
            offset: if_any("trailing_offset", wire.trailing_offset.clone())?,
            step: if_any("trailing_step", wire.trailing_step.clone())?,
            display: if_any("display_quantity", wire.display_quantity.clone())?,
            expires,
        };
        let limit = if is_market { wire.worst_price.clone() } else { wire.price.clone() };
        Ok(Order {
            side: side(wire.side())?,
            is_market,
            time_in_force: bare(wire.time_in_force().as_str_name(), "TIME_IN_FORCE_"),
            self_match: bare(wire.self_match().as_str_name(), "SELF_MATCH_"),
            state: bare(wire.state().as_str_name(), "ORDER_STATE_"),
            post_only: wire.post_only,
            quantity: if_any("quantity", wire.quantity)?,
            quote_amount: if_any("quote_amount", wire.quote_amount)?,
            limit: number("price", limit)?,
            filled: number("filled_quantity", wire.filled_quantity)?,
            cancelled: number("cancelled_quantity", wire.cancelled_quantity)?,
            remaining: number("remaining_quantity", wire.remaining_quantity)?,
            notional: number("notional", wire.notional)?,
            fee: number("fee", wire.fee)?,
            tax: number("tax", wire.tax)?,
            reason: wire.reason,
            terms,
            created: nanoseconds(wire.create_time),
            arrival: wire.arrival,
            last_arrival: wire.last_arrival,
            name: wire.name,
            client_order_id: wire.client_order_id,
            instrument: wire.instrument,
        })
    }
}

impl TryFrom<v1::Fill> for Fill {
    type Error = Error;

    fn try_from(wire: v1::Fill) -> Result<Fill, Error> {
        Ok(Fill {
            side: side(wire.side())?,
            sequence: wire.sequence,
            is_maker: wire.is_maker,
            price: number("price", wire.price)?,
            quantity: number("quantity", wire.quantity)?,
            notional: number("notional", wire.notional)?,
            fee: number("fee", wire.fee)?,
            tax: number("tax", wire.tax)?,
            order: wire.order,
            client_order_id: wire.client_order_id,
            trade: wire.trade,
            instrument: wire.instrument,
            outside_snapshot: wire.outside_snapshot,
            outside_level: wire.outside_level,
            time: nanoseconds(wire.time),
        })
    }
}

impl TryFrom<v1::LedgerRow> for Row {
    type Error = Error;

    fn try_from(wire: v1::LedgerRow) -> Result<Row, Error> {
        Ok(Row {
            kind: bare(wire.r#type().as_str_name(), "LEDGER_ROW_TYPE_"),
            sequence: wire.sequence,
            amount: number("amount", wire.amount)?,
            commission: or_zero("commission", wire.commission)?,
            tax: or_zero("tax", wire.tax)?,
            before: number("cash_before", wire.cash_before)?,
            after: number("cash_after", wire.cash_after)?,
            asset: wire.asset,
            order: wire.order,
            trade: wire.trade,
            request_id: wire.request_id,
            counterparty: wire.counterparty,
        })
    }
}

impl TryFrom<v1::Trade> for Trade {
    type Error = Error;

    fn try_from(wire: v1::Trade) -> Result<Trade, Error> {
        Ok(Trade {
            taker_side: match wire.taker_side() {
                v1::Side::Unspecified => None,
                known => Some(side(known)?),
            },
            price: number("price", wire.price)?,
            quantity: number("quantity", wire.quantity)?,
            name: wire.name,
        })
    }
}

impl TryFrom<v1::Book> for Ladder {
    type Error = Error;

    fn try_from(wire: v1::Book) -> Result<Ladder, Error> {
        let level = |level: v1::Level| -> Result<(Number, Number), Error> {
            Ok((number("price", level.price)?, number("quantity", level.quantity)?))
        };
        let phase = bare(wire.phase().as_str_name(), "PHASE_");
        Ok(Ladder {
            phase,
            instrument: wire.instrument,
            bids: wire.bids.into_iter().map(level).collect::<Result<_, _>>()?,
            asks: wire.asks.into_iter().map(level).collect::<Result<_, _>>()?,
            sequence: wire.sequence,
        })
    }
}
