//! Named sessions: whoever loses their client or their gateway has nothing left in the market.

use crate::market::{Market, WITHIN};
use crate::several::{Ground, stop_all};
use hoga_cluster::partition::{SessionRef, Trace};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::order::Side;
use std::time::{Duration, Instant};

impl Market {
    async fn open_session(&self, account: &str, id: &str) -> SessionRef {
        let id = ClientId::parse(id).unwrap();
        let reply = self.exchange.open_session(account, id, true, Trace::default(), WITHIN).await;
        let Ok(Answer::SessionOpened { epoch }) = reply.answer else { panic!("{reply:?}") };
        SessionRef { account: account.into(), id, epoch }
    }

    async fn open_orders(&self, account: &str) -> usize {
        let count =
            |account: &hoga_engine::account::Account, _: &_, _| account.open_orders().count();
        self.exchange.account(account, None, Vec::new(), count).await.unwrap()
    }

    /// Waits until the account has no orders.
    async fn until_swept(&self, account: &str) {
        let began = Instant::now();
        while self.open_orders(account).await > 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "its orders are still there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_lost_client_are_cancelled_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    for name in ["alice", "bob"] {
        market.account(name, "1000000", "0").await;
        market.limit(name, "b1", Side::Buy, 2, 600).await.unwrap();
    }
    let session = market.open_session("alice", "desk").await;
    let partition = market.exchange.topology().account_partition("alice");
    let lost = Instant::now();
    let heard = market.exchange.attend(partition, vec![session], WITHIN).await;
    assert_eq!(heard.answer, Ok(Answer::Done));
    market.until_swept("alice").await;
    let after = lost.elapsed();
    assert!(after > Duration::from_secs(4), "cancelled after {after:?}");
    assert_eq!(market.open_orders("bob").await, 1);
    market.assert_conserved().await;
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_lost_gateway_are_cancelled_by_whoever_leads() {
    let ground = Ground::new(3);
    let mut nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[2].limit("alice", "b1", Side::Buy, 2, 600).await.unwrap();
    nodes[2].open_session("alice", "desk").await;
    let lost = nodes.pop().unwrap();
    lost.exchange.stop().await;
    drop(lost);
    nodes[0].until_swept("alice").await;
    assert_eq!(nodes[1].open_orders("alice").await, 0);
    stop_all(&nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_account_is_resumed_through_any_node() {
    let ground = Ground::new(3);
    let nodes = ground.start_all().await;
    nodes[0].account("alice", "1000000", "0").await;
    nodes[0].limit("alice", "poison:always-2", Side::Buy, 2, 600).await.unwrap_err();
    let partition = nodes[0].exchange.topology().account_partition("alice");
    for node in &nodes {
        let suspended = |core: &hoga_cluster::partition::Core, _| {
            core.suspended().keys().copied().collect::<Vec<_>>()
        };
        let suspended = node.exchange.core(partition, suspended).await.unwrap();
        let [entity] = suspended[..] else { panic!("{suspended:?}") };
        node.resume(partition, entity).await;
        let again = format!("poison:always-{}", node.exchange.options().node + 2);
        node.limit("alice", &again, Side::Buy, 3, 600).await.unwrap_err();
    }
    stop_all(&nodes).await;
}
