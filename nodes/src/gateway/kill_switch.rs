//! The kill switch of an account: it trades nothing until it is released.

use super::desk::{Desk, shown_at, unexpected};
use super::failure::{Refused, rejected};
use super::money::Named;
use crate::auth::Caller;
use hoga_engine::effect::Answer;
use hoga_engine::request::AccountRequest;
use hoga_proto::v1;

/// Engages or releases it.
///
/// # Errors
/// The account is another's, an id or time is malformed, or there is no answer.
pub async fn set(
    desk: &Desk,
    caller: &Caller,
    message: &v1::SetKillSwitchRequest,
) -> Result<v1::SetKillSwitchResponse, Refused> {
    let account = caller.account("name", &message.name)?;
    let request = AccountRequest::KillSwitch { engaged: message.engaged };
    let named = Named::of(&message.request_id, message.sent_at.as_ref());
    let identified = named.identify(desk, caller, &request)?;
    let (answer, at, repeated_answer) = desk.ask(caller, &account, &identified, request).await?;
    let order_count = match answer {
        Answer::CancelledAll { orders } => orders,
        Answer::Done => 0,
        Answer::Rejected { reject, .. } => return Err(rejected(&reject, "")),
        other => unexpected(&other),
    };
    let position = Some(shown_at(at));
    Ok(v1::SetKillSwitchResponse { order_count, position, repeated_answer })
}
