//! The greeting at the answering side: who may have a stream.

use super::NodeId;
use super::accept::Caller;
use super::answering::answer;
use super::handler::Handler;
use super::hello::{Greeting, Refusal};
use super::lane::Lane;
use super::register::{Entered, Register};
use super::told::Told;
use futures::StreamExt;
use futures::stream::BoxStream;
use hoga_proto::internal::link_service_server::LinkService;
use hoga_proto::internal::{OpenRequest, OpenResponse};
use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::time::timeout;
use tonic::{Code, Request, Response, Status, Streaming};

/// How long a peer may take to greet.
pub(super) const HELLO_WITHIN: Duration = Duration::from_secs(2);

/// The peers that are known, for those that dial this node.
pub(super) type Known = Arc<RwLock<BTreeSet<NodeId>>>;

pub(super) struct Service {
    pub me: Greeting,
    pub known: Known,
    pub register: Register,
    pub handler: Arc<dyn Handler>,
    pub told: Told,
}

impl Service {
    /// Whether a greeting may stand, and if so the stream's place in the register.
    fn admit(&self, from: &Greeting, caller: &Caller) -> Result<Entered, Refusal> {
        self.me.agrees_with(from)?;
        let node = from.node;
        if caller.proof.as_ref().is_some_and(|proof| !proof.is_of(node)) {
            return Err(Refusal::OtherCertificate { from: node });
        }
        let is_known = self.known.read().is_ok_and(|known| known.contains(&node));
        if !is_known {
            return Err(Refusal::Unknown { from: node, node: self.me.node });
        }
        self.register.enter(from, caller.ip)
    }

    fn refuse(&self, refusal: &Refusal, caller: &Caller) -> Status {
        let text = refusal.to_string();
        if self.told.is_new(&text) {
            tracing::warn!(from = %caller.ip, "refused: {text}");
        }
        let code = match refusal {
            // It may be known in a moment.
            Refusal::Unknown { .. } => Code::NotFound,
            _ => Code::FailedPrecondition,
        };
        Status::new(code, text)
    }
}

#[tonic::async_trait]
impl LinkService for Service {
    type OpenStream = BoxStream<'static, Result<OpenResponse, Status>>;

    async fn open(
        &self,
        request: Request<Streaming<OpenRequest>>,
    ) -> Result<Response<Self::OpenStream>, Status> {
        let caller = request.extensions().get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Status::internal("a connection without a caller"))?;
        let mut incoming = request.into_inner();
        let first = timeout(HELLO_WITHIN, incoming.message()).await;
        let first = first.map_err(|_| Status::deadline_exceeded("no greeting came"))??;
        let greeting: Result<(Greeting, Lane), _> =
            Greeting::read(first.and_then(|first| first.hello));
        let admitted = greeting.and_then(|(greeting, lane)| {
            let entered = self.admit(&greeting, &caller)?;
            Ok((greeting.node, lane, entered))
        });
        let (from, lane, entered) = admitted.map_err(|refusal| self.refuse(&refusal, &caller))?;
        let handler = Arc::clone(&self.handler);
        let answers = answer(&self.me, (from, lane), handler, incoming, entered);
        Ok(Response::new(answers.boxed()))
    }
}
