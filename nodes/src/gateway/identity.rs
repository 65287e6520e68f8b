//! What makes two requests the same: their id, and a hash of what they ask.

use super::failure::Refused;
use crate::auth::{Caller, Names};
use hoga_cluster::runtime::Identified;
use hoga_engine::client_id::ClientId;
use hoga_proto::convert::numbers::time_if_any;
use hoga_proto::status::Refusal;
use prost_types::Timestamp;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes on the stack for a body; orders take about 60. Longer ones go to the heap.
const BODY_BYTES: usize = 256;

/// The hash of what a request asks, without what may differ between tries. It is taken from the
/// engine's form of it, so that `1.0` and `1` are the same price.
pub fn body_hash(body: &impl Serialize) -> u64 {
    let mut space = [0; BODY_BYTES];
    match postcard::to_slice(body, &mut space) {
        Ok(bytes) => xxh3_64(bytes),
        Err(_) => {
            let bytes = postcard::to_stdvec(body).expect("a request of plain fields encodes");
            xxh3_64(&bytes)
        }
    }
}

/// Reads an id; a request without one gets a new name.
///
/// # Errors
/// The id breaks its rule.
pub fn request_id(field: &'static str, text: &str, names: &Names) -> Result<ClientId, Refused> {
    if text.is_empty() {
        return Ok(names.client_id());
    }
    let id = ClientId::parse(text);
    id.map_err(|bad| Box::new(Refusal::malformed(field, bad.to_string())))
}

/// An order's id, which may stand in two fields.
///
/// # Errors
/// The id breaks its rule, or the fields differ.
pub fn order_id(client: &str, request: &str, names: &Names) -> Result<ClientId, Refused> {
    if !client.is_empty() && !request.is_empty() && client != request {
        let rule = "an order's request_id is its client_order_id: set either, or both alike";
        return Err(Box::new(Refusal::malformed("request_id", rule)));
    }
    if client.is_empty() {
        request_id("request_id", request, names)
    } else {
        request_id("order.client_order_id", client, names)
    }
}

/// What the engine has to know of a request besides what it asks.
///
/// # Errors
/// `sent_at` is not a time.
pub fn identified(
    id: ClientId,
    body_hash: u64,
    sent_at: Option<&Timestamp>,
    caller: &Caller,
) -> Result<Identified, Refused> {
    let sent_at = time_if_any("sent_at", sent_at)?;
    Ok(Identified { id, body_hash, sent_at, trace: caller.trace })
}
