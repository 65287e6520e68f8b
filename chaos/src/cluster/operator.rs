//! The operator of the exchange: the map, and changes to the table of nodes.

use anyhow::{Context, bail};
use hoga_proto::v1;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use v1::admin_service_client::AdminServiceClient;

/// How long one node may take before another is asked.
const NODE_WITHIN: Duration = Duration::from_millis(700);
/// The pause before nodes that did not answer are asked again.
const ASK_EVERY: Duration = Duration::from_millis(100);

#[derive(Clone)]
struct Token(MetadataValue<Ascii>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Admin = AdminServiceClient<InterceptedService<Channel, Token>>;

/// Knows the way to each node, by its place. Its ways lead past the proxies.
#[derive(Clone, Default)]
pub struct Operator {
    nodes: BTreeMap<usize, Admin>,
    asked: u64,
}

impl Operator {
    /// Learns where a node is.
    ///
    /// # Errors
    /// That is no address.
    pub fn meet(&mut self, place: usize, address: &str) -> anyhow::Result<()> {
        let channel =
            Endpoint::from_shared(address.to_owned())?.connect_timeout(NODE_WITHIN).connect_lazy();
        let token = Token(MetadataValue::from_static("Bearer dev:operator"));
        let admin = AdminServiceClient::new(InterceptedService::new(channel, token));
        self.nodes.insert(place, admin);
        Ok(())
    }

    pub fn forget(&mut self, place: usize) {
        self.nodes.remove(&place);
    }

    /// The exchange as one node sees it.
    pub async fn map_of(&self, place: usize) -> Option<v1::ClusterMap> {
        let mut admin = self.nodes.get(&place)?.clone();
        let asked = admin.get_cluster_map(v1::GetClusterMapRequest {});
        timeout(NODE_WITHIN, asked).await.ok()?.ok()?.into_inner().map
    }

    /// A node's own status.
    pub async fn status_of(&self, place: usize) -> Option<v1::NodeStatus> {
        let mut admin = self.nodes.get(&place)?.clone();
        let asked = admin.get_status(v1::GetStatusRequest::default());
        timeout(NODE_WITHIN, asked).await.ok()?.ok()?.into_inner().status
    }

    /// The exchange as those nodes see it that answer.
    pub async fn maps(&self) -> BTreeMap<usize, v1::ClusterMap> {
        let mut maps = BTreeMap::new();
        for &place in self.nodes.keys() {
            if let Some(map) = self.map_of(place).await {
                maps.insert(place, map);
            }
        }
        maps
    }

    /// Has a node entered in the table; its number.
    ///
    /// # Errors
    /// It was refused, or nobody did it in time.
    pub async fn add(&mut self, link: &str, within: Duration) -> anyhow::Result<u64> {
        let (link, request_id) = (link.to_owned(), self.request_id());
        let request = v1::AddNodeRequest { link, request_id, sent_at: None };
        let added = self.change(within, |mut admin| {
            let request = request.clone();
            async move { Ok(admin.add_node(request).await?.into_inner().name) }
        });
        let name = added.await.context("adding a node")?;
        number(&name).with_context(|| format!("`{name}` is not a node"))
    }

    /// Has a node given up, under an id under which it may be asked for again.
    ///
    /// # Errors
    /// It was refused, or nobody did it in time.
    pub async fn remove(&self, node: u64, id: &str, within: Duration) -> anyhow::Result<()> {
        let (name, request_id) = (format!("nodes/n{node}"), id.to_owned());
        let request = v1::RemoveNodeRequest { name, request_id, sent_at: None };
        let removed = self.change(within, |mut admin| {
            let request = request.clone();
            async move { admin.remove_node(request).await.map(drop) }
        });
        removed.await.with_context(|| format!("removing n{node}"))
    }

    /// # Errors
    /// It was refused, or nobody did it in time.
    pub async fn drain(&mut self, node: u64, undo: bool, within: Duration) -> anyhow::Result<()> {
        let (name, request_id) = (format!("nodes/n{node}"), self.request_id());
        let request = v1::DrainNodeRequest { name, undo, request_id, sent_at: None };
        let drained = self.change(within, |mut admin| {
            let request = request.clone();
            async move { admin.drain_node(request).await.map(drop) }
        });
        drained.await.with_context(|| format!("draining n{node}"))
    }

    /// An id that no request had.
    pub fn request_id(&mut self) -> String {
        self.asked += 1;
        format!("chaos.{}", self.asked)
    }

    /// Asks one node after the other until one did it. The id of the request stays the same, so
    /// that it is done once.
    async fn change<T, F>(&self, within: Duration, ask: impl Fn(Admin) -> F) -> anyhow::Result<T>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let until = Instant::now() + within;
        let mut last = "no node is known".to_owned();
        while Instant::now() < until {
            for admin in self.nodes.values() {
                match timeout(2 * NODE_WITHIN, ask(admin.clone())).await {
                    Ok(Ok(done)) => return Ok(done),
                    Ok(Err(status)) => {
                        last = format!("{:?}: {}", status.code(), status.message());
                    }
                    Err(_) => last = "no answer".into(),
                }
            }
            sleep(ASK_EVERY).await;
        }
        bail!("not within {within:?}: {last}")
    }
}

/// 3 of `nodes/n3`.
#[must_use]
pub fn number(name: &str) -> Option<u64> {
    name.strip_prefix("nodes/n")?.parse().ok()
}
