//! Documents on stdout: messages by the proto3 mapping ([`proto_json`]), and any other JSON.

use super::failure::{Exit, Failure};
use super::output;
use crate::proto_json;
use prost::Message;
use serde_json::Value as Json;

/// Prints a message of `hoga.v1` as one document.
///
/// # Errors
/// Stdout cannot be written.
pub fn print<M: Message>(name: &'static str, message: &M) -> Result<(), Failure> {
    document(&mapped(name, message)?)
}

/// Prints a message of `hoga.v1` on one line: an event of a stream.
///
/// # Errors
/// Stdout cannot be written.
pub fn line<M: Message>(name: &'static str, message: &M) -> Result<(), Failure> {
    output::say(mapped(name, message)?)
}

/// Prints any document, over several lines.
///
/// # Errors
/// Stdout cannot be written.
pub fn document(json: &Json) -> Result<(), Failure> {
    output::say(format!("{json:#}"))
}

fn mapped<M: Message>(name: &'static str, message: &M) -> Result<Json, Failure> {
    proto_json::of(name, message).map_err(|broken| Failure::new(Exit::Failure, broken.to_string()))
}
