use super::Seen;
use crate::link::PeerState;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

const UP: PeerState = PeerState::Up { incarnation: 1 };
const LONG: Duration = Duration::from_secs(1);

fn states(two: PeerState) -> BTreeMap<u64, PeerState> {
    [(2, two), (3, UP)].into()
}

#[test]
fn a_peer_is_there_from_when_it_is_heard_and_gone_from_when_it_is_not() {
    let begun = Instant::now();
    let mut seen = Seen::nobody(begun);
    assert!(!seen.is_there(2) && !seen.has_been_gone(2, Duration::ZERO), "nobody knows of it");
    seen.look(&states(UP), begun);
    assert!(seen.is_there(2) && !seen.has_been_there(2, LONG));
    seen.look(&states(UP), begun + LONG);
    assert!(seen.has_been_there(2, LONG));

    seen.look(&states(PeerState::Suspect), begun + LONG);
    assert!(!seen.is_there(2) && !seen.has_been_gone(2, LONG));
    // Another way of being gone is no new beginning.
    seen.look(&states(PeerState::Down), begun + 2 * LONG);
    assert!(seen.has_been_gone(2, LONG));
    assert!(seen.has_been_there(3, 2 * LONG), "the other one was there all the time");

    seen.look(&states(UP), begun + 2 * LONG);
    assert!(seen.is_there(2) && !seen.has_been_there(2, LONG));
}

#[test]
fn who_is_no_peer_any_more_is_forgotten() {
    let begun = Instant::now();
    let mut seen = Seen::nobody(begun);
    seen.look(&states(PeerState::Down), begun);
    seen.look(&BTreeMap::new(), begun + LONG);
    assert!(!seen.has_been_gone(2, Duration::ZERO));
    seen.look(&states(PeerState::Down), begun + LONG);
    assert!(!seen.has_been_gone(2, LONG));
}
