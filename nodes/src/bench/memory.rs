//! What entities take of the memory: the process's resident bytes before and after many of them.

use super::figure::{Figure, FigureReport, Target};
use super::{BenchError, Machine, machine};
use crate::replay::found::instrument;
use hoga_actors::{Entity, EntityCommand, EntityId, Host, Scene, Slice, Step};
use hoga_engine::account::Account;
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
use std::ops::Range;
use std::sync::Arc;

const PARTITION: PartitionId = PartitionId(6);
const PASSIVE: u32 = 200_000;
const ACTIVE: u32 = 20_000;
const ORDERS: u64 = 1_000_000;
/// Commands in a slice that is large enough for an actor.
const LARGE: u32 = 16;
/// Accounts that have commands in one chunk: few, so that what they say takes no room beside them.
const TOGETHER: usize = 16;

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
            "{PASSIVE} accounts with two balances that fall asleep, {ACTIVE} of them woken up and \
             {ACTIVE} with an actor, {ORDERS} resting orders in one book"
        ),
        machine,
        headline: None,
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
        let id = AccountId::new(PARTITION, index);
        let account = Account::new(id, &format!("user{index}"), Time(1));
        host.insert(EntityId::Account(id), Entity::Account(Box::new(account)));
        drop(host.run(vec![opening(id)], &scene).await.map_err(failed)?);
    }
    // Chunks that are for others, until the last of them is asleep.
    while host.counts().1 > 0 {
        drop(host.run(Vec::new(), &scene).await.map_err(failed)?);
    }
    let passive = each(before, PASSIVE)?;
    let awake = added(&mut host, 0..ACTIVE, 1, &scene).await?;
    let actor = added(&mut host, ACTIVE..2 * ACTIVE, LARGE, &scene).await?;

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
        bytes("an account that is awake", passive + awake),
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

/// An account opens, and two assets are paid into it.
fn opening(id: AccountId) -> Slice {
    let deposit = |asset| AccountRequest::Deposit { asset: AssetId(asset), amount: 1_000_000 };
    let requests = [AccountRequest::Open, deposit(1), deposit(2)];
    let step = |(place, request)| {
        let id = ClientId::parse(&format!("request-{place}")).expect("it keeps the rule");
        let origin = Origin { node: 1, incarnation: 1, request: u64::from(place) };
        let envelope = Envelope { origin, id, body_hash: u64::from(place), sent_at: None };
        Step { place, at: Time(1), command: EntityCommand::Request(envelope, request) }
    };
    Slice::new(EntityId::Account(id), (0..).zip(requests).map(step).collect())
}

/// Has some accounts say where they stand, `times` each; what of them has come to be in memory.
async fn added(
    host: &mut Host,
    accounts: Range<u32>,
    times: u32,
    scene: &Scene,
) -> Result<f64, BenchError> {
    let (before, number) = (resident()?, accounts.len() as u32);
    let step = |place| Step { place, at: Time(2), command: EntityCommand::Report };
    let steps = || (0..times).map(step).collect();
    let account = |index| EntityId::Account(AccountId::new(PARTITION, index));
    for first in accounts.clone().step_by(TOGETHER) {
        let some = first..accounts.end.min(first + TOGETHER as u32);
        let slices = some.map(|index| Slice::new(account(index), steps())).collect();
        drop(host.run(slices, scene).await.map_err(failed)?);
    }
    each(before, number)
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
