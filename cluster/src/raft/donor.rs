//! Giving a snapshot to a replica that is too far behind.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use openraft::errors::{NetworkError, ReplicationClosed, StreamingError, Unreachable};
use openraft::raft::SnapshotResponse;
use tokio::sync::Semaphore;

use super::carriage::{NameForm, Reply, Saying, read_reply, say, saying_of};
use super::depot::{Depot, Outgoing};
use super::error::SnapshotError;
use super::peers::Peer;
use super::types::{RaftLogId, RaftTypes, Vote};
use super::wire;
use crate::link::Lane;

/// Snapshots that a node gives away at a time; each is in memory while it goes. Others wait.
pub const GIVEN_AT_ONCE_MAX: usize = 2;

/// How long an offer or a block may take; the other side writes it to its disk.
const BLOCK_WITHIN: Duration = Duration::from_secs(10);
/// How long the other side may take to check and install what it got.
const INSTALL_WITHIN: Duration = Duration::from_secs(120);

/// Gives away the snapshots of one partition.
#[derive(Clone)]
pub struct Donor {
    depot: Arc<dyn Depot>,
    turns: Arc<Semaphore>,
}

impl Donor {
    /// `turns` is shared by the partitions of a node: [`GIVEN_AT_ONCE_MAX`] permits.
    #[must_use]
    pub fn new(depot: Arc<dyn Depot>, turns: Arc<Semaphore>) -> Donor {
        Donor { depot, turns }
    }

    /// Gives the newest snapshot, which has to reach as far as openraft thinks it does.
    pub(super) async fn send<C: RaftTypes>(
        &self,
        peer: &Peer,
        vote: Vote,
        reach: Option<RaftLogId>,
        cancel: impl Future<Output = ReplicationClosed>,
    ) -> Result<SnapshotResponse<C>, StreamingError<C>> {
        let giving = pin!(self.give(peer, vote, reach));
        match select(giving, pin!(cancel)).await {
            Either::Left((given, _)) => given,
            Either::Right((closed, _)) => Err(closed.into()),
        }
    }

    /// The same, with nobody to call it off.
    pub(super) async fn give<C: RaftTypes>(
        &self,
        peer: &Peer,
        vote: Vote,
        reach: Option<RaftLogId>,
    ) -> Result<SnapshotResponse<C>, StreamingError<C>> {
        // openraft tries again and again; a state is not read from the disk for nobody.
        if !peer.links.is_open(peer.target, Lane::Snapshots) {
            return Err(Unreachable::<C>::from_string("there is no connection").into());
        }
        let _turn = self.turns.acquire().await.map_err(|error| Unreachable::<C>::new(&error))?;
        let depot = Arc::clone(&self.depot);
        let outgoing = blocking(move || depot.open()).await?;
        let none = || Unreachable::<C>::from_string("there is no snapshot to give");
        let outgoing = outgoing.ok_or_else(none)?;
        let name = outgoing.name();
        if reach.is_some_and(|reach| reach.index > name.meta.last.index) {
            // The newest one is damaged; the follower must not be taken for further than it is.
            return Err(Unreachable::<C>::from_string("the newest snapshot cannot be read").into());
        }
        let name = NameForm::of(&name);
        let offer = Saying::Offer { vote: vote.into(), name: name.clone() };
        match self.ask(peer, &offer, &[], BLOCK_WITHIN).await? {
            Reply::Next { number, cursor } => {
                let given = Giving { peer, name: &name, donor: self };
                given.blocks(outgoing, number, cursor, vote).await
            }
            Reply::NotNeeded => self.done(peer, vote, name, 0).await,
            other => ended(other),
        }
    }

    async fn done<C: RaftTypes>(
        &self,
        peer: &Peer,
        vote: Vote,
        name: NameForm,
        blocks: u64,
    ) -> Result<SnapshotResponse<C>, StreamingError<C>> {
        let done = Saying::Done { vote: vote.into(), name, blocks };
        ended(self.ask(peer, &done, &[], INSTALL_WITHIN).await?)
    }

    async fn ask<C: RaftTypes>(
        &self,
        peer: &Peer,
        saying: &Saying,
        bytes: &[u8],
        within: Duration,
    ) -> Result<Reply, StreamingError<C>> {
        let body = say(peer.partition, saying, bytes);
        let called = peer.links.call(peer.target, Lane::Snapshots, wire::SNAPSHOT, body, within);
        let answer: Bytes = called.await.map_err(|error| Unreachable::<C>::new(&error))?;
        let reply = read_reply(&answer).map_err(|error| NetworkError::<C>::new(&error))?;
        let gone = || Unreachable::<C>::from_string("the other node runs no such replica");
        Ok(reply.ok_or_else(gone)?)
    }
}

/// One snapshot on its way to one peer.
struct Giving<'a> {
    peer: &'a Peer,
    name: &'a NameForm,
    donor: &'a Donor,
}

impl Giving<'_> {
    /// Gives block after block, from where the other side wants them.
    async fn blocks<C: RaftTypes>(
        &self,
        mut outgoing: Box<dyn Outgoing>,
        mut number: u64,
        cursor: Option<Vec<u8>>,
        vote: Vote,
    ) -> Result<SnapshotResponse<C>, StreamingError<C>> {
        if let Some(cursor) = cursor {
            outgoing = blocking(move || outgoing.resume(&cursor).map(|()| outgoing)).await?;
        }
        loop {
            let read = blocking(move || {
                let block = outgoing.next()?;
                Ok((outgoing, block))
            });
            let (rest, block) = read.await?;
            outgoing = rest;
            let Some(block) = block else { break };
            let saying = saying_of(self.name, number, &block);
            number += 1;
            let said = self.donor.ask(self.peer, &saying, &block.bytes, BLOCK_WITHIN);
            match said.await? {
                Reply::Next { number: next, .. } if next == number => {}
                Reply::Next { .. } => {
                    let lost = "the other side lost its place; it is offered again";
                    return Err(Unreachable::<C>::from_string(lost).into());
                }
                other => return ended(other),
            }
        }
        self.donor.done(self.peer, vote, self.name.clone(), number).await
    }
}

/// What the last reply means to openraft.
fn ended<C: RaftTypes>(reply: Reply) -> Result<SnapshotResponse<C>, StreamingError<C>> {
    match reply {
        Reply::Installed { vote } | Reply::HigherVote { vote } => {
            Ok(SnapshotResponse::new(vote.into()))
        }
        Reply::Refused { cause } => {
            let refused = format!("the snapshot was refused: {cause}");
            tracing::warn!("{refused}");
            Err(Unreachable::<C>::from_string(refused).into())
        }
        Reply::Next { .. } | Reply::NotNeeded => {
            Err(Unreachable::<C>::from_string("an answer out of its turn").into())
        }
    }
}

async fn blocking<C: RaftTypes, T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SnapshotError> + Send + 'static,
) -> Result<T, StreamingError<C>> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| Unreachable::<C>::new(&error))?;
    Ok(done.map_err(|error| {
        tracing::warn!(%error, "a snapshot cannot be given");
        Unreachable::<C>::new(&error)
    })?)
}
