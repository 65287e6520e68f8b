//! What damage on the disk does to a real data directory: a torn tail is cut, anything else in
//! the log is refused by name, a damaged snapshot makes way for the one before. Never a guess.

#![allow(clippy::unwrap_used)]

mod rig;

use hoga_proto::v1::TakeSnapshotRequest;
use hoga_proto::v1::admin_service_client::AdminServiceClient;
use rig::{Exchange, Ran, hoga};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Writes of the log start on multiples of this.
const BLOCK: usize = 4096;

/// A directory in which alice has three bids, acknowledged and settled, killed without a word.
fn with_three_bids() -> TempDir {
    let exchange = Exchange::up();
    for price in ["700", "701", "702"] {
        bid(&exchange, price);
    }
    exchange.kill()
}

#[track_caller]
fn bid(exchange: &Exchange, price: &str) {
    exchange.hoga(&["--as", "alice", "buy", "1", "LPJ-KRW", "@", price]).ended(0);
}

/// What alice has open, by price.
fn bids(exchange: &Exchange) -> Vec<String> {
    let orders = exchange.json("alice", &["orders"]);
    let orders = orders["orders"].as_array().expect("a list");
    let price = |order: &Value| order["price"]["value"].as_str().expect("a price").to_owned();
    let mut prices: Vec<String> = orders.iter().map(price).collect();
    prices.sort();
    prices
}

fn segment(data: &Path, number: u64) -> PathBuf {
    data.join("log").join(format!("{number:016}.seg"))
}

/// Where the last block with anything in it begins.
fn last_block(file: &Path) -> usize {
    let bytes = fs::read(file).unwrap();
    let is_written = |block: &[u8]| block.iter().any(|byte| *byte != 0);
    bytes.chunks(BLOCK).rposition(is_written).expect("something was written") * BLOCK
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

fn flip(file: &Path, at: usize) {
    change(file, |bytes| bytes[at] ^= 0x10);
}

fn verify(data: &TempDir) -> Ran {
    hoga(&["--json", "verify", data.path().to_str().unwrap()])
}

/// A start that has to fail.
fn start(data: &TempDir) -> Ran {
    hoga(&["up", "--json", "--port", "0", "--data", data.path().to_str().unwrap()])
}

/// Cut: the directory verifies, serves, and has what was acknowledged before its last write.
#[track_caller]
fn is_cut(data: TempDir) {
    assert_eq!(verify(&data).ended(0).json()["ok"], true);
    let exchange = Exchange::up_in(data);
    assert!(bids(&exchange).contains(&"700".to_owned()), "{:?}", bids(&exchange));
    // And goes on.
    bid(&exchange, "703");
    let again = Exchange::up_in(exchange.kill());
    assert!(bids(&again).contains(&"703".to_owned()));
    assert_eq!(verify(&again.kill()).ended(0).json()["ok"], true);
}

/// Refused, by the exchange and by `verify`, with all of these words.
#[track_caller]
fn is_refused(data: &TempDir, words: &[&str]) {
    for ran in [verify(data).ended(1), start(data).ended(1)] {
        for word in words {
            assert!(ran.err.contains(word), "no `{word}` in {ran:#?}");
        }
    }
}

#[test]
fn a_flipped_bit_in_the_last_write_is_a_torn_tail() {
    let data = with_three_bids();
    let file = segment(data.path(), 1);
    flip(&file, last_block(&file) + 40);
    is_cut(data);
}

#[test]
fn a_last_write_that_is_there_in_part_is_a_torn_tail() {
    let data = with_three_bids();
    let file = segment(data.path(), 1);
    let last = last_block(&file);
    change(&file, |bytes| bytes[last + 24..].fill(0));
    is_cut(data);
}

#[test]
fn a_flipped_bit_with_later_writes_behind_it_is_refused_with_its_place() {
    let data = with_three_bids();
    let file = segment(data.path(), 1);
    // In the founding of the market, which many writes follow.
    flip(&file, 3 * BLOCK + 40);
    // The first frame of that write stands behind the write's own header.
    let place = format!("damaged in segment 1 at byte {}", 3 * BLOCK + 32);
    is_refused(&data, &[&place, "affected: partition"]);
}

#[test]
fn a_segment_that_lost_its_end_is_refused() {
    let data = with_three_bids();
    let file = segment(data.path(), 1);
    let end = 8 * BLOCK;
    assert!(end < last_block(&file), "something behind it was acknowledged");
    change(&file, |bytes| bytes.truncate(end));
    is_refused(&data, &["segment 1"]);
}

/// Takes a snapshot of every partition, as an operator.
fn snapshot(exchange: &Exchange) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Channel::from_shared(exchange.url.clone()).unwrap().connect().await.unwrap();
        let token = |mut request: Request<()>| -> Result<Request<()>, Status> {
            let bearer = "Bearer dev:operator".parse().unwrap();
            request.metadata_mut().insert("authorization", bearer);
            Ok(request)
        };
        let mut admin = AdminServiceClient::with_interceptor(channel, token);
        admin.take_snapshot(TakeSnapshotRequest::default()).await.unwrap();
    });
}

/// Two generations of snapshots, a bid before each and one after.
fn with_two_generations() -> TempDir {
    let exchange = Exchange::up();
    for price in ["700", "701"] {
        bid(&exchange, price);
        snapshot(&exchange);
    }
    bid(&exchange, "702");
    exchange.kill()
}

/// The generations of each partition that has two, newest last.
fn generations(data: &Path) -> Vec<Vec<PathBuf>> {
    let below = |directory: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let partitions = below(&data.join("snapshots")).into_iter();
    partitions.map(|partition| below(&partition)).filter(|found| found.len() == 2).collect()
}

/// Flips a bit in the middle of every file of a generation that has anything in it.
fn spoil(generation: &Path) {
    let file = generation.join("db");
    let bytes = fs::read(&file).unwrap();
    // What sled has written of the state, not the zeros that it made room with.
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    flip(&file, end / 2);
    flip(&file, end);
}

#[test]
fn damaged_snapshots_make_way_for_the_ones_before() {
    let data = with_two_generations();
    let found = generations(data.path());
    assert!(!found.is_empty(), "no partition has two generations");
    for partition in &found {
        spoil(&partition[1]);
    }
    let verified = verify(&data).ended(0).json();
    let of_partitions = verified["partitions"].as_array().unwrap().iter();
    let damaged = of_partitions.filter(|partition| partition["damaged_snapshots"].is_array());
    assert_eq!((&verified["ok"], damaged.count()), (&Value::Bool(true), found.len()));
    let exchange = Exchange::up_in(data);
    assert_eq!(bids(&exchange), ["700", "701", "702"]);
    bid(&exchange, "703");
    let again = Exchange::up_in(exchange.kill());
    assert_eq!(bids(&again), ["700", "701", "702", "703"]);
}

#[test]
fn no_whole_snapshot_is_refused_with_its_directory() {
    let data = with_two_generations();
    for generation in generations(data.path()).into_iter().flatten() {
        spoil(&generation);
    }
    is_refused(&data, &["snapshots"]);
}

#[test]
fn a_history_that_is_gone_is_not_begun_anew_without_a_word() {
    let data = with_two_generations();
    fs::remove_dir_all(data.path().join("history")).unwrap();
    is_refused(&data, &["has no history any more", "make an empty"]);
    fs::create_dir(data.path().join("history")).unwrap();
    let exchange = Exchange::up_in(data);
    assert_eq!(bids(&exchange), ["700", "701", "702"], "what is open is in the state");
}
