//! Lines to an exchange that is called by https.

use super::Global;
use super::failure::{Exit, Failure};
use crate::tls::Trust;
use hyper_util::rt::TokioIo;
use std::io;
use std::time::Duration;
use tokio::time::timeout;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint, Error};

/// What has no port in its URL.
const HTTPS_PORT: u16 = 443;

/// Whom to believe at the other end; none for an address of plain http.
///
/// # Errors
/// No authority is named ([`Exit::Usage`]), or its file cannot be read.
pub fn trust(global: &Global, endpoint: &Endpoint) -> Result<Option<Trust>, Failure> {
    if endpoint.uri().scheme_str() != Some("https") {
        return Ok(None);
    }
    let Some(authorities) = &global.ca else {
        let failure = Failure::usage("error: https needs an authority to believe: --ca FILE");
        return Err(failure.hint("of the public ones: --ca /etc/ssl/certs/ca-certificates.crt"));
    };
    let trust = Trust::from_file(authorities);
    trust.map(Some).map_err(|error| Failure::new(Exit::Failure, format!("error: --ca: {error}")))
}

/// Connects, again whenever the line broke, and believes nobody but whom `trust` names.
///
/// # Errors
/// Nobody answers there, or it proves to be somebody else.
pub async fn connect(endpoint: Endpoint, trust: Trust, within: Duration) -> Result<Channel, Error> {
    let proven = tower::service_fn(move |to: Uri| {
        let trust = trust.clone();
        async move {
            let host = to.host().ok_or(io::ErrorKind::InvalidInput)?;
            let port = to.port_u16().unwrap_or(HTTPS_PORT);
            let connected = timeout(within, trust.connect(host, port)).await;
            connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map(TokioIo::new)
        }
    });
    endpoint.connect_with_connector(proven).await
}
