#![allow(clippy::unwrap_used)]

mod floor;
mod live;
mod moods;
mod parts;
mod secrecy;
#[path = "../../../tests/rig/venue.rs"]
mod venue;
