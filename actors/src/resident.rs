//! An entity at home: whole, or folded into the bytes that a snapshot keeps of it.
//!
//! Most accounts rest most of the time, and whole they take six times the room. Only accounts are
//! folded; books and boards always have something to do.

use crate::entity::Entity;
use std::borrow::Cow;

/// Folded or not, it is the same state and encodes alike.
pub enum Resident {
    Whole(Entity),
    /// [`Entity::encode`]'s bytes of an account. They decode: they are made by this process, or
    /// were tried when they were read.
    Folded(Box<[u8]>),
}

impl From<Entity> for Resident {
    fn from(entity: Entity) -> Resident {
        Resident::Whole(entity)
    }
}

impl Resident {
    /// Takes in an entity as it was encoded, and folded if that will do.
    ///
    /// # Errors
    /// The bytes are no entity's state.
    pub fn decode(bytes: Vec<u8>) -> Result<Resident, postcard::Error> {
        Ok(match Entity::decode(&bytes)? {
            Entity::Account(_) => Resident::Folded(bytes.into()),
            entity => Resident::Whole(entity),
        })
    }

    #[must_use]
    pub fn into_entity(self) -> Entity {
        match self {
            Resident::Whole(entity) => entity,
            Resident::Folded(bytes) => unfolded(&bytes),
        }
    }

    /// The entity, to be changed. Unfolds it for good.
    #[inline]
    pub(crate) fn unfold(&mut self) -> &mut Entity {
        if let Resident::Folded(bytes) = self {
            *self = Resident::Whole(unfolded(bytes));
        }
        match self {
            Resident::Whole(entity) => entity,
            Resident::Folded(_) => unreachable!("it was unfolded just before"),
        }
    }

    /// Asks the entity a question; one that is folded stays so.
    pub(crate) fn read<T>(&self, question: impl FnOnce(&Entity) -> T) -> T {
        match self {
            Resident::Whole(entity) => question(entity),
            Resident::Folded(bytes) => question(&unfolded(bytes)),
        }
    }

    /// Folds an account; anything else stays whole.
    pub(crate) fn fold(&mut self) {
        if let Resident::Whole(entity @ Entity::Account(_)) = self {
            *self = Resident::Folded(entity.encode().into());
        }
    }

    /// What folding and unfolding costs, counted in entries; none of what is never folded.
    pub(crate) fn entries(&self) -> Option<u64> {
        match self {
            Resident::Whole(Entity::Account(account)) => Some(account.entries()),
            _ => None,
        }
    }

    /// The state as bytes, as [`Entity::encode`] makes them.
    #[must_use]
    pub fn encode(&self) -> Cow<'_, [u8]> {
        match self {
            Resident::Whole(entity) => entity.encode().into(),
            Resident::Folded(bytes) => (&**bytes).into(),
        }
    }
}

fn unfolded(bytes: &[u8]) -> Entity {
    Entity::decode(bytes).expect("what was folded unfolds")
}
