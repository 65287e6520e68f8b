//! The way to the exchange: asked again, through whichever gateway answers, until it is known what
//! became of a request.

use super::waits::Waits;
use crate::cli::failure::Failure;
use hoga_chaos::workload::Gateways;
use hoga_proto::status::Refusal;
use hoga_proto::v1::account_service_client::AccountServiceClient;
use hoga_proto::v1::admin_service_client::AdminServiceClient;
use hoga_proto::v1::market_service_client::MarketServiceClient;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// How long one gateway may take, in an exchange whose nodes may be broken.
const ATTEMPT: Duration = Duration::from_secs(1);
/// How long a gateway that did not answer is passed over.
const PASSED_OVER: Duration = Duration::from_secs(1);
/// After this nobody is asked again: what became of the request stays unknown.
const GIVE_UP: Duration = Duration::from_secs(60);
/// The pause before a request is sent again.
const PAUSE: Duration = Duration::from_millis(20);

/// Adds the token and the deadline to every call.
#[derive(Clone)]
pub struct Credentials {
    bearer: MetadataValue<Ascii>,
    within: Duration,
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.set_timeout(self.within);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        Ok(request)
    }
}

type Spoken = InterceptedService<Channel, Credentials>;

/// A connection to one gateway, and who speaks.
pub struct Call {
    spoken: Spoken,
}

impl Call {
    pub fn orders(&self) -> OrderServiceClient<Spoken> {
        OrderServiceClient::new(self.spoken.clone())
    }

    pub fn accounts(&self) -> AccountServiceClient<Spoken> {
        AccountServiceClient::new(self.spoken.clone())
    }

    pub fn market(&self) -> MarketServiceClient<Spoken> {
        MarketServiceClient::new(self.spoken.clone())
    }

    pub fn admin(&self) -> AdminServiceClient<Spoken> {
        AdminServiceClient::new(self.spoken.clone())
    }
}

/// What a request came to that was not done.
#[derive(Debug, Clone)]
pub enum Undone {
    /// For certain: the exchange says why.
    Refused(Box<Refusal>),
    /// Nobody said; it may have been done.
    Unknown(String),
}

impl Undone {
    pub fn reason(&self) -> &str {
        match self {
            Undone::Refused(refusal) => &refusal.reason,
            Undone::Unknown(_) => "",
        }
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Failure {
        match undone {
            Undone::Refused(refusal) => refusal.to_status().into(),
            Undone::Unknown(why) => Failure::from(Status::unavailable(why)),
        }
    }
}

/// Where the exchange is.
enum Gates {
    /// Nodes of our own, which come and go.
    Own(Arc<Gateways>),
    Target(Channel),
}

/// Who speaks. Each asks the same gateway as long as that one answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// For the accounts of the play; the number is the client's.
    Trader(usize),
    Operator,
}

pub struct Lines {
    gates: Gates,
    trader: MetadataValue<Ascii>,
    operator: MetadataValue<Ascii>,
    attempt: Duration,
    /// Until when the gateway at a place is passed over.
    passed_over: Mutex<Vec<Instant>>,
    pub waits: Waits,
}

/// The development tokens of an exchange on this machine.
const TRADER: &str = "dev:play;trade_for=*";
const OPERATOR: &str = "dev:operator";

impl Lines {
    /// To nodes of our own.
    ///
    /// # Errors
    /// Never in practice: the tokens are well formed.
    pub fn own(gateways: Arc<Gateways>) -> Result<Lines, Failure> {
        Lines::to(Gates::Own(gateways), None, ATTEMPT)
    }

    /// To somebody's exchange, with its token if one was given.
    ///
    /// # Errors
    /// The token is none.
    pub fn target(
        channel: Channel,
        token: Option<&str>,
        within: Duration,
    ) -> Result<Lines, Failure> {
        Lines::to(Gates::Target(channel), token, within)
    }

    fn to(gates: Gates, token: Option<&str>, attempt: Duration) -> Result<Lines, Failure> {
        let bearer = |default: &str| {
            let bearer = format!("Bearer {}", token.unwrap_or(default)).parse();
            bearer.map_err(|_| Failure::usage("error: the token has characters that no token has"))
        };
        Ok(Lines {
            gates,
            trader: bearer(TRADER)?,
            operator: bearer(OPERATOR)?,
            attempt,
            passed_over: Mutex::default(),
            waits: Waits::default(),
        })
    }

    /// Asks for a change, once however often it has to be sent: its id is in it.
    ///
    /// # Errors
    /// It was refused, or its outcome is not known.
    pub async fn change<T>(
        &self,
        who: Who,
        call: impl AsyncFn(Call) -> Result<T, Status>,
    ) -> Result<T, Undone> {
        let begun = Instant::now();
        let ended = self.ask(who, call).await;
        match &ended {
            Err(Undone::Unknown(_)) => self.waits.never(),
            _ => self.waits.answered(begun, Instant::now()),
        }
        ended
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// It was refused, or nobody answers.
    pub async fn ask<T>(
        &self,
        who: Who,
        call: impl AsyncFn(Call) -> Result<T, Status>,
    ) -> Result<T, Undone> {
        let begun = Instant::now();
        let client = match who {
            Who::Trader(client) => client,
            Who::Operator => 0,
        };
        loop {
            let why = match self.gate(client) {
                None => "no gateway is known".to_owned(),
                Some((place, channel)) => {
                    let asked = call(self.call(who, channel));
                    match tokio::time::timeout(self.attempt, asked).await {
                        Ok(Ok(answer)) => return Ok(answer),
                        Ok(Err(status)) => {
                            let refusal = Refusal::from_status(&status);
                            if is_certain(&refusal) {
                                return Err(Undone::Refused(Box::new(refusal)));
                            }
                            // Whoever gives a reason is there; another gateway knows no better.
                            if refusal.reason.is_empty() {
                                self.pass_over(place);
                            }
                            format!("{:?}: {}", refusal.code, refusal.message)
                        }
                        Err(_) => {
                            self.pass_over(place);
                            "no answer came in time".to_owned()
                        }
                    }
                }
            };
            if begun.elapsed() >= self.give_up() {
                return Err(Undone::Unknown(why));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn give_up(&self) -> Duration {
        match self.gates {
            Gates::Own(_) => GIVE_UP,
            Gates::Target(_) => GIVE_UP.min(3 * self.attempt),
        }
    }

    fn call(&self, who: Who, channel: Channel) -> Call {
        let bearer = match who {
            Who::Trader(_) => &self.trader,
            Who::Operator => &self.operator,
        };
        let credentials = Credentials { bearer: bearer.clone(), within: self.attempt };
        Call { spoken: InterceptedService::new(channel, credentials) }
    }

    /// The gateway that a client is to ask now.
    fn gate(&self, client: usize) -> Option<(usize, Channel)> {
        let channels = match &self.gates {
            Gates::Target(channel) => return Some((0, channel.clone())),
            Gates::Own(gateways) => gateways.channels(client),
        };
        let now = Instant::now();
        let passed_over = self.passed_over.lock().unwrap_or_else(PoisonError::into_inner);
        let count = channels.len();
        let places = (0..count).map(|step| (client + step) % count.max(1));
        let is_well = |place: &usize| passed_over.get(*place).is_none_or(|until| *until <= now);
        let place = places.clone().find(is_well).or_else(|| {
            // Nobody answers: whoever was passed over first is asked again.
            places.min_by_key(|place| passed_over.get(*place).copied())
        })?;
        channels.get(place).map(|channel| (place, channel.clone()))
    }

    fn pass_over(&self, place: usize) {
        let now = Instant::now();
        let mut passed_over = self.passed_over.lock().unwrap_or_else(PoisonError::into_inner);
        if passed_over.len() <= place {
            passed_over.resize(place + 1, now);
        }
        passed_over[place] = now + PASSED_OVER;
    }
}

/// Nothing was done, and asking again does not change that: who has too much to do may do it later.
fn is_certain(refusal: &Refusal) -> bool {
    refusal.is_definite() && refusal.code != Code::ResourceExhausted
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
