//! Signed tokens over the wire: every method, and streams that outlive their token.

use super::door::{requests, says};
use super::{Client, Rig, anywhere, buy, refused};
use crate::auth::{Accepts, Keys, SigningKey, Wanted, unix_now};
use crate::gateway::{GatewayOptions, Running};
use hoga_proto::scope::METHODS;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::sync::Arc;
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Request};

/// A second gateway of a rig's exchange, which believes a key.
struct Desk {
    key: SigningKey,
    channel: Channel,
    _gateway: Running,
}

impl Desk {
    async fn at(rig: &Rig) -> Desk {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("tokens.key");
        let public = SigningKey::make(&file).unwrap();
        let keys = Keys::from_file(&public, "hoga", "hoga").unwrap();
        let options = GatewayOptions { auth: Accepts::Signed(Arc::new(keys)), ..anywhere() };
        let (gateway, channel) = rig.beside(options).await;
        Desk { key: SigningKey::from_file(&file).unwrap(), channel, _gateway: gateway }
    }

    fn token(&self, account: &str, scope: &str, begun: u64, seconds: u64) -> String {
        let wanted = Wanted {
            issuer: "hoga".into(),
            audience: "hoga".into(),
            account: account.into(),
            scope: scope.into(),
            trade_for: Vec::new(),
            seconds,
        };
        self.key.token(&wanted, begun).unwrap()
    }

    fn with(&self, token: &str) -> Client {
        Client::on(self.channel.clone(), Some(token))
    }

    fn client(&self, account: &str, scope: &str) -> Client {
        self.with(&self.token(account, scope, unix_now(), 900))
    }
}

#[tokio::test]
async fn an_expired_token_opens_no_method_and_a_good_one_its_own() {
    let rig = Rig::start().await;
    rig.two().await;
    let desk = Desk::at(&rig).await;
    let expired = desk.with(&desk.token("operator", "admin", unix_now() - 60, 60));
    let development = desk.with("dev:operator");
    let (alice, operator) = (desk.client("alice", "trade"), desk.client("operator", "admin"));
    let requests = requests();
    let is_out =
        |said: &Refusal| matches!(said.code, Code::Unauthenticated | Code::PermissionDenied);
    for (path, required) in METHODS {
        let said = says(&expired, path, requests[*path].clone()).await;
        assert_eq!(said.reason, "UNAUTHENTICATED", "{path}: {said:?}");
        assert!(said.message.ends_with("it has expired"), "{path}: {said:?}");
        let said = says(&development, path, requests[*path].clone()).await;
        assert_eq!(said.reason, "UNAUTHENTICATED", "{path}: {said:?}");
        let said = says(&alice, path, requests[*path].clone()).await;
        let is_for_operators = *required == hoga_proto::scope::Scope::Admin;
        assert_eq!(is_out(&said), is_for_operators, "alice at {path}: {said:?}");
        if is_for_operators {
            let said = says(&operator, path, requests[*path].clone()).await;
            assert!(!is_out(&said), "an operator at {path}: {said:?}");
        }
    }
}

#[tokio::test]
async fn a_session_takes_nothing_more_when_its_token_has_expired() {
    let rig = Rig::start().await;
    rig.two().await;
    let desk = Desk::at(&rig).await;
    let alice = desk.with(&desk.token("alice", "trade", unix_now(), 3));
    let (orders, more) = tokio::sync::mpsc::channel(1);
    let requests = tokio_stream::wrappers::ReceiverStream::new(more);
    let answers = alice.orders().session(Request::new(requests)).await.unwrap();
    let mut answers = answers.into_inner();
    let mut taken = 0;
    let refusal = loop {
        let asked = v1::session_request::Request::CreateOrder(buy("1", "700"));
        orders.send(v1::SessionRequest { tag: 1, request: Some(asked) }).await.unwrap();
        match answers.message().await.unwrap().unwrap().response.unwrap() {
            v1::session_response::Response::Refusal(refusal)
                if refusal.reason == "UNAUTHENTICATED" =>
            {
                break refusal;
            }
            // Taken, or refused by a rule of trading.
            _ => taken += 1,
        }
    };
    assert!(refusal.message.ends_with("it has expired"), "{refusal:?}");
    assert!(taken > 0, "it was good at first");
    refused(alice.orders().create_order(buy("1", "700")).await, "UNAUTHENTICATED");
}
