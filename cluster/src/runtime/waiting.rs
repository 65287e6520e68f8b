//! Reads that wait until their partition has come far enough.

use super::read::{After, Look, Seen, Subject};
use crate::partition::Core;
use tokio::time::Instant;

/// Most reads that wait in one partition; each is looked at with every batch. One is told that
/// there are too many when another comes.
const WAITING_MAX: usize = 4_096;

/// A read, and until when its asker waits.
pub(super) struct Waiting {
    pub subject: Subject,
    pub after: After,
    pub until: Instant,
    pub look: Look,
}

#[derive(Default)]
pub(super) struct Reads(Vec<Waiting>);

impl Reads {
    /// Lets a read wait. Where there is no room those go first whose askers have given up, then
    /// whichever waits for the farthest position: what is asked of a far future keeps nobody from
    /// reading what is about to come.
    pub fn add(&mut self, read: Waiting) {
        if self.0.len() >= WAITING_MAX {
            let now = Instant::now();
            self.0.retain(|read| read.until > now);
        }
        self.0.push(read);
        if self.0.len() > WAITING_MAX {
            let far = |(_, read): &(usize, &Waiting)| read.after.farthest();
            let farthest = self.0.iter().enumerate().max_by_key(far).map(|(place, _)| place);
            let turned_away = self.0.remove(farthest.unwrap_or(0));
            (turned_away.look)(Seen::Crowd);
        }
    }

    /// Takes out those whose time has come, in the order in which they were asked, and drops those
    /// whose time is over.
    pub fn take_due(&mut self, core: &Core, reached: u64) -> Vec<Waiting> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|read| read.after.is_met(core, reached));
        self.0 = later;
        self.0.retain(|read| read.until > now);
        due
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    #[test]
    fn who_asks_for_the_farthest_is_turned_away_where_there_is_no_room() {
        let turned_away = Arc::new(Mutex::new(Vec::new()));
        let read = |index, until| {
            let turned_away = turned_away.clone();
            let look: Look = Box::new(move |seen| {
                assert!(matches!(seen, Seen::Crowd));
                turned_away.lock().unwrap_or_else(|it| it.into_inner()).push(index);
            });
            let after = After { index, settles: Vec::new() };
            Waiting { subject: Subject::Core, after, until, look }
        };
        let (past, future) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        let mut reads = Reads::default();
        (1..WAITING_MAX).for_each(|_| reads.add(read(1 << 60, future)));
        reads.add(read(7, past));
        reads.add(read(9, future));
        let gone = || turned_away.lock().unwrap_or_else(|it| it.into_inner()).clone();
        assert_eq!(gone(), [0; 0], "one had given up");
        reads.add(read(5, future));
        assert_eq!(gone(), [1 << 60], "somebody else");
        reads.add(read(u64::MAX, future));
        assert_eq!(gone(), [1 << 60, u64::MAX]);
    }
}
