//! A small market on one node, for tests.

use hoga_actors::EntityId;
use hoga_cluster::partition::MetaCommand;
use hoga_cluster::partition::Trace;
use hoga_cluster::runtime::{Exchange, ExchangeOptions, Identified, Reply};
use hoga_engine::account::Balance;
use hoga_engine::amount::{Amount, Lots, Rate};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::{Answer, Settles};
use hoga_engine::ids::{AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::{Asset, Calls, Fees, Instrument, Phase};
use hoga_engine::message::Outcome;
use hoga_engine::order::{OrderRequest, SelfMatch, Side, Size, TimeInForce};
use hoga_engine::reject::Reject;
use hoga_engine::request::{AccountRequest, Ack};
use hoga_engine::tick_table::TickTable;
use hoga_engine::topology::Role;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

pub const WITHIN: Duration = Duration::from_secs(10);
const WHOLE: Amount = 100_000_000;

pub struct Market {
    pub exchange: Exchange,
    settles: Mutex<BTreeMap<u64, Settles>>,
}

pub fn identified(id: &str, body_hash: u64) -> Identified {
    let id = ClientId::parse(id).unwrap();
    Identified { id, body_hash, sent_at: None, trace: Trace::default() }
}

fn asset(code: &str) -> Asset {
    Asset { id: AssetId(0), code: code.into(), scale: 8, shown_scale: 0, faucet: None }
}

fn lpj_krw() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        symbol: "LPJ-KRW".into(),
        partition: PartitionId(0),
        base: AssetId(0),
        base_code: "LPJ".into(),
        base_scale: 8,
        quote: AssetId(0),
        quote_code: "KRW".into(),
        quote_scale: 8,
        tick: WHOLE,
        lot: WHOLE,
        ticks: TickTable::uniform(),
        quantity_min: Lots(1),
        quantity_max: Lots(1_000_000),
        notional_min: 0,
        notional_max: 0,
        base_price: None,
        band: None,
        collar: Rate(100_000_000),
        fees: Fees { version: 1, maker: Rate(200_000), taker: Rate(500_000), sell_tax: Rate(0) },
        self_match: SelfMatch::CancelTaker,
        open_orders_max: 10_000,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

async fn until_answered<F: Future<Output = Reply>>(mut ask: impl FnMut() -> F) -> Answer {
    let until = tokio::time::Instant::now() + 3 * WITHIN;
    loop {
        match ask().await.answer {
            Ok(answer) => return answer,
            Err(failure) if tokio::time::Instant::now() > until => panic!("{failure}"),
            Err(_) => {}
        }
    }
}

impl Market {
    pub fn options(dir: &Path) -> ExchangeOptions {
        let mut options = ExchangeOptions::new(dir);
        options.log.segment_bytes = 8 << 20;
        options.log.write_bytes_max = 1 << 20;
        options
    }

    pub async fn open(dir: &Path) -> Market {
        Market::of(Exchange::start(Market::options(dir)).await.unwrap())
    }

    pub fn of(exchange: Exchange) -> Market {
        Market { exchange, settles: Mutex::default() }
    }

    pub async fn found(dir: &Path) -> Market {
        let market = Market::open(dir).await;
        market.list().await;
        market
    }

    /// Lists LPJ-KRW; done twice, it is done once.
    pub async fn list(&self) {
        let commands = [
            MetaCommand::CreateAsset(asset("KRW")),
            MetaCommand::CreateAsset(asset("LPJ")),
            MetaCommand::CreateInstrument(Box::new(lpj_krw())),
        ];
        for (n, command) in commands.into_iter().enumerate() {
            let id = identified(&format!("found{n}"), n as u64);
            let ask = || self.exchange.administer(&id, command.clone(), WITHIN);
            assert_eq!(until_answered(ask).await, Answer::Done);
        }
    }

    /// Asks as clients do: again, under the same id, for as long as nobody leads.
    async fn ask(&self, name: &str, id: &Identified, request: AccountRequest) -> Answer {
        until_answered(|| self.exchange.ask(name, id, request.clone(), WITHIN)).await
    }

    fn asset(&self, code: &str) -> AssetId {
        self.exchange.catalogue().asset_by_code(code).unwrap().id
    }

    pub async fn account(&self, name: &str, krw: &str, lpj: &str) {
        let open = identified("open", 0);
        assert_eq!(self.ask(name, &open, AccountRequest::Open).await, Answer::Done);
        for (code, amount) in [("KRW", krw), ("LPJ", lpj)] {
            let amount = amount.parse::<Amount>().unwrap() * WHOLE;
            if amount > 0 {
                let asset = self.asset(code);
                let id = identified(&format!("deposit-{code}"), 1);
                let request = AccountRequest::Deposit { asset, amount };
                let answer = self.ask(name, &id, request).await;
                assert!(matches!(answer, Answer::Balance { .. }), "{answer:?}");
            }
        }
    }

    /// Lets a suspended entity go on.
    pub async fn resume(&self, partition: PartitionId, entity: EntityId) {
        let reply = self.exchange.resume(partition, entity, WITHIN).await;
        assert_eq!(reply.answer, Ok(Answer::Done));
    }

    pub fn place(&self, side: Side, quantity: u64, price: u32) -> AccountRequest {
        let instrument = self.exchange.catalogue().instrument_by_symbol("LPJ-KRW").unwrap().id;
        let order = OrderRequest {
            instrument,
            side,
            size: Size::Quantity(Amount::from(quantity) * WHOLE),
            price: Some(Amount::from(price) * WHOLE),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            self_match: None,
            terms: None,
        };
        AccountRequest::Place { order, ack: Ack::Result, market_price: None }
    }

    pub async fn limit(
        &self,
        account: &str,
        id: &str,
        side: Side,
        quantity: u64,
        price: u32,
    ) -> Result<Outcome, Reject> {
        let request = self.place(side, quantity, price);
        let id = identified(id, quantity << 32 | u64::from(price));
        match self.ask(account, &id, request).await {
            Answer::Decided { outcome, settles } => {
                if let Some(settles) = settles {
                    self.settles.lock().unwrap().insert(outcome.order.no.0, settles);
                }
                Ok(outcome)
            }
            Answer::Rejected { reject, .. } => Err(*reject),
            other => panic!("{other:?}"),
        }
    }

    pub fn lpj(&self, quantity: i128) -> Amount {
        quantity * WHOLE
    }

    /// The balance once what the outcome settles is there.
    pub async fn balance_after(&self, name: &str, outcome: &Outcome, code: &str) -> Balance {
        let settles = self.settles.lock().unwrap().get(&outcome.order.no.0).copied();
        let asset = self.asset(code);
        let read =
            self.exchange.account(name, None, settles.into_iter().collect(), move |a, _, _| {
                a.balance(asset)
            });
        read.await.unwrap()
    }

    pub fn accounts(&self) -> Vec<PartitionId> {
        let topology = self.exchange.topology();
        let all = topology.partitions().filter(|(_, role)| *role == Role::Accounts);
        all.map(|(id, _)| id).collect()
    }

    /// Every balance of every account.
    pub async fn balances(&self) -> BTreeMap<String, Vec<(AssetId, Balance)>> {
        let mut all = BTreeMap::new();
        for id in self.accounts() {
            let names = self.exchange.core(id, |core, _| {
                let names = core.directory().names_after("");
                names.map(|(name, _)| name.to_string()).collect::<Vec<_>>()
            });
            for name in names.await.unwrap() {
                let read = self
                    .exchange
                    .account(&name, None, Vec::new(), |a, _, _| a.balances().collect::<Vec<_>>());
                all.insert(name.clone(), read.await.unwrap());
            }
        }
        all
    }

    /// Balances and the whole book, to compare.
    pub async fn everything(&self) -> String {
        self.exchange.settled().await.unwrap();
        let book = self
            .exchange
            .book(InstrumentId(0), None, |listing, _| listing.book().orders().collect::<Vec<_>>())
            .await
            .unwrap();
        format!("{:?} {:?}", self.balances().await, book)
    }

    /// CASH-1 once nothing is in flight: balances and fees are what was issued.
    pub async fn assert_conserved(&self) {
        self.exchange.settled().await.unwrap();
        let mut sums: BTreeMap<AssetId, Amount> = BTreeMap::new();
        for balances in self.balances().await.values() {
            for (asset, balance) in balances {
                *sums.entry(*asset).or_default() += balance.total();
            }
        }
        let mut clearing: BTreeMap<AssetId, Amount> = BTreeMap::new();
        for id in self.accounts() {
            let subs = self.exchange.core(id, |core, _| core.sub_accounts().clone());
            for (asset, sub) in subs.await.unwrap() {
                *sums.entry(asset).or_default() += sub.fee + sub.tax - sub.issued;
                *clearing.entry(asset).or_default() += sub.clearing;
            }
        }
        assert!(sums.values().all(|sum| *sum == 0), "CASH-1: {sums:?}");
        assert!(clearing.values().all(|sum| *sum == 0), "clearing: {clearing:?}");
    }
}
