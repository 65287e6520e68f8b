//! The generator makes the published flow; files give the same as the generator.

use super::super::flow_file::operations;
use super::super::flow_source::{FlowSource, SEED, Shape};
use super::{FlowReport, Kind, Operation, replay};
use hoga_engine::order::Side;
use std::io::Cursor;

const HEADER: &str = "seq,op,id,side,price,qty,delta,acct\n";

fn line(operation: &Operation) -> String {
    let Operation { sequence, order, price, quantity, delta, account, .. } = operation;
    let kind = match operation.kind {
        Kind::Limit => 'A',
        Kind::Immediate => 'I',
        Kind::Cancel => 'C',
        Kind::Amend => 'M',
    };
    let side = if operation.side == Side::Buy { 'B' } else { 'S' };
    format!("{sequence},{kind},{order},{side},{},{},{delta},{account}\n", price.0, quantity.0)
}

fn generated(shape: Shape, seed: u64, operations: u64) -> FlowReport {
    replay(FlowSource::new(shape, seed, operations).map(Ok)).expect("a generated flow is sound")
}

fn read(text: &str) -> Result<FlowReport, String> {
    let rows = operations("flow.csv".into(), Cursor::new(text)).map_err(|e| e.to_string())?;
    replay(rows).map_err(|error| error.to_string())
}

#[track_caller]
fn check(report: &FlowReport, trades: u64, trades_fnv: &str, orders: u64, book_fnv: &str) {
    assert_eq!((report.trades, report.book_orders), (trades, orders));
    assert_eq!((&*report.trades_fnv, &*report.book_fnv), (trades_fnv, book_fnv));
    assert!(report.ok, "every cancel and amend repeats the state of its order: {report:?}");
}

#[test]
fn the_default_flow_has_the_published_digests() {
    let report = generated(Shape::Default, SEED, 3_000_000);
    check(&report, 743_170, "c866c53889642bf1", 3_685, "1841165bd6458901");
}

#[test]
fn small_flows_and_other_seeds_have_their_digests() {
    let report = generated(Shape::Default, SEED, 20_000);
    check(&report, 3_813, "bd4faef5a015d502", 2_065, "4c144bfb66b8177c");
    let report = generated(Shape::Default, 7, 500_000);
    check(&report, 122_472, "b53c751c3f23df8c", 2_815, "30f35c20ab0e2cda");
    let report = generated(Shape::Deep, 99, 20_000);
    check(&report, 93, "56bd56e90fe539b4", 19_907, "92b2266e85884463");
}

#[test]
fn a_file_gives_the_same_as_the_generator() {
    let lines: String = FlowSource::new(Shape::Default, 5, 20_000).map(|op| line(&op)).collect();
    let mut from_file = read(&format!("{HEADER}{lines}")).expect("the file is sound");
    let from_source = generated(Shape::Default, 5, 20_000);
    from_file.wall_seconds = from_source.wall_seconds;
    assert_eq!(from_file, from_source);
}

#[test]
fn a_flow_that_tells_another_state_is_not_ok() {
    let report =
        read(&format!("{HEADER}1,A,1,B,100,5,0,1\n2,C,1,B,100,6,-6,1\n3,C,9,B,1,1,-1,1\n"));
    let report = report.expect("the form is right");
    assert_eq!((report.disagreements, report.ok, report.operations), (2, false, 3));
}

#[test]
fn mistakes_name_file_line_and_field() {
    let wrong = |rows: &str| read(&format!("{HEADER}{rows}")).expect_err("the row is wrong");
    assert_eq!(
        wrong("1,A,1,B,100,5,0,1\n3,A,3,B,100,5,0,1\n"),
        "flow.csv:3: field seq is `3`; 2 is next"
    );
    assert_eq!(wrong("1,X,1,B,1,1,0,1\n"), "flow.csv:2: field op is `X`; it is one of A, I, C, M");
    assert_eq!(
        wrong("1,A,1,B,ten,5,0,1\n"),
        "flow.csv:2: field price is `ten`; a whole number in range is expected"
    );
    assert_eq!(wrong("1,A,1,B,100,5\n"), "flow.csv:2: the line ends before field delta");
    assert_eq!(wrong("1,A,1,B,100,5,0,1,9\n"), "flow.csv:2: the line has more than 8 fields");
    let headless = read("1,A,1,B,100,5,0,1\n").expect_err("the header is missing");
    assert!(headless.starts_with("flow.csv:1: a flow begins with"), "{headless}");
}
