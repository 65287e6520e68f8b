//! Who is right, by what the replicas say.

use super::rounds::{Rounds, Verdict};
use std::collections::BTreeSet;

/// What each node has at checkpoint 10: a letter a node from node 1 on, a dot for who said nothing.
fn verdict(members: u64, said: &str, me: u64) -> Option<Verdict> {
    let mut rounds = Rounds::default();
    for (node, state) in (1..).zip(said.chars()).filter(|(_, state)| *state != '.') {
        rounds.note(10, node, state as u64);
    }
    rounds.verdict(&(1..=members).collect(), me).map(|(_, verdict)| verdict)
}

fn agreed(strayed: &[u64]) -> Option<Verdict> {
    Some(Verdict::Agreed { strayed: strayed.iter().copied().collect() })
}

fn wrong(right: &[u64]) -> Option<Verdict> {
    Some(Verdict::Wrong { right: right.iter().copied().collect() })
}

#[test]
fn a_majority_of_all_replicas_is_right() {
    for (members, said, me, expected) in [
        (3, "aaa", 1, agreed(&[])),
        (3, "aab", 1, agreed(&[3])),
        (3, "aab", 3, wrong(&[1, 2])),
        (3, "aa.", 1, agreed(&[])),
        (3, "aa.", 3, None),
        (3, "a..", 1, None),
        (3, "ab.", 1, Some(Verdict::Split)),
        (3, "abc", 2, Some(Verdict::Split)),
        (4, "aaab", 4, wrong(&[1, 2, 3])),
        (4, "aabb", 1, Some(Verdict::Split)),
        (4, "aa..", 1, None),
        (5, "aabba", 3, wrong(&[1, 2, 5])),
        (5, "aabbc", 1, Some(Verdict::Split)),
    ] {
        assert_eq!(verdict(members, said, me), expected, "{said} of {members}, seen by {me}");
    }
}

#[test]
fn of_two_nobody_can_tell_which_is_right() {
    assert_eq!(verdict(2, "ab", 1), Some(Verdict::Split));
    assert_eq!(verdict(2, "ab", 2), Some(Verdict::Split));
    assert_eq!(verdict(2, "aa", 1), agreed(&[]));
}

#[test]
fn who_is_no_member_any_more_has_no_say() {
    assert_eq!(verdict(1, "ab", 1), agreed(&[]));
    assert_eq!(verdict(3, "aabbb", 1), agreed(&[3]));
    assert_eq!(verdict(1, "ab", 2), None, "and is not judged");
}

#[test]
fn the_newest_checkpoint_that_says_anything_counts() {
    let members: BTreeSet<u64> = (1..=3).collect();
    let mut rounds = Rounds::default();
    for (index, said) in [(10, "abb"), (20, "aa."), (30, "c..")] {
        for (node, state) in (1..).zip(said.chars()).filter(|(_, state)| *state != '.') {
            rounds.note(index, node, state as u64);
        }
    }
    assert_eq!(rounds.verdict(&members, 1), agreed(&[]).map(|verdict| (20, verdict)));
    assert_eq!(rounds.newest_of(1), Some((30, 'c' as u64)));
    rounds.forget(1);
    assert_eq!(rounds.verdict(&members, 1), None);
    assert_eq!(rounds.verdict(&members, 2), Some((10, Verdict::Agreed { strayed: [].into() })));
}
