//! Refusals and failures as `google.rpc.Status`: built by the gateway, read back by clients.

use crate::v1;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "hoga";

/// The header that a request's id comes back in.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Bound of the encoded details, in bytes. They travel base64 in a header, and common peers take
/// 8 KiB of those: above the bound only reason, retry and request id stay.
const DETAILS_BYTES_MAX: usize = 4 * 1024;

/// Bound of a message on the wire, in characters; the rest is cut. It stands in the details too.
const MESSAGE_CHARS_MAX: usize = 400;

/// What a status says, in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// Stable and UPPER_SNAKE. Empty when the status came from something else than this exchange,
    /// a proxy or the transport.
    pub reason: String,
    /// For people: the value and the rule.
    pub message: String,
    /// The request's field that is at fault, `order.price`.
    pub field: Option<String>,
    /// When a retry can help; none when it cannot.
    pub retry_after: Option<Duration>,
    /// The resource that the refusal is about, by name.
    pub resource: Option<String>,
    /// The request that was refused: `x-request-id`.
    pub request_id: Option<String>,
    /// The numbers of the message, for programs.
    pub metadata: BTreeMap<String, String>,
}

impl Refusal {
    #[must_use]
    pub fn new(code: Code, reason: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            reason: reason.into(),
            message: message.into(),
            field: None,
            retry_after: None,
            resource: None,
            request_id: None,
            metadata: BTreeMap::new(),
        }
    }

    /// A field of the request has the wrong form.
    #[must_use]
    pub fn malformed(field: impl Into<String>, rule: impl fmt::Display) -> Refusal {
        let field = field.into();
        let message = format!("{field}: {rule}");
        Refusal::new(Code::InvalidArgument, "MALFORMED", message).field(field)
    }

    /// Whether nothing was done, for certain: the exchange says why, and not that it does not know.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        let is_unknown = matches!(
            self.code,
            Code::Unavailable
                | Code::DeadlineExceeded
                | Code::Cancelled
                | Code::Unknown
                | Code::Internal
                | Code::Aborted
        );
        !is_unknown && !self.reason.is_empty()
    }

    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Refusal {
        self.field = Some(field.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Refusal {
        self.retry_after = Some(wait);
        self
    }

    #[must_use]
    pub fn resource(mut self, name: impl Into<String>) -> Refusal {
        self.resource = Some(name.into());
        self
    }

    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Refusal {
        self.request_id = Some(id.into());
        self
    }

    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl fmt::Display) -> Refusal {
        self.metadata.insert(key.into(), value.to_string());
        self
    }

    /// The status with its details; always with an `ErrorInfo`.
    #[must_use]
    pub fn to_status(&self) -> Status {
        let status = self.status(true);
        if status.details().len() <= DETAILS_BYTES_MAX { status } else { self.status(false) }
    }

    fn status(&self, whole: bool) -> Status {
        let message = match self.message.char_indices().nth(MESSAGE_CHARS_MAX) {
            Some((end, _)) => &self.message[..end],
            None => &self.message,
        };
        let mut details = ErrorDetails::new();
        let metadata: HashMap<_, _> =
            if whole { self.metadata.clone().into_iter().collect() } else { HashMap::new() };
        details.set_error_info(&self.reason, DOMAIN, metadata);
        if let Some(wait) = self.retry_after {
            details.set_retry_info(Some(wait));
        }
        if let Some(id) = &self.request_id {
            details.set_request_info(id, "");
        }
        if let Some(field) = self.field.as_ref().filter(|_| whole) {
            details.add_bad_request_violation(field, message);
        }
        if let Some(name) = self.resource.as_ref().filter(|_| whole) {
            details.set_resource_info(resource_type(name), name, "", message);
        }
        Status::with_error_details(self.code, message, details)
    }

    /// Reads a status. One without our details gives a refusal without a reason.
    #[must_use]
    pub fn from_status(status: &Status) -> Refusal {
        let details = status.get_error_details();
        let mut refusal = Refusal::new(status.code(), "", status.message());
        if let Some(info) = details.error_info().filter(|info| info.domain == DOMAIN) {
            refusal.reason.clone_from(&info.reason);
            refusal.metadata = info.metadata.clone().into_iter().collect();
        }
        refusal.retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
        refusal.field = details
            .bad_request()
            .and_then(|bad| bad.field_violations.first())
            .map(|violation| violation.field.clone());
        refusal.resource = details.resource_info().map(|info| info.resource_name.clone());
        refusal.request_id = details.request_info().map(|info| info.request_id.clone());
        refusal
    }

    /// The same, for inside an open stream. It has no place for resource and request id: a
    /// stream's answers repeat the request's tag.
    #[must_use]
    pub fn to_frame(&self) -> v1::Refusal {
        v1::Refusal {
            code: self.code as i32,
            reason: self.reason.clone(),
            message: self.message.clone(),
            field: self.field.clone().unwrap_or_default(),
            // A wait too long for the wire's type is no promise that anybody waits for.
            retry_after: self.retry_after.and_then(|wait| wait.try_into().ok()),
            metadata: self.metadata.clone().into_iter().collect(),
            request_id: self.request_id.clone().unwrap_or_default(),
        }
    }

    #[must_use]
    pub fn from_frame(frame: v1::Refusal) -> Refusal {
        Refusal {
            field: Some(frame.field).filter(|field| !field.is_empty()),
            retry_after: frame.retry_after.and_then(|wait| wait.try_into().ok()),
            metadata: frame.metadata.into_iter().collect(),
            request_id: Some(frame.request_id).filter(|id| !id.is_empty()),
            ..Refusal::new(Code::from_i32(frame.code), frame.reason, frame.message)
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => write!(f, "{:?}: {}", self.code, self.message),
            reason => write!(f, "{reason}: {}", self.message),
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Status {
        refusal.to_status()
    }
}

impl From<&Status> for Refusal {
    fn from(status: &Status) -> Refusal {
        Refusal::from_status(status)
    }
}

/// `hoga.v1/Order` for `accounts/alice/orders/17`: the last collection names the type.
fn resource_type(name: &str) -> String {
    let mut from_the_end = name.rsplit('/');
    let collection = from_the_end.nth(1).unwrap_or(name);
    let kind = match collection {
        "accounts" => "Account",
        "orders" => "Order",
        "instruments" => "Instrument",
        "trades" => "Trade",
        "boards" => "Board",
        "nodes" => "NodeStatus",
        other => other,
    };
    format!("hoga.v1/{kind}")
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
