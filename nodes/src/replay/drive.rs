//! Asks steps of an exchange in their order, without waiting for one before the next.

use super::ThroughError;
use super::found::identified;
use hoga_cluster::runtime::{Exchange, Failure, Reply};
use hoga_engine::amount::Amount;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::{Answer, Settles};
use hoga_engine::ids::{InstrumentId, OrderKey, Origin};
use hoga_engine::order::{OrderRequest, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack, OrderRef};
use hoga_scenarios::replay::script::Step;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::sync::oneshot;

/// Requests asked and not answered. Enough to fill the batches of every log on the way, and few
/// enough that what is published meanwhile fits the feed.
const WINDOW: usize = 2048;
/// Unanswered amends that an account allows an order.
const AMENDS_MAX: usize = 8;
const WITHIN: Duration = Duration::from_secs(60);

/// An order of the tape as the exchange knows it.
struct Known {
    id: ClientId,
    /// Numbers of the last steps that amended it, oldest first.
    amends: VecDeque<u64>,
}

struct Waiting {
    step: u64,
    origin: Origin,
    answer: oneshot::Receiver<Reply>,
}

/// What was refused, and where the tape had to wait.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub refused: u64,
    pub first_refusal: Option<String>,
    pub pauses: u64,
}

pub(super) struct Driver<'a> {
    exchange: &'a Exchange,
    instrument: InstrumentId,
    accounts: &'a [String],
    known: HashMap<OrderKey, Known>,
    waiting: VecDeque<Waiting>,
    asked: u64,
    /// The last step that the book decided, and where the account hears of it.
    decided: Option<(u64, Settles)>,
    /// The accounts have heard of every step up to this one.
    taken: u64,
    tally: Tally,
}

impl<'a> Driver<'a> {
    pub fn new(
        exchange: &'a Exchange,
        instrument: InstrumentId,
        accounts: &'a [String],
    ) -> Driver<'a> {
        Driver {
            exchange,
            instrument,
            accounts,
            known: HashMap::new(),
            waiting: VecDeque::with_capacity(WINDOW),
            asked: 0,
            decided: None,
            taken: 0,
            tally: Tally::default(),
        }
    }

    pub fn answered(&self) -> u64 {
        self.asked - self.waiting.len() as u64
    }

    pub fn finish(self) -> Tally {
        self.tally
    }

    /// Asks one step; waits only while too many are unanswered.
    ///
    /// # Errors
    /// An earlier one was not answered.
    pub async fn ask(&mut self, step: &Step) -> Result<(), ThroughError> {
        self.asked += 1;
        let request = self.request(step).await?;
        if self.waiting.len() >= WINDOW {
            self.wait_for_one().await?;
        }
        let identified = identified(&self.asked.to_string()).map_err(ThroughError::Founding)?;
        let account = &self.accounts[step.order().account.index() as usize];
        loop {
            match self.exchange.submit(account, &identified, request.clone()) {
                Ok((origin, answer)) => {
                    self.waiting.push_back(Waiting { step: self.asked, origin, answer });
                    return Ok(());
                }
                // There is room again when something is answered, at the latest when all is.
                Err(Failure::Busy(_)) if !self.waiting.is_empty() => self.wait_for_one().await?,
                Err(Failure::Busy(_)) => self.exchange.settled().await?,
                Err(failure) => {
                    return Err(ThroughError::Unanswered { step: self.asked, failure });
                }
            }
        }
    }

    async fn request(&mut self, step: &Step) -> Result<AccountRequest, ThroughError> {
        let instrument = self.instrument;
        Ok(match *step {
            Step::Place { order, side, limit, quantity, time_in_force } => {
                if time_in_force == TimeInForce::Gtc {
                    let id = name(self.asked)?;
                    self.known.insert(order, Known { id, amends: VecDeque::new() });
                }
                let order = OrderRequest {
                    instrument,
                    side,
                    size: Size::Quantity(Amount::from(quantity.0)),
                    price: Some(Amount::from(limit.0)),
                    time_in_force,
                    post_only: false,
                    self_match: None,
                    terms: None,
                };
                AccountRequest::Place { order, ack: Ack::Result, market_price: None }
            }
            Step::Cancel { order } => {
                let known = self.known.remove(&order);
                let order = OrderRef::ClientId(known.map_or(name(self.asked)?, |known| known.id));
                AccountRequest::Cancel { order }
            }
            Step::Amend { order, total, limit } => {
                self.await_amends(order).await?;
                let order = match self.known.get_mut(&order) {
                    Some(known) => {
                        known.amends.push_back(self.asked);
                        known.id
                    }
                    None => name(self.asked)?,
                };
                AccountRequest::Amend {
                    order: OrderRef::ClientId(order),
                    quantity: Some(Amount::from(total.0)),
                    price: limit.map(|limit| Amount::from(limit.0)),
                }
            }
        })
    }

    /// Lets an order have room for another amend: an account refuses one too many.
    async fn await_amends(&mut self, order: OrderKey) -> Result<(), ThroughError> {
        let Some(known) = self.known.get_mut(&order) else { return Ok(()) };
        if known.amends.len() < AMENDS_MAX {
            return Ok(());
        }
        let oldest = known.amends.pop_front().unwrap_or_default();
        if oldest <= self.taken {
            return Ok(());
        }
        self.tally.pauses += 1;
        while self.waiting.front().is_some_and(|front| front.step <= oldest) {
            self.wait_for_one().await?;
        }
        // The book has decided; now the account has to hear of it.
        let Some((step, settles)) = self.decided else { return Ok(()) };
        let account = &self.accounts[order.account.index() as usize];
        self.exchange.account(account, None, vec![settles], |_, _, _| ()).await?;
        self.taken = step;
        Ok(())
    }

    pub async fn wait_for_all(&mut self) -> Result<(), ThroughError> {
        while !self.waiting.is_empty() {
            self.wait_for_one().await?;
        }
        Ok(())
    }

    async fn wait_for_one(&mut self) -> Result<(), ThroughError> {
        let Some(Waiting { step, origin, answer }) = self.waiting.pop_front() else {
            return Ok(());
        };
        match self.exchange.wait(origin, answer, WITHIN).await.answer {
            Ok(Answer::Rejected { reject, .. }) => {
                self.tally.refused += 1;
                let refusal = || format!("step {step}: {reject}");
                self.tally.first_refusal.get_or_insert_with(refusal);
            }
            Ok(Answer::Decided { settles, .. }) => {
                self.decided = settles.map(|settles| (step, settles)).or(self.decided);
            }
            Ok(_) => {}
            Err(failure) => return Err(ThroughError::Unanswered { step, failure }),
        }
        Ok(())
    }
}

/// The client's id of the request of a step.
fn name(step: u64) -> Result<ClientId, ThroughError> {
    ClientId::parse(&step.to_string()).map_err(|error| ThroughError::Founding(error.to_string()))
}
