//! The part of OTLP's messages that a span needs. Tags as in opentelemetry-proto 1.x, `trace.proto`
//! and `trace_service.proto`; a collector passes over what it misses.

use super::Hop;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct Export {
    #[prost(message, repeated, tag = "1")]
    pub resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Exported {}

#[derive(Clone, PartialEq, Message)]
pub struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    pub spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Scope {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub version: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    /// 1 internal, 2 server.
    #[prost(int32, tag = "6")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// 0 unset, 2 error.
    #[prost(int32, tag = "3")]
    pub code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AnyValue {
    #[prost(string, tag = "1")]
    pub string_value: String,
}

impl KeyValue {
    pub fn new(key: &str, value: impl Into<String>) -> KeyValue {
        let string_value = value.into();
        KeyValue { key: key.into(), value: Some(AnyValue { string_value }) }
    }
}

impl Span {
    /// A hop under an id of its own.
    pub fn of(hop: Hop, id: u64) -> Span {
        let is_call = hop.name.starts_with('/');
        let parent = hop.parent.to_be_bytes().to_vec();
        let mut attributes: Vec<KeyValue> =
            hop.attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
        if is_call {
            attributes.push(KeyValue::new("rpc.system", "grpc"));
            attributes.push(KeyValue::new("rpc.grpc.status_code", hop.status.to_string()));
        }
        Span {
            trace_id: hop.trace.to_be_bytes().to_vec(),
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: if hop.parent == 0 { Vec::new() } else { parent },
            name: hop.name.trim_start_matches('/').into(),
            kind: if is_call { 2 } else { 1 },
            start_time_unix_nano: hop.since_ns,
            end_time_unix_nano: hop.until_ns.max(hop.since_ns),
            attributes,
            status: (hop.status != 0).then_some(Status { code: 2 }),
        }
    }
}
