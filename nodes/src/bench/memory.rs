//! What entities take of the memory: the process's resident bytes before and after many of them.

use super::figure::{Figure, FigureReport, Target};
use super::{BenchError, Machine, machine};
use crate::replay::found::instrument;
use hoga_actors::{Entity, EntityCommand, EntityId, Host, Scene, Slice, Step};
use hoga_engine::account::{Account, Context};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::Listing;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Effect;
use hoga_engine::ids::{AccountId, AssetId, OrderKey, OrderNo, Origin, PartitionId};
use hoga_engine::instrument::{Asset, Catalogue};
use hoga_engine::message::{BookMessage, Submit};
use hoga_engine::order::{SelfMatch, Side, TimeInForce};
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::Arc;

const PARTITION: PartitionId = PartitionId(6);
const PASSIVE: u32 = 200_000;
const ACTIVE: u32 = 20_000;
const ORDERS: u64 = 1_000_000;
/// Commands in a slice that is large enough for an actor.
const LARGE: usize = 16;

/// Measures one kind of entity after the other.
///
/// # Errors
/// The system does not tell how much memory the process has.
pub fn run() -> Result<FigureReport, BenchError> {
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let figures = runtime.map_err(failed)?.block_on(measure())?;
    Ok(FigureReport {
        bench: "memory",
        workload: format!(
            "{PASSIVE} accounts with two balances, {ACTIVE} of them with an actor, {ORDERS} \
             resting orders in one book"
        ),
        machine,
        figures,
        method: "resident bytes of the process after, less before, by their number; the floor of \
                 an active account is an actor of ractor's with nothing in it"
            .into(),
        commit: machine::commit(),
    })
}

async fn measure() -> Result<Vec<Figure>, BenchError> {
    let mut host = Host::start().await.map_err(failed)?;
    let scene = scene();
    let before = resident()?;
    for index in 0..PASSIVE {
        let account = account(AccountId::new(PARTITION, index), &scene);
        host.insert(EntityId::Account(account.id()), Entity::Account(Box::new(account)));
    }
    let passive = each(before, PASSIVE)?;

    let before = resident()?;
    for first in (0..ACTIVE).step_by(512) {
        let slices = (first..(first + 512).min(ACTIVE)).map(reports).collect();
        let done = host.run(slices, &scene).await.map_err(failed)?;
        drop(done);
    }
    let actor = each(before, ACTIVE)?;

    let before = resident()?;
    let mut bare = Vec::new();
    for _ in 0..ACTIVE {
        bare.push(Actor::spawn(None, Nobody, ()).await.map_err(failed)?);
    }
    let floor = each(before, ACTIVE)?;
    bare.iter().for_each(|(actor, _)| actor.stop(None));

    let before = resident()?;
    let mut listing = Listing::new(instrument(), None);
    let mut effects: Vec<Effect> = Vec::new();
    for n in 0..ORDERS {
        listing.handle(&BookMessage::Submit(resting(n)), Time(1), &mut effects);
        effects.clear();
    }
    let order = each(before, ORDERS as u32)?;
    let rests: usize =
        [Side::Buy, Side::Sell].iter().map(|s| listing.book().levels(*s).count()).sum();
    if rests == 0 {
        return Err(BenchError::Disagreement("no order rests".into()));
    }
    host.stop().await;
    let bytes = |what: &str, result| Figure::new(what, "bytes", result);
    Ok(vec![
        bytes("a passive account", passive).below(Target::Result(512.0)),
        bytes("an active account, with its actor", passive + actor)
            .over(floor)
            .below(Target::Result(10_000.0)),
        bytes("a resting order in its book", order).below(Target::Result(150.0)),
    ])
}

fn scene() -> Scene {
    let mut catalogue = Catalogue::default();
    for (id, code) in [(1, "TAPE"), (2, "CASH")] {
        let id = AssetId(id);
        let asset = Asset { id, code: code.into(), scale: 2, shown_scale: 2, faucet: None };
        catalogue.assets.insert(id, asset);
    }
    Scene { catalogue: Arc::new(catalogue), ..Scene::default() }
}

/// An account that was opened and paid two assets into.
fn account(id: AccountId, scene: &Scene) -> Account {
    let mut account = Account::new(id, &format!("user{}", id.index()), Time(1));
    let context = Context { catalogue: &scene.catalogue, topology: &scene.topology, at: Time(1) };
    let deposit = |asset| AccountRequest::Deposit { asset: AssetId(asset), amount: 1_000_000 };
    let mut effects: Vec<Effect> = Vec::new();
    for (n, request) in [AccountRequest::Open, deposit(1), deposit(2)].iter().enumerate() {
        let id = ClientId::parse(&format!("request-{n}")).expect("it keeps the rule");
        let origin = Origin { node: 1, incarnation: 1, request: n as u64 };
        let envelope = Envelope { origin, id, body_hash: n as u64, sent_at: None };
        account.request(&envelope, request, &context, &mut effects);
    }
    account
}

/// A slice that its account's actor takes.
fn reports(index: u32) -> Slice {
    let step = |place| Step { place, at: Time(2), command: EntityCommand::Report };
    let steps = (0..LARGE as u32).map(step).collect();
    Slice::new(EntityId::Account(AccountId::new(PARTITION, index)), steps)
}

/// Orders of many accounts on both sides of a price that none of them reaches.
fn resting(n: u64) -> Submit {
    let account = AccountId::new(PARTITION, (n % 10_007) as u32);
    let (side, price) = if n.is_multiple_of(2) {
        (Side::Buy, 1_000 - n % 500)
    } else {
        (Side::Sell, 1_001 + n % 500)
    };
    Submit {
        order: OrderKey { account, no: OrderNo(n + 1) },
        side,
        limit: Ticks(price as u32),
        quantity: Lots(1 + n % 9),
        value_max: None,
        time_in_force: TimeInForce::Gtc,
        is_market: false,
        post_only: false,
        self_match: SelfMatch::None,
        terms: None,
        origin: None,
    }
}

/// An actor with nothing to do.
struct Nobody;

impl Actor for Nobody {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// Resident bytes of this process.
fn resident() -> Result<u64, BenchError> {
    let pages = std::fs::read_to_string("/proc/self/statm").map_err(failed)?;
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    let pages = pages.ok_or_else(|| failed("the system does not tell the resident memory"))?;
    Ok(pages * rustix::param::page_size() as u64)
}

fn each(before: u64, number: u32) -> Result<f64, BenchError> {
    Ok(resident()?.saturating_sub(before) as f64 / f64::from(number))
}

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Options(error.to_string())
}
