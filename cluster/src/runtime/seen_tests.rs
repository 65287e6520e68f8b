use super::Seen;
use crate::link::PeerState;
use std::collections::BTreeMap;
use std::time::Duration;

const UP: PeerState = PeerState::Up { incarnation: 1 };
const LONG: Duration = Duration::from_secs(1);

fn states(two: PeerState) -> BTreeMap<u64, PeerState> {
    [(2, two), (3, UP)].into()
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_there_from_when_it_is_heard_and_gone_from_when_it_is_not() {
    let mut seen = Seen::default();
    assert!(!seen.is_there(2) && !seen.has_been_gone(2, Duration::ZERO), "nobody knows of it");
    seen.note(&states(UP));
    assert!(seen.is_there(2) && !seen.has_been_there(2, LONG));
    tokio::time::advance(LONG).await;
    seen.note(&states(UP));
    assert!(seen.has_been_there(2, LONG));

    seen.note(&states(PeerState::Suspect));
    assert!(!seen.is_there(2) && !seen.has_been_gone(2, LONG));
    tokio::time::advance(LONG).await;
    // Another way of being gone is no new beginning.
    seen.note(&states(PeerState::Down));
    assert!(seen.has_been_gone(2, LONG));
    assert!(seen.has_been_there(3, 2 * LONG), "the other one was there all the time");

    seen.note(&states(UP));
    assert!(seen.is_there(2) && !seen.has_been_there(2, LONG));
}

#[tokio::test(start_paused = true)]
async fn who_is_no_peer_any_more_is_forgotten() {
    let mut seen = Seen::default();
    seen.note(&states(PeerState::Down));
    tokio::time::advance(LONG).await;
    seen.note(&BTreeMap::new());
    assert!(!seen.has_been_gone(2, Duration::ZERO));
    seen.note(&states(PeerState::Down));
    assert!(!seen.has_been_gone(2, LONG));
}
