//! Requests that make their entity panic, in test builds.

use crate::entity::EntityCommand;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Ids that have struck already.
static STRUCK: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Panics on a request whose id begins with `poison:always`, and once in this process on one
/// that begins with `poison:once`.
pub(crate) fn strike(command: &EntityCommand) {
    let EntityCommand::Request(envelope, _) = command else { return };
    let id = envelope.id.as_str();
    let is_due = id.starts_with("poison:always")
        || id.starts_with("poison:once")
            && STRUCK.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    assert!(!is_due, "a poisoned request");
}
