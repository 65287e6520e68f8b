//! A node with the market of the rule book `follow`, and a venue that it follows.

use super::venue::Venue;
use crate::market;
use crate::upstream::health::{Fed, Seen};
use crate::upstream::{self, Pace, Upstream, UpstreamOptions, Venues};
use hoga_cluster::log::LogOptions;
use hoga_cluster::partition::{Limits, MetaCommand, Trace};
use hoga_cluster::runtime::{Exchange, ExchangeOptions, Identified};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::follow::{Following, Subscription};
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::{Instrument, Phase};
use hoga_engine::order::{OrderRequest, Side, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use hoga_scenarios::listing;
use hoga_scenarios::rules::RuleBook;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// How long a test waits for what comes by itself.
const SOON: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const WITHIN: Duration = Duration::from_secs(10);

/// Tries again soon, and does not take a busy machine for a venue that is gone.
const PATIENT: Pace = Pace {
    connect_within: SOON,
    send_within: SOON,
    back_off: (Duration::from_millis(20), Duration::from_millis(200)),
    ping_every: Duration::from_millis(100),
    silent_after: SOON,
    bookless_after: SOON,
    subscribe_every: Duration::from_millis(50),
    prove_every: Duration::from_secs(5),
};
/// Gives up soon, so that a test need not wait for it.
pub const IMPATIENT: Pace = Pace {
    silent_after: Duration::from_millis(600),
    bookless_after: Duration::from_millis(1_200),
    ..PATIENT
};

pub struct Floor {
    pub exchange: Exchange,
    pub venue: Venue,
    pub upstream: Upstream,
    pub btc: InstrumentId,
    next: AtomicU64,
    _data: TempDir,
}

impl Floor {
    pub async fn open() -> Floor {
        Floor::open_with(|_| (), PATIENT).await
    }

    /// With rules of the instrument that are not the book's, and a pace.
    pub async fn open_with(change: impl Fn(&mut Instrument), pace: Pace) -> Floor {
        let data = TempDir::new().unwrap();
        let options = ExchangeOptions {
            topology: Topology { books: 1, accounts: 2 },
            log: LogOptions {
                segment_bytes: 1 << 20,
                write_bytes_max: 1 << 18,
                ..LogOptions::small()
            },
            ..ExchangeOptions::new(data.path())
        };
        let exchange = Exchange::start(options).await.unwrap();
        let book = RuleBook::shipped("follow").unwrap().unwrap();
        let mut listed = listing::market(&book, &exchange.topology()).unwrap();
        listed.instruments.iter_mut().for_each(change);
        let seeds = market::first_seeds(&listed);
        market::found(&exchange, &listed, &seeds).await.unwrap();
        let venue = Venue::open();
        let options = UpstreamOptions {
            venues: Venues::parse(&format!("upbit={}", venue.url)).unwrap(),
            authorities: None,
            pace,
        };
        let upstream = upstream::start(&exchange, options).unwrap();
        let btc = exchange.catalogue().instrument_by_symbol("BTC-KRW").unwrap().id;
        Floor { exchange, venue, upstream, btc, next: AtomicU64::new(1), _data: data }
    }

    fn identified(&self) -> Identified {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = ClientId::parse(&format!("test:{number}")).unwrap();
        Identified { id, body_hash: number, sent_at: None, trace: Trace::default() }
    }

    pub async fn administer(&self, command: MetaCommand) {
        let reply = self.exchange.administer(&self.identified(), command, WITHIN).await;
        assert_eq!(reply.answer, Ok(Answer::Done));
    }

    /// Another instrument with the same rules that follows another book.
    pub async fn list(&self, symbol: &str, code: &str) -> InstrumentId {
        let mut instrument = self.exchange.catalogue().instruments[&self.btc].clone();
        instrument.symbol = symbol.into();
        if let Some(follow) = &mut instrument.follow {
            follow.subscription = Some(subscription(code));
        }
        self.administer(MetaCommand::CreateInstrument(Box::new(instrument))).await;
        self.exchange.catalogue().instrument_by_symbol(symbol).unwrap().id
    }

    pub async fn set_phase(&self, instrument: InstrumentId, phase: Phase) {
        self.administer(MetaCommand::SetPhase { instrument, phase }).await;
    }

    pub async fn subscribe(&self, instrument: InstrumentId, code: Option<&str>) {
        let limits = Limits { subscription: Some(code.map(subscription)), ..Limits::default() };
        self.administer(MetaCommand::SetLimits { instrument, limits }).await;
    }

    /// Alice buys a little at the market: what became of it.
    pub async fn buy(&self) -> Answer {
        let order = OrderRequest {
            instrument: self.btc,
            side: Side::Buy,
            size: Size::Quantity(10_000),
            price: None,
            time_in_force: TimeInForce::Ioc,
            post_only: false,
            self_match: None,
            terms: None,
        };
        let place = AccountRequest::Place { order, ack: Ack::Result, market_price: None };
        self.exchange.ask("alice", &self.identified(), place, WITHIN).await.answer.unwrap()
    }

    /// Whether alice gets something when she buys.
    pub async fn trades(&self) -> bool {
        matches!(self.buy().await, Answer::Decided { outcome, .. } if outcome.filled.0 > 0)
    }

    /// What stands of the outside book.
    pub async fn following(&self, id: InstrumentId) -> Following {
        let look = self.exchange.book(id, None, |listing, _| listing.following().cloned());
        look.await.unwrap().unwrap()
    }

    pub fn seen(&self) -> Seen {
        self.upstream.seen().remove(0)
    }

    pub fn fed(&self, id: InstrumentId) -> Fed {
        self.seen().fed.get(&id).cloned().unwrap_or_default()
    }

    /// Waits until the venue's connections hear this and nothing else.
    pub async fn until_heard(&self, codes: &[&str]) {
        let wanted = match codes {
            [] => Vec::new(),
            codes => vec![codes.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<_>>()],
        };
        until(async || self.venue.heard(), |heard| *heard == wanted).await;
    }

    /// Waits until books of an instrument are taken, beyond what was before.
    pub async fn until_fed(&self, id: InstrumentId) {
        let before = self.fed(id).taken;
        until(async || self.fed(id), |fed| fed.taken > before + 2).await;
    }

    pub async fn until_trades(&self) {
        until(async || self.trades().await, |trades| *trades).await;
    }

    pub async fn close(self) {
        self.upstream.stop();
        self.exchange.stop().await;
    }
}

fn subscription(code: &str) -> Subscription {
    Subscription { venue: "upbit".into(), code: code.into() }
}

/// Looks again and again until it is as wanted.
pub async fn until<T: Debug>(look: impl AsyncFn() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let start = Instant::now();
    loop {
        let seen = look().await;
        if is_so(&seen) {
            return seen;
        }
        assert!(start.elapsed() < SOON, "it stays {seen:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Rules under which a book is soon too old.
pub fn soon_stale(instrument: &mut Instrument) {
    if let Some(follow) = &mut instrument.follow {
        follow.stale_ns = Time::SECOND / 2;
    }
}
