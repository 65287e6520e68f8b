//! The trading floor: the one place where commands enter the exchange.

use std::collections::BTreeMap;
use std::io::Write;

use hoga_engine::account::check_form;
use hoga_engine::client_id::ClientId as EngineId;
use hoga_engine::effect::Answer;
use hoga_engine::follow::Snapshot;
use hoga_engine::hash::Fnv;
use hoga_engine::ids::{AccountId, InstrumentId, OrderNo, Origin};
use hoga_engine::instrument::{Instrument, Phase};
use hoga_engine::pit::Pit;
use hoga_engine::request::{AccountRequest, Envelope, OrderRef as EngineRef};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;

use super::counts::{Counts, Told, listed, lots};
use super::tally::Tally;
use super::tracks::Asked;
use super::translate::{self, Unmade};
use crate::grammar::{Act, MarketAct, OrderRef, Sentence, Which, Who};
use crate::listing::{Fund, Market};
use crate::names::{AccountName, Symbol};
use crate::tape::{Entry, TapeError, TapeWriter};
use crate::time::Millis;

pub(super) type Recorder<'p> = TapeWriter<Box<dyn Write + 'p>>;

pub(super) struct Floor<'p> {
    pub pit: Pit<Tally>,
    /// Its instruments with the phase that operators want them in.
    pub market: Market,
    pub counts: Counts,
    start: Time,
    now: Millis,
    names: BTreeMap<AccountId, AccountName>,
    requests: u64,
    recorder: Option<Recorder<'p>>,
}

impl<'p> Floor<'p> {
    /// Lists the market and issues its fixed supplies. `start` is the exchange's time at zero.
    pub fn found(
        market: Market,
        start: Time,
        length: Millis,
        recorder: Option<Recorder<'p>>,
    ) -> Floor<'p> {
        let tally = Tally::new(start, length, market.instruments.len());
        let mut pit = Pit::prompt(Topology::default(), tally);
        pit.set_time(start);
        market.assets.iter().for_each(|asset| pit.add_asset(asset));
        market.instruments.iter().for_each(|instrument| pit.list(instrument));
        let issues = market.issues.clone();
        let (counts, names) = (Counts::default(), BTreeMap::new());
        let (now, requests) = (Millis(0), 0);
        let mut floor = Floor { pit, market, counts, start, now, names, requests, recorder };
        for issue in issues {
            // Not on the tape: wherever it is played, the market is founded first.
            let faucet = floor.pit.open(&issue.faucet);
            let request = AccountRequest::Deposit { asset: issue.asset, amount: issue.amount };
            let answer = floor.ask(faucet, None, &request);
            let faucet = floor.pit.account(faucet);
            floor.counts.came_in(faucet, &request, answer.as_ref(), &floor.market);
        }
        for fund in floor.market.funds.clone() {
            let house = floor.pit.open(&fund.house);
            let Fund { instrument, asset, amount, .. } = fund;
            let request = AccountRequest::FundHouse { instrument, asset, amount };
            let answer = floor.ask(house, None, &request);
            let house = floor.pit.account(house);
            floor.counts.came_in(house, &request, answer.as_ref(), &floor.market);
        }
        floor
    }

    pub fn now(&self) -> Millis {
        self.now
    }

    pub fn set_time(&mut self, now: Millis) {
        self.now = now;
        self.pit.set_time(Time(self.start.0 + now.0 * 1_000_000));
    }

    /// The account with this name, opened when it is new.
    pub fn account(&mut self, name: &AccountName) -> AccountId {
        let id = self.pit.open(name.as_str());
        self.names.entry(id).or_insert_with(|| name.clone());
        id
    }

    /// Does what an account says.
    ///
    /// # Errors
    /// The recording cannot be written. What is refused is counted.
    pub fn say(&mut self, name: &AccountName, act: &Act) -> Result<(), TapeError> {
        let account = self.account(name);
        let id = match act {
            Act::Place(order) => order.id.as_ref(),
            _ => None,
        };
        let id = id.and_then(|id| EngineId::parse(id.as_str()).ok());
        let amended = match act {
            Act::Amend { order: OrderRef::Number(no), .. } => Some(EngineRef::No(OrderNo(*no))),
            Act::Amend { order: OrderRef::Client(id), .. } => {
                EngineId::parse(id.as_str()).ok().map(EngineRef::ClientId)
            }
            _ => None,
        };
        let amended = amended.and_then(|order| self.instrument_of(account, order));
        match translate::request(act, &self.market, amended, self.pit.now()) {
            // Refused before the log, so that its id is free: as the gateway does.
            Ok(AccountRequest::Place { order, .. }) if check_form(&order).is_err() => {
                self.counts.refused_outside(act, "MALFORMED");
                Ok(())
            }
            Ok(request) => self.enter(account, id, &request),
            Err(Unmade(reason)) => {
                self.counts.refused_outside(act, reason);
                Ok(())
            }
        }
    }

    /// Lets a request of an account in, and onto the tape.
    ///
    /// # Errors
    /// The recording cannot be written; the request was not made.
    pub fn enter(
        &mut self,
        account: AccountId,
        id: Option<EngineId>,
        request: &AccountRequest,
    ) -> Result<(), TapeError> {
        self.record(account, id, request)?;
        let mut priced = None;
        if let AccountRequest::Place { order, ack, .. } = request
            && (order.price.is_none() || order.terms.is_some())
        {
            let market_price = self.pit.market_price(order);
            priced = Some(AccountRequest::Place { order: order.clone(), ack: *ack, market_price });
        }
        let request = priced.as_ref().unwrap_or(request);
        let answer = self.ask(account, id, request);
        let teller = self.pit.account(account);
        let told = self.counts.note(teller, request, answer.as_ref(), &self.market);
        let tracks = &mut self.pit.tap_mut().tracks;
        match told {
            Some(Told::Placed { order, instrument, asked }) => {
                tracks.at(order).acknowledge(instrument, asked);
            }
            Some(Told::Amended { order, quantity }) => {
                let track = tracks.at(order);
                let instrument = track.instrument.and_then(|id| listed(&self.market, id));
                let total = instrument.map(|instrument| lots(quantity, instrument));
                track.asked = total.map(Asked::Quantity).or(track.asked);
            }
            None => {}
        }
        Ok(())
    }

    fn ask(
        &mut self,
        account: AccountId,
        id: Option<EngineId>,
        request: &AccountRequest,
    ) -> Option<Answer> {
        self.requests += 1;
        let origin = Origin { node: 1, incarnation: 1, request: self.requests };
        let body_hash = id.map_or(0, |_| body_hash(request));
        let id = id.unwrap_or_else(|| running_id(self.requests));
        self.pit.tap_mut().expect(self.requests);
        self.pit.request(account, &Envelope { origin, id, body_hash, sent_at: None }, request);
        self.pit.tap_mut().take_answer()
    }

    /// Posts an outside book behind the one that stands.
    pub fn post(&mut self, instrument: InstrumentId, mut snapshot: Snapshot) {
        let book = self.pit.listing(instrument);
        let standing = book.and_then(|book| book.following()).map_or(0, |it| it.number());
        snapshot.number = standing + 1;
        self.pit.post(instrument, &snapshot);
    }

    fn instrument_of(&self, account: AccountId, order: EngineRef) -> Option<&Instrument> {
        let account = self.pit.account(account);
        let open = account.open_order(account.order_no(order)?)?;
        listed(&self.market, open.state.instrument)
    }

    fn record(
        &mut self,
        account: AccountId,
        id: Option<EngineId>,
        request: &AccountRequest,
    ) -> Result<(), TapeError> {
        if self.recorder.is_none() {
            return Ok(());
        }
        let amended = match request {
            AccountRequest::Amend { order, .. } => self.instrument_of(account, *order),
            _ => None,
        };
        let act = translate::act(request, id, &self.market, amended, self.pit.now());
        if let (Some(act), Some(name)) = (act, self.names.get(&account)) {
            let who = Who::One(name.clone());
            self.write(Sentence::Account { who, act })?;
        }
        Ok(())
    }

    fn write(&mut self, what: Sentence) -> Result<(), TapeError> {
        let entry = Entry { at: self.now, what };
        self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.write(&entry))
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// What is left cannot be written.
    pub fn finish(&mut self) -> Result<(), TapeError> {
        self.recorder.as_mut().map_or(Ok(()), TapeWriter::flush)
    }

    /// Does what the operator says.
    ///
    /// # Errors
    /// The recording cannot be written; nothing was changed.
    pub fn operate(&mut self, act: &MarketAct) -> Result<(), TapeError> {
        self.write(Sentence::Market(act.clone()))?;
        match act {
            MarketAct::Halt(Which::One(symbol)) => self.shift(Some(symbol), |_| Phase::Halted),
            MarketAct::Resume(Which::One(symbol)) => {
                self.shift(Some(symbol), |_| Phase::Continuous);
            }
            // A closing outlasts both.
            MarketAct::Halt(Which::Everything) => self.shift(None, |phase| match phase {
                Phase::Continuous => Phase::Halted,
                other => other,
            }),
            MarketAct::Resume(Which::Everything) => self.shift(None, |phase| match phase {
                Phase::Halted => Phase::Continuous,
                other => other,
            }),
            // A halt outlasts an opening.
            MarketAct::Open => self.shift(None, |phase| match phase {
                Phase::Closed => Phase::Continuous,
                other => other,
            }),
            MarketAct::Close => self.shift(None, |_| Phase::Closed),
            // The course posts its books, each at its time.
            MarketAct::Feed { .. } => {}
        }
        Ok(())
    }

    fn shift(&mut self, symbol: Option<&Symbol>, to: impl Fn(Phase) -> Phase) {
        for instrument in &mut self.market.instruments {
            let is_meant = symbol.is_none_or(|symbol| *instrument.symbol == *symbol.as_str());
            let phase = to(instrument.phase);
            if is_meant && phase != instrument.phase {
                instrument.phase = phase;
                self.pit.change(instrument);
            }
        }
    }
}

/// The id of a request that names none. It is never written down: a tape gives new ones.
fn running_id(request: u64) -> EngineId {
    EngineId::parse(&format!("hoga.play:{request}")).expect("a dozen letters and a number")
}

/// What makes two requests under one id the same.
fn body_hash(request: &AccountRequest) -> u64 {
    let mut hash = Fnv::default();
    let body = match request {
        // The price of the moment is the exchange's, not the client's.
        AccountRequest::Place { order, .. } => format!("{order:?}"),
        other => format!("{other:?}"),
    };
    body.bytes().for_each(|byte| hash.word(byte.into()));
    hash.0
}
