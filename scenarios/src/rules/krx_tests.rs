//! The rules of `krx` against every daily bar of every listed Korean stock in January 2023, across
//! the tick reform of the 25th. Says so loudly where the data is not there.

use super::ticks::{self, TickTable, VenueBoard, limits};
use super::{Date, RuleBook};
use crate::numbers::Amount;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

const RECORDED: &str = "krx_daily_2023/krx_daily_2023-01.csv.gz";
const RECORDED_SHA256: &str = "51e77261ce40071fce80a238f642bd8a7392b822b7e3970a289e395e738acdb3";

/// A stock's day on which it was traded.
struct Bar {
    code: String,
    date: Date,
    board: VenueBoard,
    base: Amount,
    open: Amount,
    high: Amount,
    low: Amount,
    close: Amount,
}

/// How many bars break which rule, and which touch the limits.
#[derive(Debug, Default)]
struct Found {
    bars: usize,
    off_grid: usize,
    beyond: BTreeSet<(String, Date)>,
    highs_at_limit: usize,
    lows_at_limit: usize,
}

#[test]
fn every_price_is_on_the_grid_and_every_bar_within_the_limits() {
    let Some(bars) = recorded() else { return };
    let book = krx();
    let found = judge(&bars, |bar| table(&book, bar.date, bar.board), percent);
    assert!(found.bars > 50_000, "{found:?}");
    assert_eq!(found.off_grid, 0, "{found:?}");
    // In liquidation trading, which knows no limits.
    let known = ("064510".to_owned(), date("2023-01-06"));
    assert_eq!(found.beyond, BTreeSet::from([known]));
    assert!(found.highs_at_limit > 100 && found.lows_at_limit > 10, "{found:?}");
}

#[test]
fn a_wrong_table_and_a_wrong_band_are_noticed() {
    let Some(bars) = recorded() else { return };
    let book = krx();
    let early = |bar: &Bar| table(&book, date("2023-01-24"), bar.board);
    assert!(judge(&bars, early, percent).off_grid > 1_000);
    let narrow = |bar: &Bar| match percent(bar) {
        "30" => "29",
        percent => percent,
    };
    let found = judge(&bars, |bar| table(&book, bar.date, bar.board), narrow);
    assert!(found.beyond.len() > 100, "{} bars", found.beyond.len());
    // Of no bar is the limit that of a wider band, although all lie within.
    let found = judge(&bars, |bar| table(&book, bar.date, bar.board), |_| "31");
    assert!(found.highs_at_limit < 20, "{found:?}");
}

fn judge<'t>(
    bars: &[Bar],
    table: impl Fn(&Bar) -> &'t TickTable,
    percent: impl Fn(&Bar) -> &'static str,
) -> Found {
    let mut found = Found { bars: bars.len(), ..Found::default() };
    for bar in bars {
        let (table, percent) = (table(bar), percent(bar).parse().expect("a number"));
        let prices = [bar.open, bar.high, bar.low, bar.close];
        found.off_grid += usize::from(!prices.iter().all(|price| table.holds(*price)));
        let (lower, upper) = limits(bar.base, percent, table).expect("it fits");
        if bar.low < lower || bar.high > upper {
            found.beyond.insert((bar.code.clone(), bar.date));
        }
        found.highs_at_limit += usize::from(bar.high == upper);
        found.lows_at_limit += usize::from(bar.low == lower);
    }
    found
}

/// Width of the band: the small board has half of it.
fn percent(bar: &Bar) -> &'static str {
    match bar.board {
        VenueBoard::Konex => "15",
        VenueBoard::Kospi | VenueBoard::Kosdaq => "30",
    }
}

fn krx() -> RuleBook {
    RuleBook::shipped("krx").expect("it ships").expect("it reads")
}

fn table(book: &RuleBook, date: Date, board: VenueBoard) -> &TickTable {
    ticks::on(&book.tick_tables, date, Some(board)).expect("a table holds")
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

/// The bars of days with trades; none where the data folder is not named.
fn recorded() -> Option<Vec<Bar>> {
    let Some(data) = std::env::var_os("HOGA_DATA") else {
        eprintln!("SKIPPED: HOGA_DATA is not set; the rules of krx were NOT held against its bars");
        return None;
    };
    let path = Path::new(&data).join(RECORDED);
    let bytes = std::fs::read(&path).expect("HOGA_DATA names a folder with the bars");
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, RECORDED_SHA256, "{} is another file", path.display());
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("a packed text");
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let column = |name| columns.iter().position(|column| *column == name).expect("a column");
    let [code, day, market] = ["Code", "Date", "Market"].map(column);
    let [close, changes, open, high, low] = ["Close", "Changes", "Open", "High", "Low"].map(column);
    let bar = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let won = |at: usize| cells[at].trim_end_matches(".0").parse::<i64>().expect(line);
        let amount = |won: i64| won.to_string().parse::<Amount>().expect(line);
        let board = match cells[market] {
            "KOSPI" => VenueBoard::Kospi,
            "KONEX" => VenueBoard::Konex,
            _ => VenueBoard::Kosdaq,
        };
        (won(open) > 0).then(|| Bar {
            code: cells[code].to_owned(),
            date: date(cells[day]),
            board,
            base: amount(won(close) - won(changes)),
            open: amount(won(open)),
            high: amount(won(high)),
            low: amount(won(low)),
            close: amount(won(close)),
        })
    };
    Some(lines.filter_map(bar).collect())
}
