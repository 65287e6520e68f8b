//! Generated days in the format of LOBSTER, and the recorded one where it is at hand.

mod generated;
mod orders;

use super::super::ReplayError;
use super::{LobsterReport, MatcherReport, replay};
use generated::{Day, Queue};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where a recorded day lies below `HOGA_DATA`, and the digest of its file.
const RECORDED: &str = "lobster_goog_l10_fullday/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip";
const RECORDED_SHA256: &str = "2fa66b61c7c4d4cd3f19180aaa7f5937a26355f81b2ac8e4a84e36550e8dde4a";

/// A directory with the two files of a day.
fn written(day: &Day) -> TempDir {
    let directory = TempDir::new().expect("a directory for the test");
    for (part, text) in [("message", &day.messages), ("orderbook", &day.books)] {
        let name = format!("TEST_2026-11-21_34200000_57600000_{part}_{}.csv", day.levels);
        std::fs::write(directory.path().join(name), text).expect("the file is written");
    }
    directory
}

fn report(day: &Day) -> LobsterReport {
    replay(written(day).path()).expect("the day reads")
}

fn refusal(day: &Day) -> String {
    let error: ReplayError = replay(written(day).path()).expect_err("the day does not read");
    error.to_string()
}

#[test]
fn a_day_shows_every_published_level_and_the_venues_fills() {
    for levels in [1, 2, 5, 10] {
        let day = Day::generate(levels, 3 + levels as u64, 4_000, Queue::OldestFirst);
        let report = report(&day);
        assert!(report.ok, "{report:?}");
        assert_eq!((report.levels, report.rows), (levels - 1, day.rows()));
        assert_eq!((report.book_mismatches, report.strangers), (0, 0));
        assert_eq!(report.executions_at_best, report.executions);
        assert_eq!(report.matcher.exact, report.matcher.orders);
        assert!(report.executions > report.matcher.orders, "orders with several makers occur");
        assert!(report.matcher.orders > 200, "{report:?}");
        let is_deep = levels == 10;
        assert!(!is_deep || report.matcher.out_of_sight < 20, "{report:?}");
    }
}

#[test]
fn a_venue_that_takes_the_newest_first_is_noticed() {
    let report = report(&Day::generate(5, 8, 4_000, Queue::NewestFirst));
    // The levels do not tell, the makers do.
    assert_eq!(report.book_mismatches, 0);
    assert!(report.matcher.exact < report.matcher.orders / 2 && !report.ok, "{report:?}");
}

#[test]
fn a_wrong_level_is_counted_and_the_first_one_named() {
    let mut day = Day::generate(5, 8, 1_000, Queue::OldestFirst);
    let rows: Vec<String> = day.books.lines().map(str::to_owned).collect();
    let mut fields: Vec<&str> = rows[499].split(',').collect();
    fields[3] = "987654";
    let wrong = fields.join(",");
    day.books = day.books.replacen(&format!("{}\n", rows[499]), &format!("{wrong}\n"), 1);
    let report = report(&day);
    assert!(report.book_mismatches >= 1 && !report.ok, "{report:?}");
    assert!(report.first_mismatch.is_some_and(|row| row <= 500), "{report:?}");
}

#[test]
fn an_archive_gives_the_same_as_a_directory_also_when_the_directory_holds_only_it() {
    let day = Day::generate(3, 5, 500, Queue::OldestFirst);
    let directory = written(&day);
    let path = directory.path().join("day.zip");
    let mut archive = zip::ZipWriter::new(File::create(&path).expect("an archive"));
    for entry in std::fs::read_dir(directory.path()).expect("the directory") {
        let file = entry.expect("a file").path();
        if file.extension().is_some_and(|extension| extension == "csv") {
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
            archive.start_file(name, stored()).expect("an entry");
            archive.write_all(&std::fs::read(&file).expect("its text")).expect("room");
        }
    }
    archive.finish().expect("the archive closes");
    let mut from_archive = replay(&path).expect("the archive reads");
    let from_directory = replay(directory.path()).expect("the directory reads");
    from_archive.wall_seconds = from_directory.wall_seconds;
    assert_eq!(from_archive, from_directory);

    let as_handed_out = tempfile::tempdir().expect("a directory");
    std::fs::copy(&path, as_handed_out.path().join("day.zip")).expect("a copy");
    let mut alone = replay(as_handed_out.path()).expect("the only archive reads");
    alone.wall_seconds = from_directory.wall_seconds;
    assert_eq!(alone, from_directory);
}

fn stored() -> zip::write::SimpleFileOptions {
    zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)
}

#[test]
fn mistakes_name_file_line_and_field() {
    let day = || Day::generate(2, 5, 100, Queue::OldestFirst);
    let name = |part: &str| format!("TEST_2026-11-21_34200000_57600000_{part}_2.csv");

    let mut wrong = day();
    wrong.messages.insert_str(0, "34200.5,9,1,100,10000,1\n");
    let place = format!("{}:1: field type is `9`; types run from 1 to 7", name("message"));
    assert_eq!(refusal(&wrong), place);

    let mut wrong = day();
    wrong.messages.insert_str(0, "noon,1,1,100,10000,1\n");
    assert!(refusal(&wrong).contains(":1: field time is `noon`; seconds after midnight"));

    let mut wrong = day();
    wrong.books.insert_str(0, "1000100,10,1000000,10,1000200,10\n");
    let place = format!("{}:1: the line ends before field bid price", name("orderbook"));
    assert_eq!(refusal(&wrong), place);

    let mut wrong = day();
    wrong.books.insert_str(0, "1000150,10,1000000,10,1000200,10,999900,10\n");
    assert!(refusal(&wrong).contains(":1: field ask price is `1000150`; a price is a multiple"));

    let mut short = day();
    let rows = short.rows() as usize;
    short.books = short.books.lines().take(rows - 1).map(|row| format!("{row}\n")).collect();
    let end = format!("{}:{rows}: the books end after {}", name("orderbook"), rows - 1);
    assert!(refusal(&short).starts_with(&end), "{}", refusal(&short));

    let mut long = day();
    let row = long.books.lines().next().map(|row| format!("{row}\n"));
    long.books.push_str(&row.expect("a row"));
    assert!(refusal(&long).ends_with("there is no message to this book"));
}

#[test]
fn missing_files_are_named() {
    let directory = written(&Day::generate(2, 5, 50, Queue::OldestFirst));
    let path = directory.path().join("TEST_2026-11-21_34200000_57600000_orderbook_2.csv");
    std::fs::remove_file(path).expect("it was there");
    let error = replay(directory.path()).expect_err("a file is missing").to_string();
    assert!(error.ends_with("no file *_orderbook_N.csv, N being the number of levels"), "{error}");
    let nowhere = directory.path().join("nowhere.zip");
    let error = replay(&nowhere).expect_err("nothing is there").to_string();
    assert!(error.starts_with("cannot read") && error.contains("nowhere.zip"), "{error}");
    std::fs::write(&nowhere, "no archive").expect("it is written");
    let error = replay(&nowhere).expect_err("it is none").to_string();
    assert!(error.contains("nowhere.zip as a zip archive"), "{error}");
}

#[test]
fn the_recorded_day_is_reproduced() {
    let Some(path) = recorded() else {
        eprintln!("SKIPPED: HOGA_DATA is not set; the recorded NASDAQ day was NOT replayed");
        return;
    };
    let report = replay(&path).expect("the day reads");
    assert_eq!((report.rows, report.levels, report.book_mismatches), (147_916, 9, 0));
    assert_eq!((report.executions_at_best, report.executions), (7_765, 7_765));
    let matcher = MatcherReport { orders: 5_931, exact: 5_928, out_of_sight: 0 };
    assert_eq!(report.matcher, matcher);
    assert!(report.ok, "{report:?}");
}

/// The recorded day, if the data folder is named; its bytes must be the known ones.
fn recorded() -> Option<PathBuf> {
    let path = Path::new(&std::env::var_os("HOGA_DATA")?).join(RECORDED);
    let bytes = std::fs::read(&path).expect("HOGA_DATA names a folder with the recorded day");
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, RECORDED_SHA256, "{} is another file", path.display());
    Some(path)
}
