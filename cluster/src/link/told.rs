//! Saying a thing once, however often it happens.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Different complaints that are remembered; after as many, all may be heard again.
const TOLD_MAX: usize = 64;

/// The complaints that the log has heard already.
#[derive(Default)]
pub(super) struct Told(Mutex<BTreeSet<String>>);

impl Told {
    /// Whether this is new.
    pub fn is_new(&self, text: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains(text) {
            return false;
        }
        if told.len() >= TOLD_MAX {
            told.clear();
        }
        told.insert(text.to_owned())
    }

    /// The cause is gone; should it come again, it is news.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
