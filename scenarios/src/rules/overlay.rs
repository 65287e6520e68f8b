//! Laying TOML over a rule book: a whole book over the defaults, `[market]` over a book.

use super::{AssetRules, BreakerLevel, DatedTicks, Instrument, Reservation, RuleBook, Supply};
use super::{TickTable, VenueBoard, ticks};
use crate::document::Fields;

/// Assets have at most this many digits behind the point: balances then fit the core's integers.
const SCALE_MAX: u64 = 12;

impl RuleBook {
    /// Lays every rule that is present over this book and over each of its instruments.
    pub(crate) fn overlay(&mut self, fields: &mut Fields<'_>) {
        if let Some(date) = fields.parsed("date") {
            self.date = date;
        }
        self.session.overlay(fields);
        self.overlay_assets(fields);
        self.overlay_reservation(fields);
        self.overlay_breaker(fields);
        self.overlay_supply(fields);
        if fields.has("ticks") {
            // One table for good says that the dated ones no longer count.
            self.tick_tables.clear();
        }
        let dated = fields.tables("tick_tables");
        if fields.has("tick_tables") {
            self.tick_tables = dated.into_iter().filter_map(dated_ticks).collect();
        }
        self.defaults.overlay(fields);
        for instrument in &mut self.instruments {
            instrument.rules.overlay(fields);
        }
        self.settle_ticks();
    }

    /// Replaces the instruments by those listed, each with its own rules over the defaults.
    pub(crate) fn overlay_instruments(&mut self, tables: Vec<Fields<'_>>) {
        if tables.is_empty() {
            return;
        }
        self.instruments.clear();
        for mut fields in tables {
            fields.require(&["symbol", "base", "quote"]);
            let symbol = fields.parsed_at("symbol");
            let (base, quote) = (fields.parsed("base"), fields.parsed("quote"));
            let board = fields.parsed("board");
            let mut rules = self.defaults.clone();
            if let Some(table) = ticks::on(&self.tick_tables, self.date, board) {
                rules.ticks = table.clone();
            }
            if rules.price_band_percent.is_some() {
                let of_board = board.and_then(VenueBoard::band_percent);
                rules.price_band_percent = of_board.or(rules.price_band_percent);
            }
            rules.overlay(&mut fields);
            if let (Some(symbol), Some(base), Some(quote)) = (symbol, base, quote) {
                if self.instrument(&symbol.value).is_some() {
                    let message = format!("{} is listed twice", symbol.value);
                    fields.sink().report(symbol.place, message, None);
                }
                let symbol = symbol.value;
                self.instruments.push(Instrument { symbol, base, quote, board, rules });
            }
            fields.finish();
        }
    }

    /// The date may have changed, and with it the tables that hold.
    fn settle_ticks(&mut self) {
        for instrument in &mut self.instruments {
            if let Some(table) = ticks::on(&self.tick_tables, self.date, instrument.board) {
                instrument.rules.ticks = table.clone();
            }
        }
    }

    fn overlay_assets(&mut self, fields: &mut Fields<'_>) {
        for mut asset in fields.tables("assets") {
            asset.require(&["name", "scale"]);
            let (name, scale) = (asset.parsed("name"), asset.count("scale", 0, SCALE_MAX));
            asset.finish();
            let (Some(name), Some(scale)) = (name, scale) else { continue };
            self.assets.retain(|known| known.name != name);
            self.assets.push(AssetRules { name, scale: scale as u32 });
        }
    }

    fn overlay_reservation(&mut self, fields: &mut Fields<'_>) {
        if fields.is_none_word("reservation") {
            self.reservation = None;
            return;
        }
        let Some(mut table) = fields.table("reservation") else { return };
        let after = table.parsed("expires_after");
        let days = table.count("trading_days", 1, 365);
        if table.has("expires_after") == table.has("trading_days") {
            let message = "[reservation] needs `expires_after` or `trading_days`, one of the two";
            table.sink().report(table.place(), message, None);
        }
        table.finish();
        self.reservation = after.map(Reservation::After).or(days.map(Reservation::TradingDays));
    }

    fn overlay_breaker(&mut self, fields: &mut Fields<'_>) {
        if fields.is_none_word("circuit_breaker") {
            self.circuit_breaker.clear();
            return;
        }
        if !fields.has("circuit_breaker") {
            // Asked for all the same, so that a slip of the key finds it.
            fields.tables("circuit_breaker");
            return;
        }
        let level = |mut level: Fields<'_>| {
            level.require(&["fall_percent"]);
            let fall = level.parsed("fall_percent");
            let halt = level.parsed("halt").unwrap_or_default();
            let call = level.parsed("call").unwrap_or_default();
            let closes_day = level.flag("closes_day").unwrap_or(false);
            level.finish();
            Some(BreakerLevel { fall_percent: fall?, halt, call, closes_day })
        };
        let levels = fields.tables("circuit_breaker");
        self.circuit_breaker = levels.into_iter().filter_map(level).collect();
    }

    fn overlay_supply(&mut self, fields: &mut Fields<'_>) {
        if fields.is_none_word("supply") {
            self.supply.clear();
            return;
        }
        for mut supply in fields.tables("supply") {
            supply.require(&["asset", "total", "faucet"]);
            let asset = supply.parsed("asset");
            let (total, faucet) = (supply.parsed("total"), supply.parsed("faucet"));
            supply.finish();
            let (Some(asset), Some(total), Some(faucet)) = (asset, total, faucet) else { continue };
            self.supply.retain(|known| known.asset != asset);
            self.supply.push(Supply { asset, total, faucet });
        }
    }
}

fn dated_ticks(mut fields: Fields<'_>) -> Option<DatedTicks> {
    fields.require(&["since", "bands"]);
    let (since, board) = (fields.parsed("since"), fields.parsed("board"));
    let table = TickTable::read(&mut fields, "bands");
    fields.finish();
    Some(DatedTicks { since: since?, board, table: table? })
}
