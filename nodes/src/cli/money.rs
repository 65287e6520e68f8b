//! `hoga deposit` and `hoga withdraw`: money in and out.

use super::failure::Failure;
use super::{Global, actor, json, output, sentences, server};
use clap::Args;
use hoga_proto::v1;
use hoga_scenarios::names::Asset;
use hoga_scenarios::numbers::Amount;

/// Put money in: `hoga deposit 100000 KRW --as alice`
#[derive(Args, Debug)]
pub struct Deposit {
    #[command(flatten)]
    sum: Sum,
}

/// Take money out: `hoga withdraw 500 KRW --as alice`
#[derive(Args, Debug)]
pub struct Withdraw {
    #[command(flatten)]
    sum: Sum,
}

#[derive(Args, Debug)]
struct Sum {
    /// How much
    #[arg(allow_negative_numbers = true)]
    amount: Amount,
    /// Of which asset, such as KRW
    asset: Asset,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

impl Sum {
    fn wire(&self) -> Option<v1::AssetAmount> {
        let asset = self.asset.as_str().to_owned();
        Some(v1::AssetAmount { asset, amount: Some(self.amount.value().into()) })
    }
}

impl Deposit {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let name = actor::account(global)?;
        let id = actor::request_id(self.sum.id.as_ref());
        let request = v1::DepositRequest {
            name: name.clone(),
            amount: self.sum.wire(),
            request_id: id.clone(),
            sent_at: Some(actor::sent_now()),
        };
        let answer = server::talk(global, async |server| {
            let answer = server.accounts().deposit(request).await;
            answer.map_err(|status| Failure::from(status).of_change(&id))
        })?;
        let answer = answer.into_inner();
        sentences::repeated(answer.repeated_answer);
        if global.json {
            return json::print("DepositResponse", &answer);
        }
        output::say(sentences::balance(&name, &answer.balance.unwrap_or_default()))
    }
}

impl Withdraw {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let name = actor::account(global)?;
        let id = actor::request_id(self.sum.id.as_ref());
        let request = v1::WithdrawRequest {
            name: name.clone(),
            amount: self.sum.wire(),
            request_id: id.clone(),
            sent_at: Some(actor::sent_now()),
        };
        let answer = server::talk(global, async |server| {
            let answer = server.accounts().withdraw(request).await;
            answer.map_err(|status| Failure::from(status).of_change(&id))
        })?;
        let answer = answer.into_inner();
        sentences::repeated(answer.repeated_answer);
        if global.json {
            return json::print("WithdrawResponse", &answer);
        }
        output::say(sentences::balance(&name, &answer.balance.unwrap_or_default()))
    }
}
