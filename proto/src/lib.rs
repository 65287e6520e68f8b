//! The wire.
//!
//! Owns: the `.proto` files, the types, clients and servers generated from them, the text forms
//! of decimals, resource names and refusals, and the conversions from and to the engine.
//! Takes: text and messages from outside, which may say anything.
//! Emits: values that keep their rules.
//! On failure: an error that names the value and the rule that it breaks; nothing here has state.

pub mod convert;
pub mod decimal;
pub mod names;
pub mod scope;
pub mod status;

/// What `build.rs` makes of package `hoga.v1`.
#[allow(clippy::all, missing_docs)]
pub mod v1 {
    tonic::include_proto!("hoga.v1");
}

/// What nodes say to each other: package `hoga.internal.v1`.
#[allow(clippy::all, missing_docs)]
pub mod internal {
    tonic::include_proto!("hoga.internal.v1");
}

/// All files of `hoga.v1` with their imports and options, encoded: for reflection, and for whoever wants to
/// read messages by their descriptors. Without comments.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
