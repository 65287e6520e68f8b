//! Pages of lists: their sizes, and tokens that say where the next one begins.

use super::failure::Refused;
use hoga_proto::status::Refusal;
use serde::Serialize;

use super::identity::body_hash;

/// Entries of a page that does not say.
const SIZE_DEFAULT: usize = 50;
/// Most entries of any page.
const SIZE_MAX: i32 = 1_000;

/// How many entries a page may have.
///
/// # Errors
/// Fewer than none. More than the most is taken for the most.
pub fn size(asked: i32) -> Result<usize, Refused> {
    match asked {
        0 => Ok(SIZE_DEFAULT),
        1.. => Ok(asked.min(SIZE_MAX) as usize),
        _ => Err(Box::new(Refusal::malformed("page_size", "must not be below 0"))),
    }
}

/// Where a page begins, for one list with one filter. Two words of the list's own meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u64, pub u64);

impl Place {
    /// Behind a page of `size` from `first` on, in a list of so many; none at its end.
    #[must_use]
    pub fn behind(first: usize, size: usize, count: usize) -> Option<Place> {
        let behind = first.saturating_add(size);
        (behind < count).then_some(Place(behind as u64, 0))
    }
}

/// Names a list with everything that filters it: a token of another list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(u32);

impl List {
    /// The list that these fields of a request stand for.
    #[must_use]
    pub fn of(fields: &impl Serialize) -> List {
        List(body_hash(fields) as u32)
    }

    /// Reads a token; none for an empty one, which asks for the first page.
    ///
    /// # Errors
    /// It was not given for this list.
    pub fn place(self, token: &str) -> Result<Option<Place>, Refused> {
        if token.is_empty() {
            return Ok(None);
        }
        let word = |at: usize, digits: usize| {
            let part = token.get(at..at + digits)?;
            let is_hex = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            is_hex.then(|| u64::from_str_radix(part, 16).ok())?
        };
        let place = || {
            let is_ours = token.len() == 40 && word(0, 8)? == u64::from(self.0);
            is_ours.then_some(Place(word(8, 16)?, word(24, 16)?))
        };
        place().map(Some).ok_or_else(|| {
            let rule = "was not given by the page before, or the other fields have changed";
            Box::new(Refusal::malformed("page_token", rule))
        })
    }

    /// The token of a place; empty at the end.
    #[must_use]
    pub fn token(self, place: Option<Place>) -> String {
        let token = place.map(|place| format!("{:08x}{:016x}{:016x}", self.0, place.0, place.1));
        token.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{List, Place, size};

    #[test]
    fn a_token_goes_on_in_its_own_list_only() {
        let (mine, other) = (List::of(&("alice", "LPJ-KRW")), List::of(&("alice", "")));
        let place = Place(17, u64::MAX);
        let token = mine.token(Some(place));
        assert_eq!(mine.place(&token).expect("its own"), Some(place));
        assert!(other.place(&token).is_err());
        assert_eq!(mine.place("").expect("the first page"), None);
        for strange in ["17", "é", &token[1..], &token.to_uppercase(), &format!("{token}0")] {
            assert!(mine.place(strange).is_err(), "{strange}");
        }
    }

    #[test]
    fn page_sizes_are_bounded() {
        assert_eq!(size(0).expect("the default"), 50);
        assert_eq!(size(7).expect("as asked"), 7);
        assert_eq!(size(i32::MAX).expect("the most"), 1_000);
        assert!(size(-1).is_err());
    }
}
