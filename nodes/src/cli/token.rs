//! `hoga token`: the token that a name acts with.

use super::failure::Failure;
use super::{Global, actor, json, output};
use clap::Args;

/// The development token of --as NAME, for other programs
#[derive(Args, Debug)]
#[command(after_help = "Send it as `authorization: Bearer TOKEN`. Development tokens work on \
    loopback only; `--as operator` has the rights of an operator.")]
pub struct Token {}

impl Token {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        actor::account(global)?;
        let token = actor::token(global)?.unwrap_or_default();
        if global.json {
            return json::document(&serde_json::json!({ "token": token }));
        }
        output::say(token)
    }
}
