//! Rows of an account's ledger.

use super::BadField;
use super::numbers::{shown, timestamp};
use super::order::unknown;
use crate::v1;
use hoga_engine::amount::Amount;
use hoga_engine::history::{LedgerKind, LedgerRow};
use hoga_engine::instrument::{Asset, Instrument};

/// A row; `instrument` is that of the row, when it has one, `party` the other account's id.
#[must_use]
pub fn row(
    row: &LedgerRow,
    account: &str,
    asset: &Asset,
    instrument: Option<&Instrument>,
    party: Option<&str>,
) -> v1::LedgerRow {
    let money = |minor: Amount| Some(shown(minor, asset.scale));
    let name = instrument.map(|instrument| format!("instruments/{}", instrument.symbol));
    let trade = name.as_ref().zip(row.trade).map(|(n, trade)| format!("{n}/trades/{}", trade.0));
    let order = row.order.map(|order| format!("accounts/{account}/orders/{}", order.0));
    v1::LedgerRow {
        account: format!("accounts/{account}"),
        sequence: row.sequence,
        r#type: v1::LedgerRowType::from(row.kind).into(),
        asset: asset.code.to_string(),
        instrument: name.unwrap_or_default(),
        order: order.unwrap_or_default(),
        trade: trade.unwrap_or_default(),
        quantity: instrument.map(|i| shown(row.quantity, i.base_scale)),
        price: instrument.map(|i| shown(i.price_amount(row.price), i.quote_scale)),
        amount: money(row.amount),
        commission: money(row.commission),
        tax: money(row.tax),
        cash_before: money(row.before),
        cash_after: money(row.after),
        time: Some(timestamp(row.time)),
        post_time: Some(timestamp(row.posted)),
        request_id: row.request.map(|id| id.as_str().into()).unwrap_or_default(),
        counterparty: party.map(|name| format!("accounts/{name}")).unwrap_or_default(),
    }
}

impl From<LedgerKind> for v1::LedgerRowType {
    fn from(kind: LedgerKind) -> v1::LedgerRowType {
        match kind {
            LedgerKind::Deposit => v1::LedgerRowType::Deposit,
            LedgerKind::Withdrawal => v1::LedgerRowType::Withdrawal,
            LedgerKind::TransferIn => v1::LedgerRowType::TransferIn,
            LedgerKind::TransferOut => v1::LedgerRowType::TransferOut,
            LedgerKind::Buy => v1::LedgerRowType::Buy,
            LedgerKind::Sell => v1::LedgerRowType::Sell,
            LedgerKind::Issue => v1::LedgerRowType::Issue,
            LedgerKind::Redeem => v1::LedgerRowType::Redeem,
        }
    }
}

/// The kind that a filter names; none for a kind of which there are no rows yet.
///
/// # Errors
/// It is none of the wire's words.
pub fn kind(wire: i32) -> Result<Option<LedgerKind>, BadField> {
    use v1::LedgerRowType as Type;
    Ok(Some(match Type::try_from(wire) {
        Ok(Type::Deposit) => LedgerKind::Deposit,
        Ok(Type::Withdrawal) => LedgerKind::Withdrawal,
        Ok(Type::TransferIn) => LedgerKind::TransferIn,
        Ok(Type::TransferOut) => LedgerKind::TransferOut,
        Ok(Type::Buy) => LedgerKind::Buy,
        Ok(Type::Sell) => LedgerKind::Sell,
        Ok(Type::Issue) => LedgerKind::Issue,
        Ok(Type::Redeem) => LedgerKind::Redeem,
        Ok(Type::Fee | Type::Tax | Type::Dividend) => return Ok(None),
        Ok(Type::Unspecified) | Err(_) => return Err(unknown("types", wire)),
    }))
}
