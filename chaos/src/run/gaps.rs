//! How long nobody was answered after each strike.

use crate::workload::{Silence, Who};
use std::time::Duration;

/// The longest silences in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    /// Of the clients of any one partition of accounts together.
    pub service: Duration,
    /// Of any one client.
    pub client: Duration,
}

/// The longest silence that touches the time from `from` to `to`, whole: a silence that began
/// before a strike is that of the strike.
pub(super) fn between(silences: &[Silence], from: Duration, to: Duration) -> Gap {
    let mut gap = Gap::default();
    for silence in silences.iter().filter(|s| s.to > from && s.from < to) {
        let length = silence.to - silence.from;
        match silence.who {
            Who::Partition(_) => gap.service = gap.service.max(length),
            Who::Client(_) => gap.client = gap.client.max(length),
        }
    }
    gap
}

/// The middle one, or the lower of two.
pub(super) fn median(mut of: Vec<Duration>) -> Duration {
    of.sort_unstable();
    of.get(of.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{between, median};
    use crate::workload::{Silence, Who};
    use std::time::Duration;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_strike_has_the_silence_that_it_lies_in() {
        let silence = |who, from, to| Silence { who, from: ms(from), to: ms(to) };
        let silences = [
            silence(Who::Partition(2), 100, 160),
            silence(Who::Partition(3), 990, 1_400),
            silence(Who::Partition(2), 1_010, 1_300),
            silence(Who::Client(7), 980, 1_500),
            silence(Who::Partition(2), 5_000, 5_050),
        ];
        let gap = between(&silences, ms(1_000), ms(5_000));
        assert_eq!((gap.service, gap.client), (ms(410), ms(520)));
        assert_eq!(between(&silences, ms(5_010), ms(9_000)).service, ms(50));
        assert_eq!(between(&silences, ms(200), ms(900)).service, ms(0));
    }

    #[test]
    fn the_median_is_one_of_them() {
        assert_eq!(median(vec![ms(5), ms(1), ms(9)]), ms(5));
        assert_eq!(median(vec![ms(5), ms(1)]), ms(1));
        assert_eq!(median(Vec::new()), ms(0));
    }
}
