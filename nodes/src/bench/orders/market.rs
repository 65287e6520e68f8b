//! A market to place orders in: an exchange of one node or several, on a temporary directory,
//! behind the gateway of one of them.

use super::super::BenchError;
use crate::auth::Accepts;
use crate::gateway::{self, GatewayOptions, Running};
use hoga_cluster::link::DevelopmentCa;
use hoga_cluster::partition::{MetaCommand, Trace};
use hoga_cluster::runtime::{ClusterOptions, Exchange, ExchangeOptions, Identified, Reply};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::request::AccountRequest;
use hoga_engine::topology::Topology;
use hoga_scenarios::listing;
use hoga_scenarios::rules::RuleBook;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(30);
/// Whole units that every account starts with, of each asset: more than any round can use up.
const START: i128 = 1_000_000_000;

pub(in crate::bench) struct Market {
    pub address: SocketAddr,
    exchange: Exchange,
    /// The other nodes.
    others: Vec<Exchange>,
    running: Running,
    _data: tempfile::TempDir,
}

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Options(error.to_string())
}

fn identified(id: &str) -> Result<Identified, BenchError> {
    let id = ClientId::parse(id).map_err(failed)?;
    Ok(Identified { id, body_hash: 0, sent_at: None, trace: Trace::default() })
}

/// The answer that founding a market needs: anything but a refusal or a failure.
fn done(reply: Reply) -> Result<(), BenchError> {
    match reply.answer {
        Ok(Answer::Rejected { reject, .. }) => Err(failed(reject)),
        Ok(_) => Ok(()),
        Err(failure) => Err(failed(failure)),
    }
}

/// Asks again, under the same id, while the nodes have not agreed on who leads.
async fn patiently<F: Future<Output = Reply>>(
    mut ask: impl FnMut() -> F,
) -> Result<(), BenchError> {
    let until = Instant::now() + WITHIN;
    loop {
        let reply = ask().await;
        if reply.answer.is_ok() || Instant::now() > until {
            return done(reply);
        }
    }
}

/// One node alone, or several that found an exchange together.
async fn start(data: &Path, nodes: u64) -> Result<Vec<Exchange>, BenchError> {
    if nodes == 1 {
        let exchange = Exchange::start(ExchangeOptions::new(data)).await.map_err(failed)?;
        return Ok(vec![exchange]);
    }
    let authority = DevelopmentCa::in_dir(data.join("certificates")).map_err(failed)?;
    let mut links = BTreeMap::new();
    for node in 1..=nodes {
        // Free now; nobody else on this machine is likely to take it within the second.
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
        links.insert(node, free.local_addr().map_err(failed)?);
    }
    let options = |node: u64| -> Result<ExchangeOptions, BenchError> {
        let mut options = ExchangeOptions::new(data.join(format!("n{node}")));
        options.node = node;
        options.cluster = Some(ClusterOptions {
            name: "bench".into(),
            listen: links[&node],
            link: links[&node].to_string(),
            gateway: String::new(),
            peers: links.iter().map(|(id, link)| (*id, link.to_string())).collect(),
            founders: (1..=nodes).collect(),
            heartbeat_ms: 50,
            election_ms: (150, 300),
            tls: Some(authority.issue(node).map_err(failed)?),
        });
        Ok(options)
    };
    let all = (1..=nodes).map(options).collect::<Result<Vec<_>, _>>()?;
    let started = futures::future::join_all(all.into_iter().map(Exchange::start)).await;
    started.into_iter().collect::<Result<_, _>>().map_err(failed)
}

impl Market {
    /// LPJ-KRW by its rule book, without its fixed supply, and so many accounts `user0` …
    pub async fn found(accounts: usize) -> Result<Market, BenchError> {
        Market::found_on(1, accounts).await
    }

    /// The same on several nodes, all in this process, over real links with certificates.
    pub async fn found_on(nodes: u64, accounts: usize) -> Result<Market, BenchError> {
        let data = tempfile::tempdir().map_err(failed)?;
        let mut others = start(data.path(), nodes).await?;
        let exchange = others.remove(0);
        let book =
            RuleBook::shipped("lpj").ok_or_else(|| failed("no rule book lpj"))?.map_err(failed)?;
        let rules = listing::market(&book, &Topology::default()).map_err(failed)?;
        for mut asset in rules.assets {
            asset.faucet = None;
            let id = identified(&format!("asset-{}", asset.code))?;
            let command = MetaCommand::CreateAsset(asset);
            patiently(|| exchange.administer(&id, command.clone(), WITHIN)).await?;
        }
        for mut instrument in rules.instruments {
            // The callers never cancel: what does not meet another order piles up.
            instrument.open_orders_max = u32::MAX;
            let command = MetaCommand::CreateInstrument(Box::new(instrument));
            let id = identified("instrument")?;
            patiently(|| exchange.administer(&id, command.clone(), WITHIN)).await?;
        }
        let assets: Vec<_> = exchange.catalogue().assets.values().cloned().collect();
        for n in 0..accounts {
            let name = format!("user{n}");
            let open = AccountRequest::Open;
            let id = identified("open")?;
            patiently(|| exchange.ask(&name, &id, open.clone(), WITHIN)).await?;
            for asset in &assets {
                let amount = START * 10i128.pow(u32::from(asset.scale));
                let request = AccountRequest::Deposit { asset: asset.id, amount };
                let id = identified(&format!("deposit-{}", asset.code))?;
                patiently(|| exchange.ask(&name, &id, request.clone(), WITHIN)).await?;
            }
        }
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let auth = Accepts::Development;
        let options = GatewayOptions {
            listen,
            auth,
            // A few accounts stand for a crowd here.
            orders_per_second_max: 0,
            ..GatewayOptions::default()
        };
        let running = gateway::serve(exchange.clone(), options).await.map_err(failed)?;
        Ok(Market { address: running.address, exchange, others, running, _data: data })
    }

    /// Waits until everything that was answered is settled too; returns how long that took.
    pub async fn until_settled(&self) -> Result<Duration, BenchError> {
        let since = Instant::now();
        self.exchange.settled().await.map_err(failed)?;
        Ok(since.elapsed())
    }

    /// Bytes written to the log so far, with what fills its blocks up.
    pub fn log_bytes(&self) -> u64 {
        self.exchange.log().stats().bytes
    }

    pub async fn stop(self) {
        self.running.shutdown().await;
        let nodes = self.others.iter().chain([&self.exchange]);
        futures::future::join_all(nodes.map(Exchange::stop)).await;
    }
}
