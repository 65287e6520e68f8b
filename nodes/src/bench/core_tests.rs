//! The core's figures rest on trades that are those of the flow.

use super::super::book::{Flow, Options};
use super::{Exchange, Given, digest, run};
use hoga_scenarios::replay::flow::FlowRun;
use hoga_scenarios::replay::flow_source::{FlowSource, Shape};
use std::time::Instant;

fn options(shape: Shape) -> Options {
    Options { shape, operations: 30_000, rounds: 1, ..Options::default() }
}

#[test]
fn the_core_makes_the_trades_of_the_bare_book() {
    for shape in [Shape::Default, Shape::Deep] {
        let options = options(shape);
        let mut bare = FlowRun::default();
        let source = FlowSource::new(shape, options.seed, options.operations);
        source.for_each(|operation| bare.apply(&operation));
        let bare = bare.finish(Instant::now());
        assert!(bare.trades > 50, "the flow trades");
        assert_eq!(digest(&Flow::generate(&options)), bare.trades_fnv);
    }
}

#[test]
fn every_trade_settles_twice_with_two_rows_each() {
    let flow = Flow::generate(&options(Shape::Default));
    let mut exchange = Exchange::open(Given::default());
    let deposits = exchange.pit.tap().ledger_rows;
    exchange.perform_all(&flow.for_book);
    let given = *exchange.pit.tap();
    assert_eq!(given.fills, 2 * given.trades);
    assert_eq!(given.ledger_rows - deposits, 4 * given.trades);
    assert_eq!(given.rejected, 0);
}

#[test]
fn a_run_reports_both_sides() {
    let report = run(options(Shape::Default)).expect("floor and core agree");
    assert_eq!(report.bench, "core");
    assert!(report.ratio > 0.0 && report.result.p99_us >= report.result.p50_us);
}
