//! A market to place orders in: an exchange on a temporary directory behind its gateway.

use super::super::BenchError;
use crate::auth::Accepts;
use crate::gateway::{self, GatewayOptions, Running};
use hoga_cluster::partition::{MetaCommand, Trace};
use hoga_cluster::runtime::{Exchange, ExchangeOptions, Identified, Reply};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::request::AccountRequest;
use hoga_engine::topology::Topology;
use hoga_scenarios::listing;
use hoga_scenarios::rules::RuleBook;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(30);
/// Whole units that every account starts with, of each asset: more than any round can use up.
const START: i128 = 1_000_000_000;

pub(super) struct Market {
    pub address: SocketAddr,
    exchange: Exchange,
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

impl Market {
    /// LPJ-KRW by its rule book, without its fixed supply, and so many accounts `user0` …
    pub async fn found(accounts: usize) -> Result<Market, BenchError> {
        let data = tempfile::tempdir().map_err(failed)?;
        let exchange = Exchange::start(ExchangeOptions::new(data.path())).await.map_err(failed)?;
        let book =
            RuleBook::shipped("lpj").ok_or_else(|| failed("no rule book lpj"))?.map_err(failed)?;
        let rules = listing::market(&book, &Topology::default()).map_err(failed)?;
        for mut asset in rules.assets {
            asset.faucet = None;
            let id = identified(&format!("asset-{}", asset.code))?;
            done(exchange.administer(&id, MetaCommand::CreateAsset(asset), WITHIN).await)?;
        }
        for mut instrument in rules.instruments {
            // The callers never cancel: what does not meet another order piles up.
            instrument.open_orders_max = u32::MAX;
            let command = MetaCommand::CreateInstrument(Box::new(instrument));
            done(exchange.administer(&identified("instrument")?, command, WITHIN).await)?;
        }
        let assets: Vec<_> = exchange.catalogue().assets.values().cloned().collect();
        for n in 0..accounts {
            let name = format!("user{n}");
            let open = AccountRequest::Open;
            done(exchange.ask(&name, &identified("open")?, open, WITHIN).await)?;
            for asset in &assets {
                let amount = START * 10i128.pow(u32::from(asset.scale));
                let request = AccountRequest::Deposit { asset: asset.id, amount };
                let id = identified(&format!("deposit-{}", asset.code))?;
                done(exchange.ask(&name, &id, request, WITHIN).await)?;
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
        Ok(Market { address: running.address, exchange, running, _data: data })
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
        self.exchange.stop().await;
    }
}
