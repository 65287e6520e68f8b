//! One call from its door to its answer: its place in a trace, and what it came to.

use super::door::REQUEST_ID;
use super::token::Grant;
use super::trace::Parent;
use crate::telemetry::{self, hop};
use hoga_cluster::partition::Trace;
use hoga_proto::scope::{self, Scope};
use hoga_proto::status::Refusal;
use http::{HeaderValue, Response};
use std::time::SystemTime;
use tonic::body::Body;
use tonic::{Code, Status};

/// The services whose refusals are all of one kind.
const OURS: &str = "/hoga.v1.";

/// Operators' calls that no line is left of: those that look, and the beat of a feed.
const UNSUNG: [&str; 2] = ["/hoga.v1.AdminService/Get", "/hoga.v1.AdminService/PostOutsideBook"];

/// A call under way.
pub struct Call {
    path: Box<str>,
    request_id: HeaderValue,
    trace: Trace,
    parent: Option<Parent>,
    begun: SystemTime,
    /// A line that is owed.
    audit: Option<Audit>,
}

/// What an operator does: it leaves a line whatever comes of it, also when nobody waits for that.
struct Audit {
    operator: Box<str>,
    path: Box<str>,
    request_id: HeaderValue,
    /// What came of it.
    code: Code,
}

impl Drop for Audit {
    fn drop(&mut self) {
        let Audit { operator, path, request_id, code } = self;
        let request = request_id.to_str().unwrap_or_default();
        tracing::info!(target: telemetry::AUDIT, %operator, call = %path, request, ?code);
    }
}

impl Call {
    pub fn begin(
        path: &str,
        trace: Trace,
        parent: Option<Parent>,
        request_id: &HeaderValue,
    ) -> Call {
        let (path, request_id) = (path.into(), request_id.clone());
        Call { path, request_id, trace, parent, begun: SystemTime::now(), audit: None }
    }

    /// The same, by whoever has been let in.
    pub fn by(self, grant: Option<&Grant>) -> Call {
        let is_sung = scope::required(&self.path) == Some(Scope::Admin)
            && !UNSUNG.iter().any(|start| self.path.starts_with(start));
        let audit = grant.filter(|_| is_sung).map(|grant| Audit {
            operator: grant.subject.to_string().into(),
            path: self.path.clone(),
            request_id: self.request_id.clone(),
            code: Code::Cancelled,
        });
        Call { audit, ..self }
    }

    /// The answer as the caller gets it: with the request's id, and refused in our words when the
    /// transport refused it.
    pub fn end(&mut self, mut response: Response<Body>) -> Response<Body> {
        if self.path.starts_with(OURS)
            && let Some(refusal) = bare(&response)
        {
            let id = self.request_id.to_str().unwrap_or_default();
            if refusal.reason == "INTERNAL" {
                tracing::error!(request = id, path = %self.path, %refusal, "a call failed");
            }
            response = telemetry::refused(refusal, id).to_status().into_http();
        }
        response.headers_mut().insert(REQUEST_ID, self.request_id.clone());
        self.tell(&response);
        self.audit(&response);
        response
    }

    /// Leaves the line of what an operator did.
    fn audit(&mut self, response: &Response<Body>) {
        let Some(mut audit) = self.audit.take() else { return };
        let status = response.headers().get("grpc-status").and_then(|code| code.to_str().ok());
        audit.code = Code::from_bytes(status.unwrap_or("0").as_bytes());
    }

    /// Leaves the call's own hop in its trace, if anybody follows traces.
    fn tell(&self, response: &Response<Body>) {
        if !hop::is_followed() || self.parent.is_some_and(|parent| !parent.is_sampled) {
            return;
        }
        let status = response.headers().get("grpc-status").and_then(|code| code.to_str().ok());
        let request_id = self.request_id.to_str().unwrap_or_default();
        let parent = self.parent.map_or(0, |parent| parent.span);
        hop::tell_call(&self.path, self.trace.0, parent, request_id, status, self.begun);
    }
}

/// A refusal that came without our details, in our words: the transport's own.
fn bare(response: &Response<Body>) -> Option<Refusal> {
    let headers = response.headers();
    let status = headers.get("grpc-status").filter(|status| *status != "0")?;
    if headers.contains_key("grpc-status-details-bin") {
        return None;
    }
    Some(in_our_words(Status::from_header_map(headers).unwrap_or_else(|| {
        Status::new(Code::from_bytes(status.as_bytes()), "a failure without words")
    })))
}

/// What the transport says, as one of our refusals.
#[must_use]
pub fn in_our_words(status: Status) -> Refusal {
    let message = status.message();
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if message.contains("too large") => {
            Refusal::new(Code::InvalidArgument, "MESSAGE_TOO_LARGE", message)
        }
        Code::Unimplemented => Refusal::new(Code::Unimplemented, "NOT_SERVED", message),
        Code::Internal if message.contains("decode") || message.contains("Missing request") => {
            Refusal::new(Code::InvalidArgument, "MALFORMED", message)
        }
        Code::Cancelled | Code::DeadlineExceeded => {
            Refusal::new(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
        }
        code => Refusal::new(code, "INTERNAL", message),
    }
}
