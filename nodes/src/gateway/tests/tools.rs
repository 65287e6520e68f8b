//! What tools ask: health, reflection, metrics, and how a gateway ends.

use super::{Rig, buy};
use crate::auth::Accepts;
use crate::gateway::serve::ServeError;
use crate::gateway::{GatewayOptions, serve};
use crate::telemetry::{Endpoint, Registry};
use hoga_proto::v1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
use tonic_reflection::pb::v1alpha;

#[tokio::test]
async fn every_service_has_a_health_and_a_drained_gateway_none() {
    let rig = Rig::bare().await;
    let mut health = HealthClient::new(rig.channel.clone());
    for service in ["", "hoga.v1.OrderService", "hoga.v1.AdminService"] {
        let check = HealthCheckRequest { service: service.into() };
        let status = health.check(check).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service}");
    }
    let watch = HealthCheckRequest { service: "hoga.v1.OrderService".into() };
    let mut watched = health.watch(watch).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let ended = tokio::spawn(rig.gateway.shutdown());
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop(watched);
    ended.await.unwrap();
    assert!(rig.exchange.status().iter().all(|partition| partition.leads), "the exchange goes on");
}

#[tokio::test]
async fn reflection_lists_the_services_in_both_versions() {
    let rig = Rig::bare().await;
    let mut new = ServerReflectionClient::new(rig.channel.clone());
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = new.server_reflection_info(tokio_stream::iter([list])).await.unwrap();
    let answer: ServerReflectionResponse = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("no list")
    };
    let names: Vec<_> = list.service.iter().map(|service| &*service.name).collect();
    assert!(names.contains(&"hoga.v1.OrderService") && names.contains(&"grpc.health.v1.Health"));

    let mut old =
        v1alpha::server_reflection_client::ServerReflectionClient::new(rig.channel.clone());
    let symbol = "hoga.v1.OrderService".to_owned();
    let ask = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(symbol),
        ),
    };
    let answers = old.server_reflection_info(tokio_stream::iter([ask])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    use v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse;
    assert!(matches!(answer.message_response, Some(FileDescriptorResponse(_))));
}

#[tokio::test]
async fn development_tokens_stay_on_the_machine() {
    let rig = Rig::bare().await;
    let open = GatewayOptions {
        listen: "0.0.0.0:0".parse().unwrap(),
        auth: Accepts::Development,
        insecure: true,
        ..GatewayOptions::default()
    };
    let refused = serve(rig.exchange.clone(), open.clone()).await;
    assert!(matches!(refused, Err(ServeError::DevelopmentIsLocal(_))));
    let plain = GatewayOptions { auth: Accepts::Nothing, insecure: false, ..open };
    let refused = serve(rig.exchange.clone(), plain).await;
    assert!(matches!(refused, Err(ServeError::PlainText(_))));
    let taken = GatewayOptions { listen: rig.gateway.address, ..GatewayOptions::default() };
    let refused = serve(rig.exchange.clone(), taken).await;
    assert!(matches!(refused, Err(ServeError::Listen { .. })));
}

#[tokio::test]
async fn a_deadline_of_the_caller_is_kept() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut get = tonic::Request::new(hoga_proto::v1::GetAccountRequest {
        name: "accounts/me".into(),
        ..Default::default()
    });
    get.set_timeout(std::time::Duration::from_secs(30));
    alice.accounts().get_account(get).await.expect("in time");
}

async fn page(endpoint: &Endpoint, path: &str) -> String {
    let mut stream = TcpStream::connect(endpoint.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: hoga\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    page
}

#[tokio::test]
async fn what_happens_is_counted() {
    let registry = Registry::install().unwrap();
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(super::sell("2", "700")).await.unwrap();
    alice.orders().create_order(buy("1", "700")).await.unwrap();
    alice.orders().create_order(buy("1", "0.0001")).await.unwrap_err();
    let mine = v1::GetAccountRequest { name: "accounts/me".into(), ..Default::default() };
    rig.anybody().accounts().get_account(mine).await.unwrap_err();
    let asked = v1::SessionRequest {
        tag: 1,
        request: Some(v1::session_request::Request::CreateOrder(buy("1", "0.0001"))),
    };
    let answers = alice.orders().session(futures::stream::iter([asked])).await.unwrap();
    answers.into_inner().message().await.unwrap().expect("a refusal in a frame");
    let address = "127.0.0.1:0".parse().unwrap();
    let endpoint = Endpoint::serve(address, registry, rig.exchange.clone()).await.unwrap();
    let seen = page(&endpoint, "/metrics").await;
    assert!(seen.starts_with("HTTP/1.1 200 OK\r\n"), "{seen}");
    for part in [
        "hoga_orders_total{symbol=\"LPJ-KRW\",side=\"buy\",type=\"limit\",result=\"filled\"} 1",
        "hoga_refusals_total{reason=\"PRICE_NOT_ON_TICK\"} 2",
        "hoga_refusals_total{reason=\"UNAUTHENTICATED\"} 1",
        "hoga_order_ack_seconds_bucket{stage=\"result\",le=\"+Inf\"}",
        "hoga_trades_total{symbol=\"LPJ-KRW\"} 1",
        "hoga_turnover_total{symbol=\"LPJ-KRW\",asset=\"KRW\"} 700",
        "hoga_book_depth_orders{symbol=\"LPJ-KRW\"} 1",
        "hoga_partition_leader{node=\"n1\",partition=\"0\"} 1",
        "hoga_entities{kind=\"books\"} 1",
        "hoga_actors{kind=\"books\"} ",
        "hoga_log_full 0",
    ] {
        assert!(seen.contains(part), "{part} is not in\n{seen}");
    }
    assert!(!seen.contains("alice"), "no account is a label");
    assert!(page(&endpoint, "/other").await.starts_with("HTTP/1.1 404"));
}
