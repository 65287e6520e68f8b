//! The gateway: the exchange as clients see it, over gRPC.
//!
//! Owns: the server and its services, the names it gives, the tape of trades, open sessions.
//! Takes: calls and streams. Emits: requests to the exchange in the order in which a caller made
//! them, and what became of them.
//! On failure: a `google.rpc.Status` with a stable reason ([`reasons`]), which says whether
//! anything was written. A gateway keeps no truth: it may die at any moment, and a retry with the
//! same id finds out.

mod account;
mod account_list;
mod admin;
mod candles;
mod changing;
mod cluster;
pub mod connections;
mod desk;
mod failure;
mod fault;
mod finding;
mod follow;
mod identity;
mod kill_switch;
mod ladder;
mod limiting;
mod listener;
mod listing_orders;
mod market;
mod meters;
mod mirror;
mod money;
mod options;
mod order;
mod pace;
mod page;
mod placing;
mod promised;
mod ranking;
pub mod reasons;
mod rows;
mod rulebook;
mod seasons;
mod serve;
mod session;
mod session_orders;
mod sessions;
mod standing;
mod status;
mod stream;
mod symbols;
mod tape;
mod ticker;
mod upstream;
mod valuation;

#[cfg(test)]
mod tests;

pub use mirror::{Keys, MirrorOptions, Server};
pub use options::{GatewayOptions, ORDERS_PER_SECOND_MAX};
pub use serve::{Running, serve};
