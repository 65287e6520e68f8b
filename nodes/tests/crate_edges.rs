//! Who may know whom: the crates' dependencies are those that ARCHITECTURE.md draws.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// Each crate of ours with those of ours that it may build on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("hoga-engine", &[]),
    ("hoga-actors", &["hoga-engine"]),
    ("hoga-cluster", &["hoga-engine", "hoga-actors", "hoga-proto"]),
    ("hoga-proto", &["hoga-engine"]),
    ("hoga-scenarios", &["hoga-engine"]),
    ("hoga-chaos", &["hoga-engine", "hoga-actors", "hoga-cluster", "hoga-proto", "hoga-scenarios"]),
    ("hoga-auditor", &[]),
    (
        "hoga",
        &[
            "hoga-engine",
            "hoga-actors",
            "hoga-cluster",
            "hoga-proto",
            "hoga-scenarios",
            "hoga-chaos",
            // Only to be called as a program: see ADR 0090.
            "hoga-auditor",
        ],
    ),
];

/// What the pure core must never be able to reach.
const NOT_IN_THE_ENGINE: &[&str] = &["tokio", "ractor", "tonic", "sled", "redis", "rand", "fjall"];

fn packages() -> BTreeMap<String, Vec<String>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let args =
        ["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path", root];
    let output = Command::new(env!("CARGO")).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let named = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
        // Dependencies of tests may go anywhere.
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let built = dependencies.filter(|dependency| dependency["kind"] != "dev").map(named);
        (named(package), built.collect())
    });
    packages.collect()
}

#[test]
fn every_crate_knows_only_those_below_it() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let packages = packages();
    assert_eq!(
        packages.keys().map(String::as_str).collect::<Vec<_>>(),
        allowed.keys().copied().collect::<Vec<_>>(),
        "a crate came or went: say here what it may know"
    );
    for (package, dependencies) in &packages {
        for dependency in dependencies.iter().filter(|name| packages.contains_key(*name)) {
            assert!(
                allowed[package.as_str()].contains(&dependency.as_str()),
                "{package} must not know {dependency}"
            );
        }
    }
}

#[test]
fn the_engine_has_no_runtime_no_disk_and_no_dice() {
    let packages = packages();
    for dependency in &packages["hoga-engine"] {
        let name = dependency.as_str();
        assert!(!NOT_IN_THE_ENGINE.contains(&name), "hoga-engine must not know {name}");
    }
}
