//! The page of numbers over HTTP: one request, one answer, one path.

use super::registry::Registry;
use super::sample::sample;
use super::watch::watch;
use hoga_cluster::runtime::Exchange;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Readers at once; more wait.
const READERS_MAX: usize = 4;
/// Bytes of a request.
const REQUEST_BYTES_MAX: usize = 8 << 10;
/// How long one reader may take.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// How often what was recorded is folded while nobody reads.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Why there is no endpoint. Nothing is listening.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("cannot listen on {address} for metrics: {source}")]
    Listen { address: SocketAddr, source: io::Error },
}

/// A running endpoint; it ends when this is dropped.
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    tasks: [JoinHandle<()>; 3],
}

impl Endpoint {
    /// Serves `/metrics` of an exchange.
    ///
    /// # Errors
    /// See [`EndpointError`].
    pub async fn serve(
        address: SocketAddr,
        registry: Registry,
        exchange: Exchange,
    ) -> Result<Endpoint, EndpointError> {
        let failed = |source| EndpointError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let upkeep = registry.clone();
        let folding = tokio::spawn(async move {
            let mut turns = tokio::time::interval(UPKEEP_EVERY);
            loop {
                turns.tick().await;
                upkeep.upkeep();
            }
        });
        let watching = watch(&exchange);
        let serving = tokio::spawn(accept(listener, registry, exchange));
        tracing::info!(%address, "metrics are served");
        Ok(Endpoint { address, tasks: [folding, watching, serving] })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        tracing::debug!(address = %self.address, "metrics are no longer served");
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn accept(listener: TcpListener, registry: Registry, exchange: Exchange) {
    let places = Arc::new(Semaphore::new(READERS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: a moment later some are free.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (registry, exchange) = (registry.clone(), exchange.clone());
        tokio::spawn(async move {
            let answered = tokio::time::timeout(READ_WITHIN, answer(stream, &registry, &exchange));
            if let Ok(Err(error)) = answered.await {
                tracing::debug!(%error, "a reader of metrics went away");
            }
            drop(place);
        });
    }
}

async fn answer(mut stream: TcpStream, registry: &Registry, exchange: &Exchange) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut block = [0; 1024];
        let read = stream.read(&mut block).await?;
        if read == 0 || request.len() + read > REQUEST_BYTES_MAX {
            return Ok(());
        }
        request.extend_from_slice(&block[..read]);
    }
    let is_ours = [&b"GET /metrics "[..], b"GET /metrics?"];
    let (status, page) = if is_ours.iter().any(|start| request.starts_with(start)) {
        sample(exchange).await;
        ("200 OK", registry.page())
    } else {
        ("404 Not Found", "The numbers are at /metrics.\n".into())
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        page.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}
