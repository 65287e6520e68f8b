//! The end of a day in a partition of accounts: what the boards freeze is exact without any clock.
//!
//! A book says that it has closed behind everything that it had to say to accounts before, in one
//! channel. Once every book has said so, each account here that has changed since says where it
//! stands, and behind that the boards hear that this partition is done with the day.

use super::chunk::Chunk;
use super::command::{Command, Trace};
use super::core::Core;
use hoga_engine::board::TradingDay;
use hoga_engine::effect::Effect;
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::{Instrument, Phase};
use hoga_engine::message::{BoardMessage, DayClosed, Message};
use hoga_engine::topology::{Role, Topology};

/// Most days that are waited for; the oldest goes. A book that is suspended keeps its day waiting.
const CLOSING_DAYS_MAX: usize = 32;

impl Core {
    /// Whether a command may end a day here. Everything before has to be applied then, so that who
    /// was touched by it is known.
    pub(super) fn closes_by(&self, command: &Command) -> bool {
        matches!(command, Command::Tick) && !self.state.closing.is_empty()
    }

    /// Passes on the days that all books have closed, behind the accounts that say where they stand.
    pub(super) fn plan_closings(&mut self, chunk: &mut Chunk) {
        while self.state.closing.len() > CLOSING_DAYS_MAX {
            self.state.closing.pop_first();
        }
        let days = self.state.closing.keys().copied();
        let over: Vec<TradingDay> = days.filter(|day| self.is_over(*day)).collect();
        let partitions = self.scene.topology.partitions();
        let partitions = partitions.filter(|(_, role)| *role == Role::Accounts).count() as u16;
        for day in over {
            let books = self.state.closing.remove(&day).unwrap_or_default();
            let marks = books.into_iter().filter_map(|(id, mark)| Some((id, mark?))).collect();
            let closed = DayClosed { day, partition: self.id, partitions, marks };
            // A place of its own: what accounts say in theirs comes before.
            let place = chunk.open(Trace::default(), self.state.time);
            let message = Message::ToBoard(BoardMessage::DayClosed(closed));
            chunk.effect(place, Effect::Send(Topology::BOARDS, message));
        }
    }

    /// Whether no book is still to close it. One that is known to be closed has said so before, or
    /// had nothing to close.
    fn is_over(&self, day: TradingDay) -> bool {
        let closed = &self.state.closing[&day];
        let is_awaited = |(id, known): (&InstrumentId, &Instrument)| {
            let closes = known.schedule.as_ref().is_some_and(|schedule| schedule.closes());
            closes && known.phase != Phase::Closed && !closed.contains_key(id)
        };
        !self.state.catalogue.instruments.iter().any(is_awaited)
    }
}
