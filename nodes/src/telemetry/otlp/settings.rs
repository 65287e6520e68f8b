//! What the environment says about traces, by the names that OpenTelemetry gave its variables.

use tonic::transport::Endpoint;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const SERVICE: &str = "OTEL_SERVICE_NAME";
const SERVICE_DEFAULT: &str = "hoga";

/// Where traces go.
#[derive(Clone, Debug)]
pub struct Otlp {
    pub endpoint: Endpoint,
    pub service: String,
    /// The node's number, which tells the processes of one service apart.
    pub node: u16,
}

/// Why traces cannot go where the environment says. Nothing is started.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    #[error("{ENDPOINT}: `{0}` is not an address of a collector; write http://HOST:4317")]
    Endpoint(String),
    #[error(
        "{PROTOCOL}: `{0}` is not spoken here; set it to grpc, on port 4317 of most collectors"
    )]
    Protocol(String),
}

impl Otlp {
    /// Reads the environment; none when it names no collector.
    ///
    /// # Errors
    /// See [`OtlpError`].
    pub fn read(
        node: u16,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Otlp>, OtlpError> {
        let set = |name| variable(name).filter(|value: &String| !value.is_empty());
        let Some(address) = set(ENDPOINT) else { return Ok(None) };
        if let Some(protocol) = set(PROTOCOL).filter(|protocol| protocol != "grpc") {
            return Err(OtlpError::Protocol(protocol));
        }
        let endpoint = Endpoint::from_shared(address.clone()).ok();
        let endpoint = endpoint.filter(|to| to.uri().scheme_str() == Some("http"));
        let endpoint = endpoint.ok_or(OtlpError::Endpoint(address))?;
        let service = set(SERVICE).unwrap_or_else(|| SERVICE_DEFAULT.into());
        Ok(Some(Otlp { endpoint, service, node }))
    }
}
