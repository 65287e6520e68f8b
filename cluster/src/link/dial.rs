//! One lane to one peer: dialled until it answers, spoken on, and dialled again when it ends.

use super::NodeId;
use super::SILENT_MS_MAX;
use super::connect::{ConnectError, causes, connect};
use super::hello::{Greeting, Refusal};
use super::lane::Lane;
use super::peer_state::{LaneState, States, Stay};
use super::sending::sending;
use super::service::HELLO_WITHIN;
use super::session::{Port, Session};
use super::tls::ClientTls;
use super::told::Told;
use hoga_proto::internal::OpenResponse;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status, Streaming};

/// The pause after the first failure; it doubles up to the longest.
const REDIAL_MIN: Duration = Duration::from_millis(10);
/// Longer pauses would delay a failover.
const REDIAL_MAX: Duration = Duration::from_millis(200);
/// The pause after a refusal, which time alone rarely changes: but a node that is not known yet may
/// be in a moment.
const REDIAL_REFUSED: Duration = Duration::from_millis(500);
/// A stream that lived as long was no failure.
const LIVED: Duration = Duration::from_secs(1);
/// How long a peer may be silent before it is suspected.
const SUSPECT: Duration = Duration::from_millis(1_000);
const SILENT: Duration = Duration::from_millis(SILENT_MS_MAX);

/// Why a stream ended, or did not begin.
enum Ended {
    /// The network, or the peer's process.
    Broken(String),
    /// The peer is there and does not want to, or is not who it should be.
    Refused(String),
}

pub(super) struct Dialler {
    pub me: Greeting,
    pub peer: NodeId,
    pub stay: Stay,
    pub address: String,
    pub lane: Lane,
    pub tls: Option<Arc<ClientTls>>,
    pub port: Arc<Port>,
    pub states: Arc<States>,
    /// Shared by the lanes to one peer, so that a failure of all of them is told once.
    pub told: Arc<Told>,
}

impl Dialler {
    /// Works until it is dropped.
    pub async fn run(self) {
        let mut pause = REDIAL_MIN;
        loop {
            let begun = Instant::now();
            let ended = self.dial().await;
            self.set(LaneState::Broken);
            let (peer, address) = (self.peer, self.address.as_str());
            match ended {
                Ended::Broken(cause) => {
                    if self.told.is_new(&cause) {
                        tracing::info!(peer, address, cause, "a peer is not there");
                    }
                    if begun.elapsed() >= LIVED {
                        pause = REDIAL_MIN;
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(REDIAL_MAX);
                }
                Ended::Refused(cause) => {
                    if self.told.is_new(&cause) {
                        tracing::warn!(peer, address, "a peer refused, or is refused: {cause}");
                    }
                    sleep(REDIAL_REFUSED).await;
                }
            }
        }
    }

    fn set(&self, state: LaneState) {
        self.states.set((self.peer, self.stay), self.lane, state);
    }

    /// One stream, from its connection to its end.
    async fn dial(&self) -> Ended {
        let (session, frames) = Session::new(self.peer, self.lane);
        let messages = sending(self.me.hello(self.lane), Arc::clone(&session), frames);
        let opened = async {
            let tls = self.tls.as_deref();
            let mut client = connect(self.peer, &self.address, tls).await.map_err(of_connection)?;
            let mut incoming = client.open(messages).await.map_err(of_status)?.into_inner();
            let first = incoming.message().await.map_err(of_status)?;
            Ok((incoming, self.check(first)?))
        };
        let (incoming, incarnation) = match timeout(2 * HELLO_WITHIN, opened).await {
            Err(_) => return Ended::Broken("it does not greet".into()),
            Ok(Err(ended)) => return ended,
            Ok(Ok(opened)) => opened,
        };
        let open = self.port.open(session);
        self.told.forget();
        self.listen(&open.session, incoming, incarnation).await
    }

    /// Whether the one that answered is the one that was dialled.
    fn check(&self, first: Option<OpenResponse>) -> Result<u32, Ended> {
        let refused = |refusal: Refusal| Ended::Refused(refusal.to_string());
        let hello = first.and_then(|first| first.hello);
        let (greeting, _) = Greeting::read(hello).map_err(refused)?;
        self.me.agrees_with(&greeting).map_err(refused)?;
        if greeting.node != self.peer {
            let (from, expected) = (greeting.node, self.peer);
            return Err(refused(Refusal::OtherNode { from, expected }));
        }
        Ok(greeting.incarnation)
    }

    /// Takes answers until the stream ends, or is silent for too long.
    async fn listen(
        &self,
        session: &Session,
        mut incoming: Streaming<OpenResponse>,
        incarnation: u32,
    ) -> Ended {
        self.set(LaneState::Open { incarnation });
        let mut heard = Instant::now();
        let mut is_suspect = false;
        loop {
            let patience = if is_suspect { SILENT - SUSPECT } else { SUSPECT };
            match timeout(patience, incoming.message()).await {
                Ok(Ok(Some(message))) => {
                    session.answered(message.answers);
                    heard = Instant::now();
                    if is_suspect {
                        is_suspect = false;
                        self.set(LaneState::Open { incarnation });
                    }
                }
                Ok(Ok(None)) => return Ended::Broken("it closed the stream".into()),
                Ok(Err(status)) => return of_status(status),
                Err(_) if is_suspect => {
                    let silent_ms = heard.elapsed().as_millis();
                    tracing::warn!(peer = self.peer, lane = ?self.lane, silent_ms, "given up");
                    return Ended::Broken("it gives no sign of life".into());
                }
                Err(_) => {
                    is_suspect = true;
                    self.set(LaneState::Silent { incarnation });
                }
            }
        }
    }
}

fn of_connection(error: ConnectError) -> Ended {
    match error {
        ConnectError::Unreachable { .. } | ConnectError::Protocol { .. } => {
            Ended::Broken(causes(&error))
        }
        ConnectError::PlainText { .. } | ConnectError::Certificate { .. } => {
            Ended::Refused(causes(&error))
        }
    }
}

fn of_status(status: Status) -> Ended {
    match status.code() {
        Code::FailedPrecondition | Code::NotFound | Code::ResourceExhausted => {
            Ended::Refused(status.message().into())
        }
        Code::Cancelled | Code::DeadlineExceeded => Ended::Broken(status.message().into()),
        // A peer that does not accept this node's certificate says so only now.
        _ => {
            let cause = causes(&status);
            if cause.contains("received fatal alert") {
                return Ended::Refused(cause);
            }
            Ended::Broken(cause)
        }
    }
}
