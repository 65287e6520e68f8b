//! Keeps the connection to a venue for as long as this node leads, and only so long.

use super::address::Address;
use super::back_off::BackOff;
use super::connection::{self, Lost};
use super::health::Health;
use super::options::Pace;
use super::posting::Posts;
use super::session::Session;
use super::wanted::Wanted;
use crate::tls::Trust;
use hoga_cluster::runtime::Exchange;
use hoga_engine::ids::PartitionId;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use tokio::time::{sleep, timeout};

/// Tries to prove that this node leads, before it believes that it does not: another has been
/// elected by then, if one can be.
const PROOFS_MISSED_MAX: u32 = 1;

pub struct Keeper {
    pub exchange: Exchange,
    /// Whoever leads it keeps the connection.
    pub partition: PartitionId,
    pub venue: Box<str>,
    pub address: Address,
    pub trust: Trust,
    pub pace: Pace,
    pub health: Arc<Health>,
}

impl Keeper {
    /// Works until it is aborted, or the exchange is gone.
    pub async fn run(self) {
        let mut leadership = self.exchange.leadership(self.partition);
        loop {
            if leadership.wait_for(|leadership| leadership.is_me).await.is_err() {
                return;
            }
            // Whoever was cut off may believe that it leads; it cannot prove it.
            if self.proves_to_lead().await {
                self.health.is_here();
                tokio::select! {
                    () = self.keep() => return,
                    () = self.until_deposed() => {}
                }
                self.health.is_elsewhere();
                tracing::info!(venue = %self.venue, "another node is to hear it now");
            } else {
                sleep(self.pace.prove_every).await;
            }
        }
    }

    async fn proves_to_lead(&self) -> bool {
        let proof = self.exchange.proves_to_lead(self.partition);
        timeout(self.pace.prove_every, proof).await.unwrap_or(false)
    }

    /// Waits until another node leads, or may lead because this one is cut off.
    async fn until_deposed(&self) {
        let mut leadership = self.exchange.leadership(self.partition);
        let mut missed = 0;
        while missed <= PROOFS_MISSED_MAX {
            let lost = leadership.wait_for(|leadership| !leadership.is_me);
            if timeout(self.pace.prove_every, lost).await.is_ok() {
                return;
            }
            missed = if self.proves_to_lead().await { 0 } else { missed + 1 };
        }
    }

    /// Connects, again and again; ends only when the exchange does.
    async fn keep(&self) {
        let mut posts = Posts::new(self.exchange.clone(), self.health.clone());
        let mut catalogue = self.exchange.catalogue_changes();
        let mut back_off = BackOff::between(self.pace.back_off.0, self.pace.back_off.1);
        loop {
            let wanted = Wanted::of(&catalogue.borrow_and_update(), &self.venue);
            posts.keep(&wanted);
            if wanted.is_empty() {
                self.health.idle();
                if catalogue.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let opened = timeout(self.pace.connect_within, self.open()).await;
            let ended = match opened.unwrap_or(Err(Lost::Slow)) {
                Ok(socket) => {
                    self.health.connected();
                    let mut session = Session {
                        venue: &self.venue,
                        pace: self.pace,
                        health: &self.health,
                        posts: &mut posts,
                        catalogue: catalogue.clone(),
                        wanted,
                    };
                    session.run(socket).await
                }
                Err(lost) => Err(lost),
            };
            let Err(why) = ended else { continue };
            // A venue that lets everybody in and tells nobody anything is not there.
            if self.health.lost(&why) {
                back_off.reset();
            }
            let pause = back_off.pause(RandomState::new().build_hasher().finish());
            let again_in_ms = pause.as_millis() as u64;
            tracing::warn!(venue = %self.venue, %why, again_in_ms, "the venue is not heard");
            sleep(pause).await;
        }
    }

    async fn open(&self) -> Result<connection::Socket, Lost> {
        connection::open(&self.address, &self.trust).await
    }
}
