//! What a method knows about who calls it.

use super::keys::Fault;
use super::token::Grant;
use crate::telemetry;
use hoga_cluster::partition::Trace;
use hoga_proto::names::AccountName;
use hoga_proto::scope::Scope;
use hoga_proto::status::Refusal;
use http::HeaderValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Request, Status};

/// A call that passed the door.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(super) grant: Option<Arc<Grant>>,
    pub(super) request_id: HeaderValue,
    pub trace: Trace,
    pub(super) deadline: Instant,
}

impl Caller {
    /// Takes the caller out of a request.
    ///
    /// # Errors
    /// The request did not pass the door: it is refused whatever it asks.
    pub fn of<T>(request: Request<T>) -> Result<(Caller, T), Status> {
        let (_, mut extensions, message) = request.into_parts();
        match extensions.remove::<Caller>() {
            Some(caller) => Ok((caller, message)),
            None => {
                Err(Refusal::new(Code::PermissionDenied, "PERMISSION_DENIED", "no door")
                    .to_status())
            }
        }
    }

    /// How long the caller still waits.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The same caller with a wait of its own, for one of many requests on a stream.
    #[must_use]
    pub fn anew(&self, within: Duration) -> Caller {
        Caller { deadline: Instant::now() + within, ..self.clone() }
    }

    /// The id of the call, as it is returned to the caller.
    #[must_use]
    pub fn request_id(&self) -> &str {
        // Whoever made it allowed only plain characters.
        self.request_id.to_str().unwrap_or_default()
    }

    /// The token's own account, when there is a token.
    #[must_use]
    pub fn subject(&self) -> Option<&AccountName> {
        self.grant.as_ref().map(|grant| &grant.subject)
    }

    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.scope >= Scope::Admin)
    }

    /// The account that a name stands for, if the caller may act for it.
    ///
    /// # Errors
    /// The name breaks its rule, there is no token, or the account is another's.
    pub fn account(&self, field: &'static str, name: &str) -> Result<AccountName, Box<Refusal>> {
        let name = AccountName::parse(name)
            .map_err(|bad| Box::new(Refusal::malformed(field, bad.to_string())))?;
        self.admitted(name)
    }

    /// The same, of a name that was read before.
    ///
    /// # Errors
    /// There is no token, or the account is another's.
    pub fn admitted(&self, name: AccountName) -> Result<AccountName, Box<Refusal>> {
        let Some(grant) = &self.grant else { return Err(Box::new(unauthenticated())) };
        if let Some(refusal) = self.expired() {
            return Err(Box::new(refusal));
        }
        if name.is_me() {
            return Ok(grant.subject.clone());
        }
        if grant.covers(&name) {
            return Ok(name);
        }
        let message = format!("the token is for {}, not for {name}", grant.subject);
        let refusal = Refusal::new(Code::PermissionDenied, "PERMISSION_DENIED", message);
        Err(Box::new(refusal.resource(name.to_string())))
    }

    /// What is left to be said when the token has expired since the call came in, as it may on
    /// a stream.
    #[must_use]
    pub fn expired(&self) -> Option<Refusal> {
        let is_over = self.grant.as_ref().is_some_and(|grant| !grant.is_good());
        is_over.then(|| unaccepted(Fault::Expired))
    }

    /// A refusal as this caller is told.
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> Refusal {
        telemetry::refused(refusal, self.request_id())
    }

    /// The same as the status of this call.
    #[must_use]
    pub fn refuse(&self, refusal: Refusal) -> Status {
        self.refused(refusal).to_status()
    }
}

/// What a call hears that needs a token and has none that is good.
pub(super) fn unauthenticated() -> Refusal {
    let message = "a valid token is needed: send `authorization: Bearer TOKEN`";
    Refusal::new(Code::Unauthenticated, "UNAUTHENTICATED", message)
}

/// The same, of a token that says why.
pub(super) fn unaccepted(fault: Fault) -> Refusal {
    let message = format!("the token is not accepted: {fault}");
    Refusal::new(Code::Unauthenticated, "UNAUTHENTICATED", message)
}
