//! A followed instrument on one node: any number of users at one price, all at once, get what was
//! displayed and no more; also over a restart in between.

use crate::market::{Market, WITHIN, identified};
use futures::stream::{FuturesUnordered, StreamExt};
use hoga_cluster::partition::{Limits, MetaCommand};
use hoga_engine::amount::{Amount, Lots, Rate, Ticks};
use hoga_engine::effect::Answer;
use hoga_engine::follow::{Follow, Level, Posted, Snapshot};
use hoga_engine::ids::{AssetId, InstrumentId};
use hoga_engine::instrument::{Calls, Instrument};
use hoga_engine::order::{OrderRequest, Side, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack};
use hoga_engine::session::Interruption;
use hoga_engine::time::Time;

const WHOLE: Amount = 100_000_000;
/// Requests under way at once.
const AT_ONCE: usize = 2_000;

struct Venue {
    market: Market,
    instrument: InstrumentId,
    base: AssetId,
    quote: AssetId,
}

fn names(users: u64) -> impl Iterator<Item = String> {
    (0..users).map(|nth| format!("user-{nth}"))
}

impl Venue {
    async fn of(market: Market) -> Venue {
        let catalogue = market.exchange.catalogue();
        let listed = catalogue.instrument_by_symbol("OUT-KRW").unwrap();
        let (instrument, base, quote) = (listed.id, listed.base, listed.quote);
        Venue { market, instrument, base, quote }
    }

    async fn found(dir: &std::path::Path) -> Venue {
        let market = Market::found(dir).await;
        let follow = Follow {
            house: "house".into(),
            levels_max: 5,
            stale_ns: 3600 * Time::SECOND,
            subscription: None,
        };
        let catalogue = market.exchange.catalogue();
        let listed = Instrument {
            symbol: "OUT-KRW".into(),
            follow: Some(Box::new(follow)),
            ..catalogue.instrument_by_symbol("LPJ-KRW").unwrap().clone()
        };
        let command = MetaCommand::CreateInstrument(Box::new(listed));
        let done = market.exchange.administer(&identified("out", 7), command, WITHIN).await;
        assert_eq!(done.answer, Ok(Answer::Done));
        let venue = Venue::of(market).await;
        venue.ask("house", "open", AccountRequest::Open).await;
        for (id, asset) in [("goods", venue.base), ("money", venue.quote)] {
            let (instrument, amount) = (venue.instrument, 1_000_000 * WHOLE);
            let fund = AccountRequest::FundHouse { instrument, asset, amount };
            let funded = venue.ask("house", id, fund).await;
            assert!(matches!(funded, Answer::Balance { .. }), "{funded:?}");
        }
        venue
    }

    async fn ask(&self, name: &str, id: &str, request: AccountRequest) -> Answer {
        let identified = identified(id, 1);
        let reply = self.market.exchange.ask(name, &identified, request, 6 * WITHIN).await;
        reply.answer.unwrap()
    }

    /// The same of many, as many at once as the queues take; the answers.
    async fn each(&self, users: u64, id: &str, request: AccountRequest) -> Vec<Answer> {
        let (mut waiting, mut answers) = (FuturesUnordered::new(), Vec::new());
        for name in names(users) {
            let request = request.clone();
            waiting.push(async move { self.ask(&name, id, request).await });
            if waiting.len() >= AT_ONCE {
                answers.extend(waiting.next().await);
            }
        }
        answers.extend(waiting.collect::<Vec<_>>().await);
        answers
    }

    async fn post(&self, number: u64, displayed: u64) {
        let level = |price| vec![Level { price: Ticks(price), quantity: Lots(displayed) }];
        let (bids, asks) = (level(99), level(100));
        let snapshot = Snapshot { number, time: Time(number), bids, asks };
        let posted =
            self.market.exchange.post(self.instrument, snapshot, Default::default(), WITHIN).await;
        assert_eq!(posted.answer, Ok(Answer::Posted(Posted { number, is_taken: true })));
    }

    fn buy(&self, price: u32) -> AccountRequest {
        let order = OrderRequest {
            instrument: self.instrument,
            side: Side::Buy,
            size: Size::Quantity(WHOLE),
            price: Some(Amount::from(price) * WHOLE),
            time_in_force: TimeInForce::Ioc,
            post_only: false,
            self_match: None,
            terms: None,
        };
        AccountRequest::Place { order, ack: Ack::Result, market_price: None }
    }

    /// What the house has given away.
    async fn sold(&self) -> Amount {
        self.market.exchange.settled().await.unwrap();
        let base = self.base;
        let read = self
            .market
            .exchange
            .account("house", None, Vec::new(), move |house, _, _| house.balance(base).available);
        1_000_000 - read.await.unwrap() / WHOLE
    }
}

fn filled(answers: &[Answer]) -> u64 {
    let of_one = |answer: &Answer| match answer {
        Answer::Decided { outcome, .. } => outcome.filled.0,
        other => panic!("{other:?}"),
    };
    answers.iter().map(of_one).sum()
}

async fn all_at_one_price(users: u64) {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::found(dir.path()).await;
    venue.each(users, "open", AccountRequest::Open).await;
    let deposit = AccountRequest::Deposit { asset: venue.quote, amount: 1_000 * WHOLE };
    venue.each(users, "deposit", deposit).await;
    let displayed = users * 73 / 100;
    venue.post(1, displayed).await;
    let answers = venue.each(users, "buy", venue.buy(100)).await;
    assert_eq!(filled(&answers), displayed, "FILL-4: what is displayed, exactly");
    assert_eq!(venue.sold().await, Amount::from(displayed));
    venue.market.assert_conserved().await;
    venue.market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_users_at_one_price() {
    all_at_one_price(100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_users_at_one_price() {
    all_at_one_price(1_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_users_at_one_price() {
    all_at_one_price(10_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_remembered_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::found(dir.path()).await;
    venue.each(20, "open", AccountRequest::Open).await;
    let deposit = AccountRequest::Deposit { asset: venue.quote, amount: 1_000 * WHOLE };
    venue.each(20, "deposit", deposit).await;
    venue.post(1, 12).await;
    assert_eq!(filled(&venue.each(7, "first", venue.buy(100)).await), 7);
    assert!(venue.market.exchange.snapshot().await.unwrap() > 0);
    assert_eq!(filled(&venue.each(2, "second", venue.buy(100)).await), 2);
    venue.market.exchange.stop().await;
    drop(venue);

    let venue = Venue::of(Market::open(dir.path()).await).await;
    assert_eq!(
        filled(&venue.each(20, "third", venue.buy(100)).await),
        3,
        "of twelve nine are gone"
    );
    assert_eq!(venue.sold().await, 12);
    venue.post(2, 4).await;
    assert_eq!(filled(&venue.each(20, "fourth", venue.buy(100)).await), 4);
    venue.market.assert_conserved().await;
    venue.market.exchange.stop().await;
    drop(venue);

    let report = hoga_cluster::verify::verify(dir.path(), |_, _| {}).unwrap();
    assert!(report.ok, "{report:#?}");
    let of_levels = report.invariants.iter().find(|invariant| invariant.id == "FILL-4").unwrap();
    assert_eq!(of_levels.detail, "2 checked", "one level of each snapshot was taken from");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_do_not_go_with_following_are_refused_later_too() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::found(dir.path()).await;
    let interruption =
        Interruption { dynamic: Some(Rate(30_000)), fixed: None, call_ns: 120 * Time::SECOND };
    let limits = Limits { interruption: Some(Some(interruption)), ..Limits::default() };
    let command = MetaCommand::SetLimits { instrument: venue.instrument, limits };
    let reply = venue.market.exchange.administer(&identified("calls", 8), command, WITHIN).await;
    let Ok(Answer::Rejected { reject, .. }) = reply.answer else { panic!("{:?}", reply.answer) };
    assert!(reject.to_string().contains("no call auctions"), "{reject}");
    let catalogue = venue.market.exchange.catalogue();
    assert_eq!(catalogue.instruments[&venue.instrument].calls, Calls::default());
    venue.market.exchange.stop().await;
}
