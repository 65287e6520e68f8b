//! What happens, by topic.

use bytes::Bytes;
use hoga_engine::account::Balance;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::Clearing;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::{MarketEvent, MovedBalance};
use hoga_engine::history::FillRow;
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::Phase;
use hoga_engine::notice::Notice;
use hoga_engine::order::{OrderState, Side};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use std::sync::OnceLock;

/// What one applied chunk published, in order.
#[derive(Clone, Debug)]
pub struct FeedEvent {
    pub partition: PartitionId,
    /// Log index of the chunk.
    pub index: u64,
    /// Entry time of the chunk's last command.
    pub time: Time,
    pub market: Vec<(InstrumentId, MarketEvent)>,
    pub orders: Vec<OrderState>,
    pub fills: Vec<FillRow>,
    pub balances: Vec<(AccountId, MovedBalance)>,
    pub notices: Vec<(AccountId, Notice)>,
    /// Number of the newest set of marks, when the chunk brought one.
    pub ranked: Option<u64>,
}

impl FeedEvent {
    pub(super) fn is_empty(&self) -> bool {
        let FeedEvent { market, orders, fills, balances, notices, ranked, .. } = self;
        market.is_empty()
            && orders.is_empty()
            && fills.is_empty()
            && balances.is_empty()
            && notices.is_empty()
            && ranked.is_none()
    }

    /// Bytes that it takes, about.
    pub(super) fn weight(&self) -> usize {
        size_of::<FeedEvent>()
            + size_of_val(&*self.market)
            + size_of_val(&*self.orders)
            + size_of_val(&*self.fills)
            + size_of_val(&*self.balances)
            + size_of_val(&*self.notices)
    }

    /// Hands every event to `take`, with the topics that number it.
    pub(super) fn each(&self, mut take: impl FnMut(Topic, u64, &dyn Fn() -> Happened)) {
        for (instrument, event) in &self.market {
            match *event {
                MarketEvent::Trade { no, price, quantity, taker, time } => {
                    let trade = move || Happened::Trade { price, quantity, taker, time };
                    take(Topic::Trades(*instrument), no.0, &trade);
                }
                MarketEvent::Indicated { sequence, clearing } => {
                    let indicated = move || Happened::Indicated(clearing);
                    take(Topic::Book(*instrument), sequence, &indicated);
                }
                MarketEvent::Phase { sequence, phase, until } => {
                    let turned = move || Happened::Phase(phase, until);
                    take(Topic::Book(*instrument), sequence, &turned);
                }
                MarketEvent::CandlesEnded { sequence } => {
                    take(Topic::Candles(*instrument), sequence, &|| Happened::CandlesEnded);
                }
                MarketEvent::Level { sequence, side, price, quantity } => {
                    let level = move || Happened::Level { side, price, quantity };
                    take(Topic::Book(*instrument), sequence, &level);
                }
            }
        }
        for order in &self.orders {
            let state = || Happened::Order(Box::new(order.clone()));
            take(Topic::Orders(order.key.account), order.event, &state);
        }
        for fill in &self.fills {
            let fill_of = || Happened::Fill(Box::new((*fill, self.client_id(fill))));
            take(Topic::Fills(fill.account), fill.sequence, &fill_of);
        }
        for (account, moved) in &self.balances {
            let balance = || Happened::Balance(moved.asset, moved.balance);
            take(Topic::Balances(*account), moved.sequence, &balance);
        }
        for (account, notice) in &self.notices {
            let notice_of = || Happened::Notice(Box::new(*notice));
            take(Topic::Notices(*account), notice.sequence, &notice_of);
        }
        if let Some(set) = self.ranked {
            take(Topic::Ranking, set, &|| Happened::Ranked);
        }
    }

    /// A fill's order is told of in the same chunk as the fill.
    fn client_id(&self, fill: &FillRow) -> Option<ClientId> {
        let is_of =
            |order: &&OrderState| order.key.account == fill.account && order.key.no == fill.order;
        self.orders.iter().find(is_of).map(|order| order.client_id)
    }
}

/// Whose events are numbered together, by the entity that they happen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Levels of a book.
    Book(InstrumentId),
    Trades(InstrumentId),
    /// Candles that ended without a trade behind them. It shares its numbers with the trades.
    Candles(InstrumentId),
    /// Every state of an account's orders.
    Orders(AccountId),
    Fills(AccountId),
    /// An account's balances, one event for each that a command moved.
    Balances(AccountId),
    /// What an account's owner should know besides.
    Notices(AccountId),
    /// Sets of marks; a chunk that brought several counts as the last of them.
    Ranking,
}

impl Topic {
    /// The partition in which it happens.
    #[must_use]
    pub fn partition(self, topology: &Topology) -> PartitionId {
        match self {
            Topic::Book(instrument) | Topic::Trades(instrument) | Topic::Candles(instrument) => {
                topology.book_partition(instrument)
            }
            Topic::Orders(account)
            | Topic::Fills(account)
            | Topic::Balances(account)
            | Topic::Notices(account) => account.partition(),
            Topic::Ranking => Topology::BOARDS,
        }
    }

    /// Whether only the account's owner hears of it.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Topic::Orders(_) | Topic::Fills(_) | Topic::Balances(_) | Topic::Notices(_))
    }
}

/// One event of a topic.
#[derive(Clone, Debug)]
pub enum Happened {
    /// The quantity that a price shows now; zero when the level is gone.
    Level {
        side: Side,
        price: Ticks,
        quantity: Lots,
    },
    Trade {
        price: Ticks,
        quantity: Lots,
        /// None in a call.
        taker: Option<Side>,
        time: Time,
    },
    CandlesEnded,
    /// What a call would come to now.
    Indicated(Option<Clearing>),
    /// Another phase of a book, and when it ends by itself.
    Phase(Phase, Option<Time>),
    Order(Box<OrderState>),
    /// With the client's id of its order.
    Fill(Box<(FillRow, Option<ClientId>)>),
    Balance(AssetId, Balance),
    Notice(Box<Notice>),
    Ranked,
}

/// An event with its number and its place.
#[derive(Debug)]
pub struct Numbered {
    pub sequence: u64,
    /// Log index in the topic's partition.
    pub index: u64,
    /// Entry time of its chunk.
    pub time: Time,
    pub happened: Happened,
    /// What a gateway makes of it for the wire: made once, shared by all who follow.
    pub wire: OnceLock<Bytes>,
}
