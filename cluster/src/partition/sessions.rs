//! Named order sessions of a partition's accounts: who has them, and which have lost their client.
//!
//! A gateway says once in a while that it is there ([`Command::Attend`]) and which of its sessions
//! lost their clients. A session that has been without a client, or whose gateway has been silent,
//! for [`GRACE`] is over; then the orders of its account are cancelled, if it asked for that.
//!
//! [`Command::Attend`]: super::Command::Attend

use hoga_engine::client_id::ClientId;
use hoga_engine::ids::{AccountId, Origin};
use hoga_engine::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Named sessions in one partition.
pub const SESSIONS_MAX: usize = 65_536;
/// Of them, those of one account, so that nobody takes the room of all others.
pub const ACCOUNT_SESSIONS_MAX: usize = 64;
/// Earlier openings of a session that are known when they are sent again.
const EARLIER_MAX: usize = 8;
/// Nanoseconds after which a session without a client or a gateway is over.
pub const GRACE: u64 = 5 * Time::SECOND;
/// Silence of a gateway after which time is moved on to see whether it lasts, in nanoseconds.
/// Gateways speak more often.
const LATE: u64 = 1_500_000_000;
/// The most that two commands count as being apart. While somebody is late there are ticks, so
/// what is more is time in which nobody led here: no gateway could make itself heard.
const APART_MAX: u64 = 2 * Time::SECOND;

/// A session as its gateway knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRef {
    pub account: Box<str>,
    pub id: ClientId,
    /// Tells apart the openings of one id: a later one has a larger number.
    pub epoch: u64,
}

/// A process that has clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Gateway {
    node: u16,
    incarnation: u32,
}

impl From<Origin> for Gateway {
    fn from(Origin { node, incarnation, .. }: Origin) -> Gateway {
        Gateway { node, incarnation }
    }
}

/// When a gateway was heard last, and how many sessions it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    at: u64,
    sessions: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    /// The request that opened it, and with it the gateway.
    opened_by: Origin,
    epoch: u64,
    cancels: bool,
    /// When its client was lost.
    lost: Option<u64>,
}

/// A session, and who had it before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    session: Session,
    /// Requests that opened it earlier, with their epochs, oldest first. A gateway that waits for
    /// its answer sends one again when leadership moves: it must not take back what is another's
    /// by now.
    earlier: VecDeque<(Origin, u64)>,
}

/// A session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lapsed {
    pub account: AccountId,
    pub id: ClientId,
    pub epoch: u64,
    pub opened_by: Origin,
    /// Whether the account's orders are to be cancelled.
    pub cancels: bool,
}

/// Time here is what gateways could have been heard in: nanoseconds of exchange time, without
/// those in which nobody led this partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sessions {
    now: u64,
    open: BTreeMap<(AccountId, ClientId), Named>,
    /// Those of them without a client.
    lost: usize,
    /// Gateways with sessions.
    heard: BTreeMap<Gateway, Heard>,
}

impl Named {
    /// The epoch that this request made; none if it is new.
    fn epoch_of(&self, opened_by: Origin) -> Option<u64> {
        let now = (self.session.opened_by, self.session.epoch);
        let mut known = self.earlier.iter().copied().chain([now]);
        known.find(|(origin, _)| *origin == opened_by).map(|(_, epoch)| epoch)
    }
}

impl Sessions {
    /// Exchange time went on by so many nanoseconds.
    pub fn pass(&mut self, nanoseconds: u64) {
        self.now += nanoseconds.min(APART_MAX);
    }

    /// Opens a session, or takes it from whoever had it; returns its epoch. The same request again
    /// changes nothing, whoever has the session by then.
    ///
    /// # Errors
    /// There are too many: the bound that is reached.
    pub fn open(
        &mut self,
        account: AccountId,
        id: ClientId,
        cancels: bool,
        opened_by: Origin,
        epoch: u64,
    ) -> Result<u64, usize> {
        let known = self.open.get(&(account, id));
        if let Some(epoch) = known.and_then(|known| known.epoch_of(opened_by)) {
            return Ok(epoch);
        }
        if known.is_none() {
            let of_account = self.open.range((account, ClientId::NONE)..);
            let of_account = of_account.take_while(|((owner, _), _)| *owner == account);
            if of_account.count() >= ACCOUNT_SESSIONS_MAX {
                return Err(ACCOUNT_SESSIONS_MAX);
            }
            if self.open.len() >= SESSIONS_MAX {
                return Err(SESSIONS_MAX);
            }
        }
        let heard = self.heard.entry(opened_by.into()).or_default();
        *heard = Heard { at: self.now, sessions: heard.sessions + 1 };
        let session = Session { opened_by, epoch, cancels, lost: None };
        let new = || Named { session, earlier: VecDeque::new() };
        let named = self.open.entry((account, id)).or_insert_with(new);
        let fenced = std::mem::replace(&mut named.session, session);
        if fenced != session {
            if named.earlier.len() == EARLIER_MAX {
                named.earlier.pop_front();
            }
            named.earlier.push_back((fenced.opened_by, fenced.epoch));
            self.release(fenced);
        }
        Ok(epoch)
    }

    /// Whether nobody has opened the session since.
    pub fn is_open(&self, account: AccountId, id: ClientId, epoch: u64) -> bool {
        self.open.get(&(account, id)).is_some_and(|named| named.session.epoch == epoch)
    }

    /// The gateway is there.
    pub fn hear(&mut self, from: Origin) {
        if let Some(heard) = self.heard.get_mut(&from.into()) {
            heard.at = self.now;
        }
    }

    /// A session has no client any more.
    pub fn lose(&mut self, account: AccountId, id: ClientId, epoch: u64) {
        let named = self.open.get_mut(&(account, id));
        if let Some(session) = named.map(|named| &mut named.session)
            && session.epoch == epoch
            && session.lost.is_none()
        {
            session.lost = Some(self.now);
            self.lost += 1;
        }
    }

    /// Takes out what is over. Of accounts that `is_kept` names nothing is, until later.
    pub fn lapse(&mut self, is_kept: impl Fn(AccountId) -> bool) -> Vec<Lapsed> {
        // Nobody is lost who is not waited for before: most ticks look no further.
        if self.wants_time_in() != Some(0) {
            return Vec::new();
        }
        let is_over = |session: &Session| {
            let heard = self.heard[&session.opened_by.into()].at;
            self.now >= session.lost.map_or(heard, |lost| lost.min(heard)) + GRACE
        };
        let over = self.open.iter().filter(|((account, _), _)| !is_kept(*account));
        let over = over.filter(|(_, named)| is_over(&named.session)).map(|(key, _)| *key);
        let over: Vec<_> = over.collect();
        let mut lapsed = Vec::new();
        for key in over {
            let Some(Named { session, .. }) = self.open.remove(&key) else { continue };
            let Session { epoch, opened_by, cancels, .. } = session;
            let (account, id) = key;
            lapsed.push(Lapsed { account, id, epoch, opened_by, cancels });
            self.release(session);
        }
        lapsed
    }

    /// In how many nanoseconds somebody wants to know how late it is.
    pub fn wants_time_in(&self) -> Option<u64> {
        if self.lost > 0 {
            return Some(0);
        }
        let quietest = self.heard.values().map(|heard| heard.at).min()?;
        Some((quietest + LATE).saturating_sub(self.now))
    }

    /// Takes a session that is over, or somebody else's now, off the counts.
    fn release(&mut self, session: Session) {
        self.lost -= usize::from(session.lost.is_some());
        let gateway = session.opened_by.into();
        if let Some(heard) = self.heard.get_mut(&gateway) {
            heard.sessions -= 1;
            if heard.sessions == 0 {
                self.heard.remove(&gateway);
            }
        }
    }
}
