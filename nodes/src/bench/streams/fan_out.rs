//! The floor: the same service with nothing behind it. One task makes the newest frame, every
//! stream sends it as it is, at the pace.

use super::{Options, failed};
use crate::bench::BenchError;
use hoga_proto::v1;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::server_frame::Frame;
use hoga_proto::v1::stream_service_server::{StreamService, StreamServiceServer};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

struct FanOut {
    newest: watch::Receiver<Arc<v1::StreamResponse>>,
    pace: Duration,
}

type Frames<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn frame(frame: Frame) -> v1::StreamResponse {
    v1::StreamResponse { frame: Some(v1::ServerFrame { tag: 0, frame: Some(frame) }) }
}

/// As many changed levels as one frame of the product holds at this pace.
fn delta(number: u64, levels: u32) -> v1::StreamResponse {
    let decimal = |value: String| Some(v1::Decimal { value });
    let level = |nth: u32| v1::Level {
        price: decimal((700 + nth).to_string()),
        quantity: decimal((number + u64::from(nth)).to_string()),
        order_count: 0,
    };
    let time = Some(SystemTime::now().into());
    let bids = (0..levels).map(level).collect();
    let book = v1::BookContent { bids, time, ..Default::default() };
    frame(Frame::Delta(v1::Delta {
        topic: Some(super::crowd::topic()),
        first: number,
        last: number + u64::from(levels),
        resume_token: format!("{:08x}.{number:x}.{number:x}", 7),
        content: Some(v1::Content { content: Some(Content::Book(book)) }),
        position: Some(v1::Position { partition: 2, index: number }),
    }))
}

#[tonic::async_trait]
impl StreamService for FanOut {
    type StreamStream = Frames<v1::StreamResponse>;

    async fn stream(
        &self,
        request: Request<Streaming<v1::StreamRequest>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let (newest, pace) = (self.newest.clone(), self.pace);
        let mut says = request.into_inner();
        says.next().await.transpose()?;
        let subscribed = frame(Frame::Subscribed(v1::Subscribed::default()));
        let next = move |(mut newest, due): (watch::Receiver<Arc<v1::StreamResponse>>, Instant)| {
            let _open = &says;
            async move {
                sleep_until(due).await;
                newest.changed().await.ok()?;
                let frame = newest.borrow_and_update().as_ref().clone();
                Some((Ok(frame), (newest, Instant::now() + pace)))
            }
        };
        let frames = futures::stream::unfold((newest, Instant::now()), next);
        let first = futures::stream::iter([Ok(subscribed)]);
        Ok(Response::new(Box::pin(futures::StreamExt::chain(first, frames))))
    }

    type WatchStream = Frames<v1::WatchResponse>;

    async fn watch(
        &self,
        _: Request<v1::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("a fan-out has one method"))
    }
}

/// Serves on a free port until the process ends.
pub(super) async fn serve(options: &Options) -> Result<SocketAddr, BenchError> {
    let levels = options.updates_per_second.div_ceil(options.frames_per_second.max(1));
    let (make, newest) = watch::channel(Arc::new(delta(0, levels)));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / options.updates_per_second);
    tokio::spawn(async move {
        for number in 1.. {
            ticks.tick().await;
            make.send_replace(Arc::new(delta(number, levels)));
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let pace = Duration::from_secs(1) / options.frames_per_second.max(1);
    // As the gateway takes its connections: without, small answers wait for one another.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = tonic::transport::Server::builder()
        .add_service(StreamServiceServer::new(FanOut { newest, pace }))
        .serve_with_incoming(incoming);
    tokio::spawn(server);
    Ok(address)
}
