//! The named sessions of this gateway.
//!
//! Owns: which sessions are open here, and which lost their client and have not been told of.
//! Takes: openings, and the ends of their streams. Emits: to every partition with a session of
//! ours that this gateway is there, once a second, and at once what was lost. On failure: what
//! could not be told is told again, until the gateway stops; then its silence says the same.

use super::desk::Desk;
use super::failure::{Refused, failed, rejected};
use crate::auth::Caller;
use hoga_cluster::partition::SessionRef;
use hoga_cluster::runtime::Failure;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::ids::PartitionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// How often a gateway says that it is there; it counts as silent after 1.5 s, as lost after 5 s.
const ATTEND_EVERY: Duration = Duration::from_secs(1);
/// How long it waits to hear that it was heard.
const ATTEND_WITHIN: Duration = Duration::from_secs(1);
/// Lost sessions told of in one command.
const TOLD_AT_ONCE: usize = 1_000;
/// How long an opening is waited for after its client was told that its outcome is unknown.
const OPEN_WITHIN: Duration = Duration::from_secs(60);

/// Partitions in which this gateway has sessions.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<PartitionId, Held>>);

#[derive(Default)]
struct Held {
    open: usize,
    /// Without a client, and not told of.
    lost: Vec<SessionRef>,
    changed: Arc<Notify>,
}

/// A stream's hold on a session, which ends with it.
pub struct Named {
    desk: Arc<Desk>,
    partition: PartitionId,
    pub session: SessionRef,
}

/// What a client wants to open.
pub struct Opening {
    pub account: Box<str>,
    pub id: ClientId,
    pub cancels: bool,
    pub caller: Caller,
}

impl Named {
    /// Opens a session, or takes it from whoever had it.
    ///
    /// # Errors
    /// It was refused, or there was no answer in time; if it is opened after that, it is lost.
    pub async fn open(
        desk: &Arc<Desk>,
        opening: Opening,
        within: Duration,
    ) -> Result<Named, Refused> {
        let (told, opened) = oneshot::channel();
        let desk = desk.clone();
        // A task of its own: an opening that comes too late for its client must not be left open.
        tokio::spawn(async move { drop(told.send(Named::opened(desk, opening).await)) });
        match tokio::time::timeout(within, opened).await {
            Ok(Ok(opened)) => opened,
            _ => Err(failed(&Failure::Unknown, within)),
        }
    }

    async fn opened(desk: Arc<Desk>, opening: Opening) -> Result<Named, Refused> {
        let Opening { account, id, cancels, caller } = opening;
        let exchange = &desk.exchange;
        let reply = exchange.open_session(&account, id, cancels, caller.trace, OPEN_WITHIN).await;
        let epoch = match desk.answered(&caller, reply)?.0 {
            Answer::SessionOpened { epoch } => epoch,
            Answer::Rejected { reject, .. } => return Err(rejected(&reject, "open")),
            other => super::desk::unexpected(&other),
        };
        let partition = exchange.topology().account_partition(&account);
        let mut held = desk.sessions.held();
        let is_new = !held.contains_key(&partition);
        held.entry(partition).or_default().open += 1;
        drop(held);
        if is_new {
            tokio::spawn(attend(desk.clone(), partition));
        }
        let session = SessionRef { account, id, epoch };
        Ok(Named { desk, partition, session })
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let mut held = self.desk.sessions.held();
        if let Some(held) = held.get_mut(&self.partition) {
            held.open -= 1;
            held.lost.push(self.session.clone());
            held.changed.notify_one();
        }
    }
}

impl Sessions {
    fn held(&self) -> MutexGuard<'_, HashMap<PartitionId, Held>> {
        // Counts and lists that are changed in one step each.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be told to a partition; none when nothing of ours is there any more.
    fn to_tell(&self, partition: PartitionId) -> Option<(Vec<SessionRef>, Arc<Notify>)> {
        let mut all = self.held();
        let held = all.get(&partition)?;
        if held.open == 0 && held.lost.is_empty() {
            all.remove(&partition);
            return None;
        }
        let lost = held.lost.iter().take(TOLD_AT_ONCE).cloned().collect();
        Some((lost, held.changed.clone()))
    }

    /// The first so many of what is lost are known there.
    fn was_told(&self, partition: PartitionId, told: usize) {
        if let Some(held) = self.held().get_mut(&partition) {
            // New ones come at the end.
            held.lost.drain(..told);
        }
    }
}

/// Speaks to one partition for as long as there is something to say.
async fn attend(desk: Arc<Desk>, partition: PartitionId) {
    while let Some((lost, changed)) = desk.sessions.to_tell(partition) {
        let told = lost.len();
        let reply = desk.exchange.attend(partition, lost, ATTEND_WITHIN).await;
        match reply.answer {
            Ok(_) => {
                desk.sessions.was_told(partition, told);
                // There may be more.
                if told == TOLD_AT_ONCE {
                    continue;
                }
            }
            Err(_) if *desk.draining.borrow() => return,
            Err(failure) => tracing::debug!(partition = partition.0, %failure, "not heard"),
        }
        drop(tokio::time::timeout(ATTEND_EVERY, changed.notified()).await);
    }
}
