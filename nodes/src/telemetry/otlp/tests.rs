//! What the environment may say, and what becomes of a hop.

use super::Hop;
use super::settings::{Otlp, OtlpError};
use super::wire::Span;

fn read(variables: &[(&str, &str)]) -> Result<Option<Otlp>, OtlpError> {
    let set = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Otlp::read(3, set)
}

#[test]
fn without_a_collector_there_are_no_spans() {
    assert!(read(&[]).expect("nothing is wrong").is_none());
    assert!(read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).expect("as if unset").is_none());
    let set = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317")]);
    let set = set.expect("an address").expect("a collector");
    assert_eq!((set.service.as_str(), set.node), ("hoga", 3));
}

#[test]
fn what_cannot_be_spoken_is_said() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    let http = read(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")]);
    assert!(http.expect_err("not served").to_string().contains("set it to grpc"));
    let nowhere = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")]);
    assert!(nowhere.expect_err("no address").to_string().contains("write http://HOST:4317"));
}

#[test]
fn a_refused_call_is_a_server_span_with_an_error() {
    let hop = Hop { trace: 1, parent: 2, name: "/a.B/C".into(), status: 7, ..Hop::at(9) };
    let span = Span::of(Hop { since_ns: 4, ..hop }, 3);
    assert_eq!((span.trace_id.len(), &*span.name, span.kind), (16, "a.B/C", 2));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (4, 9));
    assert_eq!(span.parent_span_id, [0, 0, 0, 0, 0, 0, 0, 2]);
    assert_eq!(span.status.map(|status| status.code), Some(2));
    let root = Span::of(Hop { trace: 1, name: "book".into(), ..Hop::at(9) }, 4);
    assert!(root.parent_span_id.is_empty() && root.status.is_none() && root.kind == 1);
}
