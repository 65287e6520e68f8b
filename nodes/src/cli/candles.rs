//! `hoga candles`: what an instrument's trades did, minute by minute or year by year.

mod import;

use super::failure::Failure;
use super::paging::{LIMIT_DEFAULT, Limit};
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::{Args, Subcommand};
use hoga_engine::candle::Interval;
use hoga_proto::convert::candle::shown_interval;
use hoga_proto::v1;
use hoga_scenarios::time::Millis;
use prost_types::Timestamp;
use std::time::{Duration, SystemTime};

/// Candles, oldest first: `hoga candles LPJ-KRW 1m --since 1h --csv`
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Candles {
    #[command(subcommand)]
    other: Option<Other>,
    /// Of which instrument
    #[arg(required = true)]
    symbol: Option<String>,
    /// How long: 1s 1m 3m 5m 15m 30m 1h 4h 1d 1w 1M 1y; a month has a large M
    #[arg(default_value = "1m", value_parser = interval)]
    interval: Interval,
    /// From when on: so long ago (`1h`, `90m`), or a time in UTC (`2026-11-20T09:00:00Z`)
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<Timestamp>,
    /// Until when
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<Timestamp>,
    /// At most so many, the newest
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Comma-separated values under a line of names
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Subcommand, Debug)]
enum Other {
    Import(import::Import),
}

fn interval(text: &str) -> Result<Interval, String> {
    let all = || Interval::ALL.map(Interval::name).join(" ");
    Interval::of_name(text).ok_or_else(|| format!("there are candles of {}", all()))
}

/// A length before now, or a time.
fn when(text: &str) -> Result<Timestamp, String> {
    if let Ok(length) = text.parse::<Millis>() {
        let at = SystemTime::now().checked_sub(Duration::from_millis(length.0));
        return at.map(Timestamp::from).ok_or_else(|| "it is too long ago".into());
    }
    let day = format!("{text}T00:00:00Z");
    let read = text.parse().or_else(|_| day.parse());
    read.map_err(|_| "write so long ago (90m, 24h), 2026-11-20 or 2026-11-20T09:00:00Z".into())
}

impl Candles {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        if let Some(Other::Import(import)) = self.other {
            return import.run(global);
        }
        let parent = actor::instrument(self.symbol.as_deref().unwrap_or_default())?;
        let since_all = if self.since.is_some() { u32::MAX } else { LIMIT_DEFAULT };
        let wanted = self.limit.unwrap_or(since_all);
        let request = v1::ListCandlesRequest {
            parent,
            interval: shown_interval(self.interval).into(),
            start_time: self.since,
            end_time: self.until,
            ..v1::ListCandlesRequest::default()
        };
        let mut position = None;
        let (mut candles, next_page_token) = server::talk(global, async |server| {
            let limit = Limit::of(wanted);
            let gathered = limit.gather(async |page_size, page_token| {
                let page = v1::ListCandlesRequest { page_size, page_token, ..request.clone() };
                let page = server.market().list_candles(page).await?.into_inner();
                position = page.position;
                Ok((page.candles, page.next_page_token))
            });
            gathered.await
        })?;
        candles.reverse();
        if global.json {
            let whole = v1::ListCandlesResponse { candles, next_page_token, position };
            return json::print("ListCandlesResponse", &whole);
        }
        if self.csv {
            return csv(&candles);
        }
        if candles.is_empty() {
            output::tell(nothing(self.since.as_ref(), &SystemTime::now().into()));
            return Ok(());
        }
        output::say(table(&candles))
    }
}

/// Why there is no candle: times without a trade have some too, once there was one before.
fn nothing(since: Option<&Timestamp>, now: &Timestamp) -> &'static str {
    match since {
        Some(since) if (since.seconds, since.nanos) > (now.seconds, now.nanos) => {
            "that time is yet to come"
        }
        Some(_) => "no candle begins in that time",
        None => "nothing has traded in that time, nor before it",
    }
}

fn csv(candles: &[v1::Candle]) -> Result<(), Failure> {
    output::say("start_time,open,high,low,close,volume,turnover,trades,gap,closed,imported")?;
    for candle in candles {
        let start = candle.start_time.as_ref().map(Timestamp::to_string).unwrap_or_default();
        let [open, high, low, close] = prices(candle);
        let volume = wire::text(candle.volume.as_ref());
        let turnover = wire::text(candle.turnover.as_ref());
        let &v1::Candle { trade_count, filled_gap, closed, imported, .. } = candle;
        output::say(format_args!(
            "{start},{open},{high},{low},{close},{volume},{turnover},{trade_count},{filled_gap},\
             {closed},{imported}"
        ))?;
    }
    Ok(())
}

fn prices(candle: &v1::Candle) -> [&str; 4] {
    [&candle.open, &candle.high, &candle.low, &candle.close].map(|p| wire::text(p.as_ref()))
}

fn table(candles: &[v1::Candle]) -> Table {
    let mut table = Table::new([
        ("BEGINS (UTC)", Lean::Left),
        ("OPEN", Lean::Right),
        ("HIGH", Lean::Right),
        ("LOW", Lean::Right),
        ("CLOSE", Lean::Right),
        ("VOLUME", Lean::Right),
        ("TRADES", Lean::Right),
        ("", Lean::Left),
    ]);
    for candle in candles {
        let [open, high, low, close] = prices(candle).map(str::to_owned);
        let mut remarks = Vec::new();
        remarks.extend(candle.filled_gap.then_some("nothing traded"));
        remarks.extend(candle.imported.then_some("imported"));
        remarks.extend((!candle.closed).then_some("open"));
        table.row([
            wire::time(candle.start_time.as_ref()),
            open,
            high,
            low,
            close,
            wire::text(candle.volume.as_ref()).to_owned(),
            candle.trade_count.to_string(),
            remarks.join(", "),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{interval, nothing, when};
    use hoga_engine::candle::Interval;

    #[test]
    fn a_minute_is_small_and_a_month_is_large() {
        assert_eq!(interval("1m"), Ok(Interval::Minute1));
        assert_eq!(interval("1M"), Ok(Interval::Month1));
        let wrong = interval("2m").expect_err("no length");
        assert!(wrong.contains("1s 1m 3m 5m 15m 30m 1h 4h 1d 1w 1M 1y"), "{wrong}");
    }

    #[test]
    fn a_time_to_come_is_not_called_one_without_trades() {
        let [now, later] = ["2026-11-20", "2026-11-21"].map(|day| when(day).expect("a day"));
        assert_eq!(nothing(Some(&later), &now), "that time is yet to come");
        assert_eq!(nothing(Some(&now), &later), "no candle begins in that time");
        assert!(nothing(None, &now).starts_with("nothing has traded"));
    }

    #[test]
    fn a_time_is_a_length_ago_a_day_or_a_moment() {
        let moment = when("2026-11-20T09:00:00Z").expect("a moment");
        let day = when("2026-11-20").expect("a day");
        assert_eq!(moment.seconds - day.seconds, 9 * 3_600);
        assert!(when("1h").expect("a length").seconds > day.seconds - 3_600 * 24 * 365 * 10);
        assert!(when("yesterday").is_err());
    }
}
