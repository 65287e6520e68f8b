//! What a partition makes of messages that came out of step.

use super::{Batch, Carried, Command, Core, Entry, Trace};
use hoga_engine::ids::{AssetId, PartitionId};
use hoga_engine::instrument::Asset;
use hoga_engine::message::{Message, PartitionMessage};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;

fn asset(id: u16) -> Carried {
    let code = format!("A{id}").into();
    let asset = Asset { id: AssetId(id), code, scale: 0, shown_scale: 0, faucet: None };
    let message = Message::ToPartition(PartitionMessage::Asset(asset));
    Carried { trace: Trace::default(), message }
}

/// Applies one sending of meta; says which message is expected next, as its sender hears it.
fn hear(core: &mut Core, index: u64, first: u64, ids: &[u16]) -> Option<u64> {
    let messages = ids.iter().copied().map(asset).collect();
    let command = Command::Inbound { source: Topology::META, first, messages };
    let entries = vec![Entry { trace: Trace::default(), command }];
    let batch = Batch { time: Time(index), entries };
    core.begin(index, &batch);
    let mut entries = batch.entries.into_iter();
    let mut heard = None;
    while let Some(chunk) = core.plan(&mut entries) {
        heard = core.absorb(chunk, Vec::new()).heard.get(&Topology::META).copied();
    }
    heard
}

fn known(core: &Core) -> Vec<u16> {
    core.scene().catalogue.assets.keys().map(|asset| asset.0).collect()
}

#[test]
fn a_sending_behind_a_lost_one_is_passed_over_until_that_comes_again() {
    let topology = Topology { books: 1, accounts: 1 };
    let mut core = Core::new(PartitionId(3), topology);
    assert_eq!(hear(&mut core, 1, 1, &[0]), Some(2));
    // Messages 2 and 3 were proposed by a leader that lost its place; 4 came through after it.
    assert_eq!(hear(&mut core, 2, 4, &[9]), Some(2), "its sender hears what is expected");
    assert_eq!(known(&core), [0]);
    assert_eq!(hear(&mut core, 3, 2, &[1, 2]), Some(4));
    assert_eq!(hear(&mut core, 4, 4, &[3]), Some(5));
    assert_eq!(known(&core), [0, 1, 2, 3]);
}

#[test]
fn what_was_taken_is_not_taken_again() {
    let topology = Topology { books: 1, accounts: 1 };
    let mut core = Core::new(PartitionId(3), topology);
    assert_eq!(hear(&mut core, 1, 1, &[0, 1]), Some(3));
    assert_eq!(hear(&mut core, 2, 1, &[7, 7, 2]), Some(4));
    assert_eq!(known(&core), [0, 1, 2]);
}

/// Applies a tick that a leader's clock stamped.
fn tick(core: &mut Core, index: u64, time: u64) {
    apply(core, index, time, Command::Tick);
}

fn apply(core: &mut Core, index: u64, time: u64, command: Command) {
    let entries = vec![Entry { trace: Trace::default(), command }];
    let batch = Batch { time: Time(time), entries };
    core.begin(index, &batch);
    let mut entries = batch.entries.into_iter();
    while let Some(chunk) = core.plan(&mut entries) {
        core.absorb(chunk, Vec::new());
    }
}

#[test]
fn ticks_are_wanted_until_time_has_passed_however_many_did_not_move_it() {
    let mut core = Core::new(PartitionId(3), Topology { books: 1, accounts: 1 });
    assert!(!core.needs_tick(), "nothing has happened");
    let noon = 43_200 * Time::SECOND;
    tick(&mut core, 1, noon);
    assert!(!core.needs_tick(), "a tick brings nothing about that another has to follow up");
    hear(&mut core, 2, 1, &[0]);
    assert!(core.needs_tick());
    // The next leader's clock is an hour back: time stands.
    for index in 3..40 {
        tick(&mut core, index, noon - 3_600 * Time::SECOND);
        assert!(core.needs_tick(), "nothing can have come due");
    }
    tick(&mut core, 40, noon + Time::SECOND);
    assert!(core.needs_tick(), "what waits longest waits a second, and then is passed on");
    tick(&mut core, 41, noon + 2 * Time::SECOND);
    assert!(!core.needs_tick());
}

#[test]
fn an_entry_that_moves_time_past_the_ticks_that_are_owed_pays_none_of_them() {
    let mut core = Core::new(PartitionId(3), Topology { books: 1, accounts: 1 });
    let noon = 43_200 * Time::SECOND;
    tick(&mut core, 1, noon);
    hear(&mut core, 2, 1, &[0]);
    // The next leader's clock is ahead, and an acknowledgement is the first that it has to log.
    let acknowledged = Command::OutboxAck { to: PartitionId(1), next: 1 };
    apply(&mut core, 3, noon + 900 * Time::SECOND, acknowledged);
    assert!(core.needs_tick(), "boards have not heard where accounts stand");
    tick(&mut core, 4, noon + 901 * Time::SECOND);
    assert!(!core.needs_tick());
}

#[test]
fn as_many_fit_as_have_room_and_one_always() {
    let fit = |weights: &[usize]| super::that_fit(weights.iter().copied(), 10);
    assert_eq!(fit(&[]), 0);
    assert_eq!(fit(&[11, 1]), 1);
    assert_eq!(fit(&[4, 6, 1]), 2);
    assert_eq!(fit(&[4, 7, 1]), 1, "what does not fit keeps its place");
}
