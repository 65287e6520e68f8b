//! A connection to a peer, up to where a stream can be opened on it.

use super::NodeId;
use super::lane::{WINDOW_BYTES, WIRE_BYTES_MAX};
use super::tls::{ClientTls, node_name};
use hoga_proto::internal::link_service_client::LinkServiceClient;
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};

/// How long a peer's machine may take to answer at all.
const CONNECT_WITHIN: Duration = Duration::from_millis(500);
/// How long a peer may take to prove who it is.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(2);
/// Between two pings of the connection itself, and how long their answers may take.
pub(super) const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(1);
pub(super) const KEEP_ALIVE_WITHIN: Duration = Duration::from_secs(2);

/// A connection of either kind.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("{address}: {source}")]
    Unreachable { address: String, source: io::Error },
    /// Not without certificates.
    #[error("{address} is no loopback address: links between machines need certificates")]
    PlainText { address: String },
    #[error("node {node} at {address} does not prove that it is node {node}: {reason}")]
    Certificate { node: NodeId, address: String, reason: String },
    #[error("{address}: {reason}")]
    Protocol { address: String, reason: String },
}

/// Connects to where a peer is said to be, and makes it prove that it is there.
pub(super) async fn connect(
    peer: NodeId,
    address: &str,
    tls: Option<&ClientTls>,
) -> Result<LinkServiceClient<Channel>, ConnectError> {
    let wire = reach(peer, address, tls).await?;
    let failed = |error: tonic::transport::Error| {
        let reason = causes(&error);
        ConnectError::Protocol { address: address.into(), reason }
    };
    // The name is only what HTTP wants; the connection is there already.
    let endpoint = Endpoint::from_shared(format!("http://{}", node_name(peer))).map_err(failed)?;
    let endpoint = endpoint
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
        .keep_alive_timeout(KEEP_ALIVE_WITHIN)
        .keep_alive_while_idle(true);
    let wire = Arc::new(Mutex::new(Some(TokioIo::new(wire))));
    let once = tower::service_fn(move |_| {
        let wire = wire.lock().ok().and_then(|mut wire| wire.take());
        std::future::ready(wire.ok_or_else(|| io::Error::other("the connection has ended")))
    });
    let channel = endpoint.connect_with_connector(once).await.map_err(failed)?;
    Ok(LinkServiceClient::new(channel)
        .max_decoding_message_size(WIRE_BYTES_MAX)
        .max_encoding_message_size(WIRE_BYTES_MAX))
}

async fn reach(
    peer: NodeId,
    address: &str,
    tls: Option<&ClientTls>,
) -> Result<Box<dyn Wire>, ConnectError> {
    let unreachable = |source| ConnectError::Unreachable { address: address.into(), source };
    let late = |_| unreachable(io::ErrorKind::TimedOut.into());
    let tcp = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await;
    let tcp = tcp.map_err(late)?.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    // Nobody listens there, and the kernel chose that very port for this end.
    if tcp.local_addr().ok() == tcp.peer_addr().ok() {
        return Err(unreachable(io::ErrorKind::ConnectionRefused.into()));
    }
    let Some(tls) = tls else {
        if !tcp.peer_addr().map_err(unreachable)?.ip().is_loopback() {
            return Err(ConnectError::PlainText { address: address.into() });
        }
        return Ok(Box::new(tcp));
    };
    let proven = timeout(HANDSHAKE_WITHIN, tls.connect(peer, tcp)).await.map_err(late)?;
    let proven = proven.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            let (address, reason) = (address.into(), error.to_string());
            ConnectError::Certificate { node: peer, address, reason }
        }
        _ => unreachable(error),
    })?;
    Ok(Box::new(proven))
}

/// An error with what is behind it: tonic's own text is only the outermost layer.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
