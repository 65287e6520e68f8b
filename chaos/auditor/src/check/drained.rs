//! LIVE-1, as far as the end shows it: nothing waits between partitions, no order is undecided,
//! no entity is suspended.

use super::{Case, Verdict};

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    for partition in &case.export.partitions {
        let (number, outbox) = (partition.number, partition.outbox);
        verdict.expect(outbox == 0, || format!("partition {number}: {outbox} messages wait"));
        let suspended = partition.suspended.join(", ");
        verdict.expect(suspended.is_empty(), || format!("suspended: {suspended}"));
    }
    for order in case.export.orders() {
        verdict.expect(order.state != "PENDING", || format!("{} is undecided", order.name));
    }
    verdict
}
