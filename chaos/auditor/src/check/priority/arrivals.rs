//! Whether the numbers of a book's commands are an order in which they can have happened.

use super::commands::Command;
use super::plan::{Floors, Plan};
use crate::check::Case;
use crate::export::owner;
use std::collections::HashMap;

/// No number stands for two commands; numbers go up with the records of the book's log and, in
/// the channel to one account partition, with the numbers of the outcomes; and what was asked
/// after another command was known to be decided has a higher one.
pub fn check(case: &Case, plan: &Plan) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in plan.commands.windows(2) {
        if pair[0].number == pair[1].number {
            faults.push(format!("one number for two: {} and {}", pair[0], pair[1]));
        }
    }
    records(case, &plan.commands, &mut faults);
    let floors = Floors::of(&plan.commands);
    for command in plan.commands.iter().filter(|command| command.heard.since > 0) {
        let known = floors.before(command.heard.since);
        if known >= command.number {
            faults.push(format!("{command}: asked when {known} was known to be decided"));
        }
    }
    faults
}

fn records(case: &Case, commands: &[Command], faults: &mut Vec<String>) {
    let partitions: HashMap<&str, u32> =
        case.export.accounts.iter().map(|a| (a.name.as_str(), a.partition)).collect();
    let mut last = (0, 0);
    let mut channels: HashMap<u32, u64> = HashMap::new();
    for command in commands {
        let Some((index, sequence)) = command.heard.record else { continue };
        if index < last.0 {
            let (index_before, number) = last;
            faults.push(format!(
                "{command}: decided in record {index}, and command {number} in {index_before}"
            ));
        }
        last = (index, command.number);
        let partition = partitions.get(owner(&command.order.name)).copied().unwrap_or_default();
        let before = channels.insert(partition, sequence).unwrap_or_default();
        if sequence <= before {
            faults.push(format!(
                "{command}: its outcome is {sequence} to partition {partition}, one before is \
                 {before}"
            ));
        }
    }
}
