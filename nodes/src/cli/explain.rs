//! `hoga explain`: the rule behind a refusal.

use super::failure::{Exit, Failure};
use super::{Global, json, output};
use crate::gateway::reasons;
use clap::Args;
use hoga_scenarios::document::nearest;
use serde_json::json;
use tonic::Code;

/// The rule behind a refusal: `hoga explain PRICE_NOT_ON_TICK`
#[derive(Args, Debug)]
pub struct Explain {
    /// The reason, as the refusal gave it; without one, all there are
    reason: Option<String>,
}

/// A reason, what it shows as on the wire, and the rule.
struct Known {
    reason: &'static str,
    code: String,
    rule: &'static str,
}

impl Explain {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let known = known();
        let Some(reason) = self.reason else { return all(&known, global) };
        let wanted = reason.to_uppercase().replace('-', "_");
        let Some(found) = known.iter().find(|known| known.reason == wanted) else {
            let reasons = known.iter().map(|known| known.reason);
            let failure = Failure::new(Exit::NotFound, format!("there is no reason `{reason}`"));
            return Err(match nearest(&wanted, reasons) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint("`hoga explain` lists them all"),
            });
        };
        if global.json {
            return json::document(&document(found));
        }
        output::say(format!("{} ({})\n{}", found.reason, found.code, found.rule))
    }
}

fn all(known: &[Known], global: &Global) -> Result<(), Failure> {
    if global.json {
        return json::document(&known.iter().map(document).collect());
    }
    let width = known.iter().map(|known| known.reason.len()).max().unwrap_or_default();
    known
        .iter()
        .try_for_each(|known| output::say(format!("{:width$}  {}", known.reason, known.rule)))
}

fn document(known: &Known) -> serde_json::Value {
    json!({"reason": known.reason, "code": known.code, "rule": known.rule})
}

/// Every reason of a refusal, in the order of precedence, then why open quantity goes, then notices,
/// then why snapshots are sent.
fn known() -> Vec<Known> {
    let refusals = reasons::all().map(|row| Known {
        reason: row.reason,
        code: code_name(row.code),
        rule: row.rule,
    });
    let cancels = reasons::CANCELS.iter().map(|&(reason, rule)| {
        let code = "not a refusal: why an order's open quantity went".to_owned();
        Known { reason, code, rule }
    });
    let notices = reasons::NOTICES.iter().map(|&(reason, rule)| {
        let code = "not a refusal: a notice to an account's owner".to_owned();
        Known { reason, code, rule }
    });
    let snapshots = reasons::SNAPSHOTS.iter().map(|&(reason, rule)| {
        let code = "not a refusal: why a stream sent a snapshot".to_owned();
        Known { reason, code, rule }
    });
    refusals.chain(cancels).chain(notices).chain(snapshots).collect()
}

/// `INVALID_ARGUMENT` for `InvalidArgument`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
