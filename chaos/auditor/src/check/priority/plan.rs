//! Finds each command's number, and from where on numbers are missing.

use super::commands::{Command, Heard, Pair, Trade, What, trades};
use super::day::Phase;
use super::entry::Entry;
use super::moments::{Moment, Word, moments, words};
use crate::check::Case;
use crate::check::asking::{Asking, Fate};
use crate::export::{Instrument, Ladder, Order, owner};
use crate::history::{Asked, Request};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An instrument's commands and trades, each in the order of their numbers.
pub struct Plan<'e> {
    pub listed: &'e Instrument,
    /// Decimals to which the quote asset is kept.
    pub scale: u32,
    pub orders: BTreeMap<&'e str, &'e Order>,
    pub commands: Vec<Command<'e>>,
    pub trades: Vec<Trade<'e>>,
    /// What came without a command, and what was in force before.
    pub first_phase: Phase,
    pub moments: Vec<Moment<'e>>,
    pub words: Vec<Word>,
    /// The book as everybody sees it at the end.
    pub ladder: Option<&'e Ladder>,
    /// Commands that may have been done, and whose numbers nobody can know.
    pub unplaced: u64,
    /// The lowest number that one of them may have: from there on nothing is judged.
    pub cut: Option<u64>,
    pub faults: Vec<String>,
}

/// The requests about one order that may have been done.
#[derive(Default)]
struct About<'e> {
    /// It is the second of two; the first one's command is its own.
    is_second: bool,
    entries: Vec<(&'e Asked, Asking<'e>)>,
    amends: Vec<Asking<'e>>,
    cancels: Vec<Asking<'e>>,
}

impl<'e> Plan<'e> {
    /// # Errors
    /// Fills that do not make whole trades.
    pub fn of(case: &'e Case, listed: &'e Instrument) -> Result<Plan<'e>, String> {
        let trades = trades(case.export.fills(), &listed.name)?;
        let orders = case.export.orders().filter(|order| order.instrument == listed.name);
        let orders = orders.map(|order| (order.name.as_str(), order)).collect();
        let mut plan = Plan {
            listed,
            scale: case.scale,
            orders,
            commands: Vec::new(),
            trades,
            first_phase: Phase::Continuous,
            moments: Vec::new(),
            words: Vec::new(),
            ladder: case.export.books.iter().find(|book| book.instrument == listed.name),
            unplaced: 0,
            cut: None,
            faults: Vec::new(),
        };
        let about = plan.about(case);
        let orders: Vec<(&str, &Order)> = plan.orders.iter().map(|(n, o)| (*n, *o)).collect();
        let nothing = About::default();
        for (name, order) in &orders {
            plan.place(order, about.get(name).unwrap_or(&nothing));
        }
        let floors = Floors::of(&plan.commands);
        let mut known: HashMap<&str, BTreeSet<u64>> = HashMap::new();
        for command in &plan.commands {
            known.entry(&command.order.name).or_default().insert(command.number);
        }
        for (name, order) in &orders {
            let is_last_known = known.get(name).is_some_and(|k| k.contains(&order.last_arrival));
            let about = about.get(name).unwrap_or(&nothing);
            plan.place_rest(order, about, is_last_known, &floors);
        }
        plan.commands.sort_by_key(|command| command.number);
        let created = case.export.orders().map(|order| order.created);
        let now = created.chain(case.export.fills().map(|fill| fill.time)).max();
        let now = now.unwrap_or_default();
        (plan.first_phase, plan.moments) = moments(listed, &plan.orders, now);
        plan.words = words(case, &listed.name, &plan.commands, &floors);
        Ok(plan)
    }

    /// What was asked about each order, by the order's name.
    fn about(&self, case: &'e Case) -> HashMap<&'e str, About<'e>> {
        let id = |order: &'e Order| (owner(&order.name), order.client_order_id.as_str());
        let by_id: HashMap<(&str, &str), &str> =
            self.orders.iter().map(|(name, order)| (id(order), *name)).collect();
        let mut about: HashMap<&str, About> = HashMap::new();
        for ((account, _), attempts) in case.history.requests() {
            for asking in Asking::of(&attempts) {
                let (Request::CreateOrder(_)
                | Request::AmendOrder { .. }
                | Request::CancelOrder { .. }) = asking.request
                else {
                    continue;
                };
                let order = match asking.request {
                    Request::CreateOrder(asked) => &asked.id,
                    Request::AmendOrder { order, .. } | Request::CancelOrder { order, .. } => order,
                    _ => continue,
                };
                let Some(name) = by_id.get(&(account, order.as_str())) else { continue };
                if let Request::CreateOrder(asked) = asking.request
                    && let Some(second) = &asked.other
                    && let Some(name) = by_id.get(&(account, second.id.as_str()))
                {
                    about.entry(name).or_default().is_second = true;
                }
                let about = about.entry(name).or_default();
                match asking.request {
                    Request::CreateOrder(asked) => about.entries.push((asked, asking)),
                    _ if asking.is_refused() => {}
                    Request::AmendOrder { .. } => about.amends.push(asking),
                    _ => about.cancels.push(asking),
                }
            }
        }
        about
    }

    /// Commands whose numbers the order, or an answer, says.
    fn place(&mut self, order: &'e Order, about: &About<'e>) {
        if order.arrival == 0 {
            return;
        }
        if let Some((entry, asking)) = self.entry(order, about).filter(|_| !about.is_second) {
            let reason = asking.and_then(|asking| match asking.fate {
                Fate::Refused(reason) => reason,
                _ => None,
            });
            let what = match order.state.as_str() {
                "REJECTED" => What::Refuse(entry, reason),
                _ => self.pair(order, entry, asking).unwrap_or(What::Enter(entry)),
            };
            let heard = asking.map_or_else(Heard::default, Heard::of);
            self.agree(order, "entry", order.arrival, asking.and_then(Asking::entry_number));
            self.commands.push(Command { number: order.arrival, order, what, heard });
        }
        for asking in &about.amends {
            if let Some(number) = asking.number() {
                self.amend(order, number, asking);
            }
        }
        // On disconnect too it was a command that took it.
        let is_cancel = matches!(&*order.reason, "REQUESTED" | "DISCONNECTED");
        if order.state == "CANCELLED" && is_cancel {
            let done = about.cancels.iter().find(|asking| asking.fate == Fate::Done);
            // By a cancel-all, or by one that nobody was answered: its number is known anyway.
            let heard = done.map_or_else(Heard::default, Heard::of);
            let (number, what) = (order.last_arrival, What::Cancel);
            self.agree(order, "cancel", number, done.and_then(Asking::number));
            self.commands.push(Command { number, order, what, heard });
        }
    }

    /// An order and the answer to a command say the same number.
    fn agree(&mut self, order: &Order, what: &str, shown: u64, said: Option<u64>) {
        if let Some(said) = said.filter(|said| *said != shown) {
            let name = &order.name;
            self.faults.push(format!("{name}: its {what} is {shown}, its answer said {said}"));
        }
    }

    fn amend(&mut self, order: &'e Order, number: u64, asking: &Asking<'e>) {
        let Request::AmendOrder { quantity, price, .. } = asking.request else { return };
        let what = What::Amend { total: *quantity, price: *price };
        self.commands.push(Command { number, order, what, heard: Heard::of(asking) });
    }

    /// An order as it entered; none when that cannot be known.
    fn entry<'a>(
        &self,
        order: &'e Order,
        about: &'a About<'e>,
    ) -> Option<(Entry<'e>, Option<&'a Asking<'e>>)> {
        let mut asked: Vec<_> = about.entries.iter().collect();
        if asked.iter().any(|(_, asking)| !asking.is_refused()) {
            asked.retain(|(_, asking)| !asking.is_refused());
        }
        match asked[..] {
            [(asked, asking)] => Some((Entry::asked(asked, order, self.listed), Some(asking))),
            // Nobody's who wrote a history, or one of several bodies.
            _ => (order.arrival == order.last_arrival).then(|| (Entry::shown(order), None)),
        }
    }

    /// The second of two orders that were asked for at once.
    fn pair(
        &self,
        order: &Order,
        entry: Entry<'e>,
        asking: Option<&Asking<'e>>,
    ) -> Option<What<'e>> {
        let Request::CreateOrder(asked) = asking?.request else { return None };
        let second = asked.other.as_deref()?;
        let mut orders = self.orders.values();
        let other = orders.find(|other| {
            other.client_order_id == second.id && owner(&other.name) == owner(&order.name)
        })?;
        let stop = Entry::second(second, &entry, other, self.listed);
        Some(What::Pair(Box::new(Pair { first: entry, second: other, stop })))
    }

    /// What has no number by itself: an amend that nobody was answered is the order's last command
    /// if nothing else is; otherwise it may have any number behind what was known when it was
    /// asked.
    fn place_rest(
        &mut self,
        order: &'e Order,
        about: &About<'e>,
        is_last_known: bool,
        floors: &Floors,
    ) {
        let last = order.last_arrival;
        if order.arrival == 0 {
            if order.state != "REJECTED" {
                let since = about.entries.iter().map(|(_, asking)| asking.since).min();
                self.unplaced(floors.before(since.unwrap_or_default()));
            }
            return;
        }
        if self.entry(order, about).is_none() && !about.is_second {
            self.unplaced(order.arrival - 1);
            return;
        }
        let floor = |asking: &Asking| floors.before(asking.since).max(order.arrival);
        let open = about.amends.iter().filter(|asking| asking.number().is_none());
        let open: Vec<&Asking> = open.filter(|asking| floor(asking) < last).collect();
        if is_last_known {
            let middle = open.iter().map(|asking| floor(asking)).filter(|at| at + 1 < last);
            middle.for_each(|floor| self.unplaced(floor));
            return;
        }
        match open[..] {
            // It fired, or was let in: by whatever command made it so.
            [] if order.is_stop() || self.listed.table.is_some() => {}
            [] => {
                let name = &order.name;
                self.faults.push(format!("{name}: nobody asked for its last command, {last}"));
            }
            // Its last number is that of the command by which it fired or was let in.
            _ if self.commands.iter().any(|command| command.number == last) => {
                open.iter().for_each(|asking| self.unplaced(floor(asking)));
            }
            [asking] => self.amend(order, last, asking),
            _ => open.iter().for_each(|asking| self.unplaced(floor(asking))),
        }
    }

    /// Whether the command with this number may be one about this order.
    pub fn may_concern(&self, number: u64, order: &str) -> bool {
        let is_unknown = self.cut.is_some_and(|cut| cut <= number);
        let at = self.commands.partition_point(|command| command.number < number);
        let known = self.commands[at..].iter().take_while(|command| command.number == number);
        is_unknown || known.into_iter().any(|command| command.order.name == order)
    }

    /// A command has a number above this one, and nobody knows which.
    fn unplaced(&mut self, floor: u64) {
        self.unplaced += 1;
        self.cut = Some(self.cut.map_or(floor + 1, |cut| cut.min(floor + 1)));
    }
}

/// The highest number that was known at each moment: what was asked then has a higher one.
pub struct Floors(Vec<(u64, u64)>);

impl Floors {
    pub fn of(commands: &[Command]) -> Floors {
        let known =
            commands.iter().filter_map(|command| Some((command.heard.until?, command.number)));
        let mut known: Vec<(u64, u64)> = known.collect();
        known.sort_unstable();
        let mut highest = 0;
        for (_, number) in &mut known {
            highest = highest.max(*number);
            *number = highest;
        }
        Floors(known)
    }

    pub fn before(&self, moment: u64) -> u64 {
        let behind = self.0.partition_point(|(time, _)| *time < moment);
        behind.checked_sub(1).map_or(0, |at| self.0[at].1)
    }
}
