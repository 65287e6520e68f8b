//! `hoga explain`: the rule behind a refusal.

use super::failure::{Exit, Failure};
use super::{Global, json, output};
use clap::Args;
use hoga_engine::reject::{Class, Reject};
use hoga_scenarios::document::nearest;
use serde_json::json;

/// The rule behind a refusal: `hoga explain PRICE_NOT_ON_TICK`
#[derive(Args, Debug)]
pub struct Explain {
    /// The reason, as the refusal gave it; without one, all there are
    reason: Option<String>,
}

/// A reason, what it shows as on the wire, and the rule.
struct Known {
    reason: &'static str,
    code: &'static str,
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

/// What accounts and books refuse, in the order of precedence.
fn known() -> Vec<Known> {
    let engine = Reject::TABLE.iter().map(|&(reason, class, rule)| {
        let code = match class {
            Class::InvalidArgument => "INVALID_ARGUMENT",
            Class::FailedPrecondition => "FAILED_PRECONDITION",
            Class::NotFound => "NOT_FOUND",
            Class::AlreadyExists => "ALREADY_EXISTS",
        };
        Known { reason, code, rule }
    });
    engine.collect()
}
