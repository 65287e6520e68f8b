//! `hoga log-in`: who acts when a command names nobody.

use super::actor::OPERATOR;
use super::failure::Failure;
use super::remembered::{self, Who};
use super::{Global, actor, json, output, server};
use clap::Args;
use hoga_proto::v1;
use serde_json::json;

/// Act as somebody from now on: `hoga log-in alice`; without a name, who it is
#[derive(Args, Debug)]
#[command(after_help = "It is kept for this exchange alone, in ~/.config/hoga/log-in.json. \
    --as and --token, or HOGA_AS and HOGA_TOKEN, count before it.")]
pub struct LogIn {
    /// The name of an account, or operator; --token TOKEN in its place keeps that
    name: Option<String>,
    /// Forget who it is
    #[arg(long, conflicts_with = "name")]
    out: bool,
}

impl LogIn {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let server = &global.server;
        if self.out {
            let was_in = remembered::keep(server, None)?;
            return said(global, None, if was_in { "logged out" } else { "nobody was logged in" });
        }
        let who = match (&self.name, &global.token) {
            (Some(name), None) => Who::Name(actor::named(name)?.id().to_owned()),
            (None, Some(token)) => Who::Token(token.clone()),
            (Some(_), Some(_)) => {
                return Err(Failure::usage("error: a token says whose it is: leave out the name"));
            }
            (None, None) => return show(global),
        };
        let name = meet(global, &who)?;
        remembered::keep(server, Some(who))?;
        said(global, Some(&name), &format!("you act as {name} at {server} from now on"))
    }
}

/// Asks the exchange whom it knows there: a slip of a name is told now and not with an order.
fn meet(global: &Global, who: &Who) -> Result<String, Failure> {
    let mut asking = global.clone();
    match who {
        Who::Name(name) if name == OPERATOR => return Ok(name.clone()),
        Who::Name(name) => asking.who = Some(name.clone()),
        Who::Token(_) => asking.who = None,
    }
    let name = actor::account(&asking)?;
    let request = v1::GetAccountRequest { name, ..Default::default() };
    let answer = server::talk(&asking, async |server| {
        Ok(server.accounts().get_account(request).await?.into_inner())
    });
    let answer = answer.map_err(|failure| match who {
        Who::Name(name) if failure.exit == super::failure::Exit::NotFound => {
            failure.hint(format!("hoga accounts create {name}"))
        }
        _ => failure,
    })?;
    Ok(actor::last_part(&answer.account.unwrap_or_default().name).to_owned())
}

fn show(global: &Global) -> Result<(), Failure> {
    let server = &global.server;
    match remembered::at(server) {
        Some(Who::Name(name)) => {
            said(global, Some(&name), &format!("you act as {name} at {server}"))
        }
        Some(Who::Token(_)) => said(global, Some("me"), &format!("you act by a token at {server}")),
        None => said(global, None, &format!("nobody is logged in at {server}")),
    }
}

fn said(global: &Global, name: Option<&str>, sentence: &str) -> Result<(), Failure> {
    if global.json {
        return json::document(&json!({"server": global.server, "as": name}));
    }
    output::say(sentence)
}
