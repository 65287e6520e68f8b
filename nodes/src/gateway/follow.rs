//! Followed instruments, for operators: snapshots of the outside book, and funds of the house.

use super::admin::Admin;
use super::desk::{shown_at, unexpected};
use super::failure::{Refused, rejected};
use super::money::{self, Named, asset_amount};
use crate::auth::Caller;
use hoga_engine::effect::Answer;
use hoga_engine::follow::Posted;
use hoga_engine::reject::Reject;
use hoga_engine::request::AccountRequest;
use hoga_proto::convert::follow as wire;
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;

impl Admin {
    pub(super) async fn post_outside_book(
        &self,
        caller: &Caller,
        message: v1::PostOutsideBookRequest,
    ) -> Result<v1::PostOutsideBookResponse, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("name", &message.name)?;
        let Some(book) = &message.book else {
            return Err(Box::new(Refusal::malformed("book", "is required and was not given")));
        };
        let snapshot = wire::snapshot(book, instrument)?;
        let within = caller.remaining();
        let posted = self.0.exchange.post(instrument.id, snapshot, caller.trace, within).await;
        match self.0.answered(caller, posted)? {
            (Answer::Posted(Posted { number, is_taken }), at) => Ok(v1::PostOutsideBookResponse {
                taken: is_taken,
                number,
                position: Some(shown_at(at)),
            }),
            (Answer::Rejected { reject, .. }, _) => Err(rejected(&reject, "")),
            (other, _) => unexpected(&other),
        }
    }

    pub(super) async fn fund_house(
        &self,
        caller: &Caller,
        message: v1::FundHouseRequest,
    ) -> Result<v1::FundHouseResponse, Refused> {
        let symbols = self.0.symbols();
        let instrument = symbols.instrument("name", &message.name)?;
        let symbol = &instrument.symbol;
        let Some(follow) = &instrument.follow else {
            return Err(rejected(&Reject::NotFollowed { symbol: symbol.clone() }, ""));
        };
        let (asset, amount) = asset_amount(&symbols, message.amount.as_ref())?;
        let house = AccountName::from_id(&follow.house)
            .map_err(|bad| Refusal::malformed("name", bad.to_string()))?;
        // Whoever opens it first, it is there then: that it was before is no mistake.
        let opening = Named::of("", None).identify(&self.0, caller, &AccountRequest::Open)?;
        self.0.ask(caller, &house, &opening, AccountRequest::Open).await?;
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let (instrument, asset) = (instrument.id, asset.id);
        let request = AccountRequest::FundHouse { instrument, asset, amount };
        let moved = money::change(&self.0, caller, &house, &symbols, named, request).await?;
        tracing::info!(%symbol, amount, %house, "house funded");
        let money::Moved { balance, position, repeated_answer } = moved;
        let (balance, position) = (Some(balance), Some(position));
        Ok(v1::FundHouseResponse { balance, position, repeated_answer })
    }
}
