//! When checkpoints come.

use super::{Pace, Passed};
use std::time::Duration;
use tokio::time::Instant;

const EVERY: Duration = Duration::from_secs(10);

fn passed(commands: u64, checkpointed: u64, took_ms: u64) -> Passed {
    Passed { commands, checkpointed, took: Duration::from_millis(took_ms) }
}

#[test]
fn one_comes_every_so_often_while_something_happens() {
    let start = Instant::now();
    let mut pace = Pace::new(EVERY, start);
    assert!(!pace.is_due(start + EVERY / 2, passed(5, 0, 0)), "too early");
    assert!(pace.is_due(start + EVERY, passed(5, 0, 0)));
    assert!(!pace.is_due(start + EVERY, passed(6, 0, 0)), "it is on its way");
    // It was applied: what came before it needs no other one.
    assert!(!pace.is_due(start + EVERY * 3, passed(7, 7, 1)), "it was just seen");
    assert!(!pace.is_due(start + EVERY * 9, passed(7, 7, 1)), "nothing has happened");
    assert!(pace.is_due(start + EVERY * 9, passed(8, 7, 1)));
}

#[test]
fn what_takes_long_comes_seldom() {
    let start = Instant::now();
    let mut pace = Pace::new(EVERY, start);
    let slow = passed(5, 0, 300);
    assert!(!pace.is_due(start + Duration::from_secs(29), slow));
    assert!(pace.is_due(start + Duration::from_secs(30), slow), "a hundredth of the time");
}

#[test]
fn a_new_leader_goes_on_from_the_last_one_it_applied() {
    let start = Instant::now();
    let mut pace = Pace::new(EVERY, start);
    assert!(!pace.is_due(start + EVERY, passed(50, 40, 0)), "another leader logged one meanwhile");
    assert!(pace.is_due(start + EVERY * 2, passed(50, 40, 0)));
}
