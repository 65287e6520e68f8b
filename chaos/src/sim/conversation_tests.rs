//! The failover that ARCHITECTURE.md shows, word for word, recorded anew.

use super::conversation::Conversation;
use super::faults::{Fault, Kind, When, Whom};
use super::links::Quality;
use super::raft;
use super::swarm::{KINDS, Swarm};
use super::words::{Down, MS, SECOND};
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::{Role, Topology};
use std::path::Path;

const KILLED_AT: u64 = 3 * SECOND;
/// Stand before and behind it on the page.
const FENCE: (&str, &str) = ("```text\n", "```\n");
const HEADING: &str = "### A failover, word for word\n";

#[test]
fn the_page_shows_a_failover_as_it_goes() {
    let recorded = record();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let start = page.find(HEADING).expect("the heading") + HEADING.len();
    let start = start + page[start..].find(FENCE.0).expect("a fence") + FENCE.0.len();
    let end = start + page[start..].find(FENCE.1).expect("its end");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let page = format!("{}{recorded}{}", &page[..start], &page[end..]);
        std::fs::write(&path, page).expect("the page is written");
        return;
    }
    assert_eq!(
        &page[start..end],
        recorded,
        "run the test with UPDATE_GOLDEN=1 and look at the difference"
    );
}

/// From the death of a leader to the first answer of the next, and how the dead one comes back.
fn record() -> String {
    let topology = Topology { books: 1, accounts: 1 };
    let accounts = topology.partitions().find(|(_, role)| *role == Role::Accounts);
    let (partition, _) = accounts.expect("there is one");
    let killed = Fault {
        when: When::At(KILLED_AT),
        whom: Whom::Leader(partition),
        kind: Kind::Stop(Down::Kill),
        lasts: SECOND,
    };
    let world = raft::drive(calm(topology, partition), vec![killed], None);
    assert_eq!(world.broken, None);
    let conversation = world.swarm.conversation.expect("it was asked for");
    let lines = conversation.lines();
    let answered = lines.iter().position(|line| line.contains("answer to"));
    let back = lines.iter().position(|line| line.contains("starts"));
    let (answered, back) = (answered.expect("somebody"), back.expect("it comes back"));
    let dead = lines[0].split_whitespace().nth(2).expect("who dies");
    let about_it = lines[back..].iter().filter(|line| line.contains(dead));
    // What it is sent by then is what the others were sent a moment before.
    let sent = about_it.clone().position(|line| is_up_to_date(line)).expect("it catches up");
    let shown = lines[..=answered].iter().chain(about_it.take(sent + 2));
    shown.map(|line| format!("{line}\n")).collect()
}

/// Whether entries are sent of which not all are committed.
fn is_up_to_date(line: &str) -> bool {
    let number = |before: &str| {
        let rest = &line[line.find(before)? + before.len()..];
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()
    };
    number(" to ").zip(number("; ")).is_some_and(|(last, committed)| last > committed)
}

/// Nothing happens but what has to.
fn calm(topology: Topology, partition: PartitionId) -> Swarm {
    Swarm {
        nodes: 3,
        topology,
        clients: 2,
        accounts: 2,
        subscribers: 0,
        dangerous: 6 * SECOND,
        thinks: 400 * MS,
        usual: Quality::default(),
        heartbeat_ms: 50,
        election_ms: (150, 300),
        skew: 0,
        fsync: (MS / 4, MS),
        pump_batch: 512,
        weights: [0; KINDS],
        aimed: 0,
        repeats: 0,
        conversation: Some(Conversation::about(partition, KILLED_AT)),
        ..Swarm::of(1, false)
    }
}
