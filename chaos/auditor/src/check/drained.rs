//! LIVE-1, as far as the end shows it: no order is undecided, no entity is suspended.
//!
//! Arrival is confirmed lazily, so a message that was taken long ago may still stand in an outbox:
//! the note counts them. Money that did not arrive shows in CASH-1, by clearing.

use super::{Case, Verdict};

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    for partition in &case.export.partitions {
        let suspended = partition.suspended.join(", ");
        verdict.expect(suspended.is_empty(), || format!("suspended: {suspended}"));
    }
    for order in case.export.orders() {
        verdict.expect(order.state != "PENDING", || format!("{} is undecided", order.name));
    }
    let waiting: u64 = case.export.partitions.iter().map(|partition| partition.outbox).sum();
    verdict.note = format!("{waiting} messages of which the arrival was not confirmed");
    verdict
}
