//! The settings of the read model in Redis.

use crate::gateway::{Keys, MirrorOptions, Server};
use crate::secret::{self, SecretError};
use std::path::PathBuf;
use std::time::Duration;

/// Where market data and boards are mirrored to.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// `redis://HOST:PORT/DATABASE`; none for nowhere.
    pub url: Option<String>,
    /// A file with the password, if it takes one.
    pub password: Option<PathBuf>,
    /// What every name there begins with.
    pub prefix: String,
    pub ttl_seconds: u64,
    /// Accounts of each board, from the top.
    pub board_rows: usize,
}

impl Default for RedisConfig {
    fn default() -> RedisConfig {
        let (url, password, prefix) = (None, None, "hoga".into());
        RedisConfig { url, password, prefix, ttl_seconds: 60, board_rows: 1_000 }
    }
}

impl RedisConfig {
    /// What the gateway mirrors to; none for nothing.
    ///
    /// # Errors
    /// The password cannot be read, or others can read it too.
    pub fn mirror(&self) -> Result<Option<MirrorOptions>, SecretError> {
        let Some(url) = &self.url else { return Ok(None) };
        let server = Server::parse(url).expect("whoever set it has read it");
        let server = match &self.password {
            Some(file) => server.with_password(secret::read(file)?.trim_end()),
            None => server,
        };
        Ok(Some(MirrorOptions {
            server,
            keys: Keys::new(&self.prefix),
            ttl: Duration::from_secs(self.ttl_seconds),
            board_rows: self.board_rows,
        }))
    }
}
