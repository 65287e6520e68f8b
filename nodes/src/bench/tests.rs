//! The figures rest on two books that do the same.

use super::book::{Flow, Options, Real, run};
use super::floor::Floor;
use super::{median, ranking};
use hoga_scenarios::replay::flow_source::Shape;
use serde::Serialize;

fn options(shape: Shape) -> Options {
    Options { shape, operations: 30_000, rounds: 2, ..Options::default() }
}

#[test]
fn floor_and_book_trade_alike() {
    for shape in [Shape::Default, Shape::Deep] {
        let flow = Flow::generate(&options(shape));
        let mut floor = Floor::new(17);
        let mut real = Real::default();
        for (at, (one, other)) in flow.for_floor.iter().zip(&flow.for_book).enumerate() {
            floor.perform(one);
            real.perform(other);
            let ours = (real.heard.trades, real.heard.traded);
            assert_eq!(ours, (floor.trades, floor.traded), "operation {at}: {one:?}");
        }
        assert!(floor.trades > 50, "the flow trades");
    }
}

#[test]
fn a_report_has_the_documented_fields() {
    let report = run(options(Shape::Default)).expect("floor and book agree");
    has_the_documented_fields(&report);
    assert!(report.ratio > 0.0 && report.ratios.len() == 2);
    assert!(report.to_string().contains("p99.9"), "{report}");
}

#[test]
fn a_ranking_has_the_documented_fields_and_its_figures() {
    let options = ranking::Options { accounts: 30_000, rounds: 2 };
    let report = ranking::run(&options).expect("every account has its rank");
    has_the_documented_fields(&report);
    assert!(report.figures.iter().all(|figure| figure.result > 0.0), "{report}");
    let [few, none] =
        [(1, 1), (2, 0)].map(|(accounts, rounds)| ranking::Options { accounts, rounds });
    assert!(ranking::run(&few).is_err() && ranking::run(&none).is_err());
}

fn has_the_documented_fields(report: &impl Serialize) {
    let json = serde_json::to_value(report).expect("a report is JSON");
    for path in [
        "/bench",
        "/workload",
        "/machine/cores",
        "/machine/cpu",
        "/machine/load_before",
        "/floor/name",
        "/floor/rate",
        "/floor/p50_us",
        "/floor/p99_us",
        "/result/rate",
        "/result/p50_us",
        "/result/p99_us",
        "/result/p999_us",
        "/ratio",
        "/commit",
    ] {
        assert!(json.pointer(path).is_some(), "{path} is missing in {json}");
    }
}

#[test]
fn nothing_to_measure_is_refused() {
    assert!(run(Options { operations: 0, ..options(Shape::Default) }).is_err());
    assert!(run(Options { rounds: 0, ..options(Shape::Default) }).is_err());
}

#[test]
fn the_median_is_the_middle() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0]), 1.0);
    assert!(median(&[]).is_nan());
}
