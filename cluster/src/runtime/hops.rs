//! Hops of traced commands, for whoever follows traces: where and when each was made durable and
//! applied. Nobody listening to [`TARGET`], this costs one look.

use crate::partition::{Batch, Command, Trace};
use hoga_engine::ids::PartitionId;
use hoga_engine::message::{AccountMessage, Message};

/// The target of the events. Gateways tell of their own hops under the same.
const TARGET: &str = "hoga::hop";

/// Tells of every command of a committed batch that has a trace.
pub(crate) fn tell(partition: PartitionId, index: u64, batch: &Batch) {
    if !tracing::enabled!(target: TARGET, tracing::Level::TRACE) {
        return;
    }
    for entry in &batch.entries {
        match &entry.command {
            Command::Request { .. } | Command::InSession { .. } => {
                applied(entry.trace, "account.request", partition, index, batch);
            }
            Command::Meta { .. } => applied(entry.trace, "meta.request", partition, index, batch),
            Command::Inbound { messages, .. } => {
                for carried in messages {
                    applied(carried.trace, kind(&carried.message), partition, index, batch);
                }
            }
            Command::Post { .. } => applied(entry.trace, "book.snapshot", partition, index, batch),
            Command::OutboxAck { .. }
            | Command::Tick
            | Command::Resume { .. }
            | Command::OpenSession { .. }
            | Command::Attend { .. }
            | Command::Checkpoint => {}
        }
    }
}

/// What a message is called as a hop.
fn kind(message: &Message) -> &'static str {
    match message {
        Message::ToBook(..) => "book.command",
        Message::ToAccount(_, AccountMessage::Outcome(_)) => "account.outcome",
        Message::ToAccount(_, AccountMessage::Settle(_)) => "account.settle",
        Message::ToBoard(_) => "board.standing",
        _ => "account.message",
    }
}

/// From the stamp of the log record to here: durable, committed, about to be applied.
fn applied(trace: Trace, hop: &str, partition: PartitionId, index: u64, batch: &Batch) {
    if trace == Trace::default() {
        return;
    }
    let (trace, partition, since) = (format_args!("{:032x}", trace.0), partition.0, batch.time.0);
    tracing::trace!(target: TARGET, hop, %trace, partition, index, since);
}
