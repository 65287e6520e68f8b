//! The listener for peers: connections, each with what it has proved.

use super::connect::{Wire, causes};
use super::tls::{Proof, ServerTls};
use super::told::Told;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tonic::transport::server::Connected;

/// Connections from peers at a time, those that are still proving who they are included. More
/// wait in the kernel.
const CONNECTIONS_MAX: usize = 256;
/// Connections that wait to be served.
pub(super) const READY_MAX: usize = 16;
/// How long a peer may take to prove who it is.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(2);
/// The pause after the kernel had no connection to give.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection from somebody who proved to be a node, or did not have to.
pub(super) struct Accepted {
    wire: Box<dyn Wire>,
    caller: Caller,
    _room: OwnedSemaphorePermit,
}

/// Who is at the other end.
#[derive(Clone)]
pub(super) struct Caller {
    pub ip: IpAddr,
    /// None without certificates.
    pub proof: Option<Proof>,
}

/// Accepts until it is dropped.
pub(super) async fn accept(
    listener: TcpListener,
    tls: Option<ServerTls>,
    ready: mpsc::Sender<io::Result<Accepted>>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let told = Arc::new(Told::default());
    loop {
        let Ok(room) = Arc::clone(&room).acquire_owned().await else { return };
        let (tcp, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection from a peer is lost");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (tls, ready, told) = (tls.clone(), ready.clone(), Arc::clone(&told));
        // It ends by itself, in time.
        tokio::spawn(async move {
            match prove(tcp, from, tls, room).await {
                Ok(accepted) => drop(ready.send(Ok(accepted)).await),
                Err(error) => {
                    let error = format!("{}: {}", from.ip(), causes(&error));
                    if told.is_new(&error) {
                        tracing::warn!(error, "refused: no peer that proves who it is");
                    }
                }
            }
        });
    }
}

async fn prove(
    tcp: TcpStream,
    from: SocketAddr,
    tls: Option<ServerTls>,
    room: OwnedSemaphorePermit,
) -> io::Result<Accepted> {
    tcp.set_nodelay(true)?;
    let ip = from.ip();
    let Some(tls) = tls else {
        let caller = Caller { ip, proof: None };
        return Ok(Accepted { wire: Box::new(tcp), caller, _room: room });
    };
    let accepted = timeout(HANDSHAKE_WITHIN, tls.accept(tcp)).await;
    let (stream, proof) = accepted.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let caller = Caller { ip, proof: Some(proof) };
    Ok(Accepted { wire: Box::new(stream), caller, _room: room })
}

impl Connected for Accepted {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Accepted {
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
