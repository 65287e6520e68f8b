//! What a call would come to now, as everyone is told while it goes on.

use super::call::Clearing;
use super::listing::Listing;
use crate::effect::{Effects, MarketEvent};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// How much exchange time passes, at least, between two looks at what a call would come to: it
/// takes a walk over all prices at which orders could meet.
const INTERVAL_NS: u64 = Time::SECOND / 4;

/// What was said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Indication {
    told: Option<Clearing>,
    looked: Time,
    /// Orders have come or gone since then.
    is_stale: bool,
}

impl Indication {
    /// When it has to be looked at again.
    #[inline(always)]
    pub fn due(&self) -> Option<Time> {
        self.is_stale.then(|| Time(self.looked.0.saturating_add(INTERVAL_NS)))
    }
}

impl Listing {
    /// Price and volume that were indicated last; none outside a call, or when nothing would trade.
    #[must_use]
    pub fn indicated(&self) -> Option<Clearing> {
        self.indication.told
    }

    /// Says what the call would come to now, unless that was looked at just before.
    #[cold]
    #[inline(never)]
    pub(super) fn indicate(&mut self, at: Time, out: &mut impl Effects) {
        self.indication.is_stale = true;
        if self.indication.due().is_some_and(|due| due > at) {
            return;
        }
        self.indication.is_stale = false;
        self.indication.looked = at;
        let clearing = self.book.clearing(self.reference(), &self.instrument.ticks);
        self.tell(clearing, out);
    }

    /// There is no call any more.
    pub(super) fn silence(&mut self, out: &mut impl Effects) {
        self.indication = Indication { told: self.indication.told, ..Indication::default() };
        self.tell(None, out);
    }

    fn tell(&mut self, clearing: Option<Clearing>, out: &mut impl Effects) {
        if clearing == self.indication.told {
            return;
        }
        self.indication.told = clearing;
        self.tape.sequence += 1;
        let sequence = self.tape.sequence;
        out.market(self.instrument.id, MarketEvent::Indicated { sequence, clearing });
    }
}
