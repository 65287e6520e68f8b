//! What an entity wants done, as data. The partition performs it, in order.

use crate::account::Balance;
use crate::amount::{Amount, Lots, Ticks};
use crate::board::TradingDay;
use crate::book::Clearing;
use crate::candle::CandleRow;
use crate::follow::Posted;
use crate::history::{FillRow, HistoryRow, LedgerRow, PartyRow};
use crate::ids::{AccountId, AssetId, InstrumentId, OrderKey, Origin, PartitionId, TradeNo};
use crate::instrument::{Instrument, Phase};
use crate::message::{AccountMessage, Message, Outcome};
use crate::notice::Notice;
use crate::order::{OrderState, Side};
use crate::reject::Reject;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// One consequence of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Leaves through the outbox to that partition.
    Send(PartitionId, Message),
    /// Goes to a client that waits. Not durable: a lost answer is asked for again.
    Answer(Origin, Answer),
    /// The same, of a request that was answered before: its first answer once more.
    Again(Origin, Answer),
    /// Goes to the history store.
    Row(HistoryRow),
    /// Moves sub-accounts of the partition.
    Post(Posting),
    /// Goes to whoever listens to this instrument.
    Market(InstrumentId, MarketEvent),
    /// Goes to whoever listens to this order's account.
    Order(Box<OrderState>),
    /// Goes to whoever listens to this account.
    Balance(AccountId, MovedBalance),
    /// Goes to whoever listens to this account.
    Notice(AccountId, Notice),
    /// The boards have a new set of marks; its number.
    Ranked(u64),
    /// The account's standing changed; its board hears of it with the next tick.
    Touched(AccountId),
    /// An instrument's rules as they stand now, phase and base price of the day included; for all
    /// who check orders against them.
    Rules(Box<Instrument>),
    /// The book has closed a day, at this price; for all who have accounts.
    DayClosed(InstrumentId, TradingDay, Option<Ticks>),
    /// The book wants a tick at this time and not before, or none any more.
    Alarm(InstrumentId, Option<Time>),
}

/// Takes effects as they come, in order.
///
/// A vector keeps them as data for later, as a partition does. Whoever performs them at once
/// implements this instead and copies nothing: rows and states are lent.
pub trait Effects {
    fn send(&mut self, to: PartitionId, message: Message);
    /// The same, for hot paths: whoever keeps messages builds them where they stay.
    #[inline(always)]
    fn send_with(&mut self, to: PartitionId, message: impl FnOnce() -> Message) {
        self.send(to, message());
    }
    fn answer(&mut self, to: Origin, answer: Answer);
    /// The first answer once more, to another try of a request.
    fn again(&mut self, to: Origin, answer: Answer) {
        self.answer(to, answer);
    }
    /// What a book decided, to a client that waits.
    #[inline(always)]
    fn decided(&mut self, to: Origin, outcome: &Outcome) {
        self.answer(to, Answer::decided(outcome.clone()));
    }
    /// A book's decision: to the account by outbox, and to a client that waits directly.
    ///
    /// The message goes first: the answer then names its place in the outbox.
    #[inline(always)]
    fn outcome(&mut self, outcome: Outcome, waits: Option<Origin>) {
        let account = outcome.order.account;
        let Some(origin) = waits else {
            let message = || Message::ToAccount(account, AccountMessage::Outcome(outcome));
            self.send_with(account.partition(), message);
            return;
        };
        let message = || Message::ToAccount(account, AccountMessage::Outcome(outcome.clone()));
        self.send_with(account.partition(), message);
        self.decided(origin, &outcome);
    }
    fn ledger(&mut self, row: &LedgerRow);
    fn fill(&mut self, row: &FillRow);
    /// The other account of a ledger row that was told of just before.
    fn party(&mut self, row: &PartyRow) {
        let _ = row;
    }
    /// A candle is over. Whoever only keeps books has no use for it.
    fn candle(&mut self, row: &CandleRow) {
        let _ = row;
    }
    /// An order reached its final status.
    fn closed(&mut self, order: &OrderState);
    fn post(&mut self, posting: Posting);
    fn market(&mut self, instrument: InstrumentId, event: MarketEvent);
    fn order(&mut self, order: &OrderState);
    /// A balance was moved; `sequence` numbers these of an account without gaps. Whoever only
    /// keeps books need not hear it: they have the rows.
    fn balance(&mut self, account: AccountId, sequence: u64, asset: AssetId, balance: Balance) {
        let _ = (account, sequence, asset, balance);
    }
    /// Something that the account's owner should know. Whoever only keeps books need not hear it.
    fn notice(&mut self, account: AccountId, notice: &Notice) {
        let _ = (account, notice);
    }
    fn touched(&mut self, account: AccountId);
    /// The rules of a book's instrument as they stand now.
    fn rules(&mut self, instrument: &Instrument);
    /// A book has closed a day, at this price. Whoever ranks nobody need not hear it.
    fn day_closed(&mut self, instrument: InstrumentId, day: TradingDay, mark: Option<Ticks>) {
        let _ = (instrument, day, mark);
    }
    /// When time alone has something to do in a book; none for never.
    fn alarm(&mut self, instrument: InstrumentId, at: Option<Time>);
}

impl Effects for Vec<Effect> {
    fn send(&mut self, to: PartitionId, message: Message) {
        self.push(Effect::Send(to, message));
    }

    fn answer(&mut self, to: Origin, answer: Answer) {
        self.push(Effect::Answer(to, answer));
    }

    fn again(&mut self, to: Origin, answer: Answer) {
        self.push(Effect::Again(to, answer));
    }

    fn ledger(&mut self, row: &LedgerRow) {
        self.push(Effect::Row(HistoryRow::Ledger(*row)));
    }

    fn fill(&mut self, row: &FillRow) {
        self.push(Effect::Row(HistoryRow::Fill(*row)));
    }

    fn party(&mut self, row: &PartyRow) {
        self.push(Effect::Row(HistoryRow::Party(Box::new(row.clone()))));
    }

    fn candle(&mut self, row: &CandleRow) {
        self.push(Effect::Row(HistoryRow::Candle(*row)));
    }

    fn closed(&mut self, order: &OrderState) {
        self.push(Effect::Row(HistoryRow::Order(Box::new(order.clone()))));
    }

    fn post(&mut self, posting: Posting) {
        self.push(Effect::Post(posting));
    }

    fn market(&mut self, instrument: InstrumentId, event: MarketEvent) {
        self.push(Effect::Market(instrument, event));
    }

    fn order(&mut self, order: &OrderState) {
        self.push(Effect::Order(Box::new(order.clone())));
    }

    fn balance(&mut self, account: AccountId, sequence: u64, asset: AssetId, balance: Balance) {
        self.push(Effect::Balance(account, MovedBalance { sequence, asset, balance }));
    }

    fn notice(&mut self, account: AccountId, notice: &Notice) {
        self.push(Effect::Notice(account, *notice));
    }

    fn touched(&mut self, account: AccountId) {
        self.push(Effect::Touched(account));
    }

    fn rules(&mut self, instrument: &Instrument) {
        self.push(Effect::Rules(Box::new(instrument.clone())));
    }

    fn day_closed(&mut self, instrument: InstrumentId, day: TradingDay, mark: Option<Ticks>) {
        self.push(Effect::DayClosed(instrument, day, mark));
    }

    fn alarm(&mut self, instrument: InstrumentId, at: Option<Time>) {
        self.push(Effect::Alarm(instrument, at));
    }
}

/// What an account has of an asset after a command that moved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedBalance {
    /// From 1, without gaps, over all assets of the account.
    pub sequence: u64,
    pub asset: AssetId,
    pub balance: Balance,
}

/// What one ledger transaction moves in the partition's own sub-accounts of an asset.
///
/// Together with the account's own change it sums to zero, except that `issued` counts what
/// came from outside (positive) or left (negative).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub asset: AssetId,
    pub fee: Amount,
    pub tax: Amount,
    /// The other side of a trade's leg or of a transfer, until it is settled there.
    pub clearing: Amount,
    pub issued: Amount,
}

impl Posting {
    #[must_use]
    pub const fn none(asset: AssetId) -> Posting {
        Posting { asset, fee: 0, tax: 0, clearing: 0, issued: 0 }
    }
}

/// What a waiting client is told. The first answer to a request is remembered with its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The funds are held.
    Accepted(OrderKey),
    /// The book has decided about an order, a cancel or an amend.
    Decided {
        outcome: Outcome,
        settles: Option<Settles>,
    },
    /// Decided and settled, with the fills.
    Settled {
        outcome: Outcome,
        fills: Vec<FillRow>,
    },
    CancelledAll {
        orders: u64,
    },
    /// A balance changed; what is available now.
    Balance {
        asset: AssetId,
        available: Amount,
        held: Amount,
    },
    Done,
    Rejected {
        order: Option<OrderKey>,
        reject: Box<Reject>,
    },
    /// A snapshot of an outside book came to its instrument.
    Posted(Posted),
    /// A named session is this stream's now.
    SessionOpened {
        epoch: u64,
    },
}

impl Answer {
    /// Nothing came of what was asked, and no order.
    #[must_use]
    pub fn refused(reject: Reject) -> Answer {
        Answer::Rejected { order: None, reject: Box::new(reject) }
    }

    /// What a book's decision says to the client, whoever passes it on.
    #[must_use]
    pub fn decided(outcome: Outcome) -> Answer {
        match outcome.reject {
            Some(reject) => Answer::Rejected { order: Some(outcome.order), reject },
            None => Answer::Decided { outcome, settles: None },
        }
    }
}

/// A place in the channel from a book's partition to an account's: a read that passes it sees
/// the fills it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settles {
    pub partition: PartitionId,
    pub sequence: u64,
}

/// What a book shows to the market. Numbered by the book, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarketEvent {
    Trade {
        no: TradeNo,
        price: Ticks,
        quantity: Lots,
        /// Which side took; none in a call, where nobody made the price.
        taker: Option<Side>,
        time: Time,
    },
    /// What a call would come to now; none when nothing would trade, or there is no call. It is
    /// numbered with the levels.
    Indicated { sequence: u64, clearing: Option<Clearing> },
    /// Another phase, and when it ends by itself, as far as that is known. It is numbered with the
    /// levels.
    Phase { sequence: u64, phase: Phase, until: Option<Time> },
    /// Candles ended because time passed or the session closed. Numbered in the instrument's
    /// candle channel, where every trade is an event as well.
    CandlesEnded { sequence: u64 },
    /// The quantity that a price level shows now; zero when it is gone.
    Level { sequence: u64, side: Side, price: Ticks, quantity: Lots },
}
