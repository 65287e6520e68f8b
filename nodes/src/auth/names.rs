//! Names for what comes without one: requests, orders, traces.

use hoga_cluster::partition::Trace;
use hoga_engine::client_id::ClientId;
use http::{HeaderMap, HeaderValue};
use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest `x-request-id` that is taken over from a caller, in bytes.
const REQUEST_ID_MAX: usize = 64;

/// Gives names that no other gateway and no other run of this one gives: 64 bits of the system's
/// randomness, drawn once, then the node and a counter.
pub struct Names {
    node: u64,
    run: u64,
    next: AtomicU64,
}

impl Names {
    #[must_use]
    pub fn new(node: u64) -> Names {
        // Its keys come from the system, so what it makes of a constant is random.
        let run = RandomState::new().hash_one(node);
        Names { node, run, next: AtomicU64::new(1) }
    }

    /// An id for a request of the engine that came without one. At most 35 characters.
    #[must_use]
    pub fn client_id(&self) -> ClientId {
        let text = self.next_text();
        ClientId::parse(&text).expect("hexadecimal digits and points keep the rule")
    }

    /// The id of a call: the caller's own when it is plain, a new one otherwise.
    #[must_use]
    pub fn request_id(&self, headers: &HeaderMap) -> HeaderValue {
        let is_plain = |value: &&HeaderValue| {
            let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"_.:-/".contains(b);
            (1..=REQUEST_ID_MAX).contains(&value.len()) && value.as_bytes().iter().all(allowed)
        };
        let own = headers.get(hoga_proto::status::REQUEST_ID_HEADER).filter(is_plain);
        own.cloned().unwrap_or_else(|| {
            HeaderValue::try_from(self.next_text()).expect("digits and points are a header value")
        })
    }

    /// A trace for a call that belongs to none. Never zero.
    #[must_use]
    pub fn trace(&self) -> Trace {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Trace::numbered(self.run, number)
    }

    fn next_text(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = String::with_capacity(35);
        // Writing into a String does not fail.
        let _ = write!(text, "{:x}.{:016x}.{number:x}", self.node & 0xffff, self.run);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use http::{HeaderMap, HeaderValue};
    use std::collections::BTreeSet;

    #[test]
    fn no_two_names_are_alike() {
        let runs = [Names::new(1), Names::new(1)];
        let ids = runs.iter().flat_map(|run| (0..100).map(|_| run.client_id().to_string()));
        assert_eq!(ids.collect::<BTreeSet<_>>().len(), 200);
    }

    #[test]
    fn a_plain_request_id_is_kept_and_a_strange_one_replaced() {
        let names = Names::new(1);
        let named = |id: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-request-id", HeaderValue::from_static(id));
            names.request_id(&headers)
        };
        assert_eq!(named("order-7"), "order-7");
        assert_ne!(named("a b"), "a b");
        assert!(!names.request_id(&HeaderMap::new()).is_empty());
    }
}
