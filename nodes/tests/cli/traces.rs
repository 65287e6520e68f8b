//! A call's trace, hop by hop: in the lines of the log, and at a collector.

use crate::rig::Exchange;
use hoga_proto::v1;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use prost::Message;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What an order leaves behind, whoever looks: the call, the account that takes it, the book, the
/// account that hears of it.
const HOPS: [&str; 4] =
    ["hoga.v1.OrderService/CreateOrder", "account.request", "book.command", "account.outcome"];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// Places an order within the trace; settled when this returns.
async fn order(url: String) {
    let decimal = |text: &str| Some(v1::Decimal { value: text.into() });
    let order = v1::Order {
        instrument: "instruments/LPJ-KRW".into(),
        side: v1::Side::Buy.into(),
        r#type: v1::OrderType::Limit.into(),
        quantity: decimal("10"),
        price: decimal("777"),
        ..Default::default()
    };
    let mut request = Request::new(v1::CreateOrderRequest {
        parent: "accounts/me".into(),
        order: Some(order),
        ack: v1::Ack::Full.into(),
        ..Default::default()
    });
    let headers = request.metadata_mut();
    headers.insert("authorization", "Bearer dev:alice".parse().expect("a header"));
    headers.insert("x-request-id", "traced-1".parse().expect("a header"));
    let parent = format!("00-{TRACE}-{PARENT}-01");
    headers.insert("traceparent", parent.parse().expect("a header"));
    let channel = Endpoint::from_shared(url).expect("a url").connect().await.expect("it listens");
    let mut client = OrderServiceClient::new(channel);
    let answer = client.create_order(request).await.expect("placed");
    assert_eq!(answer.metadata().get("x-request-id").expect("it comes back"), "traced-1");
}

#[test]
fn the_log_has_every_hop_of_a_trace() {
    let data = TempDir::new().expect("a directory");
    let exchange = Exchange::up_by(data, &[], &[("RUST_LOG", "hoga::hop=trace")]);
    runtime().block_on(order(exchange.url.clone()));
    let (lines, _) = exchange.interrupt_with_errors();
    let hops: Vec<serde_json::Value> = lines
        .lines()
        .filter(|line| line.contains(TRACE))
        .map(|line| serde_json::from_str(line).expect("a document a line"))
        .collect();
    for hop in HOPS {
        let is_it = |line: &&serde_json::Value| {
            line["hop"].as_str().is_some_and(|name| name.trim_start_matches('/') == hop)
        };
        let found = hops.iter().find(is_it).unwrap_or_else(|| panic!("no {hop} in {lines}"));
        assert_eq!(found["trace"], TRACE);
        if hop.starts_with("hoga.v1") {
            assert_eq!(found["request_id"], "traced-1");
            assert_eq!(found["parent"], PARENT);
        } else {
            assert!(found["index"].is_u64() && found["partition"].is_u64(), "{found}");
        }
    }
}

/// The fields of OTLP's messages that are looked at, by opentelemetry-proto's numbers.
mod wire {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Export {
        #[prost(message, repeated, tag = "1")]
        pub resources: Vec<Resource>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Resource {
        #[prost(message, repeated, tag = "2")]
        pub scopes: Vec<Scope>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Scope {
        #[prost(message, repeated, tag = "2")]
        pub spans: Vec<Span>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Span {
        #[prost(bytes = "vec", tag = "1")]
        pub trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub span_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "4")]
        pub parent_span_id: Vec<u8>,
        #[prost(string, tag = "5")]
        pub name: String,
        #[prost(fixed64, tag = "7")]
        pub start: u64,
        #[prost(fixed64, tag = "8")]
        pub end: u64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Exported {}
}

/// A collector that hands on what it is sent.
#[derive(Clone)]
struct Collector(mpsc::Sender<wire::Span>);

impl NamedService for Collector {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl UnaryService<wire::Export> for Collector {
    type Response = wire::Exported;
    type Future = BoxFuture<Response<wire::Exported>, Status>;

    fn call(&mut self, request: Request<wire::Export>) -> Self::Future {
        let export = request.into_inner();
        let spans = export.resources.into_iter().flat_map(|resource| resource.scopes);
        spans.flat_map(|scope| scope.spans).for_each(|span| drop(self.0.send(span)));
        Box::pin(async { Ok(Response::new(wire::Exported {})) })
    }
}

impl Service<http::Request<Body>> for Collector {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let collector = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<wire::Exported, wire::Export>::default());
            Ok(grpc.unary(collector, request).await)
        })
    }
}

#[test]
fn a_collector_gets_the_spans() {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (told, spans) = mpsc::channel();
    let server = Server::builder().add_service(Collector(told));
    runtime.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let data = TempDir::new().expect("a directory");
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    let exchange = Exchange::up_by(data, &[], &variables);
    runtime.block_on(order(exchange.url.clone()));
    let trace_id = u128::from_str_radix(TRACE, 16).expect("a trace").to_be_bytes();
    let mut found = BTreeMap::new();
    while !HOPS.iter().all(|hop| found.contains_key(*hop)) {
        let span = spans.recv_timeout(Duration::from_secs(20));
        let span = span.unwrap_or_else(|_| panic!("only {found:#?}"));
        assert!(span.span_id.len() == 8 && span.end >= span.start && span.start > 0, "{span:?}");
        if span.trace_id == trace_id {
            found.insert(span.name.clone(), span);
        }
    }
    let parent = u64::from_str_radix(PARENT, 16).expect("a span").to_be_bytes();
    assert_eq!(found[HOPS[0]].parent_span_id, parent);
    assert!(found[HOPS[0]].encoded_len() > 0);
}

#[test]
fn a_collector_that_is_not_there_costs_nothing_but_spans() {
    let data = TempDir::new().expect("a directory");
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
    let exchange = Exchange::up_by(data, &[], &variables);
    exchange.hoga(&["buy", "10", "LPJ-KRW", "@", "777", "--as", "alice"]).ended(0);
    let (status, _) = exchange.interrupt();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_collector_that_is_no_address_is_said_before_anything_is_written() {
    let data = TempDir::new().expect("a directory");
    let dir = data.path().join("x").display().to_string();
    let ran = crate::rig::command(&["up", "--port", "0", "--data", &dir])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("write http://HOST:4317"), "{said}");
    assert!(!data.path().join("x").exists());
}
