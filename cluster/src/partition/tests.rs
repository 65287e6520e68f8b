use super::{Batch, Carried, Command, Core, Entry, Trace};
use hoga_engine::amount::Ticks;
use hoga_engine::ids::{InstrumentId, PartitionId};
use hoga_engine::message::{BoardMessage, Message};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;

const BOOKS: PartitionId = PartitionId(2);

/// A batch out of a book partition's outbox, as the boards' partition logs it.
fn sent(first: u64, count: u64) -> Command {
    let mark = |nth| BoardMessage::Mark {
        instrument: InstrumentId(0),
        price: Ticks(nth as u32),
        time: Time(nth),
    };
    let carried = |nth| Carried { trace: Trace::default(), message: Message::ToBoard(mark(nth)) };
    let messages = (first..first + count).map(carried).collect();
    Command::Inbound { source: BOOKS, first, messages }
}

/// How many steps entities get from it.
fn apply(core: &mut Core, index: u64, command: Command) -> usize {
    let entries = vec![Entry { trace: Trace::default(), command }];
    let batch = Batch { time: Time(index), entries };
    core.begin(index, &batch);
    let mut rest = batch.entries.into_iter();
    let mut steps = 0;
    while let Some(mut chunk) = core.plan(&mut rest) {
        steps += chunk.take_slices().iter().map(|slice| slice.steps.len()).sum::<usize>();
    }
    steps
}

#[test]
fn a_batch_whose_forerunner_was_refused_waits_until_both_are_sent_again() {
    let mut core = Core::new(Topology::BOARDS, Topology::default());
    assert_eq!(apply(&mut core, 1, sent(1, 2)), 2);
    // 3 and 4 came while nobody led here and were refused; 5 came after the election.
    assert_eq!(apply(&mut core, 2, sent(5, 1)), 0);
    assert_eq!(core.next_in(BOOKS), 3);
    assert_eq!(apply(&mut core, 3, sent(3, 3)), 3);
    assert_eq!(core.next_in(BOOKS), 6);
    // What is known already is skipped.
    assert_eq!(apply(&mut core, 4, sent(4, 3)), 1);
    assert_eq!(core.next_in(BOOKS), 7);
}
