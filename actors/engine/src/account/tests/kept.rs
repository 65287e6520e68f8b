//! An account that was written and read again goes on as if nothing had been.

use super::*;
use crate::account::Context;
use crate::effect::Effect;
use crate::message::Message;

/// A market in the middle of things: orders open, amends and a cancel-all unanswered.
fn busy() -> Pit {
    let mut pit = slow_street();
    for nth in 0..20 {
        place(&mut pit, "alice", &format!("a{nth}"), buy(5, 80 + nth));
        place(&mut pit, "bob", &format!("b{nth}"), sell(4, 90 + nth));
    }
    pit.settle_down();
    let open: Vec<_> = account(&pit, "alice").open_orders().map(|o| o.state.key.no).collect();
    for (nth, number) in open.into_iter().enumerate() {
        pit.amend("alice", OrderRef::No(number), Some(9 + nth as Amount), Some(95));
    }
    pit.cancel_all("alice", None);
    pit.place("alice", "full", buy(3, 120), Ack::Full);
    place(&mut pit, "bob", "b", sell(30, 85));
    pit.deliver_some(12);
    pit
}

fn written(account: &Account) -> Vec<u8> {
    postcard::to_stdvec(account).expect("an account encodes")
}

#[test]
fn equal_states_give_equal_bytes() {
    let pit = busy();
    for name in ["alice", "bob", "carol"] {
        let bytes = written(account(&pit, name));
        let again: Account = postcard::from_bytes(&bytes).expect("an account decodes");
        assert_eq!(written(&again), bytes, "{name}");
    }
}

#[test]
fn what_was_read_again_hears_and_says_the_same() {
    let pit = busy();
    let mut alice = account(&pit, "alice").clone();
    let mut again: Account = postcard::from_bytes(&written(&alice)).expect("it decodes");
    let desk = pit.desks().find(|desk| desk.find("alice").is_some()).expect("her partition");
    let (catalogue, topology, at) = (desk.catalogue(), &topology(), pit.now());
    let context = Context { catalogue, topology, at };
    let mut heard = 0;
    for message in pit.under_way() {
        let Message::ToAccount(to, message) = message else { continue };
        if *to != alice.id() {
            continue;
        }
        let (mut one, mut other): (Vec<Effect>, Vec<Effect>) = Default::default();
        alice.hear(message, &context, &mut one);
        again.hear(message, &context, &mut other);
        assert_eq!(one, other);
        heard += 1;
    }
    assert!(heard > 0, "nothing was under way to her");
    assert_eq!(written(&alice), written(&again));
}
