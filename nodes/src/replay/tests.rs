//! Tapes through a whole exchange.

use super::{ThroughReport, found, through};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::topology::Topology;
use hoga_scenarios::replay::flow_script;
use hoga_scenarios::replay::flow_source::{FlowSource, SEED, Shape};
use hoga_scenarios::replay::lobster;
use hoga_scenarios::replay::script::{Said, Script, Step};
use sha2::{Digest, Sha256};
use std::path::Path;

const RECORDED: &str = "lobster_goog_l10_fullday/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip";
const RECORDED_SHA256: &str = "2fa66b61c7c4d4cd3f19180aaa7f5937a26355f81b2ac8e4a84e36550e8dde4a";

fn flow(operations: u64) -> (Script, Vec<String>) {
    let source = FlowSource::new(Shape::Default, SEED, operations);
    let written = flow_script::write(source.map(Ok)).expect("a generated flow has no mistakes");
    let accounts = (0..written.accounts).map(|n| format!("user-{n}")).collect();
    (written.script, accounts)
}

fn sent(script: &Script, accounts: &[String]) -> ThroughReport {
    through(script, accounts, &mut |_, _| {}).expect("the exchange stands")
}

#[test]
fn a_flow_gives_the_same_trades_and_levels_as_the_bare_book() {
    let (script, accounts) = flow(20_000);
    let mut last = (0, 0);
    let report = through(&script, &accounts, &mut |done, all| last = (done, all));
    let report = report.expect("the exchange stands");
    assert!(report.ok, "{report:?}");
    assert_eq!((report.operations, report.refused), (20_000, 0));
    assert_eq!(last, (20_000, 20_000), "progress comes to its end");
    assert!(report.events > 20_000 && report.log_fsyncs > 0, "{report:?}");
}

#[test]
fn a_book_that_says_something_else_is_noticed() {
    let (mut script, accounts) = flow(300);
    let middle = script.said.len() / 2;
    match &mut script.said[middle] {
        Said::Trade { quantity, .. } | Said::Level { quantity, .. } => *quantity += Lots(1),
    }
    let report = sent(&script, &accounts);
    assert_eq!((report.differences, report.ok), (1, false), "{report:?}");
    let first = report.first_difference.expect("the difference is shown");
    assert!(first.starts_with(&format!("event {}: ", middle + 1)), "{first}");

    let (mut script, accounts) = flow(300);
    script.said.push(Said::Level {
        side: hoga_engine::order::Side::Buy,
        price: Ticks(1),
        quantity: Lots(1),
    });
    let report = sent(&script, &accounts);
    let first = report.first_difference.expect("what is missing is shown");
    assert!(first.contains("the exchange is silent") && report.differences == 1, "{first}");
}

#[test]
fn a_step_that_the_exchange_refuses_is_counted() {
    let (mut script, accounts) = flow(300);
    let stranger = Step::Cancel { order: script.steps[0].order() };
    script.steps.extend([stranger, stranger]);
    let report = sent(&script, &accounts);
    assert!(report.refused >= 1 && !report.ok, "{report:?}");
    assert!(report.first_refusal.is_some_and(|why| why.starts_with("step 30")));
}

#[test]
fn an_order_is_amended_more_often_than_an_account_lets_wait() {
    let (mut script, accounts) = flow(1);
    let order = script.steps[0].order();
    let Step::Place { quantity, side, limit, .. } = script.steps[0] else { panic!("an order") };
    for more in 1..=100 {
        let total = quantity + Lots(more);
        script.steps.push(Step::Amend { order, total, limit: None });
        script.said.push(Said::Level { side, price: limit, quantity: Lots(0) });
        script.said.push(Said::Level { side, price: limit, quantity: total });
    }
    let report = sent(&script, &accounts);
    assert!(report.ok && report.pauses > 5, "{report:?}");
}

#[test]
fn all_accounts_live_in_one_partition() {
    let topology = Topology::default();
    let wanted: Vec<String> = (0..200).map(|n| format!("user-{n}")).collect();
    let names = found::names(topology, &wanted);
    let partition = topology.account_partition(&names[0]);
    assert!(names.iter().all(|name| topology.account_partition(name) == partition));
    assert!(wanted.iter().zip(&names).all(|(wanted, name)| name.starts_with(wanted)));
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 200);
}

#[test]
fn the_recorded_day_goes_through_the_exchange() {
    let Some(data) = std::env::var_os("HOGA_DATA") else {
        eprintln!("SKIPPED: HOGA_DATA is not set; the recorded NASDAQ day was NOT sent through");
        return;
    };
    let path = Path::new(&data).join(RECORDED);
    let bytes = std::fs::read(&path).expect("HOGA_DATA names a folder with the recorded day");
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, RECORDED_SHA256, "{} is another file", path.display());
    let orders = lobster::orders(&path, |_, _| {}).expect("it reads");
    let accounts: Vec<String> = orders.accounts.iter().map(|&name| name.to_owned()).collect();
    let report = sent(&orders.script, &accounts);
    assert!(report.ok && orders.book_mismatches == 0, "{report:?}");
    eprintln!("{:.0} operations/s, {report:?}", report.operations_per_second);
}
