//! A change of a listed instrument, as an operator asks for it.

use super::failure::Failure;
use super::{Global, actor, server};
use hoga_proto::v1;

/// Changes the fields of these paths to what `instrument` says.
///
/// # Errors
/// It was refused, or there is no answer.
pub fn update_instrument(
    global: &Global,
    instrument: v1::Instrument,
    paths: &[&str],
    id: Option<&String>,
) -> Result<v1::UpdateInstrumentResponse, Failure> {
    let id = actor::request_id(id);
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = v1::UpdateInstrumentRequest {
        instrument: Some(instrument),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: id.clone(),
        sent_at: Some(actor::sent_now()),
    };
    server::operate(global, &id, async |server| server.admin().update_instrument(request).await)
}
