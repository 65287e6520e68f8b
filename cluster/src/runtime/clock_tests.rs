//! What leaders stamp.

use super::{Clock, LeaderClock};
use hoga_engine::time::Time;

const fn at(seconds: u64) -> Time {
    Time(seconds * Time::SECOND)
}

/// A leader whose clock says that many seconds.
fn leader(seconds: u64) -> (Clock, LeaderClock) {
    let clock = Clock::virtual_from(at(seconds));
    (clock.clone(), LeaderClock::new(clock))
}

#[test]
fn a_leader_stamps_its_clock() {
    let (clock, mut leader) = leader(1_000);
    assert_eq!(leader.now(1, at(900)), at(1_000));
    clock.set(at(1_010));
    assert_eq!(leader.now(1, at(1_000)), at(1_010));
}

#[test]
fn behind_the_log_time_goes_on_slower_until_the_clock_has_caught_up() {
    let (clock, mut leader) = leader(1_000);
    assert_eq!(leader.now(7, at(1_100)), at(1_100), "time never goes back");
    for (says, stamped) in [(1_001, 1_100), (1_002, 1_101), (1_100, 1_150), (1_190, 1_195)] {
        clock.set(at(says));
        assert_eq!(leader.now(7, at(1_100)).0 / Time::SECOND, stamped, "at {says}");
    }
    clock.set(at(1_200));
    assert_eq!(leader.now(7, at(1_195)), at(1_200), "the clock has caught up");
    clock.set(at(1_300));
    assert_eq!(leader.now(7, at(1_200)), at(1_300));
}

#[test]
fn what_is_applied_late_moves_a_new_leader_too() {
    let (clock, mut leader) = leader(1_000);
    assert_eq!(leader.now(7, at(900)), at(1_000), "the end of the log is not applied yet");
    clock.set(at(1_001));
    assert_eq!(leader.now(7, at(1_500)), at(1_500));
}

#[test]
fn a_term_begins_with_the_clock_as_it_is() {
    let (_, mut leader) = leader(1_000);
    assert_eq!(leader.now(1, at(5_000)), at(5_000));
    assert_eq!(leader.now(3, at(990)), at(1_000), "what an earlier term had to make up is over");
}

#[test]
fn a_wall_clock_is_anchored_and_goes_on() {
    let mut leader = LeaderClock::new(Clock::wall());
    let first = leader.now(1, Time(0));
    let ahead = Time(first.0 + 3_600 * Time::SECOND);
    let led = leader.now(1, ahead);
    assert!(led >= ahead);
    while leader.now(1, ahead) == led {
        std::hint::spin_loop();
    }
    assert!(leader.now(1, ahead) < Time(ahead.0 + 60 * Time::SECOND));
}
