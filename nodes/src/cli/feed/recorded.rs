//! `hoga feed FILE`: a recorded outside market into an instrument that follows it.

use crate::cli::failure::{Exit, Failure};
use crate::cli::{Global, actor, json, output, server};
use clap::{Args, ValueEnum};
use hoga_proto::v1;
use hoga_scenarios::feed::{self, Counted, OutsideBook};
use rust_decimal::Decimal;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// A recorded stream, and where it goes.
#[derive(Args, Debug)]
pub struct Recorded {
    /// The recorded stream
    file: PathBuf,
    /// The instrument that is to follow it
    #[arg(long, value_name = "SYMBOL")]
    into: String,
    /// What the instrument is called in the file; BASE-QUOTE is found as QUOTE-BASE and BASEQUOTE
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// As fast as it was recorded, or as fast as it is taken
    #[arg(long, value_enum, default_value = "1x")]
    speed: Speed,
    /// Write each book that was taken as a line of JSON, for an audit
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Speed {
    Max,
    #[value(name = "1x")]
    Wall,
}

/// What became of a file.
#[derive(Debug, Default)]
struct Fed {
    counted: Counted,
    taken: u64,
    dropped: u64,
    /// Books that no instrument can follow: bids reach asks, or a side is off the tick.
    unfit: u64,
    last: u64,
}

impl Recorded {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let name = actor::instrument(&self.into)?;
        let file = self.file.display().to_string();
        let opened = File::open(&self.file)
            .map_err(|error| Failure::new(Exit::NotFound, format!("error: {file}: {error}")))?;
        let code = self.code.as_deref().unwrap_or(&self.into);
        let depth = usize::from(hoga_engine::follow::LEVELS_MAX);
        let read = feed::read_all(&file, BufReader::new(opened), code, depth);
        let (books, counted) =
            read.map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
        let mut record = self.record.as_deref().map(create).transpose()?;
        let fed = server::talk(&actor::acting_as(global, actor::OPERATOR), async |server| {
            let mut fed = Fed { counted, ..Fed::default() };
            let request = v1::GetInstrumentRequest { name: name.clone(), min_index: None };
            let listed = server.market().get_instrument(request).await?.into_inner();
            let instrument = listed.instrument.unwrap_or_default();
            let request = v1::GetOutsideBookRequest { name: name.clone(), min_index: None };
            let standing = server.market().get_outside_book(request).await?.into_inner();
            fed.last = standing.book.map_or(0, |book| book.number);
            let started = tokio::time::Instant::now();
            let first = &books[0];
            for book in &books {
                if self.speed == Speed::Wall {
                    let since = Duration::from_millis(feed::since(first, book).0);
                    tokio::time::sleep_until(started + since).await;
                }
                let Some(book) = fitted(book, &instrument, fed.last + 1) else {
                    fed.unfit += 1;
                    continue;
                };
                let request =
                    v1::PostOutsideBookRequest { name: name.clone(), book: Some(book.clone()) };
                let posted = server.admin().post_outside_book(request).await;
                let posted = match posted {
                    Ok(posted) => posted.into_inner(),
                    // Of this book: the next one may fit.
                    Err(status) if status.code() == tonic::Code::InvalidArgument => {
                        fed.unfit += 1;
                        continue;
                    }
                    Err(status) => return Err(status.into()),
                };
                fed.last = posted.number;
                (fed.taken, fed.dropped) =
                    (fed.taken + u64::from(posted.taken), fed.dropped + u64::from(!posted.taken));
                if let Some(record) = record.as_mut().filter(|_| posted.taken) {
                    note(record, &book)?;
                }
            }
            Ok(fed)
        })?;
        self.tell(&fed, global)
    }

    fn tell(&self, fed: &Fed, global: &Global) -> Result<(), Failure> {
        let Fed { counted, taken, dropped, unfit, last } = fed;
        if global.json {
            return json::document(&serde_json::json!({
                "instrument": self.into,
                "books": counted.books,
                "trades": counted.trades,
                "gaps": counted.gaps,
                "trade_gaps": counted.trade_gaps,
                "taken": taken,
                "dropped": dropped,
                "unfit": unfit,
                "number": last,
            }));
        }
        output::say(format!(
            "{} follows: {taken} of {} books taken, {dropped} dropped, {unfit} unfit, {} gaps",
            self.into, counted.books, counted.gaps
        ))
    }
}

fn create(path: &Path) -> Result<File, Failure> {
    let created = File::create(path);
    created
        .map_err(|error| Failure::new(Exit::Failure, format!("error: {}: {error}", path.display())))
}

/// A book as its instrument can take it; none of one that it cannot.
fn fitted(book: &OutsideBook, instrument: &v1::Instrument, number: u64) -> Option<v1::OutsideBook> {
    if book.is_crossed() {
        return None;
    }
    let lot = Decimal::from_str(&instrument.lot.as_ref()?.value).ok()?;
    let levels = instrument.follow.as_ref()?.levels_max as usize;
    let trimmed = feed::trimmed(book, lot, levels);
    let side = |side: &[feed::Level]| {
        let level = |&(price, quantity): &feed::Level| v1::OutsideLevel {
            price: Some(price.normalize().into()),
            quantity: Some(quantity.into()),
            taken: None,
        };
        side.iter().map(level).collect()
    };
    Some(v1::OutsideBook {
        instrument: instrument.name.clone(),
        number,
        time: Some(prost_types::Timestamp {
            seconds: (book.time_ns / 1_000_000_000) as i64,
            nanos: (book.time_ns % 1_000_000_000) as i32,
        }),
        bids: side(&trimmed.bids),
        asks: side(&trimmed.asks),
        stale: false,
    })
}

/// A line that says what was displayed: for whoever checks that no more was filled.
fn note(record: &mut File, book: &v1::OutsideBook) -> Result<(), Failure> {
    let side = |levels: &[v1::OutsideLevel]| {
        let text = |decimal: &Option<v1::Decimal>| {
            decimal.as_ref().map_or_else(String::new, |decimal| decimal.value.clone())
        };
        let pair = |level: &v1::OutsideLevel| [text(&level.price), text(&level.quantity)];
        levels.iter().map(pair).collect::<Vec<_>>()
    };
    let line = serde_json::json!({
        "instrument": book.instrument,
        "number": book.number,
        "bids": side(&book.bids),
        "asks": side(&book.asks),
    });
    writeln!(record, "{line}")?;
    Ok(())
}
