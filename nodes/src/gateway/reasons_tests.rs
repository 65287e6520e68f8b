//! Code, table and document say the same.

use super::{CANCELS, NOTICES, SNAPSHOTS, all};
use hoga_engine::client_id::ClientId;
use hoga_engine::notice::{Notice, NoticeOf};
use hoga_engine::order::CancelReason;
use hoga_engine::time::Time;
use hoga_proto::v1;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The document, as the table makes it.
fn document() -> String {
    let mut text = String::from(
        "# Reasons\n\nEvery refusal carries a `google.rpc.ErrorInfo` with the domain `hoga` and \
         one of these reasons. They are stable: programs may rely on them. `hoga explain REASON` \
         prints the rule.\n\nThe first ones are the rules of trading, in the order in which a new \
         order is checked.\n\n| reason | code | rule |\n|---|---|---|\n",
    );
    for row in all() {
        let code = format!("{:?}", row.code);
        writeln!(text, "| `{}` | {} | {} |", row.reason, upper_snake(&code), row.rule)
            .expect("a string takes everything");
    }
    text.push_str(
        "\n## Why open quantity went\n\nAn order's `reason` says why open quantity left the book \
         without a trade.\n\n| reason | meaning |\n|---|---|\n",
    );
    for (reason, meaning) in CANCELS {
        writeln!(text, "| `{reason}` | {meaning} |").expect("a string takes everything");
    }
    text.push_str(
        "\n## Notices\n\nWhat an account's owner is told on the channel `notices`, by the \
         notice's `reason`.\n\n| reason | meaning |\n|---|---|\n",
    );
    for (reason, meaning) in NOTICES {
        writeln!(text, "| `{reason}` | {meaning} |").expect("a string takes everything");
    }
    text.push_str(
        "\n## Why a snapshot was sent\n\nThe `reason` of a stream's snapshot, behind \
         `SNAPSHOT_REASON_`.\n\n| reason | meaning |\n|---|---|\n",
    );
    for (reason, meaning) in SNAPSHOTS {
        writeln!(text, "| `{reason}` | {meaning} |").expect("a string takes everything");
    }
    text
}

/// `FailedPrecondition` as gRPC writes it.
fn upper_snake(camel: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in camel.chars().enumerate() {
        if at > 0 && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_uppercase());
    }
    snake
}

#[test]
fn the_document_has_the_table() {
    let path = root().join("docs/reasons.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, document()).expect("the document can be written");
    }
    let written = fs::read_to_string(&path).expect("docs/reasons.md exists");
    assert_eq!(written, document(), "run the test with UPDATE_GOLDEN=1 and look at the difference");
}

#[test]
fn a_reason_stands_once_and_is_upper_snake() {
    let mut seen = BTreeSet::new();
    for row in all() {
        assert!(seen.insert(row.reason), "{} stands twice", row.reason);
        assert!(row.reason.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{}", row.reason);
        assert!(row.rule.ends_with('.'), "{}: a rule is a sentence", row.reason);
    }
}

#[test]
fn every_way_to_lose_open_quantity_is_listed() {
    let ways = [
        CancelReason::Requested,
        CancelReason::NoLiquidity,
        CancelReason::NotFilledWhole,
        CancelReason::SelfMatch,
        CancelReason::AmountSpent,
        CancelReason::OtherLeg,
        CancelReason::Expired,
        CancelReason::MarketClosed,
        CancelReason::Interrupted,
        CancelReason::HouseCannotPay,
        CancelReason::Disconnected,
    ];
    let listed: Vec<&str> = CANCELS.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(ways.map(hoga_proto::convert::order::cancel_reason).as_slice(), listed);
}

#[test]
fn every_notice_is_listed() {
    let session = ClientId::parse("desk").expect("it is an id");
    let all = [
        NoticeOf::SessionCancelled { session, orders: 2 },
        NoticeOf::KillSwitchEngaged { orders: 1 },
        NoticeOf::KillSwitchReleased,
        NoticeOf::AccountReset,
    ];
    let shown = all.map(|of| {
        let notice = Notice { sequence: 1, time: Time(1), of };
        hoga_proto::convert::notice::notice(&notice, "alice").reason
    });
    let listed: Vec<&str> = NOTICES.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(shown.as_slice(), listed);
}

#[test]
fn every_reason_of_a_snapshot_is_listed() {
    let listed = (1..).map_while(|number| v1::SnapshotReason::try_from(number).ok());
    let listed: Vec<&str> = listed.map(|reason| reason.as_str_name()).collect();
    let known = SNAPSHOTS.iter().map(|(reason, _)| format!("SNAPSHOT_REASON_{reason}"));
    assert_eq!(known.collect::<Vec<_>>(), listed);
}

/// Reasons are looked up by text; one that is in no table would panic when it is needed.
#[test]
fn every_reason_that_the_code_names_is_in_the_table() {
    let known: BTreeSet<&str> = all().map(|row| row.reason).collect();
    let mut found = 0;
    for folder in ["nodes/src/gateway", "nodes/src/auth", "proto/src/convert"] {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("a source can be read");
            for reason in named(&text) {
                assert!(known.contains(reason), "{}: {reason}", file.display());
                found += 1;
            }
        }
    }
    assert!(found > 20, "only {found} found: does the scan still fit the code?");
}

/// What stands first in a call of `refusal(`, and second in `Refusal::new(`.
fn named(text: &str) -> Vec<&str> {
    let literal = |rest: &'_ str| -> Option<(usize, usize)> {
        let start = rest.find('"')? + 1;
        Some((start, start + rest[start..].find('"')?))
    };
    let mut reasons = Vec::new();
    for call in ["refusal(", "Refusal::new("] {
        for (at, _) in text.match_indices(call) {
            let rest = &text[at + call.len()..];
            let Some((start, end)) = literal(rest) else { continue };
            // The literal has to be an argument of this call, not of a later one.
            let before = &rest[..start];
            if before.contains(';') || before.contains(')') || before.contains('{') {
                continue;
            }
            reasons.push(&rest[start..end]);
        }
    }
    reasons
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "tests" {
            files.extend(sources(&path));
        } else if name.ends_with(".rs") && !name.contains("tests") {
            files.push(path);
        }
    }
    files
}
