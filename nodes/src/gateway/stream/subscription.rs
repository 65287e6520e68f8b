//! One topic on one stream: the place of its reader, and the frames that lead on from there.

use super::deltas::{Deltas, Made};
use super::shared::{Behind, Published};
use super::token::{Stamp, Token};
use super::topic::{Asked, Whose};
use super::{content, frame, past};
use crate::auth::Caller;
use crate::gateway::desk::{Desk, Reading, shown_at};
use crate::gateway::failure::{Refused, unread};
use crate::gateway::ladder::ladder;
use crate::gateway::reasons::refusal;
use bytes::Bytes;
use hoga_cluster::runtime::{At, Followed, Numbered, Tail, Topic};
use hoga_engine::book::Listing;
use hoga_engine::ids::{AccountId, InstrumentId};
use hoga_proto::convert::account::balance;
use hoga_proto::names::AccountName;
use hoga_proto::v1;
use hoga_proto::v1::server_frame::Frame;
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long one read for a stream may take.
pub(super) const READ_WITHIN: Duration = Duration::from_secs(5);
/// Most events of one frame.
const FRAME_EVENTS_MAX: usize = 256;
/// Frames a second of a reader who does not say: what an eye can follow.
const FRAMES_PER_SECOND: u32 = 5;
/// Most frames a second of any reader.
const FRAMES_PER_SECOND_MAX: u32 = 1_000;

/// Where frames come from.
pub enum Source {
    /// Events, one after the other; of a public topic with the frames that its readers share.
    Ring(Followed, Option<Arc<Deltas>>),
    /// States that all followers share.
    State(Arc<Published>),
}

/// How far a reader is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The last event that it has.
    pub sequence: u64,
    pub at: At,
}

/// When the next frame of public events may be made: once in each of the times of a grid of the
/// reader's own, so that readers who waited for the same event do not come together ever after.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    between: Duration,
    due: Instant,
}

impl Pace {
    #[must_use]
    pub fn of(frames_per_second: u32) -> Pace {
        let rate = match frames_per_second {
            0 => FRAMES_PER_SECOND,
            rate => rate.min(FRAMES_PER_SECOND_MAX),
        };
        Pace { between: Duration::from_secs(1) / rate, due: Instant::now() }
    }

    /// When the next turn comes, if it is not now.
    fn wait(&self) -> Option<Instant> {
        (Instant::now() < self.due).then_some(self.due)
    }

    fn take_turn(&mut self) {
        let now = Instant::now();
        let late = now.saturating_duration_since(self.due).as_nanos() % self.between.as_nanos();
        self.due = now + self.between - Duration::from_nanos(late as u64);
    }
}

/// A subscription.
pub struct Subscription {
    pub asked: Asked,
    pub(super) stamp: Stamp,
    pub(super) source: Source,
    pub(super) place: Place,
    depth: usize,
    pace: Pace,
    /// Its next events come from the history.
    pub(super) is_catching_up: bool,
    /// Its next delta has everything, because the events to it are gone.
    pub(super) needs_whole: bool,
}

/// What a subscription has to say.
pub enum Next {
    Nothing,
    /// Something, but not before.
    Later(Instant),
    Frame(Bytes),
    /// The last frame: the subscription is over.
    Over(Bytes),
}

impl Subscription {
    #[must_use]
    pub fn new(
        asked: Asked,
        stamp: Stamp,
        source: Source,
        place: Place,
        depth: usize,
        pace: Pace,
    ) -> Subscription {
        let (is_catching_up, needs_whole) = (false, false);
        Subscription { asked, stamp, source, place, depth, pace, is_catching_up, needs_whole }
    }

    /// The account whose topic it is.
    pub(super) fn account(&self) -> Option<&AccountName> {
        self.asked.whose.account()
    }

    /// The next frame, if there is one.
    ///
    /// # Errors
    /// What it has to read could not be read.
    pub async fn next(&mut self, desk: &Desk, caller: &Caller) -> Result<Next, Refused> {
        match &self.source {
            Source::State(published) => match published.behind(self.place.sequence, self.depth) {
                Behind::Nothing => Ok(Next::Nothing),
                Behind::Parts(state, parts) => {
                    Ok(Next::Frame(self.delta(state.sequence, state.at, &parts)))
                }
                Behind::Gone => self.conflate(desk, caller).await,
            },
            Source::Ring(..) if self.needs_whole => self.whole(desk).await.map(Next::Frame),
            Source::Ring(_, Some(_)) => self.public(desk, caller).await,
            Source::Ring(_, None) => self.private(desk, caller).await,
        }
    }

    /// The next frame of a public topic: when its turn has come, and as another reader was told
    /// where one was told the same.
    async fn public(&mut self, desk: &Desk, caller: &Caller) -> Result<Next, Refused> {
        if let Some(due) = self.pace.wait() {
            return Ok(Next::Later(due));
        }
        let Source::Ring(followed, Some(deltas)) = &self.source else { return Ok(Next::Nothing) };
        let (deltas, topic, first) = (deltas.clone(), followed.topic(), self.place.sequence + 1);
        let newest = followed.newest();
        if let Some(Made { last, at, frame, .. }) = newest.and_then(|last| deltas.find(first, last))
        {
            self.place = Place { sequence: last, at };
            self.pace.take_turn();
            return Ok(Next::Frame(frame));
        }
        match followed.read(self.place.sequence, FRAME_EVENTS_MAX) {
            Tail::Nothing => Ok(Next::Nothing),
            Tail::Gone => {
                self.pace.take_turn();
                self.conflate(desk, caller).await
            }
            Tail::Events(events) => {
                let Some(frame) = self.events(desk, topic, &events) else {
                    return Ok(self.again());
                };
                // A full one is followed by the next at once: its reader would never catch up.
                if events.len() < FRAME_EVENTS_MAX {
                    self.pace.take_turn();
                    let Place { sequence: last, at } = self.place;
                    deltas.keep(Made { first, last, at, frame: frame.clone() });
                }
                Ok(Next::Frame(frame))
            }
        }
    }

    async fn private(&mut self, desk: &Desk, caller: &Caller) -> Result<Next, Refused> {
        let Source::Ring(followed, _) = &self.source else { return Ok(Next::Nothing) };
        let topic = followed.topic();
        match followed.read(self.place.sequence, FRAME_EVENTS_MAX) {
            Tail::Events(events) => {
                self.is_catching_up = false;
                let frame = self.events(desk, topic, &events);
                Ok(frame.map_or_else(|| self.again(), Next::Frame))
            }
            Tail::Nothing | Tail::Gone if self.is_catching_up => {
                self.catch_up(desk, caller, topic).await
            }
            Tail::Nothing => Ok(Next::Nothing),
            Tail::Gone if matches!(topic, Topic::Balances(_)) => {
                self.whole(desk).await.map(Next::Frame)
            }
            Tail::Gone => Ok(Next::Over(self.closed(caller))),
        }
    }

    /// There are events of an instrument that this gateway has not heard of yet.
    fn again(&mut self) -> Next {
        self.pace.take_turn();
        Next::Later(self.pace.due)
    }

    /// A snapshot in place of what is not kept any more.
    async fn conflate(&mut self, desk: &Desk, caller: &Caller) -> Result<Next, Refused> {
        metrics::counter!("hoga_feed_conflations_total").increment(1);
        let (reason, caller) = (v1::SnapshotReason::Conflated, caller.anew(READ_WITHIN));
        self.snapshot(desk, &caller, reason, None).await.map(Next::Frame)
    }

    fn events(&mut self, desk: &Desk, topic: Topic, events: &[Arc<Numbered>]) -> Option<Bytes> {
        let account = self.account().map_or("", AccountName::id);
        let encoded = events.iter().map_while(|e| content::of_event(desk, topic, e, account));
        let mut parts: Vec<Bytes> = encoded.collect();
        let last = events.get(parts.len().checked_sub(1)?)?;
        if let Topic::Book(_) = topic {
            parts.push(content::of_book_time(last.time));
        }
        let at = At { index: last.index, ..self.place.at };
        Some(self.delta(last.sequence, at, &parts))
    }

    /// A delta up to `last`; the reader's place moves there.
    fn delta(&mut self, last: u64, at: At, parts: &[Bytes]) -> Bytes {
        let first = self.place.sequence + 1;
        self.place = Place { sequence: last, at };
        let head = v1::Delta {
            topic: Some(self.asked.shown.clone()),
            first,
            last,
            resume_token: self.token(),
            content: None,
            position: Some(shown_at(at)),
        };
        frame::delta(&head, &frame::Body { field: self.asked.content_field(), parts })
    }

    fn token(&self) -> String {
        self.stamp.token(self.place.sequence, self.place.at.index).text()
    }

    /// A private topic's reader fell behind its ring.
    fn closed(&self, caller: &Caller) -> Bytes {
        let message = "the reader fell behind what is kept for it; resume with the token";
        let refusal = caller.refused(*refusal("SLOW_CONSUMER", message));
        let closed = v1::Closed {
            topic: Some(self.asked.shown.clone()),
            resume_token: self.token(),
            reason: Some(refusal.to_frame()),
        };
        frame::plain(0, Frame::Closed(closed))
    }

    async fn catch_up(
        &mut self,
        desk: &Desk,
        caller: &Caller,
        topic: Topic,
    ) -> Result<Next, Refused> {
        let Some(account) = self.account() else { return Ok(Next::Nothing) };
        let (after, caller) = (self.place.sequence, caller.anew(READ_WITHIN));
        let mut events = match topic {
            Topic::Fills(id) => {
                past::fills(desk, &caller, account, id, after, FRAME_EVENTS_MAX).await?
            }
            Topic::Notices(_) => past::notices(desk, account, after).await?,
            _ => return Ok(Next::Nothing),
        };
        // What is kept as events comes from there, with its place in the log: a token with the number
        // of one and an older place would not be believed.
        if let (Source::Ring(followed, _), Some((last, _))) = (&self.source, events.last())
            && let Some(kept) = followed.last(*last, events.len()).first()
        {
            events.retain(|(sequence, _)| *sequence < kept.sequence);
        }
        let Some((last, _)) = events.last() else {
            self.is_catching_up = false;
            return Ok(Next::Nothing);
        };
        let (last, at) = (*last, self.place.at);
        let parts: Vec<Bytes> = events.into_iter().map(|(_, event)| event).collect();
        Ok(Next::Frame(self.delta(last, at, &parts)))
    }

    /// A delta that holds everything: whatever the reader has, it is right then.
    async fn whole(&mut self, desk: &Desk) -> Result<Bytes, Refused> {
        let (place, parts) = self.balances(desk).await?;
        self.needs_whole = false;
        Ok(self.delta(place.sequence, place.at, &parts))
    }

    /// The whole state; the reader's place moves there.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn snapshot(
        &mut self,
        desk: &Desk,
        caller: &Caller,
        reason: v1::SnapshotReason,
        behind: Option<Token>,
    ) -> Result<Bytes, Refused> {
        let (place, parts) = match (&self.source, &self.asked.whose) {
            (Source::State(published), _) => {
                let state = published.newest();
                let place = Place { sequence: state.sequence, at: state.at };
                (place, state.whole(self.depth))
            }
            (Source::Ring(..), Whose::Book(id)) => self.ladder(desk, *id).await?,
            (Source::Ring(followed, _), Whose::Trades(id)) => {
                let look = |listing: &Listing, at| Place { sequence: listing.trades().0, at };
                let seen = desk.exchange.book(*id, None, look).await;
                let place = seen.map_err(|error| unread(&error))?;
                let topic = followed.topic();
                let last = followed.last(place.sequence, self.depth);
                let parts = last.iter().filter_map(|e| content::of_event(desk, topic, e, ""));
                (place, parts.collect())
            }
            (Source::Ring(..), Whose::Balances(_)) => self.balances(desk).await?,
            (Source::Ring(followed, _), Whose::Orders(account)) => {
                let behind = behind.filter(|token| token.is_of(self.stamp));
                orders(desk, caller, account, followed.topic(), behind).await?
            }
            (Source::Ring(..), Whose::Notices(_)) => self.notices(desk).await?,
            // A fill is no state: what counts is where the reader begins.
            (Source::Ring(..), _) => (self.fills(desk).await?, Vec::new()),
        };
        self.place = place;
        let head = v1::Snapshot {
            topic: Some(self.asked.shown.clone()),
            sequence: place.sequence,
            resume_token: self.token(),
            reason: reason.into(),
            content: None,
            position: Some(shown_at(place.at)),
        };
        let body = frame::Body { field: self.asked.content_field(), parts: &parts };
        Ok(frame::snapshot(&head, &body))
    }

    async fn ladder(&self, desk: &Desk, id: InstrumentId) -> Result<(Place, Vec<Bytes>), Refused> {
        let depth = self.depth;
        let look = move |listing: &Listing, at| {
            let place = Place { sequence: listing.sequence(), at };
            let indicated = listing.book().collects().then(|| listing.indicated());
            (place, ladder(listing, depth), indicated, listing.instrument().clone())
        };
        let seen = desk.exchange.book(id, None, look).await;
        let (place, sides, indicated, instrument) = seen.map_err(|error| unread(&error))?;
        Ok((place, vec![content::of_book(&sides, indicated, &instrument)]))
    }

    async fn fills(&self, desk: &Desk) -> Result<Place, Refused> {
        let Some(account) = self.account() else { return Ok(self.place) };
        let looked = desk.look(account, Reading::default(), |account, _, at| Place {
            sequence: account.rows().1,
            at,
        });
        looked.await
    }

    /// Those that the account keeps, oldest first.
    async fn notices(&self, desk: &Desk) -> Result<(Place, Vec<Bytes>), Refused> {
        let Some(account) = self.account() else { return Ok((self.place, Vec::new())) };
        let looked = desk.look(account, Reading::default(), |account, _, at| {
            let kept: Vec<_> = account.notices().copied().collect();
            (Place { sequence: account.noticed(), at }, kept)
        });
        let (place, kept) = looked.await?;
        Ok((place, kept.iter().map(|one| content::of_notice(one, account.id())).collect()))
    }

    async fn balances(&self, desk: &Desk) -> Result<(Place, Vec<Bytes>), Refused> {
        let Some(account) = self.account() else { return Ok((self.place, Vec::new())) };
        let looked = desk.look(account, Reading::default(), |account, _, at| {
            let held: Vec<_> = account.balances().collect();
            (Place { sequence: account.told().balances, at }, held)
        });
        let (place, held) = looked.await?;
        let symbols = desk.symbols();
        let balances = held
            .into_iter()
            .filter_map(|(asset, held)| Some(balance(held, symbols.asset_of(asset)?)));
        let all = v1::BalancesContent { balances: balances.collect() };
        Ok((place, vec![all.encode_to_vec().into()]))
    }
}

/// Open orders, oldest first; before them, for a reader whose events are gone, those that
/// finished since the last event that it has.
async fn orders(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    topic: Topic,
    behind: Option<Token>,
) -> Result<(Place, Vec<Bytes>), Refused> {
    let looked = desk.look(account, Reading::default(), |account, _, at| {
        let open: Vec<_> = account.open_orders().map(|open| open.state.clone()).collect();
        (Place { sequence: account.told().orders, at }, open)
    });
    let (place, open) = looked.await?;
    let mut states = Vec::new();
    if let (Some(token), Topic::Orders(id)) = (behind, topic) {
        states = finished(desk, caller, account, id, token, place).await?;
    }
    states.extend(open);
    let symbols = desk.symbols();
    let parts = states.iter().filter_map(|s| content::of_order(&symbols, s, account.id()));
    Ok((place, parts.collect()))
}

async fn finished(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    id: AccountId,
    token: Token,
    place: Place,
) -> Result<Vec<hoga_engine::order::OrderState>, Refused> {
    let mut found = past::finished(desk, caller, account, id, token.sequence).await?;
    // What finished after the place comes as an event.
    found.retain(|order| order.event <= place.sequence);
    Ok(found)
}
