//! Looks at what an exchange has: its accounts, books and boards, and their history.

use super::Exchange;
use crate::history::History;
use crate::partition::{Core, Outbox};
use crate::runtime::read::{After, At, ReadError, Seen, Subject};
use hoga_actors::{Entity, EntityId, Scene};
use hoga_engine::account::Account;
use hoga_engine::board::Board;
use hoga_engine::book::Listing;
use hoga_engine::effect::Settles;
use hoga_engine::ids::{AccountId, InstrumentId, PartitionId};
use hoga_engine::topology::Topology;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long a read waits for what it has to see.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// How long it looks for a leader who says what that is: as long as a request looks for one.
const LEADER_WITHIN: Duration = crate::runtime::courier::STUCK_AFTER;

impl Exchange {
    /// Looks at an account, once its partition has taken what `settles` names.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn account<T: Send + 'static>(
        &self,
        name: &str,
        min: Option<At>,
        settles: Vec<Settles>,
        question: impl FnOnce(&Account, &Scene, At) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        let id = self.0.options.topology.account_partition(name);
        let after = self.fresh(id, after(id, min, settles)).await?;
        let seen = move |seen: Seen<'_>| match seen {
            Seen::Entity(Entity::Account(account), scene, at) => Some(question(account, scene, at)),
            _ => None,
        };
        let found = self.read(id, Subject::Account(name.into()), after, seen).await?;
        found.ok_or_else(|| ReadError::NoAccount(name.into()))
    }

    /// Looks at up to `most` accounts of a partition from the `first`-created on, in the order of
    /// their creation: all of them at one position.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn accounts<T: Send + 'static>(
        &self,
        partition: PartitionId,
        min: Option<At>,
        first: u32,
        most: usize,
        question: impl Fn(&Account, &Scene) -> T + Send + Sync + 'static,
    ) -> Result<(Vec<T>, At), ReadError> {
        let (told, mut answers) = mpsc::channel(most.max(1));
        let each = move |_, entity: &Entity, scene: &Scene| {
            if let Entity::Account(account) = entity {
                // Who does not listen any more does not need the answer.
                drop(told.try_send(question(account, scene)));
            }
        };
        let first = EntityId::Account(AccountId::new(partition, first));
        let subject = Subject::Entities { first, most, each: Arc::new(each) };
        let seen = |seen: Seen<'_>| match seen {
            Seen::Core(_, at) => Some(at),
            _ => None,
        };
        let after = self.fresh(partition, after(partition, min, Vec::new())).await?;
        let at = self.read(partition, subject, after, seen).await?;
        let mut found = Vec::new();
        while let Ok(answer) = answers.try_recv() {
            found.push(answer);
        }
        Ok((found, at.ok_or(ReadError::Stopped)?))
    }

    /// Looks at an instrument's book.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn book<T: Send + 'static>(
        &self,
        instrument: InstrumentId,
        min: Option<At>,
        question: impl FnOnce(&Listing, At) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        let id = self.0.options.topology.book_partition(instrument);
        let seen = move |seen: Seen<'_>| match seen {
            Seen::Entity(Entity::Book(listing), _, at) => Some(question(listing, at)),
            _ => None,
        };
        let subject = Subject::Entity(EntityId::Book(instrument));
        let found = self.read(id, subject, after(id, min, Vec::new()), seen).await?;
        found.ok_or(ReadError::NoBook(instrument.0))
    }

    /// Looks at the boards.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn board<T: Send + 'static>(
        &self,
        min: Option<At>,
        question: impl FnOnce(&Board, &Scene, At) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        self.board_after(after(Topology::BOARDS, min, Vec::new()), question).await
    }

    /// Looks at the boards once they have what the meta partition has told them so far.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn informed_board<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Board, &Scene, At) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        let told = |core: &Core, _| core.outboxes().get(&Topology::BOARDS).map(Outbox::next);
        let told = self.core(Topology::META, told).await?.unwrap_or(1);
        let settles = Settles { partition: Topology::META, sequence: told - 1 };
        self.board_after(After { index: 0, settles: vec![settles] }, question).await
    }

    async fn board_after<T: Send + 'static>(
        &self,
        after: After,
        question: impl FnOnce(&Board, &Scene, At) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        let seen = move |seen: Seen<'_>| match seen {
            Seen::Entity(Entity::Board(board), scene, at) => Some(question(board, scene, at)),
            _ => None,
        };
        let found =
            self.read(Topology::BOARDS, Subject::Entity(EntityId::Board), after, seen).await?;
        // Its partition always has it.
        found.ok_or(ReadError::Stopped)
    }

    /// Looks at a partition's own bookkeeping.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn core<T: Send + 'static>(
        &self,
        partition: PartitionId,
        question: impl FnOnce(&Core, At) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        let seen = move |seen: Seen<'_>| match seen {
            Seen::Core(core, at) => Some(question(core, at)),
            _ => None,
        };
        let after = self.fresh(partition, After::default()).await?;
        let found = self.read(partition, Subject::Core, after, seen).await?;
        found.ok_or(ReadError::Stopped)
    }

    /// Waits until nothing is on its way between partitions any more, as far as what was asked
    /// before this call is concerned.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn settled(&self) -> Result<(), ReadError> {
        let mut before = None;
        loop {
            let mut sent = Vec::new();
            for &source in self.0.partitions.keys() {
                let next = self.core(source, move |core, _| {
                    let next = core.outboxes().iter().map(|(to, outbox)| (*to, outbox.next()));
                    next.map(|(to, next)| (source, to, next)).collect::<Vec<_>>()
                });
                sent.extend(next.await?);
            }
            for &(source, to, next) in &sent {
                let settles = Settles { partition: source, sequence: next - 1 };
                let taken = After { index: 0, settles: vec![settles] };
                self.read(to, Subject::Core, taken, |_| Some(())).await?;
            }
            // What was taken may have been answered by further messages.
            if before.replace(sent.clone()) == Some(sent) {
                return Ok(());
            }
        }
    }

    /// What a read has to wait for to see everything that was acknowledged before it. With one
    /// node that is what is applied already; otherwise whoever leads says how far it goes, and the
    /// read itself is this node's own.
    pub(in crate::runtime) async fn fresh(
        &self,
        id: PartitionId,
        mut after: After,
    ) -> Result<After, ReadError> {
        let Some(membership) = &self.0.membership else { return Ok(after) };
        let until = tokio::time::Instant::now() + LEADER_WITHIN;
        loop {
            match membership.read_index(&self.0.partitions[&id]).await {
                Ok(index) => {
                    after.index = after.index.max(index);
                    return Ok(after);
                }
                Err(error) if tokio::time::Instant::now() >= until => return Err(error),
                Err(_) => tokio::time::sleep(membership.peers().back_off()).await,
            }
        }
    }

    pub(in crate::runtime) async fn read<T: Send + 'static>(
        &self,
        id: PartitionId,
        subject: Subject,
        after: After,
        question: impl FnOnce(Seen<'_>) -> Option<T> + Send + 'static,
    ) -> Result<Option<T>, ReadError> {
        let (done, answer) = oneshot::channel();
        let look = Box::new(move |seen: Seen<'_>| {
            let answer = match seen {
                Seen::Crowd => Err(ReadError::Crowded),
                seen => Ok(question(seen)),
            };
            drop(done.send(answer));
        });
        let looked = async {
            self.0.partitions[&id].read(subject, after, READ_WITHIN, look).await?;
            // Dropped unanswered: the partition gave up on it, or is stopping.
            answer.await.map_err(|_| ReadError::TooEarly)?
        };
        tokio::time::timeout(READ_WITHIN, looked).await.unwrap_or(Err(ReadError::TooEarly))
    }

    /// The history of an account's partition, with everything applied before this call.
    ///
    /// # Errors
    /// [`ReadError::History`].
    pub async fn history(&self, account: &str) -> Result<Arc<dyn History>, ReadError> {
        let id = self.0.options.topology.account_partition(account);
        let partition = &self.0.partitions[&id];
        let after = self.fresh(id, After::default()).await?;
        self.read(id, Subject::Core, after, |_| Some(())).await?;
        let history = partition.historian.caught_up().await;
        history.map_err(|error| ReadError::History(error.to_string()))
    }

    /// The history of a book's partition, with everything applied before this call.
    ///
    /// # Errors
    /// [`ReadError::History`].
    pub async fn book_history(&self, id: InstrumentId) -> Result<Arc<dyn History>, ReadError> {
        let partition = &self.0.partitions[&self.0.options.topology.book_partition(id)];
        let history = partition.historian.caught_up().await;
        history.map_err(|error| ReadError::History(error.to_string()))
    }
}

fn after(partition: PartitionId, min: Option<At>, settles: Vec<Settles>) -> After {
    let index = min.filter(|at| at.partition == partition).map_or(0, |at| at.index);
    After { index, settles }
}
