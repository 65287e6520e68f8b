//! The bots of a play: who wakes when, and what they want.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::bots::{Bot, Intent, View};
use crate::file::Scenario;
use crate::listing::Market;
use crate::names::AccountName;
use crate::time::Millis;

/// A bot in its account.
pub struct Trader {
    bot: Bot,
    pub account: AccountName,
    /// Place in the market's list.
    pub instrument: usize,
}

/// All bots. Of those that wake on one instant, the lower index acts first.
pub struct Crowd {
    traders: Vec<Trader>,
    wakes: BinaryHeap<Reverse<(Millis, usize)>>,
}

impl Crowd {
    #[must_use]
    pub fn gather(scenario: &Scenario, seed: u64, market: &Market) -> Crowd {
        let mut crowd = Crowd { traders: Vec::new(), wakes: BinaryHeap::new() };
        for group in &scenario.bots {
            let symbol = group.symbol.as_str();
            let mut listed = market.instruments.iter();
            let Some(instrument) = listed.position(|listed| *listed.symbol == *symbol) else {
                continue;
            };
            for account in group.members() {
                let index = crowd.traders.len();
                let mut bot = Bot::new(group.kind, seed, index as u64);
                crowd.wakes.push(Reverse((bot.first_wake(), index)));
                crowd.traders.push(Trader { bot, account, instrument });
            }
        }
        crowd
    }

    #[must_use]
    pub fn next_wake(&self) -> Option<Millis> {
        self.wakes.peek().map(|Reverse((at, _))| *at)
    }

    /// The bots, by index.
    #[must_use]
    pub fn traders(&self) -> &[Trader] {
        &self.traders
    }

    /// The bot that wakes next, if it does at this instant. It sleeps no more: whoever calls lets
    /// it [`act`](Crowd::act).
    pub fn wake(&mut self, at: Millis) -> Option<usize> {
        if self.next_wake() != Some(at) {
            return None;
        }
        self.wakes.pop().map(|Reverse((_, index))| index)
    }

    /// A bot that woke at `now` acts on what it sees, and goes to sleep again.
    pub fn act(&mut self, index: usize, now: Millis, view: &View<'_>, intents: &mut Vec<Intent>) {
        let Some(trader) = self.traders.get_mut(index) else { return };
        let next = trader.bot.wake(now, view, intents);
        self.wakes.push(Reverse((next, index)));
    }
}
