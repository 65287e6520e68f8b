#![allow(clippy::unwrap_used)]

mod floor;
mod live;
mod moods;
mod parts;
#[path = "../../../tests/rig/venue.rs"]
mod venue;
