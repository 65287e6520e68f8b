//! Tokens and whom they cover. What passes the door is tested over the wire, with the gateway.

use super::{Accepts, Door, Grant, Names};
use hoga_proto::names::AccountName;
use hoga_proto::scope::Scope;
use hoga_proto::status::Refusal;
use http::{Request, Response};
use std::convert::Infallible;
use std::future::{Pending, pending};
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

fn named(id: &str) -> AccountName {
    AccountName::from_id(id).expect("a good name")
}

#[test]
fn a_development_token_names_its_account() {
    let alice = Grant::from_development("dev:alice").expect("a good token");
    assert_eq!((alice.subject.id(), alice.scope), ("alice", Scope::Trade));
    assert!(alice.covers(&named("alice")) && !alice.covers(&named("bob")));
}

#[test]
fn a_token_may_trade_for_others() {
    let two = Grant::from_development("dev:desk;trade_for=a,b").expect("a good token");
    assert!(two.covers(&named("a")) && two.covers(&named("desk")) && !two.covers(&named("c")));
    let all = Grant::from_development("dev:desk;trade_for=*").expect("a good token");
    assert!(all.covers(&named("c")));
    assert_eq!(all.scope, Scope::Trade, "to trade for everybody is not to operate");
}

#[test]
fn a_token_may_be_for_looking_only() {
    let looks = Grant::from_development("dev:alice;read").expect("a good token");
    assert_eq!((looks.subject.id(), looks.scope), ("alice", Scope::Read));
    let operator = Grant::from_development("dev:operator;read").expect("a good token");
    assert_eq!(operator.scope, Scope::Read, "not even the operator's");
}

#[test]
fn only_the_operator_operates() {
    let operator = Grant::from_development("dev:operator").expect("a good token");
    assert_eq!(operator.scope, Scope::Admin);
    assert!(!operator.covers(&named("alice")), "an operator does not act for accounts");
}

/// A method that never comes to an end.
struct Never;

impl Service<Request<Body>> for Never {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pending<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        pending()
    }
}

#[tokio::test]
async fn a_call_that_gets_no_answer_in_its_time_is_told_so_with_a_reason() {
    let mut door = Door::new(Accepts::Development, Arc::new(Names::new(1))).layer(Never);
    let request = Request::post("/hoga.v1.MarketService/ListInstruments");
    let request = request.header("grpc-timeout", "20m").body(Body::empty()).expect("a request");
    let response = door.call(request).await.expect("an answer");
    let status = Status::from_header_map(response.headers()).expect("a status");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(Refusal::from_status(&status).reason, "DEADLINE_EXCEEDED");
}

#[test]
fn any_other_text_is_no_token() {
    for text in [
        "",
        "alice",
        "dev:",
        "dev:me",
        "dev:Alice",
        "dev:alice;",
        "dev:alice;admin",
        "dev:alice;trade_for=",
        "dev:alice;trade_for=*,b",
        "DEV:alice",
    ] {
        assert_eq!(Grant::from_development(text), None, "{text}");
    }
}
