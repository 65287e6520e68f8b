//! Accounts that fall asleep are folded, and nobody can tell but the memory.

use super::{Host, Purpose};
use crate::entity::{Entity, EntityCommand, EntityId, Scene};
use crate::idleness::IDLE_CHUNKS;
use crate::slice::{Output, Slice, Step};
use hoga_engine::account::Account;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::{Answer, Effect};
use hoga_engine::ids::{AccountId, AssetId, Origin, PartitionId};
use hoga_engine::instrument::{Asset, Catalogue};
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use std::sync::Arc;

const KRW: AssetId = AssetId(1);

fn scene() -> Scene {
    let krw = Asset { id: KRW, code: "KRW".into(), scale: 0, shown_scale: 0, faucet: None };
    let mut catalogue = Catalogue::default();
    catalogue.assets.insert(KRW, krw);
    Scene { catalogue: Arc::new(catalogue), ..Scene::default() }
}

fn alice() -> EntityId {
    EntityId::Account(AccountId::new(PartitionId(6), 0))
}

/// A host with an account that has never had a command.
async fn host() -> Host {
    let mut host = Host::start().await.expect("actors");
    let account = Account::new(AccountId::new(PartitionId(6), 0), "alice", Time(1));
    host.insert(alice(), Entity::Account(Box::new(account)));
    host
}

fn request(nth: u64, request: AccountRequest) -> Slice {
    let id = ClientId::parse(&format!("request-{nth}")).expect("it keeps the rule");
    let origin = Origin { node: 1, incarnation: 1, request: nth };
    let envelope = Envelope { origin, id, body_hash: nth, sent_at: None };
    let command = EntityCommand::Request(envelope, request);
    Slice::new(alice(), vec![Step { place: 0, at: Time(nth), command }])
}

fn deposit(nth: u64) -> Slice {
    request(nth, AccountRequest::Deposit { asset: KRW, amount: 100 })
}

fn ask(host: &mut Host, slice: Slice) -> Output {
    let mut done = host.run_here(vec![slice], &scene());
    done.remove(0).expect("it does not panic")
}

/// Chunks that are for others.
fn pass(host: &mut Host, chunks: u64) {
    for _ in 0..chunks {
        host.run_here(Vec::new(), &scene());
    }
}

fn pass_until_asleep(host: &mut Host) {
    while host.counts().1 > 0 {
        pass(host, 1);
    }
}

fn captured(host: &mut Host) -> Vec<(EntityId, Vec<u8>)> {
    host.begin_capture(Purpose::Snapshot);
    host.capture_some(Purpose::Snapshot, usize::MAX).0
}

fn available(host: &Host) -> Option<i128> {
    host.read(alice(), |entity| match entity {
        Entity::Account(account) => account.balance(KRW).available,
        _ => unreachable!("alice is an account"),
    })
}

#[tokio::test]
async fn an_account_that_sleeps_between_its_requests_comes_to_the_same() {
    let (mut busy, mut sleepy) = (host().await, host().await);
    for nth in 1..20 {
        // Now and then a request that was made before.
        let slice = || match nth {
            1 => request(nth, AccountRequest::Open),
            7 | 13 => deposit(nth - 3),
            _ => deposit(nth),
        };
        assert_eq!(ask(&mut busy, slice()), ask(&mut sleepy, slice()));
        pass_until_asleep(&mut sleepy);
        assert_eq!(available(&busy), available(&sleepy));
        assert_eq!(captured(&mut busy), captured(&mut sleepy));
    }
    assert_eq!((busy.counts(), sleepy.counts()), ((1, 1), (1, 0)));
}

#[tokio::test]
async fn a_snapshot_has_the_account_as_it_slept_when_it_is_woken_meanwhile() {
    let mut host = host().await;
    ask(&mut host, request(1, AccountRequest::Open));
    pass_until_asleep(&mut host);
    let before = captured(&mut host);
    host.begin_capture(Purpose::Snapshot);
    ask(&mut host, deposit(2));
    assert_eq!(host.capture_some(Purpose::Snapshot, usize::MAX).0, before);
    assert_ne!(captured(&mut host), before);
}

#[tokio::test]
async fn who_is_asked_now_and_then_stays_awake_and_who_remembers_more_stays_so_for_longer() {
    let mut host = host().await;
    ask(&mut host, request(1, AccountRequest::Open));
    for nth in 2..64 {
        pass(&mut host, IDLE_CHUNKS - 1);
        ask(&mut host, deposit(nth));
        assert_eq!(host.counts().1, 1, "it was asked {nth} times");
    }
    pass(&mut host, 2 * IDLE_CHUNKS);
    assert_eq!(host.counts().1, 1, "unfolding it is worth more than that");
    pass_until_asleep(&mut host);
    let again = ask(&mut host, deposit(63)).effects;
    assert!(
        matches!(again[..], [Effect::Again(_, Answer::Balance { available: 6_200, .. })]),
        "{again:?}"
    );
}
