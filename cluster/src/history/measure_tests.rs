//! What a history costs. Run with `--release -- --ignored --nocapture measure`.

use super::sample_rows::{PARTITION, account, fill, ledger, order};
use super::*;
use hoga_engine::ids::OrderNo;
use std::time::{Duration, Instant};

const ROWS: u64 = 10_000_000;
const ACCOUNTS: u32 = 20_000;
const BLOCK: usize = 512;

#[test]
#[ignore = "a measurement, not a check of behaviour"]
fn measure_ten_million_rows() {
    let dir = tempfile::tempdir_in(".").expect("a directory on the real disk");
    let database = HistoryDatabase::open(dir.path(), HistoryOptions::default()).expect("it opens");
    let history = database.partition(PARTITION).expect("it opens");
    let each = ROWS / u64::from(ACCOUNTS) / 3;
    let mut block = Vec::with_capacity(BLOCK + 2);
    let mut appends = Vec::new();
    let began = Instant::now();
    for number in 1..=each {
        for index in 0..ACCOUNTS {
            block.extend([fill(index, number), ledger(index, number), order(index, number)]);
            if block.len() >= BLOCK {
                let began = Instant::now();
                history.append(&block).expect("the store is well");
                appends.push(began.elapsed());
                block.clear();
            }
        }
    }
    history.append(&block).expect("the store is well");
    let elapsed = began.elapsed();
    let rows = each * u64::from(ACCOUNTS) * 3;
    eprintln!("{rows} rows: {:.0} rows/s", rows as f64 / elapsed.as_secs_f64());
    report("append of 512", &mut appends);
    let began = Instant::now();
    history.sync().expect("the store is well");
    let bytes = database.disk_bytes().expect("it is there") as f64 / rows as f64;
    eprintln!("sync {:?}; {bytes:.0} bytes a row on disk", began.elapsed());
    measure_reads("right after", &history, each);
    drop((history, database));
    let began = Instant::now();
    let database = HistoryDatabase::open(dir.path(), HistoryOptions::default()).expect("it opens");
    eprintln!("reopened in {:?}", began.elapsed());
    let history = database.partition(PARTITION).expect("it opens");
    measure_reads("reopened", &history, each);
    let bytes = database.disk_bytes().expect("it is there") as f64 / rows as f64;
    eprintln!("{bytes:.0} bytes a row on disk");
}

fn measure_reads(when: &str, history: &FjallHistory, each: u64) {
    let mut seed = 1_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let (mut points, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let account = account(random(u64::from(ACCOUNTS)) as u32);
        let number = OrderNo(1 + random(each));
        let began = Instant::now();
        let found = history.order(account, number).expect("the store is well");
        points.push(began.elapsed());
        assert_eq!(found.expect("it was written").key.no, number);
    }
    for _ in 0..5_000 {
        let account = account(random(u64::from(ACCOUNTS)) as u32);
        let before = Some(101.min(each) + random(each - 100.min(each - 1)));
        let began = Instant::now();
        let page = history.page(account, RowKind::Fill, before, 100).expect("the store is well");
        pages.push(began.elapsed());
        assert!(page.len() >= 100.min(each as usize - 1));
    }
    report(&format!("{when}: point read"), &mut points);
    report(&format!("{when}: page of 100"), &mut pages);
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    eprintln!(
        "{what}: p50 {:?} p99 {:?} p99.9 {:?} max {:?}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}
