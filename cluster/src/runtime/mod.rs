//! A node's partitions at work.
//!
//! Owns: for each partition a replica of its log, a performer that applies what is committed, a
//! sequencer that stamps and batches what is asked, and a pump for each outbox ([`Exchange`]).
//! Takes: requests from gateways, messages from other partitions.
//! Emits: answers to gateways, rows to the history, events to feeds.
//! On failure: what was not appended is refused as such; what may have been is *unknown*, and a
//! retry with the same id finds out. A log that cannot write stops the node.

mod answers;
mod audit;
mod capturing;
mod carrier;
mod checkpoint;
mod clock;
mod clocks;
mod courier;
mod couriers;
mod depot;
mod exchange;
mod failing;
mod feed;
mod founding;
mod historian;
mod hops;
mod identity;
mod installing;
mod intake;
mod machine;
mod membership;
mod neighbours;
mod options;
mod partition;
mod peers;
mod performer;
mod pump;
mod quotes;
mod read;
mod rebuilder;
mod receiving;
mod seen;
mod sequencer;
mod snapshots;
mod space;
mod start;
mod steward;
mod waiting;
mod wiring;

#[cfg(test)]
mod courier_tests;
#[cfg(test)]
mod replicated_tests;

pub use answers::{Failure, Reply};
pub use audit::Audit;
pub use checkpoint::Trust;
pub use clock::Clock;
pub use exchange::{Exchange, Identified};
pub use feed::{Feed, FeedEvent, Followed, Happened, News, Numbered, Tail, Topic};
pub use identity::{Identity, IdentityError};
pub use membership::Membership;
pub use options::{ClusterOptions, ExchangeOptions};
pub use partition::PartitionStatus;
pub use quotes::Quote;
pub use read::{At, ReadError};
pub use start::StartError;
pub(crate) use start::{check_history, check_log};
