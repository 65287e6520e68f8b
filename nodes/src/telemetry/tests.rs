//! Names, dashboards and rules agree with what is exported.

use super::Registry;
use super::names::METRICS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Words of a text that are metrics of ours, without what Prometheus appends to histograms.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("hoga_"));
    let bare = |word: &str| {
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|suffix| {
                let bare = word.strip_suffix(suffix)?;
                bare.ends_with("_seconds").then(|| bare.to_owned())
            })
            .unwrap_or_else(|| word.to_owned())
    };
    ours.map(bare).collect()
}

#[test]
fn dashboards_and_rules_name_only_what_is_exported() {
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops");
    let mut found = 0;
    for entry in fs::read_dir(folder).expect("nodes/ops exists") {
        let path = entry.expect("it can be listed").path();
        let text = fs::read_to_string(&path).expect("it is text");
        for name in named(&text) {
            assert!(known.contains(&*name), "{}: {name} is not exported", path.display());
            found += 1;
        }
    }
    assert!(found > 10, "only {found} metrics named: is the scan right?");
}

#[test]
fn every_recorded_name_is_described() {
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let recording = [
        "nodes/src/gateway",
        "nodes/src/telemetry",
        "nodes/src/upstream",
        "cluster/src",
        "actors/src",
    ];
    let sources: Vec<String> = recording
        .iter()
        .flat_map(|folder| sources(&root.join(folder)))
        .map(|path| fs::read_to_string(path).expect("a source can be read"))
        .collect();
    // Metrics are named in literals: every other piece between quotes.
    let literals = sources.iter().flat_map(|source| source.split('"').skip(1).step_by(2));
    let recorded: BTreeSet<String> = literals.flat_map(named).collect();
    for name in &recorded {
        assert!(known.contains(&**name), "{name} has no description");
    }
    for name in known {
        assert!(recorded.contains(name), "{name} is described and never recorded");
    }
}

/// Files that record: all but the list of names, and tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let records = !name.contains("tests") && name != "names.rs";
        if path.is_dir() && records {
            files.extend(sources(&path));
        } else if records {
            files.push(path);
        }
    }
    files
}

#[test]
fn names_keep_the_rules_of_prometheus() {
    for metric in METRICS {
        let is_counter = metric.kind == super::names::Kind::Counter;
        assert_eq!(metric.name.ends_with("_total"), is_counter, "{}", metric.name);
        assert!(metric.help.ends_with('.'), "{}", metric.name);
    }
}

#[test]
fn the_page_says_which_version_runs() {
    let registry = Registry::install().expect("the buckets are fine");
    let page = registry.page();
    assert!(page.contains("hoga_build_info{version="), "{page}");
    assert!(page.contains("hoga_invariant_violations_total{id=\"CASH-2\"} 0"), "{page}");
}
