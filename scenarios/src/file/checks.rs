//! `[check]`: what must hold when the scenario ends.

use std::fmt;

use crate::document::Fields;
use crate::names::{AccountName, Symbol};
use crate::numbers::Amount;
use crate::rules::{Missing, RuleBook};
use crate::time::Millis;

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    TradesAtLeast(u64),
    TradesAtMost(u64),
    OrdersAtLeast(u64),
    RejectsAtMost(u64),
    /// Orders filled beyond their quantity.
    Overfilled(u64),
    /// Orders acknowledged and then gone.
    LostAcknowledgedOrders(u64),
    /// Every asset: balances plus what is in flight is what was issued.
    Conserved(bool),
    /// No account holds more than its open orders need.
    HoldsReleased(bool),
    /// Orders still open at the end.
    OpenOrdersAtMost(u64),
    /// The quantity that changed hands in an instrument, exactly.
    Traded(Symbol, Amount),
    /// The price of the last trade of an instrument, exactly.
    Last(Symbol, Amount),
    /// The lowest price at which an instrument traded, exactly.
    Lowest(Symbol, Amount),
    /// How often an instrument was interrupted, exactly.
    Interruptions(Symbol, Amount),
    /// What an account has of what the first instrument trades, exactly.
    Owns(AccountName, Amount),
    /// The longest time without service after a fault.
    RecoveredWithin(Millis),
    /// The digest of trades and balances, in lower case hexadecimal.
    Digest(String),
}

impl Check {
    /// The key of the file, as reports name it.
    #[must_use]
    pub fn name(&self) -> String {
        let key = match self {
            Check::TradesAtLeast(_) => "trades_at_least",
            Check::TradesAtMost(_) => "trades_at_most",
            Check::OrdersAtLeast(_) => "orders_at_least",
            Check::RejectsAtMost(_) => "rejects_at_most",
            Check::Overfilled(_) => "overfilled",
            Check::LostAcknowledgedOrders(_) => "lost_acknowledged_orders",
            Check::Conserved(_) => "conserved",
            Check::HoldsReleased(_) => "holds_released",
            Check::OpenOrdersAtMost(_) => "open_orders_at_most",
            Check::Traded(symbol, _) => return format!("traded.{symbol}"),
            Check::Last(symbol, _) => return format!("last.{symbol}"),
            Check::Lowest(symbol, _) => return format!("lowest.{symbol}"),
            Check::Interruptions(symbol, _) => return format!("interruptions.{symbol}"),
            Check::Owns(who, _) => return format!("owns.{who}"),
            Check::RecoveredWithin(_) => "recovered_within",
            Check::Digest(_) => "digest",
        };
        key.to_string()
    }
}

impl fmt::Display for Check {
    /// What is expected, as the file writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::TradesAtLeast(n)
            | Check::TradesAtMost(n)
            | Check::OrdersAtLeast(n)
            | Check::RejectsAtMost(n)
            | Check::Overfilled(n)
            | Check::LostAcknowledgedOrders(n)
            | Check::OpenOrdersAtMost(n) => n.fmt(f),
            Check::Conserved(holds) | Check::HoldsReleased(holds) => holds.fmt(f),
            Check::Traded(_, amount)
            | Check::Last(_, amount)
            | Check::Lowest(_, amount)
            | Check::Interruptions(_, amount)
            | Check::Owns(_, amount) => amount.fmt(f),
            Check::RecoveredWithin(time) => time.fmt(f),
            Check::Digest(digest) => f.write_str(digest),
        }
    }
}

/// Makes a check of a count.
type CountCheck = fn(u64) -> Check;

/// Makes a check of an amount of an instrument.
type SymbolCheck = fn(Symbol, Amount) -> Check;

/// Reads `[check]`; told whether there is such an account.
pub(super) fn read(
    file: &mut Fields<'_>,
    market: Option<&RuleBook>,
    has_account: impl Fn(&AccountName) -> bool,
) -> Vec<Check> {
    let Some(mut fields) = file.table("check") else { return Vec::new() };
    let mut checks = Vec::new();
    let counts: [(_, CountCheck); 7] = [
        ("trades_at_least", Check::TradesAtLeast),
        ("trades_at_most", Check::TradesAtMost),
        ("orders_at_least", Check::OrdersAtLeast),
        ("rejects_at_most", Check::RejectsAtMost),
        ("overfilled", Check::Overfilled),
        ("lost_acknowledged_orders", Check::LostAcknowledgedOrders),
        ("open_orders_at_most", Check::OpenOrdersAtMost),
    ];
    for (key, check) in counts {
        let count = fields.count(key, 0, i64::MAX as u64);
        checks.extend(count.map(|count| (fields.place_of(key).start, check(count))));
    }
    for (key, check) in [
        ("conserved", Check::Conserved as fn(bool) -> Check),
        ("holds_released", Check::HoldsReleased),
    ] {
        let flag = fields.flag(key);
        checks.extend(flag.map(|flag| (fields.place_of(key).start, check(flag))));
    }
    let within = fields.parsed_at("recovered_within");
    checks.extend(within.map(|at| (at.place.start, Check::RecoveredWithin(at.value))));
    checks.extend(digest(&mut fields));
    let by_symbol: [(_, SymbolCheck); 4] = [
        ("traded", Check::Traded),
        ("last", Check::Last),
        ("lowest", Check::Lowest),
        ("interruptions", Check::Interruptions),
    ];
    for (key, check) in by_symbol {
        for (symbol, amount) in fields.pairs::<Symbol, Amount>(key).unwrap_or_default() {
            if let Some(Err(Missing { message, help })) = market.map(|m| m.listed(&symbol.value)) {
                fields.sink().report(symbol.place.clone(), message, help);
            }
            checks.push((symbol.place.start, check(symbol.value, amount)));
        }
    }
    for (who, amount) in fields.pairs::<AccountName, Amount>("owns").unwrap_or_default() {
        if !has_account(&who.value) {
            let message = format!("there is no account `{}`", who.value);
            fields.sink().report(who.place.clone(), message, None);
        }
        checks.push((who.place.start, Check::Owns(who.value, amount)));
    }
    fields.finish();
    checks.sort_by_key(|(place, _)| *place);
    checks.into_iter().map(|(_, check)| check).collect()
}

fn digest(fields: &mut Fields<'_>) -> Option<(usize, Check)> {
    let digest = fields.text("digest")?;
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if digest.value.is_empty() || !digest.value.bytes().all(hexadecimal) {
        let message = "a digest is written in lower case hexadecimal, 0-9 and a-f";
        fields.sink().report(digest.place, message, None);
        return None;
    }
    Some((digest.place.start, Check::Digest(digest.value.into())))
}
