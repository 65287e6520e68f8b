//! Lines to an exchange that is called by https.

use super::Global;
use super::failure::{Exit, Failure};
use crate::tls::Trust;
use hyper_util::rt::TokioIo;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::{self, CertificateError};
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint, Error};

/// How long an answer to a question in plain text is waited for.
const PROBED_WITHIN: Duration = Duration::from_secs(1);

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

/// Whoever answers there showed a certificate that proves nothing; none for any other failure.
pub fn disbelieved(server: &str, error: &(dyn std::error::Error + 'static)) -> Option<Failure> {
    let found = rustls_error(error)?;
    let wrong = |what: &str| {
        Failure::new(Exit::Failure, format!("error: {server} does not prove to be it: {what}"))
    };
    let rustls::Error::InvalidCertificate(why) = found else {
        return Some(wrong(&found.to_string()).hint("does a gateway with TLS listen there?"));
    };
    let whose = "--ca names the authority that its certificate has to be from";
    Some(match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            wrong("its certificate is from no authority that --ca names").hint(whose)
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            wrong("its certificate has expired").hint("the node reads a new one at SIGHUP")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            wrong("its certificate is for another host").hint("call it as its certificate does")
        }
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            wrong("its certificate is that of an authority, which proves no server").hint(
                "give the node a certificate that the authority issued for its host, and name the \
                 authority by --ca",
            )
        }
        other => wrong(&format!("its certificate is not valid: {other}")).hint(whose),
    })
}

/// What TLS said, however deep it is wrapped: an error of I/O shows as its cause what is behind the
/// error that it carries, not that one.
fn rustls_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let mut cause = Some(error);
    while let Some(below) = cause {
        if let Some(found) = below.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let carried = below.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = carried.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(found);
        }
        cause = below.source();
    }
    None
}

/// Whether TLS is expected at an address that was called by http: what is sent in plain text is
/// answered by an alert.
pub async fn is_expected(server: &str) -> bool {
    /// The first byte of an alert of TLS.
    const ALERT: u8 = 0x15;
    let Some(address) = server.strip_prefix("http://") else { return false };
    let asked = async {
        let mut line = TcpStream::connect(address.trim_end_matches('/')).await?;
        line.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
        line.read_u8().await
    };
    matches!(timeout(PROBED_WITHIN, asked).await, Ok(Ok(ALERT)))
}

/// A gateway with TLS that was called by http.
pub fn unproven(server: &str) -> Failure {
    let address = server.trim_start_matches("http://");
    Failure::new(Exit::Failure, format!("error: {server} is called by https only"))
        .hint(format!("--server https://{address} --ca FILE"))
}
