//! Who may speak to whom, and what the others are told.

use super::hello::{Greeting, Refusal};
use super::lane::Lane;
use super::register::Register;
use hoga_engine::topology::Topology;
use std::net::{IpAddr, Ipv4Addr};

const TOPOLOGY: Topology = Topology { books: 4, accounts: 6 };
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn greeting(node: u64, incarnation: u32, port: u16) -> Greeting {
    Greeting { node, incarnation, cluster: "seoul".into(), version: 3, topology: TOPOLOGY, port }
}

#[test]
fn a_greeting_comes_back_as_it_was_written() {
    for lane in Lane::ALL {
        let written = greeting(2, 9, 7001);
        let read = Greeting::read(Some(written.hello(lane))).expect("it is whole");
        assert_eq!(read, (written, lane));
    }
    assert_eq!(Greeting::read(None), Err(Refusal::NoGreeting));
}

#[test]
fn a_refusal_names_both_sides() {
    let me = greeting(1, 1, 7000);
    let other = |change: fn(&mut Greeting)| {
        let mut other = greeting(2, 1, 7001);
        change(&mut other);
        me.agrees_with(&other).map_err(|refusal| refusal.to_string())
    };
    assert_eq!(other(|_| ()), Ok(()));
    for (change, text) in [
        (
            (|other| other.cluster = "busan".into()) as fn(&mut Greeting),
            r#"node 2 is of cluster "busan", node 1 of cluster "seoul""#,
        ),
        (
            |other| other.version = 4,
            "node 2 speaks version 4 of the protocol between nodes, node 1 version 3; run the \
             same release on both",
        ),
        (
            |other| other.topology.accounts = 12,
            "node 2 has 4 partitions of books and 12 of accounts, node 1 4 and 6; an exchange keeps \
             those it was founded with: say the same in [partitions]",
        ),
        (
            |other| other.node = 1,
            "two nodes say that they are node 1; an id is given once, and never again",
        ),
    ] {
        assert_eq!(other(change), Err(text.to_owned()));
    }
}

#[test]
fn one_id_is_one_process_until_its_last_stream_has_ended() {
    let register = Register::default();
    let first = register.enter(&greeting(2, 5, 7001), HERE).expect("nobody is there");
    let second = register.enter(&greeting(2, 5, 7001), HERE).expect("the same process");
    let elsewhere = greeting(2, 6, 7002);
    assert_eq!(
        register.enter(&elsewhere, HERE).err().map(|refusal| refusal.to_string()),
        Some(
            "node 2 is connected from 127.0.0.1:7001 already, and now 127.0.0.1:7002 says that \
             it is node 2 too; an id is given once, and never again"
                .to_owned()
        )
    );
    drop(first);
    assert!(register.enter(&elsewhere, HERE).is_err(), "one stream is left");
    drop(second);
    assert!(register.enter(&elsewhere, HERE).is_ok(), "it moved");
}

#[test]
fn a_later_incarnation_ends_the_streams_of_the_one_before() {
    let register = Register::default();
    let before = register.enter(&greeting(2, 5, 7001), HERE).expect("nobody is there");
    let after = register.enter(&greeting(2, 6, 7001), HERE).expect("it started again");
    assert!(*before.leave.borrow());
    assert!(!*after.leave.borrow());
    let late = register.enter(&greeting(2, 5, 7001), HERE);
    assert_eq!(late.err(), Some(Refusal::Ended { node: 2, newest: 6, older: 5 }));
    drop(before);
    let more = register.enter(&greeting(2, 6, 7001), HERE).expect("still the same process");
    register.retain(|_| false);
    assert!(*after.leave.borrow() && *more.leave.borrow());
}
