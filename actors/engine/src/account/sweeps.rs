//! Cancel-alls whose books have not all answered.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A cancel-all that waits for the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub waiting: u64,
    pub cancelled: u64,
}

/// By the hash of their request's id. Nearly always none, and then no more than a pointer.
#[expect(clippy::box_collection, reason = "one pointer in an account, where there is nothing")]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sweeps(Option<Box<BTreeMap<u128, Sweep>>>);

impl Sweeps {
    pub fn get_mut(&mut self, request: u128) -> Option<&mut Sweep> {
        self.0.as_mut()?.get_mut(&request)
    }

    pub fn insert(&mut self, request: u128, sweep: Sweep) {
        self.0.get_or_insert_default().insert(request, sweep);
    }

    pub fn remove(&mut self, request: u128) {
        if let Some(waiting) = &mut self.0 {
            waiting.remove(&request);
        }
        // Equal histories give equal bytes.
        self.0.take_if(|waiting| waiting.is_empty());
    }
}
