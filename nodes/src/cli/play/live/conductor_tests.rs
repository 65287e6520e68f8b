//! Conducting, on a ground that writes down what begins and what ends.

use super::*;
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::InstrumentId;
use hoga_scenarios::file;
use hoga_scenarios::grammar::MarketAct;
use hoga_scenarios::listing::{self, Market};
use hoga_scenarios::names::AccountName;
use std::cell::{Cell, RefCell};
use std::path::Path;
use tokio::task::yield_now;

/// Answers every request after a few turns of the others.
struct Slow {
    market: Market,
    seats: BTreeMap<AccountName, Mutex<Seat>>,
    /// `+alice buys …` when it is asked, `-…` when it is answered.
    diary: RefCell<Vec<String>>,
    under_way: Cell<usize>,
    most: Cell<usize>,
    is_open: bool,
}

impl Slow {
    fn of(scenario: &Scenario) -> Slow {
        let market = listing::market(&scenario.market, &Default::default()).expect("a market");
        let seats = scenario.every_account();
        let seats = seats.map(|(name, _)| (name.clone(), Mutex::new(Seat::new(name, 0))));
        let (diary, under_way, most) = Default::default();
        Slow { market, seats: seats.collect(), diary, under_way, most, is_open: true }
    }

    async fn answer(&self, what: String) {
        self.diary.borrow_mut().push(format!("+{what}"));
        self.under_way.set(self.under_way.get() + 1);
        self.most.set(self.most.get().max(self.under_way.get()));
        for _ in 0..5 {
            yield_now().await;
        }
        self.under_way.set(self.under_way.get() - 1);
        self.diary.borrow_mut().push(format!("-{what}"));
    }

    /// Plays a scenario as fast as it goes; what was written down.
    fn played(self, scenario: &Scenario) -> (Vec<String>, usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(async {
            let score = Score::open(scenario, 1, Path::new("."), &self.market).expect("a score");
            let (stage, word) = (Stage::default(), Mutex::new(()));
            let conductor = Conductor::new(&self, scenario, score, Speed::Max, &stage, &word);
            let warnings = conductor.play().await.expect("it plays to its end");
            assert_eq!(warnings, Vec::<String>::new());
            assert_eq!(stage.now(), scenario.length);
        });
        (self.diary.into_inner(), self.most.get())
    }
}

impl Ground for Slow {
    fn market(&self) -> &Market {
        &self.market
    }

    fn seat(&self, name: &AccountName) -> Option<&Mutex<Seat>> {
        self.seats.get(name)
    }

    fn is_open(&self, _place: usize) -> bool {
        self.is_open
    }

    async fn seen_by(&self, seat: &Seat, _place: usize) -> Option<(Sight, Vec<OwnOrder>)> {
        self.answer(format!("{} looks", seat.name)).await;
        let sight = Sight { cash: 10_i128.pow(16), goods: 10_i128.pow(12), ..Sight::default() };
        Some((sight, Vec::new()))
    }

    async fn say(
        &self,
        seat: &mut Seat,
        act: &Act,
        _at: Millis,
    ) -> Result<Option<String>, Failure> {
        let verb = match act {
            Act::Place(_) => "places",
            Act::CancelAll => "cancels all",
            _ => "says",
        };
        self.answer(format!("{} {verb}", seat.name)).await;
        Ok(None)
    }

    fn nobody(&self) {
        self.diary.borrow_mut().push("nobody".into());
    }

    async fn operate(&self, _act: &MarketAct, _at: Millis) -> Result<(), Failure> {
        self.answer("the operator acts".into()).await;
        Ok(())
    }

    async fn post(&self, _instrument: InstrumentId, _snapshot: Snapshot) {}
}

fn scenario(lines: &str) -> Scenario {
    let text = format!(
        "{lines}[scenario]\nname = \"t\"\nseed = 1\nlength = \"20s\"\n[market]\nrules = \"lpj\"\n"
    );
    let read = file::parse("t.toml", &text);
    read.unwrap_or_else(|mistakes| panic!("{:#?}", mistakes.lines()))
}

const PEOPLE: &str = "accounts = [{ name = \"alice\" }, { name = \"bob\" }, \
    { name = \"user\", count = 3 }]\n";
const BOTS: &str = "bots = [{ kind = \"noise\", count = 40, orders_per_second = 1 }]\n";

#[test]
fn one_step_is_answered_before_the_next_is_asked() {
    let steps = "step = [\
        { at = \"1s\", do = \"alice buys 1 LPJ-KRW @ 777\" },\
        { at = \"1s\", do = \"each user cancels all\" },\
        { at = \"1s\", do = \"halt LPJ-KRW\" },\
        { at = \"1001ms\", do = \"bob buys 1 LPJ-KRW @ 777\" }]\n";
    let scenario = scenario(&format!("{PEOPLE}{steps}"));
    let (diary, most) = Slow::of(&scenario).played(&scenario);
    let order = [
        "alice places",
        "user-1 cancels all",
        "user-2 cancels all",
        "user-3 cancels all",
        "the operator acts",
        "bob places",
    ];
    let expected: Vec<String> =
        order.iter().flat_map(|what| [format!("+{what}"), format!("-{what}")]).collect();
    assert_eq!((diary, most), (expected, 1));
}

#[test]
fn bots_act_side_by_side_each_after_its_own_answer() {
    let scenario = scenario(BOTS);
    let (diary, most) = Slow::of(&scenario).played(&scenario);
    assert!(most > 4 && most <= UNDER_WAY_MAX, "{most} at once");
    assert!(diary.len() > 1_000, "{} entries", diary.len());
    for bot in (1..=40).map(|number| format!("noise-{number} ")) {
        let own: Vec<&String> = diary.iter().filter(|entry| entry[1..].starts_with(&bot)).collect();
        for pair in own.chunks(2) {
            assert!(pair[0].starts_with('+') && pair[1].starts_with('-'), "{pair:?}");
            assert_eq!(pair[0][1..], pair[1][1..]);
        }
    }
}

#[test]
fn what_a_step_says_waits_for_bots_and_they_for_it() {
    let step = "step = [{ at = \"10s\", do = \"alice buys 1 LPJ-KRW @ 777\" }]\n";
    let scenario = scenario(&format!("{PEOPLE}{BOTS}{step}"));
    let (diary, _) = Slow::of(&scenario).played(&scenario);
    let said = diary.iter().position(|entry| entry == "+alice places").expect("she says it");
    assert_eq!(diary[said + 1], "-alice places");
    let before = diary[..said].iter();
    let asked = before.clone().filter(|entry| entry.starts_with('+')).count();
    assert_eq!(asked * 2, said, "everything before it was answered");
}

#[test]
fn no_bot_sends_orders_into_a_book_that_takes_none() {
    let scenario = scenario(BOTS);
    let halted = Slow { is_open: false, ..Slow::of(&scenario) };
    let (diary, _) = halted.played(&scenario);
    assert!(diary.iter().any(|entry| entry.ends_with("looks")));
    assert!(!diary.iter().any(|entry| entry.ends_with("places")));
}
