//! Opening a subscription: where its topic stands, and where the client goes on.

use super::shared::{Behind, Of, Shared};
use super::subscription::{Pace, Place, Source, Subscription};
use super::token::{Stamp, Token};
use super::topic::{Asked, Whose};
use super::{frame, past};
use crate::auth::Caller;
use crate::gateway::desk::{Desk, Reading};
use crate::gateway::failure::{Refused, unread};
use bytes::Bytes;
use hoga_cluster::runtime::{At, ReadError, Tail, Topic};
use hoga_engine::account::Account;
use hoga_engine::book::Listing;
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::server_frame::Frame;
use std::sync::Arc;
use tokio::sync::Notify;

/// Depth of a snapshot that does not say.
const DEPTH_DEFAULT: usize = 30;
/// Most depth of any snapshot.
const DEPTH_MAX: i32 = 1_000;

/// How a topic stands now.
struct Stand {
    topic: Topic,
    /// Tells it apart from one of the same name in another exchange.
    since: u64,
    sequence: u64,
    at: At,
}

/// Opens a subscription; returns it with the frames that begin it, the answer to `tag` first.
///
/// # Errors
/// The topic is not served, malformed, or another's; or it could not be read.
pub async fn open(
    desk: &Arc<Desk>,
    caller: &Caller,
    tag: u64,
    message: v1::Subscribe,
    bell: &Arc<Notify>,
) -> Result<(Subscription, Vec<Bytes>), Refused> {
    let asked = Asked::of(desk, caller, message.topic)?;
    let depth = depth(message.depth)?;
    let pace = Pace::of(message.frames_per_second);
    let token = token(&message.resume_token)?;
    let shared = match asked.whose {
        Whose::Candles(id, interval) => Some(Shared::of(desk, Of::Candles(id, interval)).await?),
        Whose::Queues(id) => Some(Shared::of(desk, Of::Queues(id)).await?),
        Whose::Ticker(id) => Some(Shared::of(desk, Of::Ticker(id)).await?),
        Whose::Ranking(kind) => Some(Shared::of(desk, Of::Board(kind)).await?),
        _ => None,
    };
    let (source, stamp, stand) = match shared {
        Some(published) => {
            published.listen(bell);
            let stamp = Stamp::of(&asked, 0);
            if let Some(token) = token.filter(|token| token.is_of(stamp)) {
                published.reach(desk, token.index).await;
            }
            let newest = published.newest();
            let place = (newest.sequence, newest.at);
            (Source::State(published), stamp, place)
        }
        None => {
            let stand = stand(desk, &asked, token).await?;
            let followed = desk.exchange.feed().listen(stand.topic, bell);
            let stamp = Stamp::of(&asked, stand.since);
            let deltas = desk.streams.deltas(stand.topic);
            (Source::Ring(followed, deltas), stamp, (stand.sequence, stand.at))
        }
    };
    let place = Place { sequence: stand.0, at: stand.1 };
    let mut subscription = Subscription::new(asked, stamp, source, place, depth, pace);
    let resumed = match token {
        Some(token) => subscription.resume(desk, caller, token, place).await?,
        None => false,
    };
    let topic = Some(subscription.asked.shown.clone());
    let mut frames = vec![frame::plain(tag, Frame::Subscribed(v1::Subscribed { topic, resumed }))];
    if !resumed {
        let reason = match token {
            None => v1::SnapshotReason::First,
            Some(_) => v1::SnapshotReason::ResumeTooOld,
        };
        frames.push(subscription.snapshot(desk, caller, reason, token).await?);
    }
    Ok((subscription, frames))
}

impl Subscription {
    /// Goes on behind a token, if nothing between it and now is missing.
    async fn resume(
        &mut self,
        desk: &Desk,
        caller: &Caller,
        token: Token,
        now: Place,
    ) -> Result<bool, Refused> {
        let fits = token.is_of(self.stamp)
            && token.sequence <= now.sequence
            && token.index <= now.at.index;
        if !fits {
            return Ok(false);
        }
        let whole = match &self.source {
            // Whoever has any state can be led to the newest one, if what changed is kept.
            Source::State(published) => {
                let is_gone = matches!(published.behind(token.sequence, 0), Behind::Gone);
                if is_gone || !published.knows(token.sequence, token.index) {
                    return Ok(false);
                }
                false
            }
            Source::Ring(followed, _) => {
                if !token.agrees(&followed.last(token.sequence + 1, 2)) {
                    return Ok(false);
                }
                let is_kept = matches!(followed.read(token.sequence, 1), Tail::Events(_));
                if is_kept || token.sequence == now.sequence {
                    false
                } else {
                    match (followed.topic(), self.account()) {
                        (Topic::Balances(_), _) => true,
                        (Topic::Notices(_), Some(account)) => {
                            if past::notices(desk, account, token.sequence).await?.is_empty() {
                                return Ok(false);
                            }
                            self.is_catching_up = true;
                            false
                        }
                        (Topic::Fills(id), Some(account)) => {
                            let next = past::fills(desk, caller, account, id, token.sequence, 1);
                            if next.await?.is_empty() {
                                return Ok(false);
                            }
                            self.is_catching_up = true;
                            false
                        }
                        _ => return Ok(false),
                    }
                }
            }
        };
        self.needs_whole = whole;
        self.place = Place { sequence: token.sequence, at: At { index: token.index, ..now.at } };
        Ok(true)
    }
}

async fn stand(desk: &Desk, asked: &Asked, token: Option<Token>) -> Result<Stand, Refused> {
    // A client that comes from another gateway may have seen more than this one has applied.
    let seen = token.filter(|token| token.is_of(Stamp::of(asked, 0)));
    let book = async |id| {
        let look = |listing: &Listing, at| (listing.sequence(), listing.trades().0, at);
        let partition = desk.exchange.topology().book_partition(id);
        let min = seen.map(|token| At { partition, index: token.index });
        match desk.exchange.book(id, min, look).await {
            Err(ReadError::TooEarly) if min.is_some() => desk.exchange.book(id, None, look).await,
            looked => looked,
        }
    };
    match &asked.whose {
        Whose::Book(id) => {
            let (sequence, _, at) = book(*id).await.map_err(|error| unread(&error))?;
            Ok(Stand { topic: Topic::Book(*id), since: 0, sequence, at })
        }
        Whose::Trades(id) => {
            let (_, sequence, at) = book(*id).await.map_err(|error| unread(&error))?;
            Ok(Stand { topic: Topic::Trades(*id), since: 0, sequence, at })
        }
        Whose::Orders(account) => {
            own(desk, account, |own| (Topic::Orders(own.id()), own.told().orders)).await
        }
        Whose::Fills(account) => {
            own(desk, account, |own| (Topic::Fills(own.id()), own.rows().1)).await
        }
        Whose::Balances(account) => {
            own(desk, account, |own| (Topic::Balances(own.id()), own.told().balances)).await
        }
        Whose::Notices(account) => {
            own(desk, account, |own| (Topic::Notices(own.id()), own.noticed())).await
        }
        Whose::Candles(..) | Whose::Queues(_) | Whose::Ticker(_) | Whose::Ranking(_) => {
            unreachable!("their states are shared")
        }
    }
}

async fn own(
    desk: &Desk,
    account: &AccountName,
    look: impl FnOnce(&Account) -> (Topic, u64) + Send + 'static,
) -> Result<Stand, Refused> {
    let looked = desk.look(account, Reading::default(), move |account, _, at| {
        let (topic, sequence) = look(account);
        Stand { topic, since: account.created().0, sequence, at }
    });
    looked.await
}

fn depth(asked: i32) -> Result<usize, Refused> {
    match asked {
        0 => Ok(DEPTH_DEFAULT),
        1.. => Ok(asked.min(DEPTH_MAX) as usize),
        _ => Err(Box::new(Refusal::malformed("depth", "must not be below 0"))),
    }
}

fn token(text: &str) -> Result<Option<Token>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    let rule = "is no token that a frame had";
    let malformed = || Box::new(Refusal::malformed("resume_token", rule));
    Token::parse(text).map(Some).ok_or_else(malformed)
}
