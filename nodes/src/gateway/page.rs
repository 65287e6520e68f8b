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

    /// The page that is asked for of a list that is all at hand.
    ///
    /// # Errors
    /// The size is below none, or the token was not given for this list.
    pub fn cut(self, size: i32, token: &str) -> Result<Cut, Refused> {
        let size = self::size(size)?;
        let first = self.place(token)?.map_or(0, |place| place.0 as usize);
        Ok(Cut { list: self, first, size })
    }

    /// The token of a place; empty at the end.
    #[must_use]
    pub fn token(self, place: Option<Place>) -> String {
        let token = place.map(|place| format!("{:08x}{:016x}{:016x}", self.0, place.0, place.1));
        token.unwrap_or_default()
    }
}

/// A page of a list that is all at hand.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    list: List,
    first: usize,
    size: usize,
}

impl Cut {
    /// What is on the page, and the token of the next one.
    pub fn of<T>(self, all: impl ExactSizeIterator<Item = T>) -> (Vec<T>, String) {
        let behind = self.first.saturating_add(self.size);
        let next = (behind < all.len()).then_some(Place(behind as u64, 0));
        (all.skip(self.first).take(self.size).collect(), self.list.token(next))
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
    fn a_list_at_hand_is_cut_into_its_pages() {
        let list = List::of(&"letters");
        let page = |token: &str| {
            list.cut(2, token).expect("its own").of("abcde".chars().collect::<Vec<_>>().into_iter())
        };
        let (first, token) = page("");
        let (second, token) = page(&token);
        let (third, token) = page(&token);
        assert_eq!((first, second, third), (vec!['a', 'b'], vec!['c', 'd'], vec!['e']));
        assert_eq!(token, "");
        let beyond = list.token(Some(Place(u64::MAX, u64::MAX)));
        assert_eq!(page(&beyond), (Vec::new(), String::new()), "a forged one");
    }

    #[test]
    fn page_sizes_are_bounded() {
        assert_eq!(size(0).expect("the default"), 50);
        assert_eq!(size(7).expect("as asked"), 7);
        assert_eq!(size(i32::MAX).expect("the most"), 1_000);
        assert!(size(-1).is_err());
    }
}
