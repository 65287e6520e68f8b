//! How far a history reaches: the log position up to which it has every row.
//!
//! It is written with the rows it speaks of, so it is never ahead of them. A replay hands over
//! nothing at or below it. It is believed only while the log has that very entry, by index and
//! term: a log that lost its end, or went on differently, is another log, and the rows behind its
//! end never happened.

use crate::log::LogPosition;

/// The form of what is written.
const VERSION: u8 = 1;

/// How far a store reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Every row of every entry up to here is in the store; none when it does not know.
    pub through: Option<LogPosition>,
    /// There may be rows of entries that are in no log. A replay to the end tells which.
    pub is_doubtful: bool,
}

impl Reach {
    /// The index up to which a replay has nothing to hand over, when the log says so too.
    #[must_use]
    pub fn confirmed(&self, term_at: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        let through = self.through.filter(|_| !self.is_doubtful)?;
        (term_at(through.index) == Some(through.term)).then_some(through.index)
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = vec![VERSION, u8::from(self.is_doubtful)];
        if let Some(LogPosition { term, index }) = self.through {
            bytes.extend_from_slice(&term.to_le_bytes());
            bytes.extend_from_slice(&index.to_le_bytes());
        }
        bytes
    }

    /// What cannot be read says nothing, and leaves room for doubt.
    pub(super) fn decode(bytes: &[u8]) -> Reach {
        let unknown = Reach { through: None, is_doubtful: true };
        let [VERSION, doubt @ (0 | 1), position @ ..] = bytes else { return unknown };
        let is_doubtful = *doubt == 1;
        if position.is_empty() {
            return Reach { through: None, is_doubtful };
        }
        let Ok(position) = <[u8; 16]>::try_from(position) else { return unknown };
        let position = u128::from_le_bytes(position);
        let (term, index) = (position as u64, (position >> 64) as u64);
        Reach { through: Some(LogPosition { term, index }), is_doubtful }
    }
}

#[cfg(test)]
mod tests {
    use super::Reach;
    use crate::log::LogPosition;

    const AT: LogPosition = LogPosition { term: 3, index: 70 };

    #[test]
    fn it_is_read_as_it_was_written() {
        for through in [None, Some(AT)] {
            for is_doubtful in [false, true] {
                let reach = Reach { through, is_doubtful };
                assert_eq!(Reach::decode(&reach.encode()), reach);
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_doubtful() {
        for bytes in [&[][..], &[1], &[2, 0], &[1, 7], &[1, 0, 5]] {
            let reach = Reach::decode(bytes);
            assert_eq!(reach, Reach { through: None, is_doubtful: true }, "{bytes:?}");
        }
    }

    #[test]
    fn only_the_very_entry_confirms_it() {
        let reach = Reach { through: Some(AT), is_doubtful: false };
        assert_eq!(reach.confirmed(|index| (index == 70).then_some(3)), Some(70));
        assert_eq!(reach.confirmed(|_| Some(4)), None, "the log went on differently");
        assert_eq!(reach.confirmed(|_| None), None, "the log ends before");
        let doubtful = Reach { is_doubtful: true, ..reach };
        assert_eq!(doubtful.confirmed(|_| Some(3)), None);
        assert_eq!(Reach::default().confirmed(|_| Some(3)), None);
    }
}
