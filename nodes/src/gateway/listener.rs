//! One address of a gateway: its door, and the services behind it.

use super::connections::{Bounds, incoming};
use crate::auth::Door;
use crate::tls::Identity;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Server;

/// A connection that says nothing is asked whether it lives, and closed when it is silent.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// What every address of a gateway serves.
pub(super) struct Serving {
    pub routes: Routes,
    /// None for plain text.
    pub tls: Option<Identity>,
    /// Calls and streams of one connection at a time.
    pub streams_max: u32,
    pub header_bytes_max: u32,
}

impl Serving {
    /// Serves whoever passes the door, over so many connections at a time.
    pub fn start(&self, tcp: TcpListener, door: Door, connections_max: usize) -> Listener {
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Server::builder()
            .layer(door)
            .max_concurrent_streams(self.streams_max)
            .http2_max_header_list_size(self.header_bytes_max)
            .http2_keepalive_interval(Some(KEEPALIVE))
            .add_routes(self.routes.clone());
        let stopped = async {
            // A dropped handle stops it as well.
            let _ = stopped.await;
        };
        let incoming = incoming(tcp, self.tls.clone(), Bounds::of(connections_max));
        let server = tokio::spawn(server.serve_with_incoming_shutdown(incoming, stopped));
        Listener { stop, server }
    }
}

/// An address that is served.
pub(super) struct Listener {
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Listener {
    /// Takes nothing new and lets what is under way end; after that time it is cut off.
    pub async fn close(self, within: Duration) {
        // A server that ended already does not have to be told.
        let _ = self.stop.send(());
        let abort = self.server.abort_handle();
        match tokio::time::timeout(within, self.server).await {
            Ok(Ok(Err(error))) => tracing::error!(%error, "the gateway did not end well"),
            Ok(_) => {}
            Err(_) => {
                tracing::warn!("calls under way were cut off");
                abort.abort();
            }
        }
    }
}
