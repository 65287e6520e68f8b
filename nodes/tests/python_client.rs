//! A client that is none of ours: Python's grpcio from PyPI, knowing the wire by reflection alone.

#[path = "rig/mod.rs"]
mod rig;

use rig::Exchange;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const REQUIREMENTS: &str = include_str!("python/requirements.txt");

/// A Python with grpcio, made once and kept beside the build; none where it cannot be had.
fn python() -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-client");
    let (python, stamp) = (home.join("bin/python"), home.join("requirements.txt"));
    if std::fs::read_to_string(&stamp).is_ok_and(|made_with| made_with == REQUIREMENTS) {
        return Some(python);
    }
    ran(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let wanted = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/requirements.txt");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    ran(Command::new(&python).args(pip).args(["--retries", "1", "-r", wanted]))?;
    // Written last: a venv that was cut short has none, and is made anew.
    std::fs::write(stamp, REQUIREMENTS).expect("the build directory can be written");
    Some(python)
}

fn ran(command: &mut Command) -> Option<Output> {
    let output = command.output().ok()?;
    if !output.status.success() {
        eprintln!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success().then_some(output)
}

#[test]
fn a_python_client_finds_its_way() {
    let Some(python) = python() else {
        eprintln!("SKIPPED: no python3 with access to PyPI; the Python client was NOT tried");
        return;
    };
    let exchange = Exchange::up();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/place_order.py");
    let address = exchange.url.trim_start_matches("http://");
    let output = ran(Command::new(python).arg(script).args([address, "alice"]));
    let output = output.expect("the script ends well");
    let said: Value = serde_json::from_slice(&output.stdout).expect("one document");

    let services = said["services"].to_string();
    for service in ["OrderService", "AccountService", "MarketService", "RankingService"] {
        assert!(services.contains(&format!("hoga.v1.{service}")), "{services}");
    }
    assert!(services.contains("grpc.health.v1.Health"), "{services}");
    assert_eq!(said["placed"]["state"], "ORDER_STATE_OPEN", "{said}");
    assert_eq!(said["open"][0], said["placed"]["name"], "{said}");
    assert_eq!(said["refusal"]["code"], "INVALID_ARGUMENT", "{said}");
    // And the command line sees what Python did.
    let orders = exchange.json("alice", &["orders", "--open"]);
    assert_eq!(orders["orders"][0]["name"], said["placed"]["name"]);
}
