//! `hoga feed subscribe` and `unsubscribe`: which live market an instrument follows.

use crate::cli::failure::Failure;
use crate::cli::{Global, actor, json, output, server};
use hoga_proto::v1;

/// Has it follow a venue; none when that has no name.
pub fn run(
    global: &Global,
    symbol: &str,
    venue: String,
    code: String,
    id: Option<&String>,
) -> Result<(), Failure> {
    let follow = v1::Follow { venue, code, ..Default::default() };
    let instrument = v1::Instrument {
        name: actor::instrument(symbol)?,
        follow: Some(follow),
        ..Default::default()
    };
    let paths = ["follow.venue", "follow.code"].map(Into::into).into();
    let id = actor::request_id(id);
    let request = v1::UpdateInstrumentRequest {
        instrument: Some(instrument),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: id.clone(),
        sent_at: Some(actor::sent_now()),
    };
    let answer = server::talk(&actor::acting_as(global, actor::OPERATOR), async |server| {
        let answer = server.admin().update_instrument(request).await;
        answer.map_err(|status| Failure::from(status).of_change(&id))
    })?;
    let answer = answer.into_inner();
    if global.json {
        return json::print("UpdateInstrumentResponse", &answer);
    }
    let follow = answer.instrument.and_then(|instrument| instrument.follow).unwrap_or_default();
    output::say(match follow.venue.as_str() {
        "" => format!("{symbol} follows no live market any more"),
        venue => format!("{symbol} follows {} of {venue}; see `hoga feed status`", follow.code),
    })
}
