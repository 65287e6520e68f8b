//! What a conductor needs of the exchange that is played on.

use super::seat::Seat;
use super::venue::Venue;
use crate::cli::failure::Failure;
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::InstrumentId;
use hoga_scenarios::bots::OwnOrder;
use hoga_scenarios::grammar::{Act, MarketAct};
use hoga_scenarios::listing::Market;
use hoga_scenarios::names::AccountName;
use hoga_scenarios::player::Sight;
use hoga_scenarios::time::Millis;
use tokio::sync::Mutex;

/// The ground of a play. What it refuses it counts; a failure ends the play.
pub trait Ground {
    fn market(&self) -> &Market;

    /// The seat of an account of the play.
    fn seat(&self, name: &AccountName) -> Option<&Mutex<Seat>>;

    /// Whether an instrument's orders are matched as they come.
    fn is_open(&self, place: usize) -> bool;

    /// What a bot sees; none when nobody answers.
    async fn seen_by(&self, seat: &Seat, place: usize) -> Option<(Sight, Vec<OwnOrder>)>;

    /// An account says something, and is answered. The reason, when it was refused.
    async fn say(&self, seat: &mut Seat, act: &Act, at: Millis) -> Result<Option<String>, Failure>;

    /// Somebody was to say something who is not there.
    fn nobody(&self);

    async fn operate(&self, act: &MarketAct, at: Millis) -> Result<(), Failure>;

    /// An outside book comes, behind the one that stands.
    async fn post(&self, instrument: InstrumentId, snapshot: Snapshot);
}

impl Ground for Venue {
    fn market(&self) -> &Market {
        &self.market
    }

    fn seat(&self, name: &AccountName) -> Option<&Mutex<Seat>> {
        Venue::seat(self, name)
    }

    fn is_open(&self, place: usize) -> bool {
        self.boards[place].is_open()
    }

    async fn seen_by(&self, seat: &Seat, place: usize) -> Option<(Sight, Vec<OwnOrder>)> {
        self.seen(seat, place).await
    }

    async fn say(&self, seat: &mut Seat, act: &Act, at: Millis) -> Result<Option<String>, Failure> {
        self.said(seat, act, at).await
    }

    fn nobody(&self) {
        self.counts.borrow_mut().commands += 1;
        self.refuse("ACCOUNT_NOT_FOUND");
    }

    async fn operate(&self, act: &MarketAct, at: Millis) -> Result<(), Failure> {
        self.operated(act, at).await
    }

    async fn post(&self, instrument: InstrumentId, snapshot: Snapshot) {
        self.posted(instrument, snapshot).await;
    }
}
