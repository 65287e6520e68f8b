//! How rows grow old: one walk over all lists, in slices, the same for every store.

use super::error::HistoryError;
use super::key::RowKey;
use super::port::Rows;
use super::row::kept_since;
use hoga_engine::time::Time;

/// How long rows are kept unless the configuration says otherwise.
pub const RETENTION_DAYS_DEFAULT: u64 = 400;

/// One slice of a walk that removes old rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub removed: usize,
    /// Where the next slice begins; none when all lists have been walked.
    pub resume: Option<RowKey>,
}

/// Finds what is older than `oldest_kept` from `resume` on, looking at no more than `rows_max`
/// rows, and the place to go on. `from` reads rows in key order, beginning at a key.
///
/// Most lists have nothing old: those cost one look each, because the walk jumps to the next list
/// at the first row that is to be kept.
pub(super) fn find_old(
    from: impl Fn(Option<RowKey>) -> Rows,
    oldest_kept: Time,
    resume: Option<RowKey>,
    rows_max: usize,
) -> Result<(Vec<RowKey>, Option<RowKey>), HistoryError> {
    let mut old = Vec::new();
    let mut rows = from(resume);
    for _ in 0..rows_max {
        let Some(row) = rows.next() else { return Ok((old, None)) };
        let row = row?;
        let key = RowKey::of(&row);
        if kept_since(&row) < oldest_kept {
            old.push(key);
            continue;
        }
        let Some(next) = key.next_list() else { return Ok((old, None)) };
        rows = from(Some(next));
    }
    let resume = rows.next().transpose()?;
    Ok((old, resume.map(|row| RowKey::of(&row))))
}
