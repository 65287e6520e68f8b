//! Messages as JSON, by the proto3 mapping: camelCase names, enums by name, 64-bit integers as
//! text. Fields without presence are always there, so that a program finds `[]` and not nothing.

use hoga_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{
    DescriptorError, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage,
    Value,
};
use serde_json::{Map, Value as Json};
use std::sync::OnceLock;

/// There is no such message, or it has another shape: this program is broken.
#[derive(Debug, thiserror::Error)]
#[error("{name} as JSON: {why}")]
pub struct Broken {
    name: &'static str,
    why: String,
}

/// The mapping of a message of `hoga.v1` whose short name is `name`.
///
/// # Errors
/// See [`Broken`].
pub fn of<M: Message>(name: &'static str, message: &M) -> Result<Json, Broken> {
    let broken = |why: String| Broken { name, why };
    let pool = descriptors().as_ref().map_err(|error| broken(error.to_string()))?;
    let full = format!("hoga.v1.{name}");
    let descriptor =
        pool.get_message_by_name(&full).ok_or_else(|| broken("no such message".into()))?;
    let bytes = message.encode_to_vec();
    let dynamic = DynamicMessage::decode(descriptor, bytes.as_slice())
        .map_err(|error| broken(error.to_string()))?;
    Ok(of_message(&dynamic))
}

/// The descriptors of all messages, read once.
fn descriptors() -> &'static Result<DescriptorPool, DescriptorError> {
    static POOL: OnceLock<Result<DescriptorPool, DescriptorError>> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET))
}

fn of_message(message: &DynamicMessage) -> Json {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => return of_time(message),
        "google.protobuf.Duration" => return of_duration(message),
        _ => {}
    }
    let mut fields = Map::new();
    for field in message.descriptor().fields() {
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        let value = of_value(&message.get_field(&field), &field);
        fields.insert(field.json_name().to_owned(), value);
    }
    Json::Object(fields)
}

fn of_value(value: &Value, field: &FieldDescriptor) -> Json {
    match value {
        Value::List(items) => items.iter().map(|item| of_value(item, field)).collect(),
        Value::Map(entries) => {
            let kind = field.kind();
            let entry = kind.as_message().map(|entry| entry.map_entry_value_field());
            let value = |value| of_value(value, entry.as_ref().unwrap_or(field));
            entries.iter().map(|(key, item)| (of_key(key), value(item))).collect()
        }
        Value::Message(message) => of_message(message),
        Value::EnumNumber(number) => match field.kind() {
            Kind::Enum(known) => known
                .get_value(*number)
                .map_or_else(|| (*number).into(), |known| known.name().to_owned().into()),
            _ => (*number).into(),
        },
        Value::Bool(flag) => (*flag).into(),
        Value::I32(number) => (*number).into(),
        Value::U32(number) => (*number).into(),
        Value::I64(number) => number.to_string().into(),
        Value::U64(number) => number.to_string().into(),
        Value::String(text) => text.as_str().into(),
        // Our messages have neither floats nor bytes; a test walks all of them.
        Value::F32(_) | Value::F64(_) | Value::Bytes(_) => Json::Null,
    }
}

fn of_key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

/// RFC 3339 in UTC.
fn of_time(message: &DynamicMessage) -> Json {
    let time: Option<prost_types::Timestamp> = message.transcode_to().ok();
    time.map_or(Json::Null, |time| time.to_string().into())
}

fn of_duration(message: &DynamicMessage) -> Json {
    let duration: Option<prost_types::Duration> = message.transcode_to().ok();
    duration.map_or(Json::Null, |duration| duration.to_string().into())
}

#[cfg(test)]
#[path = "proto_json_tests.rs"]
mod tests;
