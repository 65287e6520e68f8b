//! `[[step]]` and `[[fault]]`: what happens when.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use super::{AccountGroup, BotGroup, OCCURRENCES_MAX, StepAct, Timed};
use crate::document::{Fields, nearest};
use crate::feed::{self, FeedError};
use crate::grammar::{self, Act, Fault, FilePath, Link, MarketAct, Node, OrderKind, Sentence, Who};
use crate::names::{AccountName, Asset, Symbol};
use crate::rules::{Missing, RuleBook};
use crate::time::Millis;

/// What sentences may speak of.
pub(super) struct Known<'s> {
    pub market: Option<&'s RuleBook>,
    pub accounts: &'s [AccountGroup],
    pub bots: &'s [BotGroup],
    pub length: Option<Millis>,
    /// Where other files are that sentences name; none to leave them alone.
    pub folder: Option<&'s Path>,
}

impl<'s> Known<'s> {
    /// Everybody whom the file brings in by name, with the size of groups.
    fn everybody(&self) -> impl Iterator<Item = (&'s AccountName, Option<u64>)> + use<'s> {
        let accounts = self.accounts.iter().map(|group| (&group.name, group.count));
        accounts.chain(self.bots.iter().map(|group| (&group.name, Some(group.count))))
    }

    fn count_of(&self, name: &str) -> Option<Option<u64>> {
        self.everybody().find(|(known, _)| known.as_str() == name).map(|(_, count)| count)
    }

    /// Whether there will be an account of this name.
    pub fn has_account(&self, name: &AccountName) -> bool {
        match self.count_of(name.as_str()) {
            Some(count) => count.is_none(),
            None => self.speaks_unnamed(name) || self.is_house(name),
        }
    }

    /// Who can act without being named in the file: a member of a group, or a faucet.
    fn speaks_unnamed(&self, name: &AccountName) -> bool {
        is_member(name, |group| self.count_of(group))
            || self.market.is_some_and(|market| market.faucets().any(|faucet| faucet == name))
    }

    /// The house of a followed instrument owns something, and asks for nothing.
    fn is_house(&self, name: &AccountName) -> bool {
        self.market.is_some_and(|market| market.houses().any(|house| house == name))
    }
}

pub(super) fn steps(file: &mut Fields<'_>, known: &Known<'_>) -> Vec<Timed<StepAct>> {
    let tables = file.tables("step");
    let steps: Vec<_> = tables.into_iter().filter_map(|fields| step(fields, known)).collect();
    bounded(file, "step", &steps, known);
    steps
}

pub(super) fn faults(file: &mut Fields<'_>, known: &Known<'_>) -> Vec<Timed<Fault>> {
    let tables = file.tables("fault");
    let faults: Vec<_> = tables.into_iter().filter_map(|fields| fault(fields, known)).collect();
    bounded(file, "fault", &faults, known);
    faults
}

fn step(fields: Fields<'_>, known: &Known<'_>) -> Option<Timed<StepAct>> {
    timed(fields, known, |sentence, sayer| match sentence {
        Sentence::Account { who, act } => {
            sayer.who(&who);
            sayer.act(&act);
            Some(StepAct::Account { who, act })
        }
        Sentence::Market(act) => {
            match &act {
                MarketAct::Halt(which) | MarketAct::Resume(which) => {
                    which.symbol().map(|symbol| sayer.symbol(symbol));
                }
                MarketAct::Feed { file, symbol } => sayer.feed(file, symbol),
                MarketAct::Open | MarketAct::Close => {}
            }
            Some(StepAct::Market(act))
        }
        Sentence::Fault(_) => {
            sayer.wrong("this is a fault, not a step", "move it to a [[fault]]".into());
            None
        }
    })
}

fn fault(fields: Fields<'_>, known: &Known<'_>) -> Option<Timed<Fault>> {
    timed(fields, known, |sentence, sayer| {
        let Sentence::Fault(fault) = sentence else {
            sayer.wrong("this is a step, not a fault", "move it to a [[step]]".into());
            return None;
        };
        for node in nodes(&fault) {
            if let Node::Leading(symbol) = node {
                sayer.symbol(symbol);
            }
        }
        Some(fault)
    })
}

fn nodes(fault: &Fault) -> Vec<&Node> {
    match fault {
        Fault::Node { node, .. } | Fault::StepClock { node, .. } => vec![node],
        Fault::Cut { node, from } => std::iter::once(node).chain(from).collect(),
        Fault::CutOneWay { from, to } => vec![from, to],
        Fault::Delay { link: Link(one, other), .. }
        | Fault::Lose { link: Link(one, other), .. }
        | Fault::Reset(Link(one, other)) => vec![one, other],
        Fault::Heal | Fault::SlowSubscriber | Fault::AddNode => Vec::new(),
    }
}

/// Reads `at`, `every` and `do`, and hands the sentence on.
fn timed<T>(
    mut fields: Fields<'_>,
    known: &Known<'_>,
    accept: impl FnOnce(Sentence, &Sayer<'_, '_>) -> Option<T>,
) -> Option<Timed<T>> {
    fields.require(&["do"]);
    let at = fields.parsed_at::<Millis>("at");
    let every = fields.parsed_at::<Millis>("every");
    if !fields.has("at") && !fields.has("every") {
        let message = "this happens never: `at` or `every` is missing";
        fields.sink().report(fields.place(), message, None);
    }
    if let Some(every) = every.as_ref().filter(|every| every.value.0 == 0) {
        fields.sink().report(every.place.clone(), "`every` must be above zero", None);
    }
    if let (Some(at), Some(length)) = (&at, known.length)
        && at.value > length
    {
        let message = format!("{} is after the end of the scenario, {length}", at.value);
        fields.sink().report(at.place.clone(), message, None);
    }
    let every = every.map(|every| every.value);
    let first = at.map(|at| at.value).or(every);
    let sentence = fields.text("do");
    let what = sentence.and_then(|text| {
        let place = |range: Range<usize>| fields.inside(&text, range);
        match grammar::parse(text.value) {
            Ok(sentence) => {
                let sayer = Sayer { text: text.value, place: &place, fields: &fields, known };
                accept(sentence, &sayer)
            }
            Err(error) => {
                fields.sink().report(place(error.place()), error.to_string(), error.help());
                None
            }
        }
    });
    fields.finish();
    Some(Timed { at: first?, every, what: what? })
}

/// A sentence that was read, and whether what it names is there.
struct Sayer<'s, 'd> {
    text: &'s str,
    place: &'s dyn Fn(Range<usize>) -> Range<usize>,
    fields: &'s Fields<'d>,
    known: &'s Known<'s>,
}

impl Sayer<'_, '_> {
    fn wrong(&self, message: &str, help: String) {
        let place = (self.place)(0..self.text.len());
        self.fields.sink().report(place, message, Some(help));
    }

    fn unknown<'c>(&self, word: &str, message: String, candidates: impl Iterator<Item = &'c str>) {
        let help = nearest(word, candidates).map(|near| format!("did you mean `{near}`?"));
        self.report(word, message, help);
    }

    /// A mistake at one word of the sentence.
    fn report(&self, word: &str, message: String, help: Option<String>) {
        let start = self.text.find(word).unwrap_or(0);
        let place = (self.place)(start..start + word.len());
        self.fields.sink().report(place, message, help);
    }

    fn who(&self, who: &Who) {
        let count_of = |name: &str| self.known.count_of(name);
        let names = || self.known.everybody().map(|(name, _)| name.as_str());
        match who {
            Who::One(name) => match count_of(name.as_str()) {
                Some(None) => {}
                Some(Some(_)) => {
                    let message = format!("`{name}` is a group of accounts, not one");
                    let help = format!("say `each {name}`, or `{name}-1` for the first of them");
                    self.wrong(&message, help);
                }
                None if self.known.speaks_unnamed(name) => {}
                None => {
                    let message = format!("there is no account `{name}`");
                    self.unknown(name.as_str(), message, names());
                }
            },
            Who::Each(group) => match count_of(group.as_str()) {
                Some(Some(_)) => {}
                Some(None) => {
                    let message = format!("`{group}` is one account, not a group");
                    self.wrong(&message, "leave out `each`, or give the account a `count`".into());
                }
                None => {
                    let message = format!("there is no group of accounts `{group}`");
                    self.unknown(group.as_str(), message, names());
                }
            },
        }
    }

    fn act(&self, act: &Act) {
        match act {
            Act::Place(order) => {
                let quote = self.symbol(&order.symbol);
                if let (OrderKind::MarketSpend { asset, .. }, Some(quote)) = (&order.kind, quote)
                    && quote != asset
                {
                    let message =
                        format!("{} is paid for in {quote}, not in {asset}", order.symbol);
                    self.unknown(asset.as_str(), message, [quote.as_str()].into_iter());
                }
            }
            Act::Deposit { asset, .. } | Act::Withdraw { asset, .. } => self.asset(asset),
            Act::Cancel(_) | Act::CancelAll | Act::Amend { .. } => {}
        }
    }

    /// The quote asset of a symbol that is there; a report when it is not.
    fn symbol(&self, symbol: &Symbol) -> Option<&Asset> {
        let listed = self.known.market?.listed(symbol);
        let missing = |Missing { message, help }| self.report(symbol.as_str(), message, help);
        listed.map_err(missing).ok().map(|instrument| &instrument.quote)
    }

    /// A recorded stream, for an instrument that follows an outside book.
    fn feed(&self, file: &FilePath, symbol: &Symbol) {
        if self.symbol(symbol).is_none() {
            return;
        }
        let listed = self.known.market.and_then(|market| market.instrument(symbol));
        let Some(follow) = listed.and_then(|instrument| instrument.rules.follow.as_ref()) else {
            let message = format!("{symbol} follows no outside book");
            let help = "give it `follow` in its rules, as the rule book `follow` does";
            return self.report(symbol.as_str(), message, Some(help.into()));
        };
        let Some(folder) = self.known.folder else { return };
        let name = file.as_str();
        let levels = usize::try_from(follow.levels).unwrap_or(usize::MAX);
        let opened = File::open(folder.join(name))
            .map_err(|source| FeedError::Read { name: name.into(), source });
        let read = opened.and_then(|opened| {
            feed::read_all(name, BufReader::new(opened), symbol.as_str(), levels)
        });
        if let Err(error) = read {
            self.report(name, error.to_string(), None);
        }
    }

    fn asset(&self, asset: &Asset) {
        let Some(market) = self.known.market else { return };
        if let Err(Missing { message, help }) = market.held(asset) {
            self.report(asset.as_str(), message, help);
        }
    }
}

/// `user-17` of a group `user` of at least 17.
pub(super) fn is_member(
    name: &AccountName,
    count_of: impl Fn(&str) -> Option<Option<u64>>,
) -> bool {
    let Some((group, number)) = name.as_str().rsplit_once('-') else { return false };
    let canonical = |n: &u64| *n > 0 && n.to_string() == number;
    let number = number.parse::<u64>().ok().filter(canonical);
    matches!((count_of(group), number), (Some(Some(count)), Some(number)) if number <= count)
}

/// Reports steps that would strike more often than a player keeps in memory.
fn bounded<T>(file: &Fields<'_>, key: &str, timed: &[Timed<T>], known: &Known<'_>) {
    let length = known.length.unwrap_or_default();
    let times = timed.iter().fold(0_u64, |sum, timed| sum.saturating_add(timed.times(length)));
    if times > OCCURRENCES_MAX {
        let message = format!("[[{key}]] would strike {times} times, at most {OCCURRENCES_MAX}");
        let help = Some("use bots or a tape for so many".to_string());
        file.sink().report(file.place_of(key), message, help);
    }
}
