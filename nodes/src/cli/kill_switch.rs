//! `hoga kill-switch`: an account stops trading at once, or may trade again.

use super::failure::Failure;
use super::{Global, actor, json, output, sentences, server};
use clap::{Args, ValueEnum};
use hoga_proto::v1;

/// Stop trading at once: `hoga kill-switch on --as alice` cancels everything and refuses the rest
#[derive(Args, Debug)]
pub struct KillSwitch {
    /// `on` cancels every open order and refuses new ones and amends; `off` lets them in again
    set: Set,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Set {
    On,
    Off,
}

impl KillSwitch {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let (name, id) = (actor::account(global)?, actor::request_id(self.id.as_ref()));
        let who = name.trim_start_matches("accounts/").to_owned();
        let engaged = self.set == Set::On;
        let (request_id, sent_at) = (id.clone(), Some(actor::sent_now()));
        let request = v1::SetKillSwitchRequest { name, engaged, request_id, sent_at };
        let answer = server::talk(global, async |server| {
            let answer = server.accounts().set_kill_switch(request).await;
            answer.map_err(|status| Failure::from(status).of_change(&id))
        })?;
        let answer = answer.into_inner();
        sentences::repeated(answer.repeated_answer);
        if global.json {
            return json::print("SetKillSwitchResponse", &answer);
        }
        output::say(match (engaged, answer.order_count) {
            (false, _) => format!("{who} may trade again"),
            (true, 1) => format!("{who} trades no more: 1 open order was cancelled"),
            (true, orders) => format!("{who} trades no more: {orders} open orders were cancelled"),
        })
    }
}
