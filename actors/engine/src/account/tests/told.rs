//! What an owner is told is numbered by the account itself: from 1, without gaps.

use super::{RICH, buy, sell};
use crate::account::{Account, Balance, Context, Told};
use crate::client_id::ClientId;
use crate::effect::{Effect, MovedBalance};
use crate::ids::{AccountId, AssetId, OrderKey, OrderNo, Origin, TradeNo};
use crate::instrument::Catalogue;
use crate::message::{AccountMessage, Leg};
use crate::order::{OrderRequest, Side};
use crate::pit::tests::market::{KRW, LPJ, LPJ_KRW, assets, instruments, topology};
use crate::request::{AccountRequest, Ack, Envelope};
use crate::time::Time;

const ID: AccountId = AccountId::new(crate::ids::PartitionId(4), 0);

/// An account by itself, and what it says.
pub(super) struct Owner {
    pub(super) account: Account,
    catalogue: Catalogue,
    requests: u64,
    said: Vec<Effect>,
}

impl Owner {
    pub(super) fn new() -> Owner {
        let mut catalogue = Catalogue::default();
        catalogue.assets.extend(assets().map(|asset| (asset.id, asset)));
        catalogue.instruments.extend(instruments().map(|listed| (listed.id, listed)));
        let account = Account::new(ID, "alice", Time(0));
        Owner { account, catalogue, requests: 0, said: Vec::new() }
    }

    pub(super) fn ask(&mut self, request: AccountRequest) -> Vec<Effect> {
        self.requests += 1;
        let origin = Origin { node: 1, incarnation: 1, request: self.requests };
        let id = ClientId::parse(&format!("r{}", self.requests)).expect("it is an id");
        let envelope = Envelope { origin, id, body_hash: 0, sent_at: None };
        let (catalogue, topology) = (&self.catalogue, &topology());
        let context = Context { catalogue, topology, at: Time(self.requests) };
        self.account.request(&envelope, &request, &context, &mut self.said);
        std::mem::take(&mut self.said)
    }

    fn hear(&mut self, message: &AccountMessage) -> Vec<Effect> {
        let (catalogue, topology) = (&self.catalogue, &topology());
        let context = Context { catalogue, topology, at: Time(self.requests) };
        self.account.hear(message, &context, &mut self.said);
        std::mem::take(&mut self.said)
    }

    fn deposit(&mut self, asset: AssetId) -> Vec<Effect> {
        self.ask(AccountRequest::Deposit { asset, amount: RICH })
    }

    fn place(&mut self, order: OrderRequest) -> Vec<Effect> {
        self.ask(AccountRequest::Place { order, ack: Ack::Result, market_price: None })
    }
}

/// Number, asset, available and held of every balance that was told.
fn balances(effects: &[Effect]) -> Vec<(u64, AssetId, i128, i128)> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Balance(ID, MovedBalance { sequence, asset, balance }) => {
            let Balance { available, held } = *balance;
            Some((*sequence, *asset, available, held))
        }
        _ => None,
    });
    told.collect()
}

fn orders(effects: &[Effect]) -> Vec<(u64, OrderNo)> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Order(order) => Some((order.event, order.key.no)),
        _ => None,
    });
    told.collect()
}

#[test]
fn each_command_tells_what_it_moved_once() {
    let mut alice = Owner::new();
    assert_eq!(balances(&alice.ask(AccountRequest::Open)), []);
    assert_eq!(balances(&alice.deposit(LPJ)), [(1, LPJ, RICH, 0)]);
    // An asset that sorts before another gives that one a new place: both are told.
    let told = balances(&alice.deposit(KRW));
    assert_eq!(told, [(2, KRW, RICH, 0), (3, LPJ, RICH, 0)]);
    let told = balances(&alice.place(sell(10, 100)));
    assert_eq!(told, [(4, LPJ, RICH - 10, 10)]);
    assert_eq!(balances(&alice.place(buy(10, 10_000_000))), [], "a refusal moves nothing");
    assert_eq!(alice.account.told(), Told { orders: 1, balances: 4 });
}

#[test]
fn states_of_all_orders_are_one_count() {
    let mut alice = Owner::new();
    for asset in [KRW, LPJ] {
        alice.deposit(asset);
    }
    let first = orders(&alice.place(sell(10, 100)));
    let second = orders(&alice.place(sell(5, 101)));
    let leg = Leg {
        order: OrderKey { account: ID, no: OrderNo(1) },
        instrument: LPJ_KRW,
        trade: TradeNo(1),
        side: Side::Sell,
        is_maker: true,
        in_call: false,
        price: crate::amount::Ticks(100),
        quantity: crate::amount::Lots(4),
        time: Time(9),
        source: None,
    };
    let settled = alice.hear(&AccountMessage::Settle(leg));
    let numbered = [first, second, orders(&settled)].concat();
    assert_eq!(numbered, [(1, OrderNo(1)), (2, OrderNo(2)), (3, OrderNo(1))]);
    // Money came, goods went: two assets, whatever was held for them.
    let told: Vec<_> = balances(&settled).iter().map(|told| (told.0, told.1)).collect();
    assert_eq!(told, [(5, KRW), (6, LPJ)]);
}
