//! The flow written down as steps, to ask the same of another book.

use super::ReplayError;
use super::flow::{FlowReport, FlowRun, Kind, Operation};
use super::script::{Desk, Scribe, Script};
use std::time::Instant;

/// A flow, and what the bare book came to with it.
#[derive(Clone, Debug)]
pub struct Written {
    pub script: Script,
    pub report: FlowReport,
    /// How many accounts it speaks of: their indices are below.
    pub accounts: u32,
}

/// Writes operations down, read or generated. All of them are kept in memory, about 200 bytes
/// each with what the book says.
///
/// # Errors
/// The first that the source of operations gives; nothing is kept.
pub fn write(
    operations: impl IntoIterator<Item = Result<Operation, ReplayError>>,
) -> Result<Written, ReplayError> {
    let since = Instant::now();
    let (mut run, mut scribe, mut accounts) = (FlowRun::default(), Scribe::default(), 0);
    for operation in operations {
        let operation = operation?;
        accounts = accounts.max(operation.account + 1);
        write_one(&operation, &mut scribe);
        run.apply(&operation);
    }
    Ok(Written { script: scribe.finish(), report: run.finish(since), accounts })
}

fn write_one(operation: &Operation, scribe: &mut Scribe) {
    let key = operation.key();
    match operation.kind {
        Kind::Limit | Kind::Immediate => scribe.submit(&operation.incoming()),
        Kind::Cancel => {
            scribe.cancel(key);
        }
        Kind::Amend => {
            // The flow tells the open quantity, the book takes the total. What is not open stays
            // refused, as the report counts.
            let standing = scribe.book().find(key);
            let done = standing.map_or_else(Default::default, |order| order.filled + order.reduced);
            let _ = scribe.amend(key, done + operation.quantity, Some(operation.price));
        }
    }
}
