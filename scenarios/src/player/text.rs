//! A report for people.

use std::fmt::{Display, Formatter, Result};

use super::checks::Value;
use super::{CheckReport, FaultReport, MarketReport, Report};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Report { scenario, seed, digest, .. } = self;
        writeln!(f, "{scenario}, seed {seed}")?;
        if !self.about.is_empty() {
            writeln!(f, "{}", self.about)?;
        }
        writeln!(f)?;
        self.markets.iter().try_for_each(|market| write!(f, "{market}"))?;
        writeln!(f, "  {:<10} {}", "accounts", grouped(self.accounts))?;
        let (orders, commands) = (grouped(self.orders), grouped(self.commands));
        writeln!(f, "  {:<10} {orders} of {commands} commands", "orders")?;
        writeln!(f, "  {:<10} {}", "open", grouped(self.open_orders))?;
        let refused: u64 = self.rejects.values().sum();
        writeln!(f, "  {:<10} {}", "refused", grouped(refused))?;
        for (reason, count) in &self.rejects {
            writeln!(f, "    {:>10}  {reason}", grouped(*count))?;
        }
        if !self.best_bots.is_empty() {
            writeln!(f, "\n  best bots (against sitting still)")?;
        }
        for bot in &self.best_bots {
            let (account, gain) = (&bot.account, grouped(&bot.gain));
            let sign = if gain.starts_with('-') { "" } else { "+" };
            writeln!(f, "    {account:<14} {:>18} {}", format!("{sign}{gain}"), bot.asset)?;
        }
        let faults = self.live.iter().flat_map(|live| &live.faults).collect::<Vec<_>>();
        if !faults.is_empty() {
            writeln!(f, "\n  faults")?;
        }
        for fault in faults {
            let FaultReport { at_seconds, fault, became, target, .. } = fault;
            writeln!(f, "    {became:<8} at {at_seconds:.0} s: {fault}: {target}")?;
        }
        if !self.checks.is_empty() {
            writeln!(f, "\n  checks")?;
        }
        self.checks.iter().try_for_each(|check| write!(f, "{check}"))?;
        let (played, wall) = (self.virtual_seconds, self.wall_seconds);
        write!(f, "\n  {played:.0} s played")?;
        // Without a wall clock there is nothing to compare with.
        if wall > 0.0 {
            write!(f, " in {wall:.2} s")?;
        }
        write!(f, ", digest {digest}")
    }
}

impl Display for MarketReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "  {}", self.symbol)?;
        let prices = [&self.open, &self.high, &self.low, &self.close];
        if let [Some(open), Some(high), Some(low), Some(close)] = prices {
            let [open, high, low, close] = [open, high, low, close].map(grouped);
            writeln!(f, "  {:<10} open {open}, high {high}, low {low}, close {close}", "price")?;
        }
        writeln!(f, "  {:<10} {}", "trades", grouped(self.trades))?;
        let (volume, turnover) = (grouped(&self.volume), grouped(&self.turnover));
        let MarketReport { base, quote, .. } = self;
        writeln!(f, "  {:<10} {volume} {base} for {turnover} {quote}", "volume")
    }
}

impl Display for CheckReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let word = if self.ok { "ok" } else { "FAILED" };
        let CheckReport { name, expected, actual, .. } = self;
        writeln!(f, "    {word:<6} {name}: expected {expected}, found {actual}")
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Value::Flag(flag) => flag.fmt(f),
            Value::Count(count) => f.write_str(&grouped(*count)),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// `-1234567.25` as `-1,234,567.25`.
fn grouped(number: impl ToString) -> String {
    let number = number.to_string();
    let whole = number.find('.').unwrap_or(number.len());
    let mut text = String::new();
    for (index, character) in number.char_indices() {
        let behind = whole.saturating_sub(index);
        let is_inside = text.ends_with(|c: char| c.is_ascii_digit());
        if is_inside && behind > 0 && behind.is_multiple_of(3) {
            text.push(',');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests;
