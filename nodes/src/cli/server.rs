//! The exchange at the other end of the line.

use super::failure::{Exit, Failure};
use super::output::Progress;
use super::{Global, actor, secure};
use hoga_proto::v1::account_service_client::AccountServiceClient;
use hoga_proto::v1::admin_service_client::AdminServiceClient;
use hoga_proto::v1::market_service_client::MarketServiceClient;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use hoga_proto::v1::ranking_service_client::RankingServiceClient;
use hoga_proto::v1::stream_service_client::StreamServiceClient;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// How long a connection may take to stand.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// Adds the token and the deadline to every call.
#[derive(Clone)]
pub struct Credentials {
    bearer: Option<MetadataValue<Ascii>>,
    within: Duration,
}

impl Credentials {
    fn of(global: &Global, within: Duration) -> Result<Credentials, Failure> {
        let bearer = actor::token(global)?.map(|token| bearer(&token)).transpose()?;
        Ok(Credentials { bearer, within })
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.set_timeout(self.within);
        if let Some(bearer) = &self.bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        Ok(request)
    }
}

/// Every call goes through here.
type Line = InterceptedService<Channel, Credentials>;

/// The client of open streams.
pub type Streams = StreamServiceClient<Line>;

/// The client of operators.
pub type Admin = AdminServiceClient<Line>;

/// A client of operators for one node.
///
/// # Errors
/// The node does not answer.
pub async fn admin(global: &Global, url: &str, within: Duration) -> Result<Admin, Failure> {
    let credentials = Credentials::of(global, within)?;
    let channel = connect(global, url, within).await?;
    Ok(AdminServiceClient::new(InterceptedService::new(channel, credentials)))
}

/// Nobody answered in time.
pub fn silent() -> Failure {
    Failure::new(Exit::Unreachable, "error: no answer came in time")
}

/// An open connection.
pub struct Server {
    line: Line,
    /// Shown while an answer is waited for.
    alive: Option<Progress>,
}

impl Server {
    pub fn orders(&self) -> OrderServiceClient<Line> {
        OrderServiceClient::new(self.line.clone())
    }

    pub fn accounts(&self) -> AccountServiceClient<Line> {
        AccountServiceClient::new(self.line.clone())
    }

    pub fn admin(&self) -> Admin {
        AdminServiceClient::new(self.line.clone())
    }

    pub fn market(&self) -> MarketServiceClient<Line> {
        MarketServiceClient::new(self.line.clone())
    }

    pub fn streams(&self) -> Streams {
        StreamServiceClient::new(self.line.clone())
    }

    /// From here on the talk itself shows that it is alive.
    pub fn quiet(&mut self) {
        self.alive = None;
    }

    pub fn ranking(&self) -> RankingServiceClient<Line> {
        RankingServiceClient::new(self.line.clone())
    }
}

/// Connects, talks, and gives up on Ctrl-C.
///
/// # Errors
/// No exchange answers ([`Exit::Unreachable`]), or what the talk ended in.
pub fn talk<T>(
    global: &Global,
    talk: impl AsyncFnOnce(Server) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let credentials = Credentials::of(global, global.within())?;
    until_interrupted(async {
        let alive = Some(Progress::of("waiting for the exchange"));
        let channel = connect(global, &global.server, global.within()).await?;
        let line = InterceptedService::new(channel, credentials);
        match talk(Server { line, alive }).await {
            Err(failure) if failure.is_broken() && secure::is_expected(&global.server).await => {
                Err(secure::unproven(&global.server))
            }
            ended => ended,
        }
    })
}

/// Asks for a change as the operator, or as whoever is named; `id` is the request's.
///
/// # Errors
/// See [`talk`]; of a change that may have been made, the failure says so.
pub fn operate<T>(
    global: &Global,
    id: &str,
    change: impl AsyncFnOnce(Server) -> Result<Response<T>, Status>,
) -> Result<T, Failure> {
    talk(&actor::acting_as(global, actor::OPERATOR), async |server| {
        let answer = change(server).await;
        answer.map(Response::into_inner).map_err(|status| Failure::from(status).of_change(id))
    })
}

/// Runs a conversation to its end, or until Ctrl-C.
///
/// # Errors
/// What it ended in.
pub fn until_interrupted<T>(
    conversation: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            ended = conversation => ended,
            _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, "interrupted")),
        }
    })
}

/// A connection to a server, or a sentence that says why there is none.
///
/// # Errors
/// The address is none ([`Exit::Usage`]), or nobody answers there who proves to be it.
pub async fn connect(global: &Global, server: &str, within: Duration) -> Result<Channel, Failure> {
    let endpoint = Endpoint::from_shared(server.to_owned())
        .ok()
        .filter(|endpoint| matches!(endpoint.uri().scheme_str(), Some("http" | "https")))
        .ok_or_else(|| {
            let rule = "write http://HOST:PORT, such as http://127.0.0.1:7070";
            Failure::usage(format!("error: `{server}` is not an address of an exchange; {rule}"))
        })?;
    let trust = secure::trust(global, &endpoint)?;
    let connect_within = CONNECT_WITHIN.min(within);
    // The server keeps the deadline; a second more tells its answer from a dead line.
    let endpoint = endpoint
        .connect_timeout(connect_within)
        .timeout(within + Duration::from_secs(1))
        .tcp_nodelay(true);
    let connected = match trust {
        None => endpoint.connect().await,
        Some(trust) => secure::connect(endpoint, trust, connect_within).await,
    };
    connected.map_err(|error| {
        if let Some(failure) = secure::disbelieved(server, &error) {
            return failure;
        }
        let why = deepest(&error);
        let failure = Failure::new(
            Exit::Unreachable,
            format!("error: no exchange answers at {server} ({why})"),
        );
        failure.hint("start one with `hoga up`, or name another with --server")
    })
}

fn bearer(token: &str) -> Result<MetadataValue<Ascii>, Failure> {
    format!("Bearer {token}")
        .parse()
        .map_err(|_| Failure::usage("error: the token has characters that no token has"))
}

/// The cause below all causes: "Connection refused", not "transport error".
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}
