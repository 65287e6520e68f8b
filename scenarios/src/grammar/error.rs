//! Why a sentence cannot be read.

use std::ops::Range;

use thiserror::Error;

/// Nothing was done. Each variant carries the byte range of the words it blames.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GrammarError {
    #[error("`{found}` does not fit here: expected {expected}")]
    Unexpected { found: String, expected: String, nearest: Option<String>, place: Range<usize> },
    #[error("the sentence ends too soon: expected {expected}")]
    EndsEarly { expected: String, place: Range<usize> },
    /// The word stands in the right place but does not read as what belongs there.
    #[error("{why}")]
    BadWord { found: String, why: String, place: Range<usize> },
    /// Every word is known, and together they ask for what cannot be.
    #[error("{why}")]
    Contradiction { why: String, place: Range<usize> },
}

impl GrammarError {
    /// The bytes of the sentence that are to blame.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        match self {
            Self::Unexpected { place, .. }
            | Self::EndsEarly { place, .. }
            | Self::BadWord { place, .. }
            | Self::Contradiction { place, .. } => place.clone(),
        }
    }

    /// What was probably meant.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unexpected { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`?"))
            }
            _ => None,
        }
    }
}
