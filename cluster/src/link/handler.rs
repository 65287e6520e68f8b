//! What a node does with what its peers ask.

use super::NodeId;
use bytes::Bytes;
use futures::future::BoxFuture;

/// Answers peers.
///
/// Called for the frames of one stream in the order of their arrival; the futures then run side
/// by side, so whoever needs order keeps it before the future begins.
pub trait Handler: Send + Sync + 'static {
    /// Answers a call with its bytes. What it returns for a notification is dropped. A call that
    /// is answered with nothing, and one whose handler panics, stays without an answer.
    fn handle(&self, from: NodeId, kind: u8, body: Bytes) -> BoxFuture<'static, Option<Bytes>>;
}
