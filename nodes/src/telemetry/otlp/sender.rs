//! Sends what is in the queue, a batch at a time.

use super::settings::Otlp;
use super::wire::{Export, Exported, KeyValue, Resource, ResourceSpans, Scope, ScopeSpans, Span};
use super::{BATCH_SPANS, Hop};
use metrics::counter;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

const PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// How long the first span of a batch waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// How long a collector may take for one export.
const WITHIN: Duration = Duration::from_secs(5);

/// Sends until nobody tells of hops any more; the last ones go out too.
pub async fn send(settings: Otlp, mut queue: mpsc::Receiver<Hop>) {
    let line = settings.endpoint.clone().connect_timeout(WITHIN).timeout(WITHIN).connect_lazy();
    let ids = Ids { spread: RandomState::new(), next: 0 };
    let mut sender = Sender { settings, line, ids, is_down: false };
    let mut batch = Vec::with_capacity(BATCH_SPANS);
    while let Some(first) = queue.recv().await {
        batch.push(first);
        let gather = async {
            while batch.len() < BATCH_SPANS {
                match queue.recv().await {
                    Some(hop) => batch.push(hop),
                    None => return,
                }
            }
        };
        // Full or not, what came within a second goes out.
        drop(tokio::time::timeout(GATHER, gather).await);
        sender.export(std::mem::take(&mut batch)).await;
    }
}

struct Sender {
    settings: Otlp,
    line: Channel,
    ids: Ids,
    /// The last export failed: the next failure says nothing new.
    is_down: bool,
}

/// Gives ids of spans that no other process gives.
struct Ids {
    spread: RandomState,
    next: u64,
}

impl Ids {
    fn next(&mut self) -> u64 {
        self.next += 1;
        self.spread.hash_one(self.next).max(1)
    }
}

impl Sender {
    async fn export(&mut self, hops: Vec<Hop>) {
        let count = hops.len() as u64;
        let became = match self.try_export(hops).await {
            Ok(()) => {
                self.is_down = false;
                "exported"
            }
            Err(status) => {
                if !std::mem::replace(&mut self.is_down, true) {
                    tracing::warn!(%status, "the collector of traces takes no spans");
                }
                "dropped"
            }
        };
        counter!("hoga_spans_total", "became" => became).increment(count);
    }

    async fn try_export(&mut self, hops: Vec<Hop>) -> Result<(), Status> {
        let spans = hops.into_iter().map(|hop| Span::of(hop, self.ids.next())).collect();
        let version = env!("CARGO_PKG_VERSION");
        let attributes = vec![
            KeyValue::new("service.name", self.settings.service.as_str()),
            KeyValue::new("service.version", version),
            KeyValue::new("service.instance.id", format!("n{}", self.settings.node)),
        ];
        let scope = Some(Scope { name: "hoga".into(), version: version.into() });
        let export = Export {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource { attributes }),
                scope_spans: vec![ScopeSpans { scope, spans }],
            }],
        };
        let mut client = Grpc::new(self.line.clone());
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let codec = ProstCodec::<Export, Exported>::default();
        let path = PathAndQuery::from_static(PATH);
        client.unary(Request::new(export), path, codec).await.map(drop)
    }
}
