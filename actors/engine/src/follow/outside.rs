//! The snapshot that stands, less what users have taken of it.

use super::snapshot::Snapshot;
use super::{Hears, Source};
use crate::amount::{Lots, Ticks};
use crate::order::Side;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A level of the outside book, with what of it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    pub price: Ticks,
    pub displayed: Lots,
    /// By users, while this snapshot stands.
    pub taken: Lots,
}

impl Rung {
    #[must_use]
    pub fn open(&self) -> Lots {
        self.displayed - self.taken
    }
}

/// What can be had outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outside {
    /// Number of the snapshot that stands; zero before the first.
    pub number: u64,
    /// When the outside market said so.
    pub time: Time,
    bids: Vec<Rung>,
    asks: Vec<Rung>,
    /// The levels that were told last, of each side.
    #[serde(skip)]
    told: [Vec<(Ticks, Lots)>; 2],
}

impl Outside {
    /// Puts a newer snapshot in the place of the one that stands; nothing of it is taken yet.
    pub fn replace(&mut self, snapshot: &Snapshot) {
        self.number = snapshot.number;
        self.time = snapshot.time;
        let rungs = |side| {
            let levels = snapshot.side(side).iter();
            let whole = |level: &super::Level| Rung {
                price: level.price,
                displayed: level.quantity,
                taken: Lots::ZERO,
            };
            levels.map(whole).collect()
        };
        (self.bids, self.asks) = (rungs(Side::Buy), rungs(Side::Sell));
    }

    pub fn side(&self, side: Side) -> &[Rung] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// The best level of a side of which something is left, by its place.
    pub fn best(&self, side: Side) -> Option<(usize, Rung)> {
        let found = self.side(side).iter().position(|rung| !rung.open().is_zero())?;
        Some((found, self.side(side)[found]))
    }

    /// Takes so much of a level; where that was.
    pub fn take(&mut self, side: Side, place: usize, quantity: Lots) -> Source {
        let rungs = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        let rung = &mut rungs[place];
        rung.taken += quantity;
        assert!(rung.taken <= rung.displayed, "FILL-4: more was taken than was displayed");
        Source { snapshot: self.number, level: place as u32 + 1 }
    }

    /// Levels of which something is left, best first; none while the snapshot is too old.
    pub fn levels(&self, side: Side, is_stale: bool) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        let rungs = if is_stale { &[][..] } else { self.side(side) };
        rungs.iter().map(|rung| (rung.price, rung.open())).filter(|(_, open)| !open.is_zero())
    }

    /// Tells of every price at which another quantity can be had than was told last.
    pub fn tell(&mut self, is_stale: bool, hears: &mut impl Hears) {
        for (side, place) in [(Side::Buy, 0), (Side::Sell, 1)] {
            let now: Vec<(Ticks, Lots)> = self.levels(side, is_stale).collect();
            if now == self.told[place] {
                continue;
            }
            let before = std::mem::replace(&mut self.told[place], now);
            let now = &self.told[place];
            let is_gone = |price: Ticks| !now.iter().any(|(kept, _)| *kept == price);
            for (price, _) in before.iter().filter(|(price, _)| is_gone(*price)) {
                hears.displayed(side, *price, Lots::ZERO);
            }
            for level in now.iter().filter(|level| !before.contains(level)) {
                hears.displayed(side, level.0, level.1);
            }
        }
    }

    /// Everything was told: so it is after each command, and after a restart.
    pub fn was_told(&mut self, is_stale: bool) {
        self.told = [Side::Buy, Side::Sell].map(|side| self.levels(side, is_stale).collect());
    }
}
