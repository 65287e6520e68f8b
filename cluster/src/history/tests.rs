//! What every history keeps to, whatever stores it: each case runs on disk and in memory.

use super::sample_rows::{PARTITION, account, fill, ledger, order, time};
use super::*;
use crate::log::LogPosition;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::OrderNo;

/// Runs a case on both stores.
fn on_both(case: impl Fn(&dyn History)) {
    case(&MemoryHistory::new());
    let dir = tempfile::tempdir().expect("a directory");
    let options = HistoryOptions { reserve_bytes: 0, ..HistoryOptions::default() };
    let database = HistoryDatabase::open(dir.path(), options).expect("it opens");
    case(&database.partition(PARTITION).expect("it opens"));
}

fn append(history: &dyn History, rows: &[HistoryRow]) {
    history.append(rows).expect("the store is well");
}

fn all(history: &dyn History) -> Vec<HistoryRow> {
    history.export(None).collect::<Result<_, _>>().expect("the store is well")
}

fn sequences(rows: &[HistoryRow]) -> Vec<u64> {
    rows.iter().map(|row| RowKey::of(row).sequence).collect()
}

#[test]
fn an_order_is_found_by_its_number_and_account() {
    on_both(|history| {
        append(history, &[order(1, 7), order(2, 7), order(1, 8)]);
        let found = history.order(account(2), OrderNo(7)).expect("the store is well");
        assert_eq!(found.map(|found| HistoryRow::Order(Box::new(found))), Some(order(2, 7)));
        assert_eq!(history.order(account(2), OrderNo(8)).expect("the store is well"), None);
        assert_eq!(history.order(account(3), OrderNo(7)).expect("the store is well"), None);
    });
}

#[test]
fn every_kind_comes_back_as_it_was() {
    on_both(|history| {
        let rows = [ledger(1, 1), fill(1, 1), order(1, 1)];
        append(history, &rows);
        assert_eq!(all(history), rows);
    });
}

#[test]
fn pages_run_newest_first_to_the_end_without_gap_or_repeat() {
    on_both(|history| {
        // Neighbours on either side, in account and in kind, must not leak in.
        append(history, &[fill(0, 9), fill(2, 1), ledger(1, 50), order(1, 3)]);
        append(history, &(1..=10).map(|sequence| fill(1, sequence)).collect::<Vec<_>>());
        let page = |before| {
            let rows = history.page(account(1), RowKind::Fill, before, 4);
            sequences(&rows.expect("the store is well"))
        };
        assert_eq!(page(None), [10, 9, 8, 7]);
        assert_eq!(page(Some(7)), [6, 5, 4, 3]);
        assert_eq!(page(Some(3)), [2, 1]);
        assert_eq!(page(Some(1)), [] as [u64; 0]);
        assert_eq!(page(Some(0)), [] as [u64; 0]);
        assert_eq!(page(Some(u64::MAX)), [10, 9, 8, 7]);
    });
}

#[test]
fn an_export_reads_oldest_first() {
    on_both(|history| {
        append(history, &(1..=5).map(|sequence| ledger(1, sequence)).collect::<Vec<_>>());
        let page = |after| {
            let rows = history.page_oldest_first(account(1), RowKind::Ledger, after, 2);
            sequences(&rows.expect("the store is well"))
        };
        assert_eq!(page(None), [1, 2]);
        assert_eq!(page(Some(2)), [3, 4]);
        assert_eq!(page(Some(4)), [5]);
        assert_eq!(page(Some(u64::MAX)), [] as [u64; 0]);
    });
}

#[test]
fn a_scan_keeps_to_its_bounds() {
    on_both(|history| {
        append(history, &(1..=9).map(|sequence| fill(1, sequence)).collect::<Vec<_>>());
        let scan = |range, direction| {
            let rows = history.scan(account(1), RowKind::Fill, range, direction);
            sequences(&rows.collect::<Result<Vec<_>, _>>().expect("the store is well"))
        };
        assert_eq!(scan(3..=5, Direction::OldestFirst), [3, 4, 5]);
        assert_eq!(scan(8..=20, Direction::NewestFirst), [9, 8]);
        let (from, to) = (5, 3);
        assert_eq!(scan(from..=to, Direction::NewestFirst), [] as [u64; 0]);
    });
}

#[test]
fn replay_rewrites_equal_rows() {
    on_both(|history| {
        let rows: Vec<_> =
            (1..=600).flat_map(|n| [fill(1, n), ledger(1, n), order(1, n)]).collect();
        rows.chunks(512).for_each(|chunk| append(history, chunk));
        let before = all(history);
        assert_eq!(before.len(), 1_800);
        // The log is replayed from an earlier position and cut into chunks elsewhere.
        rows[900..].chunks(77).for_each(|chunk| append(history, chunk));
        assert_eq!(all(history), before);
    });
}

#[test]
fn a_new_replica_is_sent_everything_and_can_go_on_after_a_break() {
    on_both(|history| {
        let rows: Vec<_> =
            (1..=50).flat_map(|n| [fill(n as u32 % 5, n), order(n as u32, 1)]).collect();
        append(history, &rows);
        let replica = MemoryHistory::new();
        let mut after = None;
        loop {
            let sent: Vec<_> =
                history.export(after).take(7).collect::<Result<_, _>>().expect("it is well");
            let Some(last) = sent.last() else { break };
            after = Some(RowKey::of(last));
            append(&replica, &sent);
        }
        assert_eq!(all(&replica), all(history));
        assert_eq!(all(&replica).len(), 100);
    });
}

#[test]
fn old_rows_go_in_slices_and_new_ones_stay() {
    on_both(|history| {
        assert_eq!(history.swept().expect("the store is well"), None);
        for index in 0..20 {
            let rows = (1..=10).flat_map(|n| [fill(index, n), order(index, n), ledger(index, n)]);
            append(history, &rows.collect::<Vec<_>>());
        }
        // An account whose rows are all old, and one whose rows are all new.
        append(history, &[order(50, 1), order(60, 99)]);
        let mut removed = 0;
        let mut slices = 0;
        let mut resume = None;
        loop {
            let sweep = history.retain_after(time(7), resume, 25).expect("the store is well");
            assert!(sweep.removed <= 25);
            removed += sweep.removed;
            slices += 1;
            resume = sweep.resume;
            if resume.is_none() {
                break;
            }
        }
        // The newest row of a list stays however old it is.
        assert_eq!(removed, 20 * 3 * 6);
        assert!(slices > 10);
        assert_eq!(all(history).len(), 20 * 3 * 4 + 2);
        assert_eq!(history.swept().expect("the store is well"), Some(time(7)));
        let kept = history.page(account(3), RowKind::Ledger, None, 100).expect("it is well");
        assert_eq!(sequences(&kept), [10, 9, 8, 7]);
        let again = history.retain_after(time(7), None, 1_000).expect("the store is well");
        assert_eq!(again, Sweep { removed: 0, resume: None });
    });
}

#[test]
fn a_loss_of_power_takes_what_was_not_synced_and_replay_brings_it_back() {
    let history = MemoryHistory::new();
    let rows: Vec<_> = (1..=10).map(|sequence| fill(1, sequence)).collect();
    append(&history, &rows[..6]);
    history.sync().expect("it is well");
    append(&history, &rows[4..]);
    history.lose_power();
    assert_eq!(all(&history), rows[..6]);
    append(&history, &rows[4..]);
    assert_eq!(all(&history), rows);
}

#[test]
fn keys_sort_as_their_bytes() {
    let mut keys = Vec::new();
    for index in [0, 1, 255, 256, u32::MAX] {
        for kind in RowKind::ALL {
            for sequence in [0, 1, 255, 256, u64::MAX] {
                keys.push(RowKey { account: account(index), kind, sequence });
            }
        }
    }
    let bytes: Vec<_> = keys.iter().map(|key| key.to_bytes()).collect();
    assert!(keys.is_sorted() && bytes.is_sorted());
    for (key, bytes) in keys.iter().zip(&bytes) {
        assert_eq!(RowKey::from_bytes(bytes), Some(*key));
    }
    assert_eq!(RowKey::from_bytes(&bytes[0][..16]), None);
    assert_eq!(RowKey::from_bytes(&[0xff; 17]), None);
}

#[test]
fn rows_that_never_happened_are_removed_and_the_doubt_with_them() {
    on_both(|history| {
        let at = |index| LogPosition { term: 2, index };
        append(history, &(1..=9).map(|sequence| fill(1, sequence)).collect::<Vec<_>>());
        append(history, &[order(1, 4), ledger(2, 1)]);
        history.note(at(7));
        history.sync().expect("the store is well");
        let reach = |through| Reach { through, is_doubtful: false };
        assert_eq!(history.reach().expect("the store is well"), reach(Some(at(7))));

        history.doubt().expect("the store is well");
        assert!(history.reach().expect("the store is well").is_doubtful);
        append(history, &[fill(1, 10)]);
        history.note(at(5));
        let happened = |key: RowKey| key.account == account(1) && key.sequence != 9;
        assert_eq!(history.settle(&happened).expect("the store is well"), 2);
        assert_eq!(sequences(&all(history)), [1, 2, 3, 4, 5, 6, 7, 8, 10, 4]);
        assert_eq!(history.reach().expect("the store is well"), reach(Some(at(5))));
    });
}
