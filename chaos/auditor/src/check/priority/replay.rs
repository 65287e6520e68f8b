//! One run through the naive book: every command in its turn, every trade the next one.

use super::book::{Book, Resting};
use super::commands::{Command, Pair, Standing, Trade, What};
use super::day::{Day, Phase, Reserved};
use super::entry::Entry;
use super::plan::Plan;
use super::search::Choice;
use super::stops::{Prints, Waiting};
use super::taker::Taker;
use crate::export::{Order, Side};
use crate::number::Number;

/// A state between two commands.
#[derive(Clone)]
pub struct Run<'e> {
    pub plan: &'e Plan<'e>,
    pub book: Book<'e>,
    /// In the order of entry.
    pub stops: Vec<Waiting<'e>>,
    /// In the order of arrival.
    pub reserved: Vec<Reserved<'e>>,
    pub day: Day,
    pub prints: Prints,
    /// Who has traded since other legs were looked at.
    pub met: Vec<&'e str>,
    /// Orders whose time is over.
    pub over: Vec<&'e str>,
    /// What went without its owner asking, and why.
    pub went: Vec<(&'e str, &'static str)>,
    /// The next trade to come, and the next of what comes without a command.
    pub next: usize,
    pub moment: usize,
    pub word: usize,
    /// The latest time that is known to have come.
    pub time: u64,
    /// The last command, and the highest number that what happens now may say.
    pub number: u64,
    following: u64,
    pub choices: Vec<Choice>,
    /// Stops that fired, parts of icebergs that followed, calls that made a price, orders let in.
    pub fired: u64,
    pub refilled: u64,
    pub calls: u64,
    pub admitted: u64,
}

impl<'e> Run<'e> {
    pub fn new(plan: &'e Plan<'e>) -> Run<'e> {
        let planned = plan.first_phase;
        let collects = match planned {
            Phase::Call(call) => Some(call),
            _ => None,
        };
        Run {
            plan,
            book: Book::default(),
            stops: Vec::new(),
            reserved: Vec::new(),
            day: Day { planned, collects, ..Day::default() },
            prints: Prints::default(),
            met: Vec::new(),
            over: Vec::new(),
            went: Vec::new(),
            next: 0,
            moment: 0,
            word: 0,
            time: 0,
            number: 0,
            following: 0,
            choices: Vec::new(),
            fired: 0,
            refilled: 0,
            calls: 0,
            admitted: 0,
        }
    }

    /// Trades that are explained so far.
    pub fn explained(&self) -> usize {
        self.next
    }

    /// What happens now does so behind the last command, and before the one with this number.
    pub fn between(&mut self, following: u64) {
        self.following = following.saturating_sub(1);
    }

    /// Whether what happens now would be said to be by this command.
    pub fn decides(&self, number: u64) -> bool {
        (self.number..=self.following).contains(&number)
    }

    /// Whether what an order says last is a command about it that is still to come.
    pub fn is_asked_about_later(&self, order: &Order) -> bool {
        let said = order.last_arrival;
        said > self.following && self.plan.may_concern(said, &order.name)
    }

    /// Runs one command.
    ///
    /// # Errors
    /// What the book did otherwise.
    pub fn perform(&mut self, command: &Command<'e>) -> Result<(), String> {
        (self.number, self.following) = (command.number, command.number);
        let order = command.order.name.as_str();
        let filled = match &command.what {
            What::Refuse(entry, reason) => {
                self.refuse(order, entry, *reason)?;
                return self.settle();
            }
            What::Enter(entry) => self.enter(command.order, entry)?,
            What::Pair(pair) => self.pair(&command.order.name, pair)?,
            What::Cancel => {
                let filled = self.remove(order);
                filled.ok_or_else(|| format!("{order} was cancelled, unopened"))?
            }
            What::Amend { total, price } => self.amend(command, *total, *price)?,
        };
        self.has_stopped(order)?;
        self.agrees(command, filled)?;
        self.settle()
    }

    /// Whether the answer said what the naive book did.
    fn agrees(&self, command: &Command, filled: Number) -> Result<(), String> {
        let order = &command.order.name;
        let (stands, open) = (self.standing(order), self.open(order));
        let heard = &command.heard;
        if let Some(said) = heard.standing.filter(|said| *said != stands) {
            return Err(format!("{order} stood as {stands:?}, its answer said {said:?}"));
        }
        let (said_filled, said_open) = (heard.filled, heard.open);
        if said_filled.is_none_or(|said| said == filled) && said_open.is_none_or(|s| s == open) {
            return Ok(());
        }
        let (filled_then, open_then) = (said_filled.unwrap_or(filled), said_open.unwrap_or(open));
        Err(format!(
            "{order} had {filled} filled and {open} open, its answer said {filled_then} and \
             {open_then}; {} was to come",
            self.to_come()
        ))
    }

    pub fn standing(&self, order: &str) -> Standing {
        if self.book.place_of(order).is_some() {
            Standing::Rests
        } else if self.stops.iter().any(|stop| stop.order.name == order) {
            Standing::Waits
        } else if self.reserved.iter().any(|reserved| reserved.order == order) {
            Standing::Reserved
        } else {
            Standing::Gone
        }
    }

    /// What is open of an order, wherever it stands.
    fn open(&self, order: &str) -> Number {
        let resting = self.book.place_of(order).map(|at| self.book.orders[at].open);
        let stop = self.stops.iter().find(|stop| stop.order.name == order);
        let reserved = self.reserved.iter().find(|reserved| reserved.order == order);
        let reserved = reserved.map(|reserved| reserved.entry.quantity.unwrap_or_default());
        resting.or(stop.map(|stop| stop.quantity)).or(reserved).unwrap_or_default()
    }

    /// Takes an order out wherever it stands; what it had filled, if it was there.
    pub fn remove(&mut self, order: &str) -> Option<Number> {
        if let Some(at) = self.book.place_of(order) {
            return Some(self.book.orders.remove(at).filled);
        }
        let waiting = self.stops.len() + self.reserved.len();
        self.stops.retain(|stop| stop.order.name != order);
        self.reserved.retain(|reserved| reserved.order != order);
        (self.stops.len() + self.reserved.len() < waiting).then_some(Number::ZERO)
    }

    fn refuse(&self, order: &str, entry: &Entry, reason: Option<&str>) -> Result<(), String> {
        let is_free = self.book.head(entry.side, entry.limit).is_none();
        if reason == Some("POST_ONLY_WOULD_TRADE") && is_free {
            return Err(format!("{order} was refused as post-only, and nothing stood there"));
        }
        Ok(())
    }

    /// What it filled at once.
    fn enter(&mut self, order: &'e Order, entry: &Entry<'e>) -> Result<Number, String> {
        let name = order.name.as_str();
        if let Some(why) = self.day.refuses(entry) {
            return Err(format!("{name} was taken when the book {why}"));
        }
        // Its time ran out on its way.
        if self.over.contains(&name) {
            return Ok(Number::ZERO);
        }
        if let Some(call) = self.day.waits(entry) {
            self.reserve(name, entry, call);
            return Ok(Number::ZERO);
        }
        if entry.stop.is_some() {
            self.stops.push(Waiting::new(order, entry, None));
            return Ok(Number::ZERO);
        }
        self.submit(name, entry)
    }

    fn pair(&mut self, name: &'e str, pair: &Pair<'e>) -> Result<Number, String> {
        if self.over.contains(&name) {
            return Ok(Number::ZERO);
        }
        let filled = self.submit(name, &pair.first)?;
        if filled.is_zero() {
            let twin = self.book.place_of(name).map(|_| name);
            self.stops.push(Waiting::new(pair.second, &pair.stop, twin));
        } else {
            self.went.push((&pair.second.name, "OTHER_LEG"));
        }
        Ok(filled)
    }

    fn amend(
        &mut self,
        command: &Command<'e>,
        total: Option<Number>,
        price: Option<Number>,
    ) -> Result<Number, String> {
        let order = command.order.name.as_str();
        if let Some(stop) = self.stops.iter_mut().find(|stop| stop.order.name == order) {
            stop.quantity = total.unwrap_or(stop.quantity);
            stop.limit = price.unwrap_or(stop.limit);
            return Ok(Number::ZERO);
        }
        if let Some(at) = self.reserved.iter().position(|reserved| reserved.order == order) {
            self.amend_reserved(at, total, price);
            return Ok(Number::ZERO);
        }
        let place = self.book.place_of(order);
        let at = place.ok_or_else(|| format!("{order} was amended, unopened"))?;
        let resting = &mut self.book.orders[at];
        let done = resting.filled + resting.reduced;
        let open = total.map_or(resting.open, |total| total - done);
        let price = price.unwrap_or(resting.price);
        if open <= Number::ZERO {
            return Err(format!("{order} was amended to nothing"));
        }
        if price == resting.price && open <= resting.open {
            let less = resting.open - open;
            resting.lose(less);
            return Ok(resting.filled);
        }
        let Resting { side, filled, reduced, life, display, .. } = self.book.orders.remove(at);
        if command.order.post_only && self.book.head(side, price).is_some() {
            return Err(format!("{order} is post-only and was amended to trade"));
        }
        let mut taker = Taker {
            order,
            side,
            limit: price,
            left: Some(open),
            amount: None,
            filled,
            reduced,
            value: Number::ZERO,
            self_match: &command.order.self_match,
            is_stopped: false,
            life,
            display,
        };
        if self.day.collects.is_none() {
            self.take(&mut taker)?;
        }
        self.rest(&taker);
        Ok(taker.filled)
    }

    /// Less of it keeps its place among those that wait.
    fn amend_reserved(&mut self, at: usize, total: Option<Number>, price: Option<Number>) {
        let mut reserved = self.reserved[at].clone();
        let before = (reserved.entry.quantity.unwrap_or_default(), reserved.entry.limit);
        let after = (total.unwrap_or(before.0), price.unwrap_or(before.1));
        (reserved.entry.quantity, reserved.entry.limit) = (Some(after.0), after.1);
        if after.0 <= before.0 && after.1 == before.1 {
            self.reserved[at] = reserved;
        } else {
            self.reserved.remove(at);
            self.reserved.push(reserved);
        }
    }

    /// A trade of a command is made before what comes next, and behind what came.
    pub fn comes_in_time(&mut self, trade: &Trade) -> Result<(), String> {
        let Trade { no, time, in_call, .. } = *trade;
        if in_call {
            return Err(format!("trade {no} was made in a call, and none had ended"));
        }
        if time < self.time {
            return Err(format!("trade {no} was made at {time}, and it was {} then", self.time));
        }
        let is_command = self.number == self.following;
        let next = self.plan.moments.get(self.moment).filter(|next| next.time <= time);
        if let Some(next) = next.filter(|_| is_command) {
            return Err(format!("trade {no} was made at {time}, behind {next}"));
        }
        self.time = time;
        Ok(())
    }

    /// An order that is not in the book takes nothing more.
    pub fn has_stopped(&self, order: &str) -> Result<(), String> {
        if self.book.place_of(order).is_some() {
            return Ok(());
        }
        self.next_of(order).map_or(Ok(()), |trade| {
            let Trade { no, maker, .. } = trade;
            Err(match self.book.place_of(maker) {
                Some(_) => format!("trade {no}: {order} had taken all it could"),
                None => format!("trade {no}: {maker} was not there"),
            })
        })
    }

    /// What happens to an order while nobody asks for it has the number of the last command, and
    /// the order says that until something is asked about it.
    pub fn is_said(&self, order: &Order, what: &str) -> Result<(), String> {
        let Order { name, last_arrival: said, .. } = order;
        if self.decides(*said) || self.is_asked_about_later(order) {
            return Ok(());
        }
        Err(format!("{name} {what} behind {}, and says that it was by {said}", self.number))
    }

    /// The next trade, if this order takes in it.
    pub fn next_of(&self, taker: &str) -> Option<&'e Trade<'e>> {
        let next = self.plan.trades.get(self.next);
        next.filter(|trade| trade.taker == taker && !trade.in_call)
    }

    pub fn to_come(&self) -> String {
        let shown = |trade: &Trade| format!("trade {} of {}", trade.no, trade.taker);
        self.plan.trades.get(self.next).map_or_else(|| "no trade".into(), shown)
    }

    /// What is left in the book is what is open, and of icebergs that is shown which everybody sees.
    ///
    /// # Errors
    /// It is not, or a trade came from nothing.
    pub fn finish(&self) -> Result<(), String> {
        if let Some(trade) = self.plan.trades.get(self.next) {
            return Err(format!("trade {} of {} came from nothing", trade.no, trade.taker));
        }
        for (name, order) in &self.plan.orders {
            let (rests, said) = (self.open(name), order.remaining);
            if said != rests {
                return Err(format!("{name} has {said} open, {rests} rests"));
            }
            let stands = self.standing(name);
            let said = match order.state.as_str() {
                "UNTRIGGERED" => Standing::Waits,
                "RESERVED" => Standing::Reserved,
                _ if order.is_open() => Standing::Rests,
                _ => Standing::Gone,
            };
            if said != stands {
                return Err(format!("{name} is {}, and stands as {stands:?}", order.state));
            }
        }
        for (name, why) in &self.went {
            let order = self.plan.orders.get(name);
            if let Some(order) = order.filter(|order| order.reason != *why) {
                return Err(format!("{name} went for {}, and had to for {why}", order.reason));
            }
        }
        let has_icebergs = self.book.orders.iter().any(|order| order.display.is_some());
        let Some(ladder) = self.plan.ladder.filter(|_| has_icebergs) else { return Ok(()) };
        for (side, seen) in [(Side::Buy, &ladder.bids), (Side::Sell, &ladder.asks)] {
            let shown = self.book.levels(side);
            if shown.iter().take(seen.len()).ne(seen) {
                return Err(format!("{side:?} shows {seen:?}, and has {shown:?}"));
            }
        }
        Ok(())
    }
}
