//! The gateway's server: its services behind the door, its health, its end.

use super::account::Accounts;
use super::admin::Admin;
use super::cluster::is_leaving;
use super::connections::room_for;
use super::desk::Desk;
use super::listener::{Listener, Serving};
use super::market::Market;
use super::mirror;
use super::options::GatewayOptions;
use super::order::Orders;
use super::pace::Pace;
use super::ranking::Ranking;
use super::stream::Streams;
use super::tape::Tape;
use crate::auth::{Accepts, Door, Names};
use futures::future::join_all;
use hoga_cluster::partition::{NodeId, NodeTable};
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
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use tonic_reflection::server::Builder as Reflection;

/// Bytes of one answer: pages are the largest.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Bytes of one message from an operator, who imports a thousand candles at once.
const OPERATOR_BYTES_MAX: usize = 256 << 10;
/// Connections at an address for operators alone: clients take none of them.
const OPERATORS_MAX: usize = 64;

/// Why a gateway does not serve. Nothing is listening.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {source}")]
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
    /// Where it listens to operators, when that is somewhere else.
    pub operators: Option<SocketAddr>,
    desk: Arc<Desk>,
    health: HealthReporter,
    /// Says by the health of all services when operators have this node emptied.
    standing: Option<AbortHandle>,
    listeners: Vec<Listener>,
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
        self.mirror.iter().chain(&self.standing).for_each(AbortHandle::abort);
        self.desk.tape.keep(&self.desk.exchange).await;
        // They have no end of their own.
        self.desk.streams.close();
        say(&self.health, ServingStatus::NotServing).await;
        join_all(self.listeners.into_iter().map(|listener| listener.close(self.drain))).await;
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
    let (clients, address) = listen(options.listen).await?;
    let operators = match options.listen_for_operators {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let names = Arc::new(Names::new(exchange.options().node));
    let tape = Tape::follow(&exchange).await;
    let pace = Pace::new(options.orders_per_second_max);
    let (upstream, is_founding) = (options.upstream, options.is_founding);
    let desk = Desk::new(exchange, names.clone(), tape, pace, upstream, is_founding);
    let desk = Arc::new(desk);
    let health = HealthReporter::new();
    say(&health, ServingStatus::Serving).await;
    let standing = desk.exchange.membership().map(|membership| {
        let following = follow(membership.table(), desk.exchange.options().node, health.clone());
        tokio::spawn(following).abort_handle()
    });
    let mirror = options.mirror.map(|options| mirror::start(&desk, options));
    let routes = routes(&desk, &health, options.message_bytes_max)?;
    let door = Door::new(options.auth, names);
    let serving = Serving {
        routes,
        tls: options.tls.clone(),
        streams_max: options.streams_max,
        header_bytes_max: options.header_bytes_max,
    };
    let connections_max = room_for(options.connections_max, 1);
    let is_secret = options.tls.is_some();
    let (mut listeners, mut at) = (Vec::new(), None);
    match operators {
        Some((tcp, address)) => {
            listeners.push(serving.start(clients, door.clone().for_clients(), connections_max));
            listeners.push(serving.start(tcp, door, OPERATORS_MAX));
            at = Some(address);
            tracing::info!(%address, tls = is_secret, "the gateway serves operators");
        }
        None => listeners.push(serving.start(clients, door, connections_max)),
    }
    tracing::info!(%address, tls = is_secret, "the gateway serves");
    let (operators, drain) = (at, options.drain);
    Ok(Running { address, operators, desk, health, standing, listeners, drain, mirror })
}

async fn say(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}

/// A node that operators have emptied still answers; whoever asks for its health goes elsewhere.
async fn follow(mut table: watch::Receiver<Arc<NodeTable>>, me: NodeId, health: HealthReporter) {
    loop {
        let is_leaving = is_leaving(&table.borrow_and_update(), me);
        let status = if is_leaving { ServingStatus::NotServing } else { ServingStatus::Serving };
        say(&health, status).await;
        if table.changed().await.is_err() {
            return;
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn check(options: &GatewayOptions) -> Result<(), ServeError> {
    let addresses = std::iter::once(options.listen).chain(options.listen_for_operators);
    for address in addresses.filter(|address| !address.ip().is_loopback()) {
        if matches!(options.auth, Accepts::Development) {
            return Err(ServeError::DevelopmentIsLocal(address));
        }
        if options.tls.is_none() && !options.insecure {
            return Err(ServeError::PlainText(address));
        }
    }
    Ok(())
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
        .add_service(
            limited!(AdminServiceServer, Admin(desk.clone()))
                .max_decoding_message_size(message_bytes_max.max(OPERATOR_BYTES_MAX)),
        )
        .add_service(Streams::new(desk.clone(), message_bytes_max))
        .add_service(HealthServer::new(HealthService::from_health_reporter(health.clone())))
        .add_service(described().build_v1()?)
        .add_service(described().build_v1alpha()?);
    Ok(routes.routes())
}
