//! What is counted of actors. Without a registry in the process all of it costs next to nothing.

use crate::entity::EntityId;
use metrics::{Histogram, counter, histogram};
use std::sync::OnceLock;
use std::time::Duration;

/// How long an entity worked on its share of a chunk. Handles are looked up once: the first to
/// record decides which registry hears of it, so a process installs its own before it starts.
pub(crate) fn handled(kind: &'static str, took: Duration) {
    static HANDLES: [OnceLock<Histogram>; 3] = [const { OnceLock::new() }; 3];
    let place = match kind {
        "account" => 0,
        "book" => 1,
        _ => 2,
    };
    let make = || histogram!("hoga_actor_handle_seconds", "kind" => kind);
    HANDLES[place].get_or_init(make).record(took);
}

/// An entity panicked, and is rebuilt.
pub(crate) fn restarted(entity: EntityId) {
    counter!("hoga_actor_restarts_total", "kind" => entity.kind()).increment(1);
}
