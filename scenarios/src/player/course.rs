//! The course of a play on the pure exchange: each cue is done, whole, before the next one.

use hoga_engine::amount::Amount;
use hoga_engine::ids::{AccountId, AssetId, OrderNo};
use hoga_engine::instrument::Phase;
use hoga_engine::order as engine;
use hoga_engine::request::{AccountRequest, OrderRef};

use super::bidding;
use super::floor::Floor;
use super::outcome;
use super::report::{self, Report};
use super::score::{Cue, Score};
use super::session;
use super::sight::Sight;
use super::{PlayError, PlayOptions, Progress, Wall};
use crate::bots::{Intent, OwnOrder};
use crate::file::Scenario;
use crate::grammar::{Act, Side, Who};
use crate::listing;
use crate::tape::{TapeError, TapeWriter};
use crate::time::Millis;

/// A play under way.
struct Course<'p> {
    scenario: &'p Scenario,
    score: Score<'p>,
    /// The accounts of the bots, by index.
    bots: Vec<AccountId>,
    own: Vec<OwnOrder>,
    intents: Vec<Intent>,
}

pub(super) fn play(
    options: PlayOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, PlayError> {
    play_and(options, progress, |_| {})
}

/// The same; `look` sees the floor when everything has been said.
pub(super) fn play_and(
    options: PlayOptions<'_>,
    progress: &mut dyn FnMut(Progress),
    look: impl FnOnce(&Floor<'_>),
) -> Result<Report, PlayError> {
    let PlayOptions { scenario, seed, folder, record, wall } = options;
    let seed = seed.unwrap_or(scenario.seed);
    let market = listing::market(&scenario.market, &Default::default())?;
    let score = Score::open(scenario, seed, folder, &market)?;
    let mut warnings = warnings(scenario);
    let start = session::start(&scenario.market);
    let mut floor = Floor::found(market, start, scenario.length, record.map(TapeWriter::new));
    for (name, deposits) in scenario.every_account() {
        floor.account(&name);
        for (asset, amount) in deposits.iter().filter(|(_, amount)| !amount.is_zero()) {
            let act = Act::Deposit { amount: *amount, asset: asset.clone() };
            floor.say(&name, &act)?;
        }
    }
    let bots = score.crowd.traders().iter().map(|trader| floor.account(&trader.account)).collect();
    let (own, intents) = (Vec::new(), Vec::new());
    let mut course = Course { scenario, score, bots, own, intents };
    course.run(&mut floor, wall, progress)?;
    floor.finish()?;
    warnings.extend(course.score.left_out());
    look(&floor);
    let outcome = outcome::of(scenario, &floor, &course.bots);
    Ok(report::report(scenario, seed, &floor.market, &outcome, warnings, wall.elapsed()))
}

impl Course<'_> {
    fn run(
        &mut self,
        floor: &mut Floor<'_>,
        wall: &mut dyn Wall,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), PlayError> {
        let length = self.scenario.length;
        let mut reported = None;
        while let Some(at) = self.score.next_time()?.filter(|at| *at <= length) {
            let second = at.0 / 1_000;
            if reported != Some(second) {
                reported = Some(second);
                progress(so_far(floor, length));
            }
            wall.wait_until(at);
            floor.set_time(at);
            while let Some(cue) = self.score.next_cue(at)? {
                self.play(cue, at, floor)?;
            }
        }
        wall.wait_until(length);
        floor.set_time(length);
        progress(so_far(floor, length));
        Ok(())
    }

    fn play(&mut self, cue: Cue, at: Millis, floor: &mut Floor<'_>) -> Result<(), PlayError> {
        match cue {
            Cue::Post(instrument, snapshot) => floor.post(instrument, *snapshot),
            Cue::Say(who, act) => everybody(self.scenario, &who, &act, floor)?,
            Cue::Operate(act) => floor.operate(&act)?,
            Cue::Wake(index) => self.wake(index, at, floor)?,
        }
        Ok(())
    }

    fn wake(&mut self, index: usize, now: Millis, floor: &mut Floor<'_>) -> Result<(), TapeError> {
        let Course { score, bots, own, intents, .. } = self;
        let account = bots[index];
        let instrument = &floor.market.instruments[score.crowd.traders()[index].instrument];
        let listing = floor.pit.listing(instrument.id);
        let is_open = listing.is_some_and(|now| now.instrument().phase == Phase::Continuous);
        let sight = look(floor, account, instrument.base, instrument.quote, listing);
        own.clear();
        let open = floor.pit.account(account).open_orders();
        let open = open.filter(|open| open.state.instrument == instrument.id);
        own.extend(open.map(|open| OwnOrder {
            id: open.state.key.no.0,
            side: said(open.state.side),
            price: open.state.limit.0.into(),
            open_lots: open.state.remaining().0,
        }));
        intents.clear();
        score.crowd.act(index, now, &sight.view(instrument, own), intents);
        let at = score.crowd.traders()[index].instrument;
        for intent in intents.iter() {
            let request = match *intent {
                Intent::Cancel { id } => {
                    AccountRequest::Cancel { order: OrderRef::No(OrderNo(id)) }
                }
                // A bot knows better than to send orders into a book that takes none.
                Intent::Place { .. } if !is_open => continue,
                Intent::Place { side, lots, terms } => {
                    bidding::request(&floor.market.instruments[at], side, lots, terms)
                }
            };
            floor.enter(account, None, &request)?;
        }
        Ok(())
    }
}

/// The top of the book, the last price, and what an account has available.
fn look(
    floor: &Floor<'_>,
    account: AccountId,
    base: AssetId,
    quote: AssetId,
    listing: Option<&hoga_engine::book::Listing>,
) -> Sight {
    let account = floor.pit.account(account);
    let best = |side| listing.and_then(|listing| listing.best(side));
    let available = |asset| -> Amount { account.balance(asset).available };
    Sight {
        best_bid: best(engine::Side::Buy),
        best_ask: best(engine::Side::Sell),
        last: listing.and_then(|listing| listing.last()),
        band: listing.and_then(|listing| listing.instrument().band),
        cash: available(quote),
        goods: available(base),
    }
}

const fn said(side: engine::Side) -> Side {
    match side {
        engine::Side::Buy => Side::Buy,
        engine::Side::Sell => Side::Sell,
    }
}

/// One account, or each of a group in order of number.
fn everybody(
    scenario: &Scenario,
    who: &Who,
    act: &Act,
    floor: &mut Floor<'_>,
) -> Result<(), TapeError> {
    if let Who::One(name) = who {
        return floor.say(name, act);
    }
    let members = scenario.accounts_of(who);
    // Steps were checked for this, a tape was not.
    if members.is_empty() {
        floor.counts.refused_outside(act, "ACCOUNT_NOT_FOUND");
    }
    members.iter().try_for_each(|name| floor.say(name, act))
}

fn so_far(floor: &Floor<'_>, length: Millis) -> Progress {
    let (commands, trades) = (floor.counts.commands, floor.pit.tap().trades);
    Progress { at: floor.now(), length, commands, trades }
}

fn warnings(scenario: &Scenario) -> Vec<String> {
    let faults = scenario.faults.iter().map(|fault| {
        let (what, at) = (&fault.what, fault.at);
        format!("ignored at {at}: {what}; there is one node and nobody to hand over to")
    });
    faults.collect()
}
