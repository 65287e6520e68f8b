//! Why a field of a request says nothing that the engine understands.

use crate::status::Refusal;
use std::borrow::Cow;
use tonic::Code;

/// A field that cannot be taken. Nothing has changed; the same request never becomes good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadField {
    #[error("{field}: {rule}")]
    Malformed { field: Cow<'static, str>, rule: String },
    /// The wire has a word for it, but this exchange does not do it.
    #[error("{field}: {what} is not served by this exchange")]
    NotServed { field: Cow<'static, str>, what: &'static str },
}

impl BadField {
    pub(crate) fn malformed(field: &'static str, rule: impl Into<String>) -> BadField {
        BadField::Malformed { field: field.into(), rule: rule.into() }
    }

    pub(crate) fn missing(field: &'static str) -> BadField {
        BadField::malformed(field, "is required and was not given")
    }

    /// The same of a message that lies under another name in its request.
    pub(crate) fn of(mut self, message: &str, named: &str) -> BadField {
        let (BadField::Malformed { field, .. } | BadField::NotServed { field, .. }) = &mut self;
        if let Some(rest) = field.strip_prefix(message) {
            *field = format!("{named}{rest}").into();
        }
        self
    }
}

impl From<BadField> for Refusal {
    fn from(bad: BadField) -> Refusal {
        let message = bad.to_string();
        match bad {
            BadField::Malformed { field, .. } => {
                Refusal::new(Code::InvalidArgument, "MALFORMED", message).field(field)
            }
            BadField::NotServed { field, .. } => {
                Refusal::new(Code::Unimplemented, "NOT_SERVED", message).field(field)
            }
        }
    }
}

/// A refusal on the heap, which is how results carry it: it is large, and rare.
impl From<BadField> for Box<Refusal> {
    fn from(bad: BadField) -> Box<Refusal> {
        Box::new(bad.into())
    }
}
