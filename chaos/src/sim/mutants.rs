//! Planted bugs. None of them lives in the product: each perturbs one thing in what passes between
//! its pure parts, or in the simulator's own shells, and exists only in a simulated world.
//!
//! An edit depends on what it edits alone, never on which replica does it: replicas stay equal, as
//! with a real bug, and a check has to find it.

use hoga_actors::{EntityCommand, EntityId, Output, Step};
use hoga_cluster::partition::{Batch, Carried, Command, Core, Entry};
use hoga_cluster::state::{self, State};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::{Effect, MarketEvent};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{InstrumentId, PartitionId};
use hoga_engine::instrument::Phase;
use hoga_engine::message::{AccountMessage, BoardMessage, BookMessage, Message, OutcomeOf};
use hoga_engine::order::{SelfMatch, TimeInForce};
use hoga_engine::request::AccountRequest;
use hoga_engine::topology::Topology;

/// Where a planted bug needs real consensus and a real log under the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// On the model log.
    Breadth,
    /// On openraft and the segment log.
    Depth,
}

macro_rules! mutants {
    ($($name:ident $text:literal $level:ident,)*) => {
        /// One planted bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant { $($name,)* }

        impl Mutant {
            pub const ALL: &'static [Mutant] = &[$(Mutant::$name,)*];

            /// How reports name it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Mutant::$name => $text,)* }
            }

            #[must_use]
            pub const fn level(self) -> Level {
                match self { $(Mutant::$name => Level::$level,)* }
            }
        }
    };
}

mutants! {
    // What entities say.
    RefundForgotten "refund-forgotten" Breadth,
    LegSentTwice "leg-sent-twice" Breadth,
    LegForgotten "leg-forgotten" Breadth,
    FeeNotPosted "fee-not-posted" Breadth,
    TaxNotPosted "tax-not-posted" Breadth,
    TakersPrice "one-leg-at-another-price" Breadth,
    LegTooLarge "both-legs-one-lot-too-large" Breadth,
    TransferVanishes "transfer-vanishes" Breadth,
    SubmitTooLarge "one-lot-more-than-held" Breadth,
    LimitLoosened "limit-one-tick-looser" Breadth,
    RowSkipped "ledger-row-skipped" Breadth,
    RowUnchained "ledger-row-starts-elsewhere" Breadth,
    StateSkipped "order-state-not-told" Breadth,
    OutcomeForgotten "outcome-forgotten" Breadth,
    // What books and boards are told.
    PrioritySwapped "priority-off-by-one" Breadth,
    PostOnlyIgnored "post-only-ignored" Breadth,
    IocRests "ioc-rests" Breadth,
    SelfMatchIgnored "self-match-ignored" Breadth,
    StandingStale "standing-of-nothing" Breadth,
    // Triggers, days and hours.
    FiresTwice "stop-fires-twice" Breadth,
    TrailsAway "trailing-stop-moves-the-wrong-way" Breadth,
    OtherLegStays "other-leg-of-a-pair-stays" Breadth,
    HiddenShown "iceberg-shows-all" Breadth,
    DaySurvives "day-order-survives-the-close" Breadth,
    DateIgnored "dated-order-never-expires" Breadth,
    ReservedTwice "reserved-order-let-in-twice" Breadth,
    LeftCrossed "call-leaves-the-book-crossed" Breadth,
    HaltIgnored "halt-ignored" Breadth,
    // Outside books.
    TakenForgotten "taken-of-a-snapshot-forgotten" Breadth,
    SnapshotRenewed "snapshot-taken-twice-renews-it" Breadth,
    FundedTwice "house-spends-its-funds-twice" Breadth,
    // Retries and dedupe.
    DedupeOff "dedupe-off" Breadth,
    BodyIgnored "body-of-a-reused-id-ignored" Breadth,
    InboxForgets "inbox-takes-everything-twice" Breadth,
    NewIdOnRetry "retry-under-a-new-id" Breadth,
    // Sessions.
    FenceIgnored "fenced-session-is-let-in" Breadth,
    AttendIgnored "attendance-heard-of-nobody" Breadth,
    AttendUnlogged "attendance-never-logged" Breadth,
    LostForgotten "lost-client-forgotten" Breadth,
    LapseKeepsOrders "lapse-cancels-nothing" Breadth,
    // Outboxes.
    AckAhead "outbox-acknowledged-one-ahead" Breadth,
    NeverSentAgain "lost-sending-never-repeated" Breadth,
    SentReversed "sent-in-reverse" Breadth,
    SentWithGap "first-message-left-out" Breadth,
    SentUnderNewNumber "sent-again-under-a-new-number" Breadth,
    // Answers and reads.
    AnswerBeforeCommit "answer-before-commit" Breadth,
    AnswerAtWrongPlace "answer-names-another-position" Breadth,
    ReadWithoutBarrier "read-without-barrier" Breadth,
    TicksForgotten "ticks-forgotten" Breadth,
    // Overload.
    NeverBusy "never-busy" Breadth,
    // Streams.
    FeedGap "stream-loses-an-event" Breadth,
    FeedRepeats "stream-repeats-on-resume" Breadth,
    FeedSkips "stream-resumes-too-late" Breadth,
    FeedLies "stream-shows-another-quantity" Breadth,
    // Snapshots.
    SnapshotWithoutCore "snapshot-without-bookkeeping" Breadth,
    SnapshotLacksEntity "snapshot-lacks-an-entity" Breadth,
    SnapshotBehind "snapshot-older-than-it-says" Breadth,
    // Consensus and the log.
    NoFsync "fsync-does-nothing" Depth,
    AckBeforeFsync "append-acknowledged-before-fsync" Depth,
    VoteNotSynced "vote-answered-before-fsync" Depth,
    LeaderRestored "leader-resumes-its-term" Depth,
    SnapshotNotDurable "log-cut-before-snapshot-is-durable" Depth,
    TermForgotten "vote-forgotten-at-restart" Depth,
}

type Feed = Vec<(u64, Vec<(InstrumentId, MarketEvent)>)>;

impl Mutant {
    /// What a replica makes of a committed batch.
    pub fn edit_batch(self, core: &Core, index: u64, batch: &mut Batch) {
        for (nth, entry) in batch.entries.iter_mut().enumerate() {
            match (self, &mut entry.command) {
                (Mutant::PrioritySwapped, Command::Inbound { messages, .. }) => {
                    let is_work = |carried: &Carried| carried.message.is_work();
                    if messages.len() > 1 && messages.iter().all(is_work) {
                        messages.swap(0, 1);
                    }
                }
                (Mutant::InboxForgets, Command::Inbound { source, first, .. }) => {
                    *first = core.next_in(*source);
                }
                (Mutant::DedupeOff, Command::Request { envelope, .. }) => {
                    let text = format!("{index}.{nth}");
                    envelope.id = ClientId::parse(&text).unwrap_or(envelope.id);
                }
                (Mutant::FenceIgnored, Command::InSession { asked, .. }) => {
                    let (account, envelope, request) = (**asked).clone();
                    entry.command = Command::Request { account, envelope, request };
                }
                (Mutant::AttendIgnored, Command::Attend { origin, .. }) => {
                    origin.incarnation = 0;
                }
                (Mutant::LostForgotten, Command::Attend { lost, .. }) => lost.clear(),
                (Mutant::BodyIgnored, Command::Request { envelope, .. }) => {
                    envelope.body_hash = 0;
                }
                _ => {}
            }
        }
    }

    /// What an entity is told instead of a command; none for the command itself.
    #[must_use]
    pub fn edit_step(self, step: &Step) -> Option<Step> {
        let mut edited = step.clone();
        match (self, &mut edited.command) {
            (Mutant::RefundForgotten, EntityCommand::Account(AccountMessage::Outcome(outcome)))
                if matches!(outcome.of, OutcomeOf::Submit) && outcome.cancelled.0 > 1 =>
            {
                outcome.cancelled.0 -= 1;
            }
            (Mutant::PostOnlyIgnored, EntityCommand::Book(BookMessage::Submit(submit))) => {
                submit.post_only = false;
            }
            (Mutant::IocRests, EntityCommand::Book(BookMessage::Submit(submit)))
                if submit.time_in_force == TimeInForce::Ioc && !submit.is_market =>
            {
                submit.time_in_force = TimeInForce::Gtc;
            }
            (Mutant::DaySurvives, EntityCommand::Book(BookMessage::Submit(submit)))
                if submit.time_in_force == TimeInForce::Day =>
            {
                submit.time_in_force = TimeInForce::Gtc;
            }
            (Mutant::DateIgnored, EntityCommand::Book(BookMessage::Submit(submit)))
                if submit.time_in_force == TimeInForce::Gtd =>
            {
                submit.time_in_force = TimeInForce::Gtc;
            }
            (Mutant::HiddenShown, EntityCommand::Book(BookMessage::Submit(submit))) => {
                submit.terms.as_mut()?.display.take()?;
            }
            (Mutant::HaltIgnored, EntityCommand::Rules(rules)) if rules.phase == Phase::Halted => {
                rules.phase = Phase::Continuous;
            }
            (Mutant::FundedTwice, EntityCommand::Book(BookMessage::Fund(funding))) => {
                (funding.base, funding.quote) = (2 * funding.base, 2 * funding.quote);
            }
            (Mutant::SelfMatchIgnored, EntityCommand::Book(BookMessage::Submit(submit))) => {
                submit.self_match = SelfMatch::None;
            }
            (Mutant::LapseKeepsOrders, EntityCommand::Request(_, request))
                if matches!(request, AccountRequest::Lapse { .. }) =>
            {
                // Of what is not listed.
                *request = AccountRequest::CancelAll { instrument: Some(InstrumentId(u32::MAX)) };
            }
            (Mutant::StandingStale, EntityCommand::Board(BoardMessage::Standing(standing)))
                if standing.last_event.0.is_multiple_of(3) =>
            {
                standing.balances.clear();
            }
            _ => return None,
        }
        Some(edited)
    }

    /// What an entity says.
    pub fn edit_output(self, _: EntityId, output: &mut Output) {
        let Output { effects, ends } = output;
        let mut nth = 0;
        while nth < effects.len() {
            if self.drops(&effects[nth]) {
                effects.remove(nth);
                ends.iter_mut().filter(|(_, end)| *end > nth).for_each(|(_, end)| *end -= 1);
                continue;
            }
            if self.doubles(&effects[nth]) {
                let again = effects[nth].clone();
                effects.insert(nth, again);
                ends.iter_mut().filter(|(_, end)| *end > nth).for_each(|(_, end)| *end += 1);
                nth += 1;
            }
            self.edit(&mut effects[nth]);
            nth += 1;
        }
    }

    fn drops(self, effect: &Effect) -> bool {
        match (self, effect) {
            (
                Mutant::LegForgotten,
                Effect::Send(_, Message::ToAccount(_, AccountMessage::Settle(leg))),
            ) => leg.trade.0.is_multiple_of(17) && !leg.is_maker,
            (Mutant::TransferVanishes, Effect::Send(_, Message::ToNamedAccount(_, credit))) => {
                credit.amount % 7 == 0
            }
            (Mutant::RowSkipped, Effect::Row(HistoryRow::Ledger(row))) => {
                row.sequence.is_multiple_of(19)
            }
            (Mutant::StateSkipped, Effect::Order(state)) => state.event.is_multiple_of(29),
            (
                Mutant::OutcomeForgotten,
                Effect::Send(_, Message::ToAccount(_, AccountMessage::Outcome(outcome))),
            ) => outcome.order.no.0.is_multiple_of(13),
            _ => false,
        }
    }

    fn doubles(self, effect: &Effect) -> bool {
        match (self, effect) {
            (
                Mutant::LegSentTwice,
                Effect::Send(_, Message::ToAccount(_, AccountMessage::Settle(leg))),
            ) => leg.trade.0.is_multiple_of(23),
            _ => false,
        }
    }

    fn edit(self, effect: &mut Effect) {
        match (self, effect) {
            (Mutant::FeeNotPosted, Effect::Post(posting)) => posting.fee = 0,
            (Mutant::TaxNotPosted, Effect::Post(posting)) => posting.tax = 0,
            (
                Mutant::TakersPrice,
                Effect::Send(_, Message::ToAccount(_, AccountMessage::Settle(leg))),
            ) if !leg.is_maker && leg.trade.0.is_multiple_of(11) && leg.price.0 > 1 => {
                leg.price.0 -= 1;
            }
            (
                Mutant::LegTooLarge,
                Effect::Send(_, Message::ToAccount(_, AccountMessage::Settle(leg))),
            ) if leg.trade.0.is_multiple_of(31) => leg.quantity.0 += 1,
            (
                Mutant::SubmitTooLarge,
                Effect::Send(_, Message::ToBook(_, BookMessage::Submit(submit))),
            ) if submit.value_max.is_none() && submit.order.no.0.is_multiple_of(9) => {
                submit.quantity.0 += 1;
            }
            (
                Mutant::LimitLoosened,
                Effect::Send(_, Message::ToBook(_, BookMessage::Submit(submit))),
            ) if submit.side == hoga_engine::order::Side::Sell && submit.limit.0 > 1 => {
                submit.limit.0 -= 1;
            }
            (Mutant::RowUnchained, Effect::Row(HistoryRow::Ledger(row)))
                if row.sequence.is_multiple_of(19) =>
            {
                row.before += 1;
                row.after += 1;
            }
            _ => {}
        }
    }

    /// What a leader's sequencer puts into a batch.
    pub fn edit_entries(self, entries: &mut Vec<Entry>) {
        entries.retain(|entry| match self {
            Mutant::TicksForgotten => !matches!(entry.command, Command::Tick),
            Mutant::AttendUnlogged => !matches!(entry.command, Command::Attend { .. }),
            _ => true,
        });
    }

    #[must_use]
    pub fn acknowledged_ahead(self) -> u64 {
        u64::from(self == Mutant::AckAhead)
    }

    #[must_use]
    pub fn reads_without_barrier(self) -> bool {
        self == Mutant::ReadWithoutBarrier
    }

    #[must_use]
    pub fn never_sends_again(self) -> bool {
        self == Mutant::NeverSentAgain
    }

    #[must_use]
    pub fn asks_under_new_ids(self) -> bool {
        self == Mutant::NewIdOnRetry
    }

    #[must_use]
    pub fn answers_before_commit(self) -> bool {
        self == Mutant::AnswerBeforeCommit
    }

    /// The position that an answer names.
    #[must_use]
    pub fn edit_position(self, index: u64) -> u64 {
        index + u64::from(self == Mutant::AnswerAtWrongPlace && index.is_multiple_of(8))
    }

    /// What a pump sends.
    #[must_use]
    pub fn edit_sending(self, first: u64, mut messages: Vec<Carried>) -> (u64, Vec<Carried>) {
        match self {
            Mutant::SentReversed => messages.reverse(),
            Mutant::SentWithGap if messages.len() > 1 => {
                messages.remove(0);
            }
            Mutant::SentUnderNewNumber if first.is_multiple_of(5) => {
                messages.extend(messages.last().cloned());
            }
            _ => {}
        }
        (first, messages)
    }

    /// What a subscriber is shown.
    #[must_use]
    pub fn edit_feed(self, mut feed: Feed) -> Feed {
        for (index, events) in &mut feed {
            match self {
                Mutant::FeedGap if index.is_multiple_of(16) => {
                    events.pop();
                }
                Mutant::FeedLies if index.is_multiple_of(16) => {
                    if let Some((_, MarketEvent::Level { quantity, .. })) = events.last_mut() {
                        quantity.0 += 1;
                    }
                }
                _ => {}
            }
        }
        feed
    }

    /// From where a subscriber goes on.
    #[must_use]
    pub fn edit_token(self, token: u64, reached: u64) -> u64 {
        match self {
            Mutant::FeedRepeats => token.saturating_sub(1),
            Mutant::FeedSkips => reached + 1,
            _ => token,
        }
    }

    /// What a snapshot keeps.
    #[must_use]
    pub fn edit_snapshot(
        self,
        partition: PartitionId,
        topology: Topology,
        bytes: Vec<u8>,
    ) -> Vec<u8> {
        let is_mine = matches!(self, Mutant::SnapshotWithoutCore | Mutant::SnapshotLacksEntity);
        if !is_mine {
            return bytes;
        }
        let Ok(mut state) = State::decode(partition, topology, &bytes) else { return bytes };
        if self == Mutant::SnapshotWithoutCore {
            state.core = Core::new(partition, topology);
        } else {
            state.entities.pop();
        }
        encode(&state)
    }
}

fn encode(state: &State) -> Vec<u8> {
    let entities = state.entities.iter();
    let entities: Vec<_> = entities.map(|(id, it)| (*id, it.encode().into_owned())).collect();
    state::whole(&state.core.encode(), &entities)
}
