//! Which entries of a list changed since an event, when each begins with one and only the last
//! ever changes.

use hoga_engine::time::Time;

/// The events and times at which the entries of a list begin, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub firsts: Vec<u64>,
    pub starts: Vec<Time>,
    /// There were older ones.
    pub is_cut: bool,
}

impl Log {
    pub fn push(&mut self, first: u64, start: Time) {
        self.firsts.push(first);
        self.starts.push(start);
    }

    /// Where the newest entry lies that had begun at an event: it and what is behind it may have
    /// changed since. None when that is not kept any more.
    pub fn place(&self, sequence: u64) -> Option<usize> {
        match self.firsts.partition_point(|first| *first <= sequence) {
            0 if self.is_cut => None,
            0 => Some(0),
            // Gaps bear the number of what they follow.
            behind => {
                let first = self.firsts[behind - 1];
                let at = self.firsts.partition_point(|other| *other < first);
                // The first one of a list that was cut may be such a gap.
                (at > 0 || !self.is_cut).then_some(at)
            }
        }
    }

    /// The first `count` of them.
    pub fn until(&self, count: usize) -> Log {
        let (firsts, starts) = (self.firsts[..count].to_vec(), self.starts[..count].to_vec());
        Log { firsts, starts, is_cut: self.is_cut }
    }

    /// Drops the oldest.
    pub fn forget(&mut self, count: usize) {
        self.firsts.drain(..count);
        self.starts.drain(..count);
        self.is_cut |= count > 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Log;
    use hoga_engine::time::Time;

    fn log(firsts: &[u64]) -> Log {
        let mut log = Log::default();
        (0..).zip(firsts).for_each(|(start, first)| log.push(*first, Time(start)));
        log
    }

    #[test]
    fn what_may_have_changed_begins_with_the_entry_of_the_event() {
        let log = log(&[1, 4, 4, 4, 9]);
        let places = [0, 1, 3, 4, 8, 9, 20].map(|sequence| log.place(sequence));
        assert_eq!(places, [0, 0, 0, 1, 1, 4, 4].map(Some));
    }

    #[test]
    fn what_was_dropped_is_not_known() {
        let mut log = log(&[1, 4, 9, 12]);
        log.forget(2);
        assert_eq!([0, 4, 8, 9].map(|sequence| log.place(sequence)), [None; 4]);
        assert_eq!([12, 13].map(|sequence| log.place(sequence)), [Some(1); 2]);
    }
}
