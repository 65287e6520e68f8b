//! A history: limit orders of many accounts around one price, most of which trade.

use super::super::BenchError;
use super::failed;
use crate::replay::found::{identified, market};
use hoga_cluster::runtime::{Exchange, Failure, Reply};
use hoga_engine::amount::Amount;
use hoga_engine::ids::{InstrumentId, Origin};
use hoga_engine::order::{OrderRequest, Side, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::oneshot;

/// Orders under way.
const WINDOW: usize = 4096;
const WITHIN: Duration = Duration::from_secs(60);
/// Orders between two looks at how long the history is.
const LOOK_EVERY: u64 = 8192;
/// Orders lie this far around [`MIDDLE`], in ticks.
const SPREAD: u64 = 21;
const MIDDLE: u64 = 777;

pub(super) struct Load<'a> {
    exchange: &'a Exchange,
    instrument: InstrumentId,
    names: Vec<String>,
    waiting: VecDeque<(Origin, oneshot::Receiver<Reply>)>,
    orders: u64,
}

impl<'a> Load<'a> {
    /// Founds the market.
    pub async fn new(exchange: &'a Exchange, accounts: usize) -> Result<Load<'a>, BenchError> {
        let names: Vec<String> = (0..accounts).map(|n| format!("user-{n}")).collect();
        let instrument = market(exchange, &names).await.map_err(BenchError::Options)?;
        Ok(Load { exchange, instrument, names, waiting: VecDeque::new(), orders: 0 })
    }

    /// Enters orders until the partitions have handled so many commands.
    pub async fn run(&mut self, commands: u64) -> Result<(), BenchError> {
        // Every order is a request, a submit and an outcome; trades only add to that.
        let mut wanted = commands / 6;
        loop {
            while self.orders < wanted.max(1) {
                self.enter().await?;
            }
            while !self.waiting.is_empty() {
                self.answered().await?;
            }
            self.exchange.settled().await.map_err(failed)?;
            if self.handled().await? >= commands {
                return Ok(());
            }
            wanted = self.orders + LOOK_EVERY;
        }
    }

    /// Commands that entities have handled: what clients asked, and what partitions have heard
    /// from each other.
    async fn handled(&self) -> Result<u64, BenchError> {
        let mut handled = self.orders;
        let topology = self.exchange.topology();
        for (to, _) in topology.partitions() {
            let heard = self.exchange.core(to, move |core, _| {
                let sources = topology.partitions().map(|(from, _)| core.next_in(from) - 1);
                sources.sum::<u64>()
            });
            handled += heard.await.map_err(failed)?;
        }
        Ok(handled)
    }

    async fn enter(&mut self) -> Result<(), BenchError> {
        self.orders += 1;
        if self.waiting.len() >= WINDOW {
            self.answered().await?;
        }
        let drawn = self.orders.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let account = self.names[(drawn % self.names.len() as u64) as usize].clone();
        let side = if drawn >> 12 & 1 == 0 { Side::Buy } else { Side::Sell };
        let order = OrderRequest {
            instrument: self.instrument,
            side,
            size: Size::Quantity(Amount::from(1 + (drawn >> 14) % 5)),
            price: Some(Amount::from(MIDDLE - SPREAD / 2 + (drawn >> 20) % SPREAD)),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            self_match: None,
            terms: None,
        };
        let request = AccountRequest::Place { order, ack: Ack::Result, market_price: None };
        let identified = identified(&self.orders.to_string()).map_err(BenchError::Options)?;
        loop {
            match self.exchange.submit(&account, &identified, request.clone()) {
                Ok(submitted) => {
                    self.waiting.push_back(submitted);
                    return Ok(());
                }
                Err(Failure::Busy(_)) if !self.waiting.is_empty() => self.answered().await?,
                Err(Failure::Busy(_)) => self.exchange.settled().await.map_err(failed)?,
                Err(failure) => return Err(failed(failure)),
            }
        }
    }

    async fn answered(&mut self) -> Result<(), BenchError> {
        let Some((origin, answer)) = self.waiting.pop_front() else { return Ok(()) };
        let reply = self.exchange.wait(origin, answer, WITHIN).await;
        reply.answer.map(|_| ()).map_err(failed)
    }
}
