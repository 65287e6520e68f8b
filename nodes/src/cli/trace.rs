//! `hoga trace one-order`: the hops of one order, each with its file.

use super::failure::Failure;
use super::{Global, json, output};
use clap::{Args, Subcommand};
use serde_json::json;

/// Where an order goes, hop by hop, each with its file
#[derive(Args, Debug)]
pub struct Trace {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// One order, from the client's call to the board
    OneOrder,
}

/// One hop: what happens there, and where it is written.
pub struct Hop {
    pub what: &'static str,
    pub file: &'static str,
}

const fn hop(file: &'static str, what: &'static str) -> Hop {
    Hop { what, file }
}

/// The way of an order. ARCHITECTURE.md has the same list; a test compares the two.
pub const HOPS: &[Hop] = &[
    hop("nodes/src/auth/door.rs", "the call comes in; its token says whose it is"),
    hop("nodes/src/gateway/order.rs", "the service takes it and waits for its answer"),
    hop("nodes/src/gateway/placing.rs", "it is read: account, ids, instrument"),
    hop("proto/src/convert/order.rs", "decimals become minor units, exactly, or are refused"),
    hop("cluster/src/runtime/exchange.rs", "the account's partition is found, and its bound kept"),
    hop("cluster/src/runtime/sequencer.rs", "time is stamped, requests become one batch"),
    hop("cluster/src/log/writer.rs", "one write, one fdatasync: the order is durable (commit 1)"),
    hop(
        "cluster/src/runtime/performer.rs",
        "the committed batch is applied, one batch after another",
    ),
    hop("actors/src/host.rs", "each entity takes its slice; large ones side by side, in actors"),
    hop("actors/engine/src/account/place.rs", "the account checks its rules and holds the funds"),
    hop("cluster/src/runtime/answers.rs", "whoever waits hears of it: ack = ACCEPTED"),
    hop("cluster/src/partition/outbox.rs", "the order waits for the book's partition, numbered"),
    hop("cluster/src/runtime/pump.rs", "it goes over and is logged there (commit 2)"),
    hop("actors/engine/src/book/listing.rs", "the book checks what may have changed since"),
    hop("actors/engine/src/book/matching.rs", "it matches by price, then time: ack = RESULT"),
    hop("actors/engine/src/account/outcome.rs", "the account hears what became of its order"),
    hop("actors/engine/src/account/settle.rs", "ledger rows, new balances (commit 3): ack = FULL"),
    hop("cluster/src/runtime/historian.rs", "order, fills and rows go to the history"),
    hop("cluster/src/runtime/feed.rs", "whoever listens hears of trades and levels"),
    hop("actors/engine/src/board/mod.rs", "the account's new worth moves it on the boards"),
];

impl Trace {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let What::OneOrder = self.what;
        if global.json {
            let hop = |hop: &Hop| json!({"file": hop.file, "what": hop.what});
            return json::document(&HOPS.iter().map(hop).collect());
        }
        let width = HOPS.iter().map(|hop| hop.file.len()).max().unwrap_or_default();
        for (number, Hop { what, file }) in (1..).zip(HOPS) {
            output::say(format!("{number:2}  {file:width$}  {what}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
