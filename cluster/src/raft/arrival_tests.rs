//! A snapshot comes block by block, or goes on where it was, or is nothing.

use std::sync::Arc;

use bytes::Bytes;

use super::arrival::Arrivals;
use super::carriage::{NameForm, Reply};
use super::depot::{Block, Depot, SnapshotName};
use super::machine::SnapshotMeta;
use super::tally::Shelf;
use crate::log::LogPosition;

const GIVER: u64 = 1;

fn name(index: u64, generation: u64) -> NameForm {
    let last = LogPosition { term: 2, index };
    let membership = Bytes::from_static(b"all of them");
    NameForm::of(&SnapshotName { meta: SnapshotMeta { last, membership }, generation })
}

/// The blocks of a shelf that has seen some batches.
fn blocks(batches: u64) -> (Vec<Block>, Vec<Bytes>) {
    let seen: Vec<Bytes> = (0..batches).map(|n| Bytes::copy_from_slice(&n.to_le_bytes())).collect();
    let shelf = Shelf::holding(name(70, 1).meta(), seen.clone());
    let mut going = shelf.open().expect("readable").expect("there is one");
    let mut blocks = Vec::new();
    while let Some(block) = going.next().expect("readable") {
        blocks.push(block);
    }
    (blocks, seen)
}

struct Taking {
    shelf: Shelf,
    arrivals: Arc<Arrivals>,
}

impl Taking {
    fn new() -> Taking {
        let shelf = Shelf::default();
        let arrivals = Arrivals::new(Arc::new(shelf.clone()));
        Taking { shelf, arrivals }
    }

    async fn block(&self, name: &NameForm, number: u64, block: &Block) -> Reply {
        let crc = crc32c::crc32c(&block.bytes);
        self.damaged_block(name, number, block, crc).await
    }

    async fn damaged_block(&self, name: &NameForm, number: u64, block: &Block, crc: u32) -> Reply {
        let (cursor, bytes) = (block.cursor.to_vec(), block.bytes.clone());
        self.arrivals.block((GIVER, name), number, cursor, (crc, bytes)).await
    }

    /// Where it is to be gone on with.
    async fn offered(&self, name: &NameForm) -> (u64, Option<Vec<u8>>) {
        match self.arrivals.offered(GIVER, name.clone()).await {
            Reply::Next { number, cursor } => (number, cursor),
            _ => panic!("it is wanted"),
        }
    }
}

fn wants(reply: &Reply, wanted: u64) -> bool {
    matches!(reply, Reply::Next { number, .. } if *number == wanted)
}

fn is_refused(reply: &Reply) -> bool {
    matches!(reply, Reply::Refused { .. })
}

#[tokio::test]
async fn it_is_gone_on_with_behind_the_last_block_that_came() {
    let ((blocks, seen), taking, name) = (blocks(100), Taking::new(), name(70, 1));
    assert_eq!(taking.offered(&name).await, (0, None));
    for (number, block) in (0..).zip(&blocks) {
        // The giver lost its connection and comes back before each of them.
        let (next, cursor) = taking.offered(&name).await;
        assert_eq!(next, number);
        let before = (number as usize).checked_sub(1).map(|at| blocks[at].cursor.to_vec());
        assert_eq!(cursor, before);
        assert!(wants(&taking.block(&name, number, block).await, number + 1));
        // Said twice, because the answer was lost: it is not taken twice.
        assert!(wants(&taking.block(&name, number, block).await, number + 1));
    }
    let early = taking.arrivals.finish(GIVER, &name, blocks.len() as u64 + 1).await;
    assert!(early.is_err_and(|wanted| wants(&wanted, blocks.len() as u64)));
    assert!(taking.shelf.newest().is_none(), "it is not finished");
    assert!(taking.arrivals.finish(GIVER, &name, blocks.len() as u64).await.is_ok());
    assert_eq!(taking.shelf.newest(), Some((name.meta(), seen)));
}

#[tokio::test]
async fn a_damaged_block_is_refused_and_may_come_again() {
    let ((blocks, seen), taking, name) = (blocks(20), Taking::new(), name(70, 1));
    taking.offered(&name).await;
    assert!(is_refused(&taking.damaged_block(&name, 0, &blocks[0], 7).await));
    for (number, block) in (0..).zip(&blocks) {
        assert!(wants(&taking.block(&name, number, block).await, number + 1));
    }
    assert!(taking.arrivals.finish(GIVER, &name, blocks.len() as u64).await.is_ok());
    assert_eq!(taking.shelf.newest(), Some((name.meta(), seen)));
}

#[tokio::test]
async fn another_snapshot_ends_the_one_before_and_nothing_of_that_is_left() {
    let ((blocks, _), taking) = (blocks(100), Taking::new());
    let (old, new) = (name(70, 1), name(70, 2));
    taking.offered(&old).await;
    taking.block(&old, 0, &blocks[0]).await;
    assert_eq!(taking.offered(&new).await, (0, None));
    assert!(is_refused(&taking.block(&old, 1, &blocks[1]).await));
    assert!(taking.arrivals.finish(GIVER, &old, 1).await.is_err_and(|said| is_refused(&said)));
    taking.arrivals.abandon(GIVER, &new).await;
    assert!(is_refused(&taking.block(&new, 0, &blocks[0]).await));
    assert!(taking.shelf.newest().is_none());
}
