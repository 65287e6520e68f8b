//! Tapes, restarts and verification from the command line.

mod rig;

use hoga_cluster::log::DirLock;
use rig::hoga;
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

/// Three orders and a cancel: 5 lots trade at 100, 2 stay open at 101.
const FLOW: &str = "seq,op,id,side,price,qty,delta,acct\n\
                    1,A,1,S,100,5,5,1\n\
                    2,A,2,S,101,4,4,2\n\
                    3,I,3,B,101,7,0,3\n\
                    4,C,2,S,101,2,-2,2\n";

fn flow(text: &str) -> (TempDir, String) {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("flow.csv");
    std::fs::write(&path, text).expect("a file");
    let path = path.display().to_string();
    (dir, path)
}

#[test]
fn a_flow_is_replayed_through_the_book_and_through_an_exchange() {
    let (_dir, path) = flow(FLOW);
    let alone = hoga(&["replay", "--format", "flow", "--data", &path, "--json"]).ended(0).json();
    assert_eq!((&alone["operations"], &alone["trades"]), (&4.into(), &2.into()), "{alone}");
    assert_eq!((&alone["traded_qty"], &alone["book_orders"]), (&7.into(), &0.into()), "{alone}");
    assert_eq!((&alone["ok"], &alone["exchange"]), (&true.into(), &Value::Null));

    let args = ["replay", "--format", "flow", "--data", &path, "--through", "exchange", "--json"];
    let through = hoga(&args).ended(0).json();
    for field in ["operations", "trades", "traded_qty", "trades_fnv", "book_orders", "book_fnv"] {
        assert_eq!(alone[field], through[field], "{field}");
    }
    let exchange = &through["exchange"];
    assert_eq!(exchange["differences"], 0, "{through}");
    assert_eq!(exchange["events"], 7, "two trades and five levels: {through}");
    assert!(exchange["messages_per_second"].as_f64().is_some_and(|rate| rate > 0.0));
    hoga(&args[..7]).ended(0).said("0 of 7 trades and levels differ").said("reproduced");
}

#[test]
fn a_flow_that_tells_another_state_is_not_reproduced() {
    let (_dir, path) = flow(&FLOW.replace("4,C,2,S,101,2,-2,2", "4,C,2,S,101,3,-3,2"));
    let args = ["replay", "--format", "flow", "--data", &path];
    hoga(&args).ended(6).said("NOT reproduced").complained("is not reproduced");
    hoga(&[&args[..], &["--through", "exchange"]].concat()).ended(6).said("0 refused");
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let (_dir, path) = flow(&FLOW.replace("3,I,3,B", "3,X,3,B"));
    let replay = |path: &str| hoga(&["replay", "--format", "flow", "--data", path]);
    replay(&path).ended(1).complained(":4: field op is `X`; it is one of A, I, C, M");
    replay("/nowhere/flow.csv").ended(3).complained("/nowhere/flow.csv cannot be read");
    hoga(&["replay", "--format", "tape", "--data", &path]).ended(2).complained("possible values");
    hoga(&["replay", "--format", "lobster", "--data", &path]).ended(1).complained("zip archive");
}

fn history(dir: &Path) -> String {
    let dir = dir.join("node").display().to_string();
    let size = ["--commands", "300", "--accounts", "5", "--rounds", "1"];
    let bench = [&["bench", "replay", "--json", "--data", &dir][..], &size[..]].concat();
    let report = hoga(&bench).ended(0).json();
    assert_eq!(report["bench"], "replay");
    assert!(report["result"]["rate"].as_f64().is_some_and(|rate| rate > 0.0), "{report}");
    dir
}

#[test]
fn a_directory_is_verified_unless_somebody_works_on_it() {
    let dir = TempDir::new().expect("a directory");
    let data = history(dir.path());
    hoga(&["verify", &data]).ended(0).said("LOG-3").said("partition 11");
    let report = hoga(&["verify", "--json", &data]).ended(0).json();
    assert_eq!(report["ok"], true, "{report}");
    let partitions = report["partitions"].as_array().expect("partitions");
    assert_eq!(partitions.len(), 12);
    let fields = ["id", "first_index", "last_index", "snapshot_index", "state_hash", "ok"];
    for partition in partitions {
        assert!(fields.iter().all(|field| partition.get(field).is_some()), "{partition}");
        assert_eq!(partition["state_hash"], partition["replayed_hash"]);
    }

    let _lock = DirLock::acquire(&Path::new(&data).join("log")).expect("nobody has it");
    let holder = format!("in use by process {}", std::process::id());
    hoga(&["verify", &data]).ended(1).complained(&holder);
}

#[test]
fn what_is_no_data_directory_is_not_verified() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().display().to_string();
    hoga(&["verify", &path]).ended(3).complained("it has no node.json");
    assert_eq!(std::fs::read_dir(dir.path()).expect("it stands").count(), 0, "nothing is made");
    hoga(&["verify", "/nowhere"]).ended(3).complained("/nowhere is no directory");
}

#[test]
fn a_benchmark_says_what_it_needs() {
    hoga(&["bench", "replay", "--commands", "0"]).ended(1).complained("at least one command");
    hoga(&["bench", "weather"]).ended(2).complained("unrecognized subcommand");
    let book = hoga(&["bench", "book", "--operations", "20000", "--rounds", "1"]).ended(0);
    book.said("bare book").complained("not a release build");
}
