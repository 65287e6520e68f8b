//! Many clients that trade, and write down what they are told.
//!
//! Owns: what a client does next ([`Trader`]) and how it is asked over gRPC ([`Line`]), also where
//! there are several gateways ([`Voice`]). Takes: a seed, a line to an exchange, a history. Emits: requests of every kind, among them such as have
//! to be refused, repetitions, and other bodies under used ids. On failure: a request of unknown
//! outcome stays with its client and is asked again, with the same id, until it is known.

mod day;
mod feed;
mod gateways;
mod line;
mod office;
mod pulse;
mod terms;
mod trader;
mod voice;
mod watcher;
mod wishes;

pub use day::{DAYS, Days};
pub use feed::{Feed, OUTSIDE, OUTSIDE_ASSET};
pub use gateways::Gateways;
pub use line::{Line, connect};
pub use pulse::{Pulse, Silence, Who};
pub use terms::Terms;
pub use trader::Trader;
pub use voice::Voice;
pub use watcher::{Watched, Watcher};

/// The only instrument of the market that `hoga up` founds; a plan may have another listed.
pub const INSTRUMENT: &str = "instruments/LPJ-KRW";
/// What it is paid in, and what is traded.
pub const ASSETS: [&str; 2] = ["KRW", "LPJ"];
