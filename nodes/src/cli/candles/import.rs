//! `hoga candles import`: another exchange's history, before an instrument's own.

use crate::cli::failure::{Exit, Failure};
use crate::cli::{Global, actor, json, output, server};
use clap::Args;
use hoga_proto::convert::candle::shown_interval;
use hoga_proto::v1;
use hoga_scenarios::candles::{OutsideCandle, OutsideCandles, upbit};
use prost_types::Timestamp;
use rust_decimal::Decimal;
use std::path::PathBuf;

/// Candles of one request.
const SENT_MAX: usize = 500;

/// Import candles of before an instrument traded here: `hoga candles import BTC-KRW FILE`
#[derive(Args, Debug)]
#[command(after_help = "FILE has the JSON of Upbit's REST interface: candles of seconds, of 1 or \
    60 minutes, or of days. Give the oldest file first; candles that begin before the end of what \
    is imported already are left out, and so are those of days on which the instrument traded \
    here.\n\nAn operator's command: it acts with the development token `dev:operator` unless \
    --token says another.")]
pub struct Import {
    /// Whose candles they become
    symbol: String,
    /// JSON of candles from Upbit's REST interface; several files oldest first
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Your name for this import; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

impl Import {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let parent = actor::instrument(&self.symbol)?;
        let mut read = Vec::new();
        for file in &self.files {
            let failed = |why: String| {
                Failure::new(Exit::Failure, format!("error: {}: {why}", file.display()))
            };
            let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
            read.push(upbit(&text).map_err(|error| failed(error.to_string()))?);
        }
        let id = actor::request_id(self.id.as_ref());
        let mut sum = v1::ImportCandlesResponse::default();
        server::talk(&actor::acting_as(global, actor::OPERATOR), async |server| {
            for (nth, request) in requests(&parent, &read).enumerate() {
                let (request_id, sent_at) = (format!("{id}.{nth}"), Some(actor::sent_now()));
                let request = v1::ImportCandlesRequest { request_id, sent_at, ..request };
                let answer = server.admin().import_candles(request).await;
                let answer = answer.map_err(|status| Failure::from(status).of_change(&id));
                let answer = answer?.into_inner();
                sum.imported_count += answer.imported_count;
                sum.skipped_count += answer.skipped_count;
                sum.position = answer.position;
                sum.repeated_answer |= answer.repeated_answer;
            }
            Ok(())
        })?;
        if global.json {
            return json::print("ImportCandlesResponse", &sum);
        }
        let (imported, skipped) = (sum.imported_count, sum.skipped_count);
        output::say(format!("{} has {imported} candles more; {skipped} left out", self.symbol))
    }
}

fn requests<'a>(
    parent: &'a str,
    read: &'a [OutsideCandles],
) -> impl Iterator<Item = v1::ImportCandlesRequest> + 'a {
    read.iter().flat_map(move |outside| {
        outside.candles.chunks(SENT_MAX).map(move |chunk| v1::ImportCandlesRequest {
            parent: parent.to_owned(),
            interval: shown_interval(outside.interval).into(),
            candles: chunk.iter().map(shown).collect(),
            ..v1::ImportCandlesRequest::default()
        })
    })
}

fn shown(candle: &OutsideCandle) -> v1::Candle {
    let number = |value: Decimal| Some(value.into());
    v1::Candle {
        start_time: Some(Timestamp { seconds: candle.start as i64, nanos: 0 }),
        open: number(candle.open),
        high: number(candle.high),
        low: number(candle.low),
        close: number(candle.close),
        volume: number(candle.volume),
        turnover: number(candle.turnover),
        ..v1::Candle::default()
    }
}
