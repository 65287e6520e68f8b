//! What a checkpoint costs. Run with `-- --ignored --nocapture measure`.

use crate::partition::{Batch, Carried, Command, Entry, Trace};
use crate::replay::Replay;
use crate::state::{State, hash_core, hash_entity};
use hoga_actors::{Host, Purpose};
use hoga_engine::client_id::ClientId;
use hoga_engine::ids::{AssetId, Origin};
use hoga_engine::instrument::Asset;
use hoga_engine::message::{Message, PartitionMessage};
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use hoga_engine::topology::{Role, Topology};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const ACCOUNTS: u64 = 100_000;
/// Deposits to each: the account remembers its requests.
const DEPOSITS: u64 = 20;

fn commands(account: u64) -> Vec<Command> {
    let name = format!("trader-{account}");
    let origin = Origin { node: 1, incarnation: 1, request: 1 };
    let ask = |id: String, request| {
        let id = ClientId::parse(&id).expect("an id");
        let envelope = Envelope { origin, id, body_hash: 1, sent_at: None };
        Command::Request { account: name.as_str().into(), envelope, request }
    };
    let pay = |n: u64| {
        let request = AccountRequest::Deposit { asset: AssetId(0), amount: 100 };
        ask(format!("pay-{n}"), request)
    };
    let open = ask("open".into(), AccountRequest::Open);
    std::iter::once(open).chain((0..DEPOSITS).map(pay)).collect()
}

fn batch(commands: Vec<Command>) -> Batch {
    let entry = |command| Entry { trace: Trace::default(), command };
    Batch { time: Time(1), entries: commands.into_iter().map(entry).collect() }
}

#[tokio::test]
#[ignore = "a measurement, not a check of behaviour"]
async fn measure_a_checkpoint() {
    let topology = Topology::default();
    let accounts = topology.partitions().find(|(_, role)| *role == Role::Accounts);
    let partition = accounts.expect("there are partitions of accounts").0;
    let mut replay = Replay::of(State::empty(partition, topology), BTreeSet::new());
    let asset =
        Asset { id: AssetId(0), code: "KRW".into(), scale: 8, shown_scale: 0, faucet: None };
    let message = Message::ToPartition(PartitionMessage::Asset(asset));
    let messages = vec![Carried { trace: Trace::default(), message }];
    let listed = Command::Inbound { source: Topology::META, first: 1, messages };
    replay.apply(1, batch(vec![listed]), usize::MAX).expect("no poison");
    let begun = Instant::now();
    for account in 0..ACCOUNTS {
        replay.apply(account + 2, batch(commands(account)), usize::MAX).expect("no poison");
    }
    let of_a_command = begun.elapsed() / (ACCOUNTS * (DEPOSITS + 1)) as u32;

    let mut host = Host::start().await.expect("actors");
    let entities = std::mem::take(&mut replay.entities);
    entities.into_iter().for_each(|(id, entity)| host.insert(id, entity));
    let begun = Instant::now();
    let mut hash = hash_core(&replay.core.encode());
    let of_the_core = begun.elapsed();
    let begun = Instant::now();
    host.begin_capture(Purpose::Checkpoint);
    let of_the_beginning = begun.elapsed();
    let (mut total, mut longest, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    loop {
        let begun = Instant::now();
        let (captured, is_last) = host.capture_some(Purpose::Checkpoint, 128);
        for (id, state) in &captured {
            hash = hash.wrapping_add(hash_entity(*id, state));
            bytes += state.len();
        }
        let took = begun.elapsed();
        (total, longest) = (total + took, longest.max(took));
        if is_last {
            break;
        }
    }
    host.stop().await;
    let of_an_account = total / ACCOUNTS as u32;
    eprintln!(
        "{ACCOUNTS} accounts, {bytes} bytes, hash {hash:016x}: bookkeeping {of_the_core:?}, \
         beginning {of_the_beginning:?}, {total:?} in steps of at most {longest:?}; an account \
         {of_an_account:?}, a command {of_a_command:?}"
    );
}
