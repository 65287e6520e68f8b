//! The layer that every call passes: no rule, no entry.

use super::call::Call;
use super::caller::{Caller, unaccepted, unauthenticated};
use super::names::Names;
use super::token::{Accepts, Grant, unix_now};
use super::{deadline, trace};
use crate::telemetry;
use hoga_proto::scope::{self, Scope};
use hoga_proto::status::{REQUEST_ID_HEADER, Refusal};
use http::{HeaderMap, HeaderName, Request, Response};
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::time::{Sleep, sleep_until};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

/// Services that tools ask before they have a token: whether the exchange lives, what it offers.
const OPEN_SERVICES: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// What operators do, which a listener of their own keeps from everybody else's.
const OPERATORS_SERVICE: &str = "/hoga.v1.AdminService/";

const UNANSWERED: &str = "no answer came within the time of the call; what it was to change may have \
                          changed: ask again with the same id";

/// Asks everyone who comes for a token, and writes on the request who it is.
#[derive(Clone)]
pub struct Door {
    accepts: Accepts,
    names: Arc<Names>,
    /// Operators have a door of their own.
    is_for_clients: bool,
}

impl Door {
    #[must_use]
    pub fn new(accepts: Accepts, names: Arc<Names>) -> Door {
        Door { accepts, names, is_for_clients: false }
    }

    /// The same without the service of operators.
    #[must_use]
    pub fn for_clients(self) -> Door {
        Door { is_for_clients: true, ..self }
    }

    /// Who calls, if the call may enter.
    fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Option<Arc<Grant>>, Box<Refusal>> {
        if OPEN_SERVICES.iter().any(|service| path.starts_with(service)) {
            return Ok(None);
        }
        let Some(required) = scope::required(path) else {
            let message = format!("there is no method {path}");
            return Err(Box::new(Refusal::new(Code::Unimplemented, "UNKNOWN_METHOD", message)));
        };
        if self.is_for_clients && path.starts_with(OPERATORS_SERVICE) {
            let message = format!("{path} is served where operators call, not here");
            return Err(Box::new(Refusal::new(Code::Unimplemented, "NOT_SERVED", message)));
        }
        // A wrong token is refused everywhere: its bearer takes himself for somebody.
        let grant = self.grant(headers)?;
        let has = grant.as_ref().map_or(Scope::Public, |grant| grant.scope);
        if has >= required {
            return Ok(grant);
        }
        if grant.is_none() {
            return Err(Box::new(unauthenticated()));
        }
        let message = match required {
            Scope::Admin => format!("{path} is for operators, which this token is not"),
            _ => format!("{path} changes something; this token only looks"),
        };
        Err(Box::new(Refusal::new(Code::PermissionDenied, "PERMISSION_DENIED", message)))
    }

    fn grant(&self, headers: &HeaderMap) -> Result<Option<Arc<Grant>>, Box<Refusal>> {
        let mut given = headers.get_all(http::header::AUTHORIZATION).iter();
        let Some(header) = given.next() else { return Ok(None) };
        // Two tokens are none: nobody should have to guess which one counts.
        let header = if given.next().is_none() { header.to_str().ok() } else { None };
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        let grant = match (token, &self.accepts) {
            (None, _) | (_, Accepts::Nothing) => None,
            (Some(token), Accepts::Development) => Grant::from_development(token).map(Arc::new),
            (Some(token), Accepts::Signed(keys)) => {
                let grant = keys.grant(token, unix_now());
                Some(grant.map_err(|fault| Box::new(unaccepted(fault)))?)
            }
        };
        grant.map(Some).ok_or_else(|| Box::new(unauthenticated()))
    }
}

impl<S> Layer<S> for Door {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { door: self.clone(), inner }
    }
}

/// A service behind the door.
#[derive(Clone)]
pub struct Guarded<S> {
    door: Door,
    inner: S,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Passing<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Passing<S::Future> {
        let headers = request.headers();
        let request_id = self.door.names.request_id(headers);
        match self.door.admit(request.uri().path(), headers) {
            Ok(grant) => {
                let parent = trace::of(headers);
                let trace = parent.map_or_else(|| self.door.names.trace(), |parent| parent.trace);
                let deadline = deadline::of(headers);
                let path = request.uri().path();
                let log = Call::begin(path, trace, parent, &request_id).by(grant.as_deref());
                let caller = Caller { grant, request_id, trace, deadline: deadline.method };
                request.extensions_mut().insert(caller);
                let end = deadline.door.map(sleep_until);
                Passing::Entered { call: self.inner.call(request), log, end }
            }
            Err(refusal) => {
                let id = request_id.to_str().unwrap_or_default();
                let refusal = telemetry::refused(*refusal, id);
                let mut response = refusal.to_status().into_http();
                response.headers_mut().insert(REQUEST_ID, request_id);
                Passing::Refused { response: Some(response) }
            }
        }
    }
}

pin_project! {
    /// A call at the door, or behind it.
    #[project = PassingProjection]
    pub enum Passing<F> {
        Entered { #[pin] call: F, log: Call, #[pin] end: Option<Sleep> },
        Refused { response: Option<Response<Body>> },
    }
}

impl<F, E> Future for Passing<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            PassingProjection::Entered { call, log, end } => {
                if let Poll::Ready(response) = call.poll(context) {
                    return Poll::Ready(Ok(log.end(response?)));
                }
                // The transport would end it a moment later, and without a reason.
                ready!(end.as_pin_mut().map_or(Poll::Pending, |end| end.poll(context)));
                Poll::Ready(Ok(log.end(Status::deadline_exceeded(UNANSWERED).into_http())))
            }
            PassingProjection::Refused { response } => {
                Poll::Ready(Ok(response.take().expect("a future is not polled after its end")))
            }
        }
    }
}
