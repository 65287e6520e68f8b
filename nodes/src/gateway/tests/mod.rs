//! The gateway as its clients meet it: a whole node on a port of its own, over the wire.

#![allow(clippy::unwrap_used)]

mod accounts;
mod admin;
mod calls;
mod candles;
mod door;
mod limits;
mod lives;
mod market;
mod operators;
mod orders;
mod paging;
mod refusals;
mod seasons;
mod session;
mod signed;
mod stops;
mod tools;
mod upstream;

use super::{GatewayOptions, Running, serve};
use crate::auth::Accepts;
use hoga_cluster::log::{LogOptions, OpenError};
use hoga_cluster::runtime::{Exchange, ExchangeOptions, StartError};
use hoga_engine::topology::Topology;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::account_service_client::AccountServiceClient;
use hoga_proto::v1::admin_service_client::AdminServiceClient;
use hoga_proto::v1::market_service_client::MarketServiceClient;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use hoga_proto::v1::ranking_service_client::RankingServiceClient;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// At a port that is free, with development tokens.
pub fn anywhere() -> GatewayOptions {
    let listen = "127.0.0.1:0".parse().unwrap();
    GatewayOptions { listen, auth: Accepts::Development, ..GatewayOptions::default() }
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::from_shared(format!("http://{address}")).unwrap()
}

/// A node with the LPJ market: 1,000,000 LPJ with the faucet, nobody else yet.
pub(super) struct Rig {
    pub exchange: Exchange,
    pub gateway: Running,
    pub channel: Channel,
    data: TempDir,
}

/// Puts a token on every call.
#[derive(Clone)]
pub(super) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

type Line = InterceptedService<Channel, Bearer>;

/// Somebody with a token.
#[derive(Clone)]
pub(super) struct Client(Line);

impl Client {
    pub fn on(channel: Channel, token: Option<&str>) -> Client {
        let bearer = token.map(|token| format!("Bearer {token}").parse().unwrap());
        Client(InterceptedService::new(channel, Bearer(bearer)))
    }

    pub fn orders(&self) -> OrderServiceClient<Line> {
        OrderServiceClient::new(self.0.clone())
    }

    pub fn accounts(&self) -> AccountServiceClient<Line> {
        AccountServiceClient::new(self.0.clone())
    }

    pub fn market(&self) -> MarketServiceClient<Line> {
        MarketServiceClient::new(self.0.clone())
    }

    pub fn ranking(&self) -> RankingServiceClient<Line> {
        RankingServiceClient::new(self.0.clone())
    }

    pub fn admin(&self) -> AdminServiceClient<Line> {
        AdminServiceClient::new(self.0.clone())
    }

    pub fn line(&self) -> Line {
        self.0.clone()
    }
}

impl Rig {
    /// A market to trade on.
    pub async fn start() -> Rig {
        let rig = Rig::bare().await;
        let operator = rig.operator();
        for (code, scale, faucet) in [("KRW", 8, ""), ("LPJ", 8, "accounts/faucet")] {
            let asset =
                v1::Asset { code: code.into(), scale, shown_scale: 0, faucet: faucet.into() };
            let asset = Some(asset);
            let create = v1::CreateAssetRequest { asset, ..Default::default() };
            operator.admin().create_asset(create).await.unwrap();
        }
        operator.admin().create_instrument(lpj("asked-once")).await.unwrap();
        rig.account("faucet", &[]).await;
        let issue = v1::IssueRequest {
            account: "accounts/faucet".into(),
            amount: Some(of("LPJ", "1000000")),
            ..Default::default()
        };
        operator.admin().issue(issue).await.unwrap();
        rig
    }

    /// A node with nothing on it.
    pub async fn bare() -> Rig {
        let data = TempDir::new().unwrap();
        let (exchange, gateway, channel) = Rig::open(&data).await;
        Rig { exchange, gateway, channel, data }
    }

    async fn open(data: &TempDir) -> (Exchange, Running, Channel) {
        let options = ExchangeOptions {
            topology: Topology { books: 1, accounts: 2 },
            log: LogOptions {
                segment_bytes: 1 << 20,
                write_bytes_max: 1 << 18,
                ..LogOptions::small()
            },
            ..ExchangeOptions::new(data.path())
        };
        // The last handles of a stopped exchange go with its tasks: the directory is free then.
        let free = async {
            loop {
                match Exchange::start(options.clone()).await {
                    Err(StartError::Log(OpenError::InUse { .. })) => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    started => break started.unwrap(),
                }
            }
        };
        let exchange = tokio::time::timeout(Duration::from_secs(10), free).await.unwrap();
        let gateway = serve(exchange.clone(), anywhere()).await.unwrap();
        let channel = endpoint(gateway.address).connect().await.unwrap();
        (exchange, gateway, channel)
    }

    /// Another gateway of the same exchange.
    pub async fn beside(&self, options: GatewayOptions) -> (Running, Channel) {
        let gateway = serve(self.exchange.clone(), options).await.unwrap();
        let channel = endpoint(gateway.address).connect_lazy();
        (gateway, channel)
    }

    /// Stops in good order and starts again on the same directory.
    pub async fn restart(self) -> Rig {
        self.restart_after(|| {}).await
    }

    /// The same, with something done to the directory between.
    pub async fn restart_after(self, between: impl FnOnce()) -> Rig {
        let Rig { exchange, gateway, channel, data } = self;
        drop(channel);
        gateway.shutdown().await;
        exchange.stop().await;
        drop(exchange);
        between();
        let (exchange, gateway, channel) = Rig::open(&data).await;
        Rig { exchange, gateway, channel, data }
    }

    pub fn with_token(&self, token: Option<&str>) -> Client {
        Client::on(self.channel.clone(), token)
    }

    pub fn client(&self, name: &str) -> Client {
        self.with_token(Some(&format!("dev:{name}")))
    }

    pub fn operator(&self) -> Client {
        self.client("operator")
    }

    pub fn anybody(&self) -> Client {
        self.with_token(None)
    }

    /// Creates an account and deposits.
    pub async fn account(&self, name: &str, amounts: &[(&str, &str)]) -> Client {
        let create = v1::CreateAccountRequest { account_id: name.into(), ..Default::default() };
        self.operator().accounts().create_account(create).await.unwrap();
        let client = self.client(name);
        for (asset, amount) in amounts {
            let deposit = v1::DepositRequest {
                name: "accounts/me".into(),
                amount: Some(of(asset, amount)),
                ..Default::default()
            };
            client.accounts().deposit(deposit).await.unwrap();
        }
        client
    }

    /// Alice with money, bob with goods.
    pub async fn two(&self) -> (Client, Client) {
        let alice = self.account("alice", &[("KRW", "1000000")]).await;
        let bob = self.account("bob", &[("KRW", "1000000"), ("LPJ", "1000")]).await;
        (alice, bob)
    }
}

/// The LPJ market's instrument, under a request id.
pub(super) fn lpj(request_id: &str) -> v1::CreateInstrumentRequest {
    v1::CreateInstrumentRequest {
        instrument: Some(v1::Instrument {
            name: "instruments/LPJ-KRW".into(),
            base_asset: "LPJ".into(),
            quote_asset: "KRW".into(),
            ..Default::default()
        }),
        rules: "lpj".into(),
        request_id: request_id.into(),
        sent_at: None,
    }
}

pub(super) fn number(text: &str) -> v1::Decimal {
    v1::Decimal { value: text.into() }
}

pub(super) fn text(decimal: &Option<v1::Decimal>) -> &str {
    decimal.as_ref().map_or("", |decimal| &decimal.value)
}

pub(super) fn of(asset: &str, amount: &str) -> v1::AssetAmount {
    v1::AssetAmount { asset: asset.into(), amount: Some(number(amount)) }
}

/// A limit order of the token's own account.
pub(super) fn limit(side: v1::Side, quantity: &str, price: &str) -> v1::CreateOrderRequest {
    v1::CreateOrderRequest {
        parent: "accounts/me".into(),
        order: Some(v1::Order {
            instrument: "instruments/LPJ-KRW".into(),
            side: side.into(),
            r#type: v1::OrderType::Limit.into(),
            quantity: Some(number(quantity)),
            price: Some(number(price)),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(super) fn buy(quantity: &str, price: &str) -> v1::CreateOrderRequest {
    limit(v1::Side::Buy, quantity, price)
}

pub(super) fn sell(quantity: &str, price: &str) -> v1::CreateOrderRequest {
    limit(v1::Side::Sell, quantity, price)
}

/// What a call was refused with; every refusal has a reason, and the request's id.
pub(super) fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, reason: &str) -> Refusal {
    let status = outcome.expect_err(reason);
    let refusal = Refusal::from_status(&status);
    assert_eq!(refusal.reason, reason, "{status:?}");
    assert!(refusal.request_id.is_some(), "{reason} has no request id");
    assert_ne!(status.code(), Code::Ok);
    refusal
}
