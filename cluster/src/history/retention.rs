//! How rows grow old: one walk over all lists, in slices, the same for every store, and who walks.

use super::error::HistoryError;
use super::key::RowKey;
use super::port::{History, Rows};
use super::row::kept_since;
use hoga_engine::history::HistoryRow;
use hoga_engine::time::Time;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long rows are kept unless the configuration says otherwise.
pub const RETENTION_DAYS_DEFAULT: u64 = 400;

/// Rows looked at between two appends: a few milliseconds.
const SLICE_ROWS: usize = 1_024;

/// One slice of a walk that removes old rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub removed: usize,
    /// Where the next slice begins; none when all lists have been walked.
    pub resume: Option<RowKey>,
}

/// Finds what is older than `oldest_kept` from `resume` on, looking at no more than `rows_max` rows
/// (two at least), and the place to go on. `from` reads rows in key order, beginning at a key.
///
/// Most lists have nothing old: those cost one look each, because the walk jumps to the next list
/// at the first row that is to be kept. The newest row of a list is kept in any case: it tells how
/// far the list had come.
pub(super) fn find_old(
    from: impl Fn(Option<RowKey>) -> Rows,
    oldest_kept: Time,
    resume: Option<RowKey>,
    rows_max: usize,
) -> Result<(Vec<RowKey>, Option<RowKey>), HistoryError> {
    let mut old = Vec::new();
    // Old, and gone when there is a newer one in its list.
    let mut last: Option<RowKey> = None;
    let mut rows = from(resume);
    for _ in 0..rows_max {
        let Some(row) = rows.next() else { return Ok((old, None)) };
        let row = row?;
        let key = RowKey::of(&row);
        old.extend(last.take().filter(|last| last.is_in_list_of(key)));
        if kept_since(&row) < oldest_kept {
            last = Some(key);
            continue;
        }
        let Some(next) = key.next_list() else { return Ok((old, None)) };
        rows = from(Some(next));
    }
    let next = || Ok(rows.next().transpose()?.map(|row| RowKey::of(&row)));
    let resume = last.map_or_else(next, |last| Ok(Some(last)))?;
    Ok((old, resume))
}

fn wall_clock() -> Time {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX))
}

/// Removes what is too old, a slice at a time, once for each day of exchange time.
pub(super) struct Sweeper {
    /// None: rows are kept for ever.
    keep: Option<Duration>,
    /// Time of the newest row that was seen.
    newest: Time,
    /// What the last walk kept.
    walked: Time,
    /// What the walk under way keeps, and where it goes on.
    under_way: Option<(Time, Option<RowKey>)>,
}

impl Sweeper {
    pub fn new(keep: Option<Duration>) -> Sweeper {
        Sweeper { keep, newest: Time(0), walked: Time(0), under_way: None }
    }

    pub fn see(&mut self, rows: &[HistoryRow]) {
        let times = rows.iter().map(kept_since).filter(|time| *time < Time(u64::MAX));
        self.newest = times.fold(self.newest, Time::max);
    }

    /// Whether there is something to do without waiting for anything.
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Begins a walk when the last one is more than a day behind.
    pub fn begin(&mut self, history: &dyn History) -> Result<(), HistoryError> {
        let Some(keep) = self.keep else { return Ok(()) };
        // Nothing goes because a leader's clock was once ahead, when this node's is not.
        let today = self.newest.min(wall_clock());
        let oldest_kept = today.minus(keep.as_nanos() as u64);
        let before = history.swept()?.unwrap_or_default().max(self.walked);
        if self.under_way.is_none() && oldest_kept > Time(before.0 + Time::DAY) {
            self.walked = oldest_kept;
            self.under_way = Some((oldest_kept, None));
        }
        Ok(())
    }

    /// Walks a slice of what is under way.
    pub fn sweep(&mut self, history: &dyn History) -> Result<(), HistoryError> {
        let Some((oldest_kept, resume)) = self.under_way.take() else { return Ok(()) };
        let sweep = history.retain_after(oldest_kept, resume, SLICE_ROWS)?;
        self.under_way = sweep.resume.map(|at| (oldest_kept, Some(at)));
        Ok(())
    }
}
