//! The gateway's server: its services behind the door, its health, its end.

use super::account::Accounts;
use super::admin::Admin;
use super::desk::Desk;
use super::market::Market;
use super::mirror;
use super::options::GatewayOptions;
use super::order::Orders;
use super::pace::Pace;
use super::ranking::Ranking;
use super::stream::Streams;
use super::tape::Tape;
use crate::auth::{Accepts, Door, Names};
use crate::tls;
use hoga_cluster::runtime::Exchange;
use hoga_proto::FILE_DESCRIPTOR_SET;
use hoga_proto::v1::account_service_server::AccountServiceServer;
use hoga_proto::v1::admin_service_server::AdminServiceServer;
use hoga_proto::v1::market_service_server::MarketServiceServer;
use hoga_proto::v1::order_service_server::OrderServiceServer;
use hoga_proto::v1::ranking_service_server::RankingServiceServer;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use tonic_reflection::server::Builder as Reflection;

/// Bytes of one answer: pages are the largest.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// A connection that says nothing is asked whether it lives, and closed when it is silent.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Why a gateway does not serve. Nothing is listening.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} cannot be listened on: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(
        "development tokens are believed unseen, so they are only for a loopback listener; \
         {0} can be reached from elsewhere: listen on 127.0.0.1"
    )]
    DevelopmentIsLocal(SocketAddr),
    #[error(
        "{0} can be reached from elsewhere and calls would travel in plain text: listen on \
         127.0.0.1, give it a certificate, or set `insecure` to serve it all the same"
    )]
    PlainText(SocketAddr),
    #[error("the descriptors for reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A gateway that serves.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    desk: Arc<Desk>,
    health: HealthReporter,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
    drain: Duration,
    mirror: Option<AbortHandle>,
}

impl Running {
    /// The market is founded: from now on what is missing is not there.
    pub fn founded(&self) {
        self.desk.symbols.founded();
    }

    /// Says that it is about to stop, takes nothing new, lets what is under way end, and ends.
    /// What is still under way after the time to drain is cut off.
    pub async fn shutdown(self) {
        self.desk.draining.send_replace(true);
        self.mirror.iter().for_each(AbortHandle::abort);
        self.desk.tape.keep(&self.desk.exchange).await;
        // They have no end of their own.
        self.desk.streams.close();
        for service in SERVICES {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
        // A server that ended already does not have to be told.
        let _ = self.stop.send(());
        let abort = self.server.abort_handle();
        match tokio::time::timeout(self.drain, self.server).await {
            Ok(Ok(Err(error))) => tracing::error!(%error, "the gateway did not end well"),
            Ok(_) => {}
            Err(_) => {
                tracing::warn!("calls under way were cut off");
                abort.abort();
            }
        }
    }
}

/// Every service with a health of its own; the empty name stands for the whole gateway.
const SERVICES: [&str; 7] = [
    "",
    OrderServiceServer::<Orders>::NAME,
    AccountServiceServer::<Accounts>::NAME,
    MarketServiceServer::<Market>::NAME,
    RankingServiceServer::<Ranking>::NAME,
    AdminServiceServer::<Admin>::NAME,
    Streams::NAME,
];

/// Serves an exchange.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(exchange: Exchange, options: GatewayOptions) -> Result<Running, ServeError> {
    check(&options)?;
    let listen = |source| ServeError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let names = Arc::new(Names::new(exchange.options().node));
    let tape = Tape::follow(&exchange).await;
    let pace = Pace::new(options.orders_per_second_max);
    let (upstream, is_founding) = (options.upstream, options.is_founding);
    let desk = Desk::new(exchange, names.clone(), tape, pace, upstream, is_founding);
    let desk = Arc::new(desk);
    let health = HealthReporter::new();
    for service in SERVICES {
        health.set_service_status(service, ServingStatus::Serving).await;
    }
    let mirror = options.mirror.map(|options| mirror::start(&desk, options));
    let routes = routes(&desk, &health, options.message_bytes_max)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder()
        .layer(Door::new(options.auth, names))
        .max_concurrent_streams(options.streams_max)
        .http2_max_header_list_size(options.header_bytes_max)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .add_routes(routes);
    let stopped = async {
        // A dropped handle stops the gateway as well.
        let _ = stopped.await;
    };
    let is_secret = options.tls.is_some();
    let server = match options.tls {
        Some(identity) => {
            let incoming = tls::incoming(listener, identity);
            tokio::spawn(server.serve_with_incoming_shutdown(incoming, stopped))
        }
        None => {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            tokio::spawn(server.serve_with_incoming_shutdown(incoming, stopped))
        }
    };
    tracing::info!(%address, tls = is_secret, "the gateway serves");
    Ok(Running { address, desk, health, stop, server, drain: options.drain, mirror })
}

fn check(options: &GatewayOptions) -> Result<(), ServeError> {
    if options.listen.ip().is_loopback() {
        return Ok(());
    }
    if matches!(options.auth, Accepts::Development) {
        return Err(ServeError::DevelopmentIsLocal(options.listen));
    }
    if options.tls.is_some() || options.insecure {
        Ok(())
    } else {
        Err(ServeError::PlainText(options.listen))
    }
}

fn routes(
    desk: &Arc<Desk>,
    health: &HealthReporter,
    message_bytes_max: usize,
) -> Result<Routes, ServeError> {
    /// A service with its limits.
    macro_rules! limited {
        ($server:ident, $service:expr) => {
            $server::new($service)
                .max_decoding_message_size(message_bytes_max)
                .max_encoding_message_size(ANSWER_BYTES_MAX)
        };
    }
    let described = || {
        Reflection::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let mut routes = Routes::builder();
    routes
        .add_service(limited!(OrderServiceServer, Orders(desk.clone())))
        .add_service(limited!(AccountServiceServer, Accounts(desk.clone())))
        .add_service(limited!(MarketServiceServer, Market(desk.clone())))
        .add_service(limited!(RankingServiceServer, Ranking(desk.clone())))
        .add_service(limited!(AdminServiceServer, Admin(desk.clone())))
        .add_service(Streams::new(desk.clone(), message_bytes_max))
        .add_service(HealthServer::new(HealthService::from_health_reporter(health.clone())))
        .add_service(described().build_v1()?)
        .add_service(described().build_v1alpha()?);
    Ok(routes.routes())
}
