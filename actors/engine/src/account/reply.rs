//! An answer that no book decided, as the memory of requests keeps it.
//!
//! Most of these say that it is done, or what a balance is now; they stay in the entry's own line.
//! An answer is written as itself, wherever it lies.

use crate::effect::Answer;
use crate::ids::AssetId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Done,
    /// Of an ordinary balance, in minor units.
    Balance {
        asset: AssetId,
        available: u64,
        held: u64,
    },
    Whole(Box<Answer>),
}

impl Reply {
    pub fn of(answer: Answer) -> Reply {
        match answer {
            Answer::Done => Reply::Done,
            Answer::Balance { asset, available, held } => {
                match (u64::try_from(available), u64::try_from(held)) {
                    (Ok(available), Ok(held)) => Reply::Balance { asset, available, held },
                    _ => Reply::Whole(Box::new(answer)),
                }
            }
            answer => Reply::Whole(Box::new(answer)),
        }
    }

    pub fn answer(&self) -> Answer {
        match self {
            Reply::Done => Answer::Done,
            &Reply::Balance { asset, available, held } => {
                let (available, held) = (available.into(), held.into());
                Answer::Balance { asset, available, held }
            }
            Reply::Whole(answer) => (**answer).clone(),
        }
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Reply::Whole(answer) => answer.serialize(serializer),
            small => small.answer().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Answer::deserialize(deserializer).map(Reply::of)
    }
}

#[cfg(test)]
mod tests {
    use super::Reply;
    use crate::amount::Amount;
    use crate::effect::Answer;
    use crate::ids::AssetId;
    use crate::reject::Reject;

    #[test]
    fn an_answer_is_kept_and_written_as_itself_however_large_its_amounts_are() {
        let largest = Amount::from(u64::MAX);
        let balance = |available, held| Answer::Balance { asset: AssetId(7), available, held };
        let reject = Box::new(Reject::AccountExists { name: "alice".into() });
        let answers = [
            Answer::Done,
            balance(largest, 0),
            balance(largest + 1, 0),
            balance(0, largest + 1),
            balance(1, 2),
            Answer::CancelledAll { orders: 3 },
            Answer::Rejected { order: None, reject },
        ];
        for answer in answers {
            let reply = Reply::of(answer.clone());
            let bytes = postcard::to_stdvec(&reply).expect("it encodes");
            assert_eq!(bytes, postcard::to_stdvec(&answer).expect("it encodes"));
            assert_eq!(postcard::from_bytes(&bytes), Ok(reply.clone()));
            assert_eq!(reply.answer(), answer);
        }
    }
}
