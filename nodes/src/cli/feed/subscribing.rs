//! `hoga feed subscribe` and `unsubscribe`: which live market an instrument follows.

use crate::cli::failure::Failure;
use crate::cli::updating::update_instrument;
use crate::cli::{Global, actor, json, output};
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
    let answer = update_instrument(global, instrument, &["follow.venue", "follow.code"], id)?;
    if global.json {
        return json::print("UpdateInstrumentResponse", &answer);
    }
    let follow = answer.instrument.and_then(|instrument| instrument.follow).unwrap_or_default();
    output::say(match follow.venue.as_str() {
        "" => format!("{symbol} follows no live market any more"),
        venue => format!("{symbol} follows {} of {venue}; see `hoga feed status`", follow.code),
    })
}
