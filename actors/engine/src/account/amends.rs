//! The amends of an order that its book has not answered, oldest first.

use crate::amount::{Lots, Ticks};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Amends of one order that may be unanswered at once.
pub(super) const AMENDS_MAX: usize = 8;

/// An amend on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAmend {
    pub(super) no: u32,
    pub(super) total: Lots,
    pub(super) limit: Ticks,
}

/// At most [`AMENDS_MAX`]. Most orders never have one: for those it is a pointer to nothing. What
/// was made room for once stays with the order's place.
#[derive(Clone, Debug, Default)]
pub(super) struct Amends {
    #[expect(clippy::box_collection, reason = "a pointer, in an order of every account")]
    pending: Option<Box<Vec<PendingAmend>>>,
}

impl Amends {
    #[inline(always)]
    pub fn all(&self) -> &[PendingAmend] {
        self.pending.as_ref().map_or(&[], |pending| pending)
    }

    pub fn push(&mut self, amend: PendingAmend) {
        self.pending.get_or_insert_default().push(amend);
    }

    /// Takes the newest back.
    pub fn pop(&mut self) {
        self.pending.as_mut().and_then(|pending| pending.pop());
    }

    /// The oldest, which is answered.
    pub fn take_first(&mut self) -> Option<PendingAmend> {
        let pending = self.pending.as_mut().filter(|pending| !pending.is_empty())?;
        Some(pending.remove(0))
    }

    #[inline(always)]
    pub fn clear(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.clear();
        }
    }
}

impl PartialEq for Amends {
    fn eq(&self, other: &Self) -> bool {
        self.all() == other.all()
    }
}

impl Eq for Amends {}

impl Serialize for Amends {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amends {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pending = Vec::deserialize(deserializer)?;
        let pending = (!pending.is_empty()).then(|| Box::new(pending));
        Ok(Amends { pending })
    }
}
