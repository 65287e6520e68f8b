//! Assets, instruments, nodes and the names of seasons: given out by the meta partition, known to
//! all whom they concern.

use super::nodes::{Broken, NodeId, NodeTable};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::board::SeasonNames;
use hoga_engine::candle::Import;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::follow::Subscription;
use hoga_engine::ids::{AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::{Asset, Calls, Catalogue, Instrument, Phase};
use hoga_engine::message::BoardMessage;
use hoga_engine::reject::Reject;
use hoga_engine::request::Envelope;
use hoga_engine::session::{Interruption, Schedule};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Admin requests that are remembered for retries.
const REMEMBERED_MAX: usize = 4096;

/// What an operator asks of the meta partition. Ids inside are ignored: the log gives them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MetaCommand {
    CreateAsset(Asset),
    CreateInstrument(Box<Instrument>),
    SetPhase {
        instrument: InstrumentId,
        phase: Phase,
    },
    /// Halts every instrument that there is, or resumes all that are halted.
    SetPhases {
        phase: Phase,
    },
    /// Other limits of an instrument. What rests stays, wherever the band is.
    SetLimits {
        instrument: InstrumentId,
        limits: Limits,
    },
    /// Candles of before an instrument traded here, for its book.
    ImportCandles {
        instrument: InstrumentId,
        import: Box<Import>,
    },
    /// A period in which boards count from where the accounts stand when it opens.
    OpenSeason {
        name: Box<str>,
    },
    CloseSeason {
        name: Box<str>,
    },
    /// The nodes of a new exchange; without effect once there are some.
    FoundNodes(Vec<(NodeId, Box<str>)>),
    /// A further node, called at this address; the log gives it its number.
    AddNode {
        link: Box<str>,
    },
    /// A node that starts says where it is called and which data directory it has.
    EnterNode {
        node: NodeId,
        directory: u64,
        link: Box<str>,
        gateway: Box<str>,
    },
    /// A node leads nothing any more, or may lead again.
    DrainNode {
        node: NodeId,
        drain: bool,
    },
    /// A node is given up for good.
    RemoveNode {
        node: NodeId,
    },
}

/// Limits that an operator changes while an instrument trades; none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Lowest and highest limit price, or no band.
    pub band: Option<Option<(Ticks, Ticks)>>,
    /// Open orders of one account.
    pub open_orders_max: Option<u32>,
    /// The table of its day, or none for a market that never closes.
    pub schedule: Option<Option<Box<Schedule>>>,
    /// Which trades begin a call instead, or none.
    pub interruption: Option<Option<Interruption>>,
    /// What each order gets first where an opening goes by size, or by time.
    pub by_size: Option<Option<Lots>>,
    /// Which book of which outside market a followed instrument follows, or none.
    pub subscription: Option<Option<Subscription>>,
}

impl Limits {
    /// Whether they are in force.
    #[must_use]
    pub fn hold_in(&self, instrument: &Instrument) -> bool {
        self.over(instrument) == *instrument
    }

    /// An instrument with these limits.
    fn over(&self, known: &Instrument) -> Instrument {
        let calls = Calls {
            interruption: self.interruption.unwrap_or(known.calls.interruption),
            by_size: self.by_size.unwrap_or(known.calls.by_size),
            ..known.calls.clone()
        };
        let mut follow = known.follow.clone();
        if let (Some(follow), Some(subscription)) = (&mut follow, &self.subscription) {
            follow.subscription.clone_from(subscription);
        }
        Instrument {
            band: self.band.unwrap_or(known.band),
            open_orders_max: self.open_orders_max.unwrap_or(known.open_orders_max),
            schedule: self.schedule.clone().unwrap_or_else(|| known.schedule.clone()),
            calls,
            follow,
            ..known.clone()
        }
    }

    /// The instrument that these limits make of one.
    fn lay_over(&self, known: &Instrument) -> Result<Instrument, Reject> {
        if let Some(Some((low, high))) = self.band {
            if low > high {
                return Err(malformed("band_low", "must not lie above band_high"));
            }
            known.check_tick(low)?;
            known.check_tick(high)?;
        }
        if self.open_orders_max == Some(0) {
            return Err(malformed("open_orders_max", "must be above zero"));
        }
        if let Some(Some(table)) = &self.schedule {
            table.check().map_err(|bad| malformed("schedule", bad.to_string()))?;
        }
        if self.subscription.is_some() && known.follow.is_none() {
            return Err(Reject::NotFollowed { symbol: known.symbol.clone() });
        }
        let changed = self.over(known);
        // Rules that are sound by themselves may not go together.
        changed.check().map_err(|bad| malformed("instrument", bad.to_string()))?;
        Ok(changed)
    }
}

/// What the other partitions have to be told.
#[derive(Clone, Debug, PartialEq)]
pub enum MetaChange {
    Asset(Asset),
    Instrument(Box<Instrument>),
    /// For a book alone.
    Import(PartitionId, InstrumentId, Box<Import>),
    /// For the boards alone.
    Board(BoardMessage),
}

/// The meta partition's own state besides the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Meta {
    remembered: BTreeMap<u128, (u64, Answer)>,
    /// Their ids and when they were logged, oldest first.
    order: VecDeque<(u128, Time)>,
    /// When the last one was logged that is forgotten: what was sent before that is never done.
    horizon: Option<Time>,
    pub(super) nodes: NodeTable,
    seasons: SeasonNames,
}

impl Meta {
    /// Whether exactly this request was answered before.
    pub fn remembers(&self, envelope: &Envelope) -> bool {
        let known = self.remembered.get(&envelope.id.hash());
        known.is_some_and(|(body_hash, _)| *body_hash == envelope.body_hash)
    }

    /// Performs a command once; a retry gets its first answer.
    pub fn handle(
        &mut self,
        catalogue: &mut Catalogue,
        topology: &Topology,
        at: Time,
        envelope: &Envelope,
        command: &MetaCommand,
    ) -> (Answer, Vec<MetaChange>) {
        if let Some((body_hash, answer)) = self.remembered.get(&envelope.id.hash()) {
            if *body_hash == envelope.body_hash {
                return (answer.clone(), Vec::new());
            }
            let reused = Reject::ClientOrderIdReused { id: text(envelope.id) };
            return (Answer::refused(reused), Vec::new());
        }
        if envelope.sent_at.is_some_and(|sent| Some(sent) <= self.horizon) {
            let too_old = Reject::ClientOrderIdTooOld { id: text(envelope.id) };
            return (Answer::refused(too_old), Vec::new());
        }
        let (answer, changes) = match self.perform(catalogue, topology, command) {
            Ok(changes) => (Answer::Done, changes),
            Err(reject) => (Answer::refused(reject), Vec::new()),
        };
        if self.order.len() >= REMEMBERED_MAX
            && let Some((oldest, logged)) = self.order.pop_front()
        {
            self.remembered.remove(&oldest);
            self.horizon = Some(logged);
        }
        self.order.push_back((envelope.id.hash(), at));
        self.remembered.insert(envelope.id.hash(), (envelope.body_hash, answer.clone()));
        (answer, changes)
    }

    fn perform(
        &mut self,
        catalogue: &mut Catalogue,
        topology: &Topology,
        command: &MetaCommand,
    ) -> Result<Vec<MetaChange>, Reject> {
        let Meta { nodes, seasons, .. } = self;
        let unbroken = |done: Result<(), Broken>| match done {
            Ok(()) => Ok(Vec::new()),
            Err(rule) => Err(malformed("node", rule)),
        };
        match command {
            MetaCommand::CreateAsset(asset) => {
                if catalogue.asset_by_code(&asset.code).is_some() {
                    return Err(malformed("code", format!("asset {} exists already", asset.code)));
                }
                let id = AssetId(catalogue.assets.len() as u16);
                let asset = Asset { id, ..asset.clone() };
                catalogue.assets.insert(id, asset.clone());
                Ok(vec![MetaChange::Asset(asset)])
            }
            MetaCommand::CreateInstrument(instrument) => {
                let instrument = list(catalogue, topology, instrument)?;
                catalogue.instruments.insert(instrument.id, instrument.clone());
                Ok(vec![MetaChange::of(&instrument)])
            }
            MetaCommand::SetPhase { instrument, phase } => {
                let known = listed(catalogue, *instrument)?;
                known.phase = *phase;
                Ok(vec![MetaChange::of(known)])
            }
            MetaCommand::SetPhases { phase } => {
                // What is closed by hand is none of its business, or a resumption would open it.
                let from = match phase {
                    Phase::Continuous => Phase::Halted,
                    _ => Phase::Continuous,
                };
                let is_meant = |known: &&mut Instrument| known.phase == from;
                let meant = catalogue.instruments.values_mut().filter(is_meant);
                let shifted = meant.map(|known| {
                    known.phase = *phase;
                    MetaChange::of(known)
                });
                Ok(shifted.collect())
            }
            MetaCommand::SetLimits { instrument, limits } => {
                let known = listed(catalogue, *instrument)?;
                *known = limits.lay_over(known)?;
                Ok(vec![MetaChange::of(known)])
            }
            MetaCommand::ImportCandles { instrument, import } => {
                let known = listed(catalogue, *instrument)?;
                Ok(vec![MetaChange::Import(known.partition, known.id, import.clone())])
            }
            MetaCommand::OpenSeason { name } => {
                seasons.open(name)?;
                Ok(vec![MetaChange::Board(BoardMessage::OpenSeason(name.clone()))])
            }
            MetaCommand::CloseSeason { name } => {
                seasons.close(name)?;
                Ok(vec![MetaChange::Board(BoardMessage::CloseSeason(name.clone()))])
            }
            MetaCommand::FoundNodes(founders) => {
                nodes.found(founders);
                Ok(Vec::new())
            }
            MetaCommand::AddNode { link } => unbroken(nodes.add(link).map(drop)),
            MetaCommand::EnterNode { node, directory, link, gateway } => {
                unbroken(nodes.enter(*node, *directory, link, gateway))
            }
            MetaCommand::DrainNode { node, drain } => unbroken(nodes.drain(*node, *drain)),
            MetaCommand::RemoveNode { node } => unbroken(nodes.remove(*node)),
        }
    }
}

impl MetaChange {
    fn of(instrument: &Instrument) -> MetaChange {
        MetaChange::Instrument(Box::new(instrument.clone()))
    }
}

fn text(id: ClientId) -> Box<str> {
    id.as_str().into()
}

fn malformed(field: &str, rule: impl Into<Box<str>>) -> Reject {
    Reject::Malformed { field: field.into(), rule: rule.into() }
}

fn listed(catalogue: &mut Catalogue, id: InstrumentId) -> Result<&mut Instrument, Reject> {
    let symbol = || format!("#{}", id.0).into();
    let known = catalogue.instruments.get_mut(&id);
    known.ok_or_else(|| Reject::UnknownInstrument { symbol: symbol() })
}

/// Completes a new instrument: its id, its partition, the ids of its assets.
fn list(
    catalogue: &Catalogue,
    topology: &Topology,
    asked: &Instrument,
) -> Result<Instrument, Reject> {
    if catalogue.instrument_by_symbol(&asked.symbol).is_some() {
        return Err(malformed("symbol", format!("{} is listed already", asked.symbol)));
    }
    let asset = |code: &str| {
        catalogue.asset_by_code(code).ok_or_else(|| Reject::UnknownAsset { code: code.into() })
    };
    let (base, quote) = (asset(&asked.base_code)?, asset(&asked.quote_code)?);
    if base.id == quote.id {
        return Err(malformed("quote", "must be another asset than the base"));
    }
    let id = InstrumentId(catalogue.instruments.len() as u32);
    let instrument = Instrument {
        id,
        partition: topology.book_partition(id),
        base: base.id,
        base_scale: base.scale,
        quote: quote.id,
        quote_scale: quote.scale,
        ..asked.clone()
    };
    instrument.check().map_err(|bad| malformed("instrument", bad.to_string()))?;
    Ok(instrument)
}
