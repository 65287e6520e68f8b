//! The exchange's pulse, as clients feel it: when somebody was answered, and when nobody was.
//!
//! An answer counts when an order was taken, cancelled or amended: the account's partition and the
//! book's both had a leader then. Such answers are told apart by the account's partition, so that
//! a partition without a leader is not hidden by the others.

use crate::history::{Answer, Ask};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shorter silences are the pauses of clients.
const SILENCE_MIN: Duration = Duration::from_millis(20);

/// Whose silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// All clients with accounts in a partition.
    Partition(u32),
    Client(usize),
}

/// A time without an answer, from the run's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    pub who: Who,
    pub from: Duration,
    pub to: Duration,
}

/// Feels the pulse of a run.
#[derive(Debug)]
pub struct Pulse {
    since: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The partition of each account, as soon as an answer told it.
    homes: BTreeMap<String, u32>,
    last: BTreeMap<Who, Duration>,
    silences: Vec<Silence>,
    is_over: bool,
}

impl Default for Pulse {
    fn default() -> Pulse {
        Pulse { since: Instant::now(), inner: Mutex::default() }
    }
}

impl Pulse {
    /// Time since the run began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.since.elapsed()
    }

    /// A client was answered about an account. Answers about its money tell where it is; those
    /// about orders may be of the book's partition.
    pub fn beat(&self, client: usize, account: &str, ask: &Ask, answer: &Answer) {
        let is_of_orders =
            matches!(ask, Ask::CreateOrder(_) | Ask::CancelOrder { .. } | Ask::AmendOrder { .. });
        let now = self.now();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.is_over {
            return;
        }
        let is_of_money = matches!(ask, Ask::Deposit { .. } | Ask::Withdraw { .. });
        if let Some(position) = answer.position.as_ref().filter(|_| is_of_money) {
            inner.homes.insert(account.to_owned(), position.partition);
        }
        if !is_of_orders {
            return;
        }
        inner.heard(Who::Client(client), now);
        if let Some(home) = inner.homes.get(account).copied() {
            inner.heard(Who::Partition(home), now);
        }
    }

    /// Whether each of so many clients was answered after a moment.
    #[must_use]
    pub fn all_since(&self, clients: usize, moment: Duration) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (0..clients)
            .all(|client| inner.last.get(&Who::Client(client)).is_some_and(|last| *last > moment))
    }

    /// Nobody asks any more: all silences until now. Whoever is silent now was until now.
    #[must_use]
    pub fn stop(&self) -> Vec<Silence> {
        let now = self.now();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.is_over = true;
        let everybody: Vec<Who> = inner.last.keys().copied().collect();
        for who in everybody {
            inner.heard(who, now);
        }
        inner.silences.clone()
    }
}

impl Inner {
    fn heard(&mut self, who: Who, now: Duration) {
        let Some(from) = self.last.insert(who, now) else { return };
        if now.saturating_sub(from) >= SILENCE_MIN {
            self.silences.push(Silence { who, from, to: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pulse, Who};
    use crate::history::{Answer, Ask, Position};
    use std::time::Duration;

    #[test]
    fn clients_of_one_partition_are_heard_together() {
        let pulse = Pulse::default();
        let [account, id, asset, amount] = ["accounts/a", "d", "KRW", "1"].map(String::from);
        let position = Some(Position { partition: 6, index: 3 });
        let told = Answer { position, ..Answer::default() };
        let deposit = Ask::Deposit { account, id, asset, amount };
        pulse.beat(0, "accounts/a", &deposit, &told);
        // An answer about an order does not say where the account is.
        let order = Ask::CreateOrder(Box::default());
        for client in [0, 1] {
            pulse.beat(client, "accounts/a", &order, &Answer::default());
        }
        while pulse.now() < Duration::from_millis(30) {
            std::thread::yield_now();
        }
        pulse.beat(1, "accounts/a", &order, &Answer::default());
        let silent: Vec<Who> = pulse.stop().into_iter().map(|silence| silence.who).collect();
        assert!(silent.contains(&Who::Partition(6)) && silent.contains(&Who::Client(0)));
        assert!(pulse.all_since(2, Duration::ZERO));
    }
}
