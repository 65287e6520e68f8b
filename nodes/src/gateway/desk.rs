//! What all services share: the exchange, names, reads of an account.

use super::failure::{Refused, failed, history, not_ready, unread};
use super::meters::AckMeters;
use super::pace::Pace;
use super::promised::Promised;
use super::reasons::refusal;
use super::sessions::Sessions;
use super::stream::Shared;
use super::symbols::{SymbolTable, Symbols};
use super::tape::Tape;
use crate::auth::{Caller, Names};
use crate::upstream::Upstream;
use hoga_actors::Scene;
use hoga_cluster::history::{History, HistoryError};
use hoga_cluster::runtime::{At, Exchange, Identified, ReadError, Reply};
use hoga_engine::account::Account;
use hoga_engine::effect::{Answer, Settles};
use hoga_engine::ids::PartitionId;
use hoga_engine::reject::Reject;
use hoga_engine::request::AccountRequest;
use hoga_engine::topology::Role;
use hoga_proto::convert::numbers::position;
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::watch;
use tonic::{Response, Status};

/// The gateway's state. There is one, behind an [`Arc`].
pub struct Desk {
    pub exchange: Exchange,
    pub names: Arc<Names>,
    pub tape: Arc<Tape>,
    pub acks: AckMeters,
    pub sessions: Sessions,
    pub pace: Pace,
    pub promised: Promised,
    pub streams: Shared,
    pub upstream: Upstream,
    pub started: SystemTime,
    /// Takes no new calls: the node is about to stop.
    pub draining: watch::Sender<bool>,
    pub(super) symbols: SymbolTable,
}

/// From when on a read of an account may be answered.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub min: Option<At>,
    pub settles: Vec<Settles>,
}

impl Desk {
    #[must_use]
    pub fn new(
        exchange: Exchange,
        names: Arc<Names>,
        tape: Arc<Tape>,
        pace: Pace,
        upstream: Upstream,
        is_founding: bool,
    ) -> Desk {
        let symbols = SymbolTable::new(&exchange, is_founding);
        Desk {
            exchange,
            names,
            tape,
            acks: AckMeters::default(),
            sessions: Sessions::default(),
            pace,
            promised: Promised::default(),
            streams: Shared::default(),
            upstream,
            started: SystemTime::now(),
            draining: watch::channel(false).0,
            symbols,
        }
    }

    #[must_use]
    pub fn symbols(&self) -> Arc<Symbols> {
        self.symbols.get(&self.exchange)
    }

    /// Asks something of an account and waits as long as the caller does.
    ///
    /// # Errors
    /// It was refused, or there is no answer.
    pub async fn ask(
        &self,
        caller: &Caller,
        account: &AccountName,
        identified: &Identified,
        request: AccountRequest,
    ) -> Result<(Answer, At, bool), Refused> {
        let within = caller.remaining();
        let reply = self.exchange.ask(account.id(), identified, request, within).await;
        let is_repeated = reply.is_repeated;
        self.answered(caller, reply).map(|(answer, at)| (answer, at, is_repeated))
    }

    /// What a reply says, a refusal of the engine included.
    ///
    /// # Errors
    /// There is no answer.
    pub fn answered(&self, caller: &Caller, reply: Reply) -> Result<(Answer, At), Refused> {
        match (reply.answer, reply.at) {
            (Ok(Answer::Rejected { reject, .. }), _) if self.may_come(&reject) => Err(not_ready()),
            (Ok(answer), Some(at)) => Ok((answer, at)),
            (Ok(answer), None) => Ok((answer, At { partition: PartitionId(0), index: 0 })),
            (Err(failure), _) => Err(failed(&failure, caller.remaining())),
        }
    }

    /// Whether it was refused for want of an account that the founding of the market opens.
    fn may_come(&self, reject: &Reject) -> bool {
        matches!(reject, Reject::AccountNotFound { .. }) && self.symbols.is_founding()
    }

    /// Reads from when on an account may be read: never before what was answered about it here.
    ///
    /// # Errors
    /// A position is of a partition that has nothing to do with the account.
    pub fn reading(
        &self,
        account: &AccountName,
        min: Option<&v1::Position>,
        after: Option<v1::Settles>,
    ) -> Result<Reading, Refused> {
        let min = self.min(self.exchange.topology().account_partition(account.id()), min)?;
        let settles = after.map(Settles::try_from).transpose()?;
        if let Some(settles) = settles {
            let topology = self.exchange.topology();
            let exists = settles.partition.0 < topology.count();
            if !exists || topology.role(settles.partition) != Role::Books {
                let rule = format!("partition {} has no books", settles.partition.0);
                return Err(Box::new(Refusal::malformed("after.partition", rule)));
            }
        }
        let mut promised = self.promised.of(account);
        promised.extend(settles);
        Ok(Reading { min, settles: promised })
    }

    /// Reads a position that an answer has to reach.
    ///
    /// # Errors
    /// It is of another partition: positions compare only inside one.
    pub fn min(
        &self,
        partition: PartitionId,
        min: Option<&v1::Position>,
    ) -> Result<Option<At>, Refused> {
        let Some(min) = min else { return Ok(None) };
        if min.partition != u32::from(partition.0) {
            let rule = format!(
                "is of partition {}, what is read is in partition {}; positions compare only \
                 inside one partition",
                min.partition, partition.0
            );
            return Err(Box::new(Refusal::malformed("min_index", rule)));
        }
        Ok(Some(At { partition, index: min.index }))
    }

    /// Looks at an account.
    ///
    /// # Errors
    /// It does not exist, or did not come as far as it had to.
    pub async fn look<T: Send + 'static>(
        &self,
        account: &AccountName,
        reading: Reading,
        question: impl FnOnce(&Account, &Scene, At) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let Reading { min, settles } = reading;
        let answer = self.exchange.account(account.id(), min, settles, question).await;
        answer.map_err(|error| match error {
            ReadError::NoAccount(_) if self.symbols.is_founding() => not_ready(),
            error => unread(&error),
        })
    }

    /// Reads an account's history, on a thread that may wait for the disk.
    ///
    /// # Errors
    /// The store failed, or did not come as far in the caller's time.
    pub async fn past<T: Send + 'static>(
        &self,
        caller: &Caller,
        account: &AccountName,
        question: impl FnOnce(&dyn History) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, Refused> {
        let store = self.exchange.history(account.id());
        let store = match tokio::time::timeout(caller.remaining(), store).await {
            Ok(Ok(store)) => store,
            Ok(Err(error)) => return Err(unread(&error)),
            Err(_) => return Err(refusal("DEADLINE_EXCEEDED", "the history is behind")),
        };
        let read = tokio::task::spawn_blocking(move || question(&*store)).await;
        match read {
            Ok(found) => found.map_err(|error| history(&error)),
            Err(_) => Err(refusal("HISTORY_FAILED", "the history cannot be read now")),
        }
    }
}

/// A position on the wire.
#[must_use]
pub fn shown_at(at: At) -> v1::Position {
    position(at.partition, at.index)
}

/// What a method came to, as its caller is told.
pub fn told<T>(caller: &Caller, outcome: Result<T, Refused>) -> Result<Response<T>, Status> {
    match outcome {
        Ok(message) => Ok(Response::new(message)),
        Err(refusal) => Err(caller.refuse(*refusal)),
    }
}

/// An answer that the engine never gives to what was asked.
pub fn unexpected(answer: &Answer) -> ! {
    panic!("an answer to another question: {answer:?}")
}
