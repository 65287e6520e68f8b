//! `hoga fund`: what the house of a followed instrument trades with.

use super::failure::Failure;
use super::{Global, actor, json, output, sentences, server};
use clap::Args;
use hoga_proto::v1;
use hoga_scenarios::names::Asset;
use hoga_scenarios::numbers::Amount;

/// Issue funds to the house of a followed instrument: `hoga fund BTC-KRW 100 BTC`
#[derive(Args, Debug)]
#[command(after_help = actor::AN_OPERATORS)]
pub struct Fund {
    symbol: String,
    /// How much
    amount: Amount,
    /// Of which of the two assets that it trades
    asset: Asset,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

impl Fund {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let (name, id) = (actor::instrument(&self.symbol)?, actor::request_id(self.id.as_ref()));
        let asset = self.asset.as_str().to_owned();
        let request = v1::FundHouseRequest {
            name,
            amount: Some(v1::AssetAmount { asset, amount: Some(self.amount.value().into()) }),
            request_id: id.clone(),
            sent_at: Some(actor::sent_now()),
        };
        let answer =
            server::operate(global, &id, async |server| server.admin().fund_house(request).await)?;
        if global.json {
            return json::print("FundHouseResponse", &answer);
        }
        let house = format!("the house of {}", self.symbol);
        output::say(sentences::balance(&house, &answer.balance.unwrap_or_default()))
    }
}
