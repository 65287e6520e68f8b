//! Connections of clients, as the gateway's server takes them: so many at a time, with their
//! handshakes behind them, and only as long as they say something to begin with.
//!
//! Every connection is an open file, and so are the segments of the log: clients must never take
//! the last one.

use crate::tls::Identity;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::either::Either;
use tonic::transport::server::Connected;

/// Handshakes under way; more clients wait in the kernel.
const HANDSHAKES_MAX: usize = 256;
/// Connections that wait to be served; handshakes wait beyond.
const READY_MAX: usize = 16;
/// How long a client may take for its handshake.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(3);
/// The pause after the kernel had no connection to give.
const PAUSE: Duration = Duration::from_millis(50);
/// Open files besides: the log, the history, the snapshots, the links to other nodes.
const OTHER_FILES: u64 = 600;

/// Raises this process's limit of open files as far as it goes; returns how many of at most
/// `wanted` connections that leaves room for, at so many files each.
pub fn room_for(wanted: usize, files_each: u64) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        // Then it is what it was.
        Err(_) => limit.current,
    };
    let room = current.map_or(u64::MAX, |current| current.saturating_sub(OTHER_FILES) / files_each);
    wanted.min(usize::try_from(room).unwrap_or(usize::MAX)).max(1)
}

/// What clients have at an address.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// At a time; more wait in the kernel.
    pub connections: usize,
    /// How long a connection may say nothing to begin with.
    pub first_word_within: Duration,
}

impl Bounds {
    #[must_use]
    pub const fn of(connections: usize) -> Bounds {
        Bounds { connections, first_word_within: Duration::from_secs(10) }
    }
}

/// Accepts until the stream is dropped.
pub fn incoming(
    listener: TcpListener,
    identity: Option<Identity>,
    bounds: Bounds,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, connections) = mpsc::channel(READY_MAX);
    tokio::spawn(async move {
        tokio::select! {
            () = accept(listener, identity, bounds, ready.clone()) => {}
            () = ready.closed() => {}
        }
    });
    ReceiverStream::new(connections)
}

async fn accept(
    listener: TcpListener,
    identity: Option<Identity>,
    bounds: Bounds,
    ready: mpsc::Sender<io::Result<Connection>>,
) {
    let room = Arc::new(Semaphore::new(bounds.connections));
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let mut was_full = false;
    loop {
        let is_full = room.available_permits() == 0;
        if is_full && !was_full {
            let connections = bounds.connections;
            tracing::warn!(connections, "there is no room for more clients: the next wait");
        }
        was_full = is_full;
        let Ok(room) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok(shaking) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(error) => {
                tracing::warn!(%error, "a client's connection is lost");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (identity, ready) = (identity.clone(), ready.clone());
        // It ends by itself, in time.
        tokio::spawn(async move {
            match timeout(HANDSHAKE_WITHIN, shake(tcp, identity.as_ref())).await {
                Ok(Ok(wire)) => {
                    drop(shaking);
                    let over = Box::pin(sleep(bounds.first_word_within));
                    let silence = Some(Silence { over, missing: GREETING });
                    let connection = Connection { wire, silence, _room: room };
                    drop(ready.send(Ok(connection)).await);
                }
                // Scanners and slips of a scheme: nothing that an operator has to hear of.
                Ok(Err(error)) => tracing::debug!(%error, "a client's handshake failed"),
                Err(_) => tracing::debug!("a client did not end its handshake"),
            }
        });
    }
}

async fn shake(tcp: TcpStream, identity: Option<&Identity>) -> io::Result<Wire> {
    tcp.set_nodelay(true)?;
    Ok(match identity {
        Some(identity) => Either::Right(identity.accept(tcp).await?),
        None => Either::Left(tcp),
    })
}

/// A client's connection, which counts until it is dropped.
pub struct Connection {
    wire: Wire,
    /// Until it has greeted: when it has to have, and what is missing.
    silence: Option<Silence>,
    _room: OwnedSemaphorePermit,
}

/// What every HTTP/2 client says first, in bytes. Until then nothing else bounds its time; from
/// then on it is pinged.
const GREETING: usize = 24;

struct Silence {
    over: Pin<Box<Sleep>>,
    missing: usize,
}

/// In plain text, or secret.
type Wire = Either<TcpStream, TlsStream<TcpStream>>;

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.wire).poll_read(cx, buffer);
        let Some(silence) = &mut self.silence else { return read };
        match &read {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                silence.missing = silence.missing.saturating_sub(buffer.filled().len() - before);
                if silence.missing == 0 {
                    self.silence = None;
                }
                read
            }
            // It has ended.
            Poll::Ready(_) => read,
            Poll::Pending => {
                let is_over = silence.over.as_mut().poll(cx);
                is_over.map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "it did not greet")))
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
