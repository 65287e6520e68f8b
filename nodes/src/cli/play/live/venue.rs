//! The exchange that is played on: its lines, its market, the accounts of the play.

use super::board::Board;
use super::line::{Lines, Undone};
use super::listed;
use super::seat::{Seat, number};
use crate::cli::actor;
use crate::cli::failure::{Exit, Failure};
use futures::stream::{self, StreamExt, TryStreamExt};
use hoga_proto::v1;
use hoga_scenarios::file::Scenario;
use hoga_scenarios::grammar::{Act, Sentence, Who as Says};
use hoga_scenarios::listing::Market;
use hoga_scenarios::names::{AccountName, ClientId};
use hoga_scenarios::player::Displayed;
use hoga_scenarios::tape::{Entry, TapeError, TapeWriter};
use hoga_scenarios::time::Millis;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;

/// What stands in front of ids that a file gives, its colon included, has at most so many
/// characters: `p`, and milliseconds since 1970 in hexadecimal, for the next three hundred years.
pub const STAMP_MAX: usize = 13;

/// Accounts that are opened at the same time.
const OPENED_AT_ONCE: usize = 32;

pub type Recorder = TapeWriter<Box<dyn Write>>;

/// What entered, and what the exchange said to it.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Everything that accounts asked, refused or not.
    pub commands: u64,
    /// Orders that were to be placed, among them.
    pub orders: u64,
    /// By reason.
    pub rejects: BTreeMap<String, u64>,
    /// Requests whose outcome nobody knows.
    pub unknown: u64,
}

pub struct Venue {
    pub lines: Lines,
    pub market: Market,
    /// Nobody but the play trades there.
    pub is_own: bool,
    pub seats: Vec<Mutex<Seat>>,
    by_name: BTreeMap<AccountName, usize>,
    /// As bots see them, in the order of the market.
    pub boards: Vec<Board>,
    pub counts: RefCell<Counts>,
    /// What outside books displayed.
    pub outside: RefCell<Displayed>,
    recorder: RefCell<Option<(Recorder, Millis)>>,
    /// What the ids of this play begin with: no other has it.
    stamp: String,
    requests: Cell<u64>,
    pub warnings: RefCell<Vec<String>>,
    pub began: SystemTime,
}

impl Venue {
    /// Lists what is missing there and opens the accounts, each with what it starts with.
    ///
    /// # Errors
    /// Nobody answers, or something of that is refused.
    pub async fn found(
        lines: Lines,
        is_own: bool,
        scenario: &Scenario,
        mut market: Market,
        recorder: Option<Recorder>,
    ) -> Result<Venue, Failure> {
        let warnings = listed::complete(&lines, &mut market).await?;
        let boards = market.instruments.iter().map(|listed| Board::of(&listed.symbol)).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut venue = Venue {
            lines,
            market,
            is_own,
            seats: Vec::new(),
            by_name: BTreeMap::new(),
            boards,
            counts: RefCell::default(),
            outside: RefCell::default(),
            recorder: RefCell::new(recorder.map(|recorder| (recorder, Millis(0)))),
            stamp: format!("p{:x}", now.as_millis()),
            requests: Cell::new(0),
            warnings: RefCell::new(warnings),
            began: SystemTime::now(),
        };
        for (name, _) in scenario.every_account() {
            let client = venue.seats.len();
            venue.by_name.insert(name.clone(), client);
            venue.seats.push(Mutex::new(Seat::new(name, client)));
        }
        venue.open(scenario).await?;
        Ok(venue)
    }

    async fn open(&self, scenario: &Scenario) -> Result<(), Failure> {
        let reused = Cell::new(0);
        let opening = scenario.every_account().map(|(name, deposits)| {
            let reused = &reused;
            async move {
                let Some(seat) = self.seat(&name) else { return Ok(()) };
                let mut seat = seat.lock().await;
                if !self.create(&seat).await? {
                    reused.set(reused.get() + 1);
                    self.look_back(&mut seat).await?;
                }
                for (asset, amount) in deposits.iter().filter(|(_, amount)| !amount.is_zero()) {
                    let act = Act::Deposit { amount: *amount, asset: asset.clone() };
                    if let Some(refused) = self.said(&mut seat, &act, Millis(0)).await? {
                        let why = format!("error: {name} cannot deposit {amount} {asset}");
                        return Err(Failure::new(Exit::Refused, format!("{why} ({refused})")));
                    }
                }
                Ok::<(), Failure>(())
            }
        });
        stream::iter(opening).buffer_unordered(OPENED_AT_ONCE).try_collect::<()>().await?;
        if reused.get() > 0 {
            let (reused, all) = (reused.get(), self.seats.len());
            let warning = format!(
                "{reused} of {all} accounts were there already; they keep what they have, and what \
                 the file gives them comes on top"
            );
            self.warnings.borrow_mut().push(warning);
        }
        Ok(())
    }

    /// Opens an account; false when it was there.
    async fn create(&self, seat: &Seat) -> Result<bool, Failure> {
        let request = v1::CreateAccountRequest {
            account_id: seat.name.to_string(),
            request_id: self.request_id(),
            sent_at: Some(actor::sent_now()),
        };
        let created = self
            .lines
            .change(seat.who(), async |call| call.accounts().create_account(request.clone()).await);
        match created.await {
            // A repeated answer is that of a try before, whose answer was lost.
            Ok(_) => Ok(true),
            Err(undone) if undone.reason() == "ACCOUNT_EXISTS" => Ok(false),
            Err(undone) => Err(undone.into()),
        }
    }

    /// What an account has and did before the play.
    async fn look_back(&self, seat: &mut Seat) -> Result<(), Failure> {
        let (orders, fills) = (
            v1::ListOrdersRequest { parent: seat.resource(), page_size: 1, ..Default::default() },
            v1::ListFillsRequest { parent: seat.resource(), page_size: 1, ..Default::default() },
        );
        let asked = self
            .lines
            .ask(seat.who(), async |call| call.orders().list_orders(orders.clone()).await);
        let newest = asked.await?.into_inner().orders;
        seat.orders_before = newest.first().and_then(|order| number(&order.name)).unwrap_or(0);
        let asked = self
            .lines
            .ask(seat.who(), async |call| call.accounts().list_fills(fills.clone()).await);
        let newest = asked.await?.into_inner().fills;
        seat.fills_before = newest.first().map_or(0, |fill| fill.sequence);
        for (asset, available, held) in self.balances(&self.account(seat).await?) {
            seat.bring(asset, available + held);
        }
        Ok(())
    }

    /// An account as it stands, with everything that its answers said.
    ///
    /// # Errors
    /// Nobody answers, or it is refused.
    pub async fn account(&self, seat: &Seat) -> Result<v1::Account, Undone> {
        let request = v1::GetAccountRequest {
            name: seat.resource(),
            min_index: seat.seen,
            after: seat.settles,
        };
        let asked = self
            .lines
            .ask(seat.who(), async |call| call.accounts().get_account(request.clone()).await);
        Ok(asked.await?.into_inner().account.unwrap_or_default())
    }

    /// The seat of an account of the play.
    pub fn seat(&self, name: &AccountName) -> Option<&Mutex<Seat>> {
        self.by_name.get(name).and_then(|at| self.seats.get(*at))
    }

    /// An id that no other request has.
    pub fn request_id(&self) -> String {
        let next = self.requests.get() + 1;
        self.requests.set(next);
        format!("{}-{next}", self.stamp)
    }

    /// The id that a file gave an order, made this play's own where others played before.
    pub fn order_id(&self, id: &ClientId) -> String {
        if self.is_own { id.to_string() } else { format!("{}:{id}", self.stamp) }
    }

    pub fn refuse(&self, reason: &str) {
        *self.counts.borrow_mut().rejects.entry(reason.to_owned()).or_default() += 1;
    }

    /// Writes what entered onto the tape. What comes late has the time of what stands there last.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn record(&self, at: Millis, what: &Sentence) -> Result<(), Failure> {
        let mut recorder = self.recorder.borrow_mut();
        let Some((writer, last)) = recorder.as_mut() else { return Ok(()) };
        *last = at.max(*last);
        written(writer.write(&Entry { at: *last, what: what.clone() }))
    }

    /// What an account says, onto the tape.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn record_of(&self, at: Millis, seat: &Seat, act: &Act) -> Result<(), Failure> {
        if self.recorder.borrow().is_none() {
            return Ok(());
        }
        let (who, act) = (Says::One(seat.name.clone()), act.clone());
        self.record(at, &Sentence::Account { who, act })
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// What is left cannot be written.
    pub fn finish(&self) -> Result<(), Failure> {
        let mut recorder = self.recorder.borrow_mut();
        recorder.as_mut().map_or(Ok(()), |(writer, _)| written(writer.flush()))
    }
}

fn written(written: Result<(), TapeError>) -> Result<(), Failure> {
    written.map_err(|error| {
        Failure::new(Exit::Failure, format!("error: the tape cannot be recorded: {error}"))
    })
}
