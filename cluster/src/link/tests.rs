//! Links between nodes of one process: who is reached, who is refused, and what calls are told.

use super::rig::{
    Authority, ECHO, HOLD, KEEP, Obedient, PANIC, SOON, listener, nodes, options, places, start,
    until,
};
use super::{CallError, Lane, LinkError, LinkOptions, Links, PeerState};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const NOW: Duration = Duration::from_millis(1);

async fn echo(links: &Links, to: u64, lane: Lane) -> Result<Bytes, CallError> {
    links.call(to, lane, ECHO, Bytes::from_static(b"hello"), SOON).await
}

fn is_up(state: Option<PeerState>) -> bool {
    matches!(state, Some(PeerState::Up { .. }))
}

fn is_down(state: Option<PeerState>) -> bool {
    matches!(state, Some(PeerState::Down))
}

#[tokio::test]
async fn every_lane_to_every_peer_carries_calls_with_certificates_and_without() {
    let authority = Authority::new();
    for authority in [None, Some(&authority)] {
        let nodes = nodes(3, authority).await;
        for (links, _) in &nodes {
            for peer in (1..=3).filter(|peer| *peer != links.me()) {
                for lane in Lane::ALL {
                    assert_eq!(echo(links, peer, lane).await, Ok(Bytes::from_static(b"hello")));
                }
            }
        }
        for (links, _) in nodes {
            links.stop().await;
        }
    }
}

#[tokio::test]
async fn bodies_of_any_size_up_to_the_bound_arrive_as_they_are() {
    let nodes = nodes(2, None).await;
    let (links, max) = (&nodes[0].0, Lane::Appends.body_bytes_max());
    for bytes in [0, 1, 4095, 65_536, 1 << 20, max] {
        let body = Bytes::from((0..bytes).map(|at| (at % 251) as u8).collect::<Vec<_>>());
        let back = links.call(2, Lane::Appends, ECHO, body.clone(), SOON).await;
        assert!(back == Ok(body), "{bytes} bytes");
    }
    let body = Bytes::from(vec![0; max + 1]);
    let error = links.call(2, Lane::Appends, ECHO, body, SOON).await;
    assert_eq!(error, Err(CallError::TooLarge { bytes: max + 1, max }));
}

#[tokio::test]
async fn notifications_arrive_once_and_in_order_and_are_no_end_of_them_kept() {
    let nodes = nodes(2, None).await;
    let ((links, _), (_, other)) = (&nodes[0], &nodes[1]);
    // More of them than may be under way at once.
    let count = 3 * Lane::Messages.under_way_max() as u64;
    for number in 0..count {
        let body = Bytes::copy_from_slice(&number.to_le_bytes());
        loop {
            match links.notify(2, KEEP, body.clone()) {
                Ok(()) => break,
                Err(CallError::Full(2)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }
    // What is answered was behind them.
    while let Err(error) = echo(links, 2, Lane::Messages).await {
        assert_eq!(error, CallError::Full(2));
        tokio::task::yield_now().await;
    }
    let kept = other.kept();
    assert_eq!(kept.len() as u64, count);
    let in_order = kept.iter().enumerate().all(|(at, (from, body))| {
        *from == 1 && body.as_ref() == (at as u64).to_le_bytes().as_slice()
    });
    assert!(in_order);
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_down_and_is_reached_as_soon_as_it_comes() {
    let (mut listeners, peers) = places(2);
    let second = listeners.pop().expect("two");
    let (first, _) = start(options(1, listeners.pop().expect("two"), &peers)).await;
    // The port is bound and nobody answers; it is given up after a while, and dialled again.
    assert_eq!(echo(&first, 2, Lane::Votes).await, Err(CallError::Down(2)));
    assert_eq!(first.notify(2, KEEP, Bytes::new()), Err(CallError::Down(2)));
    assert_eq!(echo(&first, 9, Lane::Votes).await, Err(CallError::Down(9)));
    let (_second, _) = start(options(2, second, &peers)).await;
    until(&first, 2, is_up).await;
    assert_eq!(echo(&first, 2, Lane::Votes).await, Ok(Bytes::from_static(b"hello")));
}

#[tokio::test]
async fn a_call_whose_peer_goes_away_is_unknown_and_later_ones_are_definite() {
    let nodes = nodes(2, None).await;
    let ((links, _), (other, _)) = (&nodes[0], &nodes[1]);
    let caller = links.clone();
    let call = async move { caller.call(2, Lane::Messages, HOLD, Bytes::new(), SOON).await };
    let call = tokio::spawn(call);
    echo(links, 2, Lane::Messages).await.expect("the held call went before this one");
    other.stop().await;
    assert_eq!(call.await.expect("no panic"), Err(CallError::Unknown(2)));
    until(links, 2, is_down).await;
    assert_eq!(echo(links, 2, Lane::Messages).await, Err(CallError::Down(2)));
}

#[tokio::test]
async fn a_peer_that_starts_again_is_another_incarnation() {
    let (mut listeners, peers) = places(2);
    let second = listeners.pop().expect("two");
    let address = second.local_addr().expect("bound");
    let (first, _) = start(options(1, listeners.pop().expect("two"), &peers)).await;
    let (second, _) = start(options(2, second, &peers)).await;
    until(&first, 2, |state| state == Some(PeerState::Up { incarnation: 1 })).await;
    until(&second, 1, is_up).await;
    second.stop().await;
    until(&first, 2, is_down).await;
    let (_, spare) = (0, std::net::TcpListener::bind(address).expect("the port is free again"));
    let again = LinkOptions { incarnation: 2, ..options(2, spare, &peers) };
    let (_second, _) = start(again).await;
    until(&first, 2, |state| state == Some(PeerState::Up { incarnation: 2 })).await;
}

#[tokio::test]
async fn calls_under_way_are_bounded_by_number_and_the_others_are_refused() {
    let nodes = nodes(2, None).await;
    let ((links, _), (_, other)) = (&nodes[0], &nodes[1]);
    let max = Lane::Snapshots.under_way_max();
    let held: Vec<_> = (0..max).map(|_| hold(links, Lane::Snapshots, Bytes::new())).collect();
    full(links, Lane::Snapshots, Bytes::new()).await;
    // Another lane does not mind.
    echo(links, 2, Lane::Votes).await.expect("answered");
    other.go_on.send_replace(true);
    for call in held {
        assert_eq!(call.await.expect("no panic"), Ok(Bytes::new()));
    }
    echo(links, 2, Lane::Snapshots).await.expect("there is room again");
}

#[tokio::test]
async fn calls_under_way_are_bounded_by_bytes() {
    let nodes = nodes(2, None).await;
    let ((links, _), (_, other)) = (&nodes[0], &nodes[1]);
    let body = Bytes::from(vec![1; 1 << 20]);
    // Each costs a little more than its body.
    let max = Lane::Messages.bytes_under_way_max() / body.len() - 1;
    let held: Vec<_> = (0..max).map(|_| hold(links, Lane::Messages, body.clone())).collect();
    full(links, Lane::Messages, body.clone()).await;
    echo(links, 2, Lane::Messages).await.expect("a small one has room");
    other.go_on.send_replace(true);
    for call in held {
        assert!(call.await.expect("no panic") == Ok(body.clone()));
    }
    let again = links.call(2, Lane::Messages, ECHO, body, SOON).await;
    again.expect("there is room again");
}

/// Has a call to node 2 under way until the test lets it be answered.
fn hold(links: &Links, lane: Lane, body: Bytes) -> JoinHandle<Result<Bytes, CallError>> {
    let links = links.clone();
    tokio::spawn(async move {
        loop {
            match links.call(2, lane, HOLD, body.clone(), SOON).await {
                Err(CallError::Full(2)) => tokio::task::yield_now().await,
                other => return other,
            }
        }
    })
}

/// Waits until the lane to node 2 takes no more.
async fn full(links: &Links, lane: Lane, body: Bytes) {
    loop {
        match links.call(2, lane, ECHO, body.clone(), SOON).await {
            Err(CallError::Full(2)) => return,
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_the_slot_to_its_call() {
    let nodes = nodes(2, None).await;
    let ((links, _), (_, other)) = (&nodes[0], &nodes[1]);
    for _ in 0..Lane::Snapshots.under_way_max() {
        let error = links.call(2, Lane::Snapshots, HOLD, Bytes::new(), NOW).await;
        assert!(matches!(error, Err(CallError::Unknown(2) | CallError::Down(2))), "{error:?}");
    }
    other.go_on.send_replace(true);
    let again = async {
        while echo(links, 2, Lane::Snapshots).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("the slots come back");
}

#[tokio::test]
async fn a_handler_that_panics_or_says_nothing_costs_one_answer_and_nothing_else() {
    let nodes = nodes(2, None).await;
    let links = &nodes[0].0;
    for _ in 0..2 * Lane::Snapshots.under_way_max() {
        for kind in [PANIC, KEEP] {
            let answer = links.call(2, Lane::Snapshots, kind, Bytes::new(), SOON).await;
            assert_eq!(answer, Err(CallError::Unknown(2)));
        }
    }
    echo(links, 2, Lane::Snapshots).await.expect("it goes on");
}

#[tokio::test]
async fn a_peer_that_leaves_loses_its_streams_in_both_directions() {
    let nodes = nodes(2, None).await;
    let ((links, _), (other, _)) = (&nodes[0], &nodes[1]);
    links.set_peers(BTreeMap::new());
    assert!(links.peers().borrow().is_empty());
    assert_eq!(echo(links, 2, Lane::Votes).await, Err(CallError::Down(2)));
    // It is not known here any more, and is told so each time it dials.
    until(other, 1, is_down).await;
    assert_eq!(echo(other, 1, Lane::Votes).await, Err(CallError::Down(1)));
    let peers = [(2, other.address().to_string())].into();
    links.set_peers(peers);
    until(links, 2, is_up).await;
    until(other, 1, is_up).await;
}

/// Two nodes that must not speak: each stays down for the other, whatever is tried.
async fn refuse_each_other(one: LinkOptions, two: LinkOptions) {
    let (one, two) = (start(one).await.0, start(two).await.0);
    let lanes_tried = [(&one, 2), (&two, 1)];
    for (links, peer) in lanes_tried {
        until(links, peer, is_down).await;
    }
    for (links, peer) in lanes_tried {
        assert_eq!(echo(links, peer, Lane::Votes).await, Err(CallError::Down(peer)));
        assert!(!is_up(links.peers().borrow().get(&peer).copied()));
    }
}

#[tokio::test]
async fn another_cluster_another_version_and_unknown_nodes_are_refused() {
    let different: [fn(&mut LinkOptions); 3] = [
        |two| two.cluster = "another".into(),
        |two| two.version = 2,
        // Node 1 sees node 2 where node 3 answers.
        |two| two.node = 3,
    ];
    for make_different in different {
        let (mut listeners, peers) = places(2);
        let (two, one) = (listeners.pop().expect("two"), listeners.pop().expect("two"));
        let mut two = options(2, two, &peers);
        make_different(&mut two);
        refuse_each_other(options(1, one, &peers), two).await;
    }
}

#[tokio::test]
async fn certificates_of_another_authority_of_another_node_and_none_are_refused() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    for tls in [Some(theirs.issue(2)), None] {
        let (mut listeners, peers) = places(2);
        let (two, one) = (listeners.pop().expect("two"), listeners.pop().expect("two"));
        let one = LinkOptions { tls: Some(ours.issue(1)), ..options(1, one, &peers) };
        refuse_each_other(one, LinkOptions { tls, ..options(2, two, &peers) }).await;
    }
    let (listener, _) = listener();
    let wrong = LinkOptions { tls: Some(ours.issue(3)), ..options(2, listener, &BTreeMap::new()) };
    let error = Links::start(wrong, Arc::new(Obedient::default())).await.err().expect("refused");
    assert!(matches!(error, LinkError::Certificate { node: 2, .. }), "{error}");
}

#[tokio::test]
async fn an_id_that_is_in_use_is_refused_to_another_process_and_its_owner_stays() {
    let nodes = nodes(2, None).await;
    let ((links, _), (owner, _)) = (&nodes[0], &nodes[1]);
    let (listener, _) = listener();
    let peers = [(1, links.address().to_string())].into();
    for incarnation in [1, 2] {
        let listener = listener.try_clone().expect("a copy");
        let copy = LinkOptions { incarnation, ..options(2, listener, &peers) };
        let (copy, _) = start(copy).await;
        until(&copy, 1, is_down).await;
        assert_eq!(echo(&copy, 1, Lane::Votes).await, Err(CallError::Down(1)));
        echo(owner, 1, Lane::Votes).await.expect("the owner is heard");
        copy.stop().await;
    }
    assert!(is_up(owner.peers().borrow().get(&1).copied()));
}

#[tokio::test]
async fn without_certificates_only_loopback_is_listened_on() {
    let everywhere = LinkOptions {
        listen: std::net::SocketAddr::from(([0, 0, 0, 0], 0)).into(),
        ..options(1, listener().0, &BTreeMap::new())
    };
    let error = Links::start(everywhere, Arc::new(Obedient::default())).await.err();
    assert!(matches!(error, Some(LinkError::PlainText { .. })), "{error:?}");
}

/// A process that is stopped keeps its connections: nothing but its silence tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_stands_still_is_suspected_given_up_and_taken_back() {
    let (mut listeners, peers) = places(2);
    let (second, first) = (listeners.pop().expect("two"), listeners.pop().expect("two"));
    let (stand_still, halt) = std::sync::mpsc::channel::<std::sync::mpsc::Receiver<()>>();
    let second = options(2, second, &peers);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let _links = runtime.block_on(start(second));
        loop {
            runtime.block_on(async { tokio::time::sleep(Duration::from_millis(10)).await });
            match halt.try_recv() {
                Ok(until) => drop(until.recv()),
                Err(std::sync::mpsc::TryRecvError::Empty) => {}
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
            }
        }
    });
    let (first, _) = start(options(1, first, &peers)).await;
    until(&first, 2, is_up).await;
    let (go_on, until_then) = std::sync::mpsc::channel();
    stand_still.send(until_then).expect("it runs");
    until(&first, 2, |state| state == Some(PeerState::Suspect)).await;
    let late = Duration::from_millis(100);
    let call = first.call(2, Lane::Votes, ECHO, Bytes::new(), late).await;
    assert_eq!(call, Err(CallError::Unknown(2)));
    until(&first, 2, is_down).await;
    // One lane is; the others are about to be.
    let call = loop {
        match echo(&first, 2, Lane::Votes).await {
            Err(CallError::Unknown(2)) => {}
            other => break other,
        }
    };
    assert_eq!(call, Err(CallError::Down(2)));
    drop(go_on);
    until(&first, 2, is_up).await;
    echo(&first, 2, Lane::Votes).await.expect("it is back");
    drop(stand_still);
    thread.join().expect("no panic");
}
