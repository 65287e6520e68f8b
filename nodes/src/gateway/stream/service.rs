//! `hoga.v1.StreamService`, served with frames that are bytes already.

use super::frame::Frames;
use super::talk::{Says, Talk};
use crate::auth::Caller;
use crate::gateway::desk::Desk;
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::stream_service_server::SERVICE_NAME;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::codegen::Body as HttpBody;
use tonic::server::{Grpc, NamedService, ServerStreamingService, StreamingService};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::Service;

/// The service. The generated one would encode every frame for every reader anew.
#[derive(Clone)]
pub struct Streams {
    desk: Arc<Desk>,
    message_bytes_max: usize,
}

impl Streams {
    /// `message_bytes_max` bounds one frame of a client.
    #[must_use]
    pub fn new(desk: Arc<Desk>, message_bytes_max: usize) -> Streams {
        Streams { desk, message_bytes_max }
    }
}

impl NamedService for Streams {
    const NAME: &'static str = SERVICE_NAME;
}

type Outcome = Result<Response<BoxStream<'static, Result<Bytes, Status>>>, Status>;

/// Subscribe, unsubscribe and list on the open stream.
struct Open(Arc<Desk>);

impl StreamingService<v1::StreamRequest> for Open {
    type Response = Bytes;
    type ResponseStream = BoxStream<'static, Result<Bytes, Status>>;
    type Future = BoxFuture<'static, Outcome>;

    fn call(&mut self, request: Request<Streaming<v1::StreamRequest>>) -> Self::Future {
        let desk = self.0.clone();
        Box::pin(async move {
            let (caller, says) = Caller::of(request)?;
            Ok(Response::new(Talk::new(desk, caller, says.boxed()).frames()))
        })
    }
}

/// The same with topics that are fixed at the start.
struct Watch(Arc<Desk>);

impl ServerStreamingService<v1::WatchRequest> for Watch {
    type Response = Bytes;
    type ResponseStream = BoxStream<'static, Result<Bytes, Status>>;
    type Future = BoxFuture<'static, Outcome>;

    fn call(&mut self, request: Request<v1::WatchRequest>) -> Self::Future {
        let desk = self.0.clone();
        Box::pin(async move {
            let (caller, message) = Caller::of(request)?;
            if message.subscriptions.is_empty() {
                let rule = "at least one is required";
                return Err(caller.refuse(Refusal::malformed("subscriptions", rule)));
            }
            let silent: Says = futures::stream::empty().boxed();
            let mut talk = Talk::new(desk, caller.clone(), silent);
            let begun = talk.begin(message.subscriptions).await;
            begun.map_err(|refusal| caller.refuse(*refusal))?;
            Ok(Response::new(talk.frames()))
        })
    }
}

impl<B> Service<http::Request<B>> for Streams
where
    B: HttpBody + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let (desk, most) = (self.desk.clone(), Some(self.message_bytes_max));
        let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        Box::pin(async move {
            Ok(match method.as_str() {
                "Stream" => {
                    let grpc = Grpc::new(Frames::<v1::StreamRequest>::default());
                    let mut grpc = grpc.apply_max_message_size_config(most, None);
                    grpc.streaming(Open(desk), request).await
                }
                "Watch" => {
                    let grpc = Grpc::new(Frames::<v1::WatchRequest>::default());
                    let mut grpc = grpc.apply_max_message_size_config(most, None);
                    grpc.server_streaming(Watch(desk), request).await
                }
                other => {
                    let message = format!("there is no method {other}");
                    Status::new(Code::Unimplemented, message).into_http()
                }
            })
        })
    }
}
