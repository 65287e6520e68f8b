//! How many orders a node takes end to end, settled. Run with
//! `cargo test --release -p hoga-cluster --test node -- --ignored --nocapture rate`.

use crate::market::{Market, WITHIN, identified};
use hoga_engine::order::Side;
use std::sync::Arc;
use std::time::Instant;

const ACCOUNTS: u32 = 1000;
const STREAMS: u32 = 16;
const ORDERS: u32 = 400_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, for release builds"]
async fn rate() {
    let dir = tempfile::tempdir().unwrap();
    let market = Arc::new(Market::found(dir.path()).await);
    for n in 0..ACCOUNTS {
        market.account(&format!("user{n}"), "100000000", "1000000").await;
    }
    let started = Instant::now();
    let mut streams = Vec::new();
    for stream in 0..STREAMS {
        let market = market.clone();
        streams.push(tokio::spawn(async move {
            let mut waiting = std::collections::VecDeque::new();
            for n in 0..ORDERS / STREAMS {
                let global = n * STREAMS + stream;
                let account = format!("user{}", (n * 61 % (ACCOUNTS / STREAMS)) * STREAMS + stream);
                let side = if global * 7 % 5 < 2 { Side::Buy } else { Side::Sell };
                let request = market.place(side, 1 + u64::from(n % 5), 765 + global * 13 % 21);
                let id = identified(&format!("o{global}"), 1);
                waiting.push_back(market.exchange.submit(&account, &id, request).unwrap());
                if waiting.len() >= 256 {
                    let (origin, answer) = waiting.pop_front().unwrap();
                    market.exchange.wait(origin, answer, WITHIN).await.answer.unwrap();
                }
            }
            for (origin, answer) in waiting {
                market.exchange.wait(origin, answer, WITHIN).await.answer.unwrap();
            }
        }));
    }
    for stream in streams {
        stream.await.unwrap();
    }
    let answered = started.elapsed();
    market.exchange.settled().await.unwrap();
    let settled = started.elapsed();
    let rate = |elapsed: std::time::Duration| f64::from(ORDERS) / elapsed.as_secs_f64();
    println!("answered {:.0}/s, settled {:.0}/s", rate(answered), rate(settled));
    println!("log {:?}", market.exchange.log().stats());
    market.assert_conserved().await;
    market.exchange.stop().await;
}
