//! The connection to Redis: nothing that is asked of it waits for longer than a moment.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, FromRedisValue, IntoConnectionInfo};
use redis::{Pipeline, RedisResult};
use std::fmt;
use std::time::Duration;

/// How long a server may take to let us in.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// How long it may take over one round.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Where a Redis is, and how to get in. Shown without its password.
#[derive(Clone)]
pub struct Server(ConnectionInfo);

impl Server {
    /// Reads `redis://HOST:PORT/DATABASE`.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub fn parse(url: &str) -> Result<Server, String> {
        let form = "write it as redis://HOST:PORT or redis://HOST:PORT/DATABASE";
        let info = url.into_connection_info().map_err(|why| format!("{why}; {form}"))?;
        if info.redis_settings().password().is_some() {
            return Err("a password does not belong here; name a file with it in `password`".into());
        }
        Ok(Server(info))
    }

    /// With the password that lets us in.
    #[must_use]
    pub fn with_password(self, password: &str) -> Server {
        let settings = self.0.redis_settings().clone().set_password(password);
        Server(self.0.set_redis_settings(settings))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.addr())
    }
}

/// An open connection.
pub struct Link(MultiplexedConnection);

impl Link {
    /// # Errors
    /// Nobody answers there, or lets us in.
    pub async fn open(server: &Server) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        let client = Client::open(server.0.clone())?;
        Ok(Link(client.get_multiplexed_async_connection_with_config(&config).await?))
    }

    /// Sends everything in one go.
    ///
    /// # Errors
    /// It is not known how much of it was done.
    pub async fn send<T: FromRedisValue>(&mut self, pipeline: &Pipeline) -> RedisResult<T> {
        pipeline.query_async(&mut self.0).await
    }
}
