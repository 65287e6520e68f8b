//! Recorded days, where `HOGA_DATA` leads to them.

use super::super::{OutsideBook, Reader};
use crate::feed::read_all;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A file of the folder of recorded days, if it is there.
#[allow(clippy::disallowed_methods)]
fn recorded(file: &str) -> Option<PathBuf> {
    let found = std::env::var_os("HOGA_DATA").map(PathBuf::from).map(|folder| folder.join(file));
    let found = found.filter(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: HOGA_DATA leads to no {file}");
    }
    found
}

#[test]
fn each_book_of_the_recorded_upbit_capture_sums_to_what_it_states() {
    let Some(path) = recorded("upbit_ws_20210417/UPBIT.ws.62.0") else { return };
    let lines: Vec<String> = BufReader::new(File::open(path).expect("it opens"))
        .lines()
        .collect::<Result<_, _>>()
        .expect("it is text");
    let codes: BTreeSet<&str> =
        lines.iter().filter_map(|line| line.split_once("\"cd\":\"")?.1.split('"').next()).collect();
    let (mut books, mut trades) = (0, 0);
    for code in codes {
        let mut reader = Reader::new(code, 15);
        for line in &lines {
            let Some(book) = reader.read(line).expect("every line is read") else { continue };
            let stated = |key: &str| -> Decimal {
                let text = line.split_once(&format!("\"{key}\":")).expect("it is stated").1;
                let end = text.find([',', '}']).expect("it ends");
                Decimal::from_scientific(&text[..end])
                    .or_else(|_| text[..end].parse())
                    .expect("a number")
            };
            let sum = |side: &[(Decimal, Decimal)]| side.iter().map(|level| level.1).sum();
            let (asks, bids): (Decimal, Decimal) = (sum(&book.asks), sum(&book.bids));
            // Their sums went through floats.
            let near = |one: Decimal, other: Decimal| (one - other).abs() < Decimal::new(1, 5);
            assert!(near(asks, stated("tas")) && near(bids, stated("tbs")), "{line}");
            assert!(!book.is_crossed());
            books += 1;
        }
        trades += reader.counted().trades;
    }
    assert_eq!(books, 145);
    assert_eq!(books + trades, 449);
}

fn binance() -> Option<String> {
    let path = recorded("binance_btcusdt_20240809/btcusdt_20240809.gz")?;
    let unpacked = Command::new("gzip").arg("-dc").arg(path).stdout(Stdio::piped()).spawn();
    let Ok(mut unpacked) = unpacked else {
        eprintln!("SKIPPED: there is no gzip");
        return None;
    };
    let mut text = String::new();
    unpacked.stdout.take()?.read_to_string(&mut text).ok()?;
    unpacked.wait().ok()?;
    Some(text)
}

#[test]
fn the_recorded_binance_day_has_no_gaps_and_with_a_line_dropped_one() {
    let Some(text) = binance() else { return };
    let whole = read_all("binance", text.as_bytes(), "BTC-USDT", 20).expect("it is read");
    let (books, counted) = whole;
    assert_eq!((counted.books, counted.gaps), (3_044, 0));
    assert_eq!((counted.trades, counted.trade_gaps), (10_147, 0));
    let crossed = books.iter().filter(|book| book.is_crossed()).count();
    assert_eq!(crossed, 0, "what is known of a book is never crossed");
    let lost = text.lines().filter(|line| line.contains("depthUpdate")).nth(1_000);
    let lost = lost.expect("there are more than a thousand");
    let kept: Vec<&str> = text.lines().filter(|line| *line != lost).collect();
    let (after, counted) =
        read_all("binance", kept.join("\n").as_bytes(), "BTC-USDT", 20).expect("it is read");
    assert_eq!((counted.books, counted.gaps), (3_043, 1));
    // It is in step again: the best levels of the last book are those of the whole day.
    let (last, complete): (&OutsideBook, &OutsideBook) =
        (&after[after.len() - 1], &books[books.len() - 1]);
    assert_eq!((last.bids[0], last.asks[0]), (complete.bids[0], complete.asks[0]));
}
