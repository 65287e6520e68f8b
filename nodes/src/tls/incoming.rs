//! Connections of clients, as the gateway's server takes them: with their handshakes behind them.

use super::Identity;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// Handshakes under way; more clients wait in the kernel.
const HANDSHAKES_MAX: usize = 256;
/// Connections that wait to be served; handshakes wait beyond.
const READY_MAX: usize = 16;
/// How long a client may take for its handshake.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(3);
/// The pause after the kernel had no connection to give.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection whose handshake is done.
pub struct Secured(TlsStream<TcpStream>);

/// Accepts until the stream is dropped.
#[must_use]
pub fn incoming(listener: TcpListener, identity: Identity) -> ReceiverStream<io::Result<Secured>> {
    let (ready, connections) = mpsc::channel(READY_MAX);
    tokio::spawn(async move {
        tokio::select! {
            () = accept(listener, identity, ready.clone()) => {}
            () = ready.closed() => {}
        }
    });
    ReceiverStream::new(connections)
}

async fn accept(
    listener: TcpListener,
    identity: Identity,
    ready: mpsc::Sender<io::Result<Secured>>,
) {
    let room = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(room) = Arc::clone(&room).acquire_owned().await else { return };
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
            match timeout(HANDSHAKE_WITHIN, shake(tcp, &identity)).await {
                Ok(Ok(secured)) => drop(ready.send(Ok(secured)).await),
                // Scanners and slips of a scheme: nothing that an operator has to hear of.
                Ok(Err(error)) => tracing::debug!(%error, "a client's handshake failed"),
                Err(_) => tracing::debug!("a client did not end its handshake"),
            }
            drop(room);
        });
    }
}

async fn shake(tcp: TcpStream, identity: &Identity) -> io::Result<Secured> {
    tcp.set_nodelay(true)?;
    identity.accept(tcp).await.map(Secured)
}

impl Connected for Secured {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
