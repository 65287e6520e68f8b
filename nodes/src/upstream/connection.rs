//! The way to a venue: TCP, TLS where its address says so, and WebSocket over it.

use super::address::Address;
use crate::tls::Trust;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Bytes of one message from a venue: a book of thirty levels has three thousand.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes that may wait for a venue that does not read; then sending fails.
const WRITE_BYTES_MAX: usize = 1 << 20;

/// What a WebSocket goes over.
pub trait Carries: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Carries for T {}

pub type Socket = WebSocketStream<Box<dyn Carries>>;

/// Why a connection was not opened, or is none any more. Another is tried.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    #[error("it broke: {0}")]
    Broken(#[from] SocketError),
    #[error("it did not open in time")]
    Slow,
    #[error("it was closed by the other side")]
    Closed,
    #[error("nothing at all was heard for too long")]
    Silent,
    #[error("no book was heard for too long")]
    Bookless,
}

/// # Errors
/// Nobody answers there, or not with a WebSocket.
pub async fn open(address: &Address, trust: &Trust) -> Result<Socket, Lost> {
    let stream: Box<dyn Carries> = if address.is_secret {
        Box::new(trust.connect(&address.host, address.port).await?)
    } else {
        let host = address.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, address.port)).await?;
        stream.set_nodelay(true)?;
        Box::new(stream)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BYTES_MAX);
    let (socket, _) = client_async_with_config(&address.uri, stream, Some(config)).await?;
    Ok(socket)
}
