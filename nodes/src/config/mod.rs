//! The configuration of a node: one typed struct, read in one place.
//!
//! Owns: [`NodeConfig`] with its defaults and what makes it sound; the table of its settings
//! ([`SETTINGS`]), from which the file is read, the environment is laid over it, and the whole is
//! printed. Takes: the text of a TOML file, and `HOGA_SECTION_KEY` variables. Emits: a config
//! that cannot be wrong. On failure: every mistake of the file with line, column and the nearest
//! known key; a wrong variable by its name. Nothing is started.

mod cluster;
mod papers;
mod read;
mod redis;
mod security;
mod settings;
mod upstream;

pub use cluster::ClusterConfig;
pub use papers::Papers;
pub use read::{ConfigError, read_file};
pub use redis::RedisConfig;
pub use security::SecurityConfig;
pub use settings::{SETTINGS, Setting};
pub use upstream::UpstreamConfig;

use crate::gateway::ORDERS_PER_SECOND_MAX;
use hoga_cluster::history::RETENTION_DAYS_DEFAULT;
use hoga_cluster::link::LinkError;
use hoga_cluster::log::LogOptions;
use hoga_cluster::runtime::ExchangeOptions;
use hoga_engine::topology::Topology;
use std::fmt;
use std::iter;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The port of `hoga up`, and of every client that is told nothing else.
pub const PORT: u16 = 7070;

/// Everything that a node is told.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The node's number in its exchange; a data directory belongs to one number.
    pub id: u16,
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Where operators call; none for the same address.
    pub listen_for_operators: Option<SocketAddr>,
    pub auth: Auth,
    pub security: SecurityConfig,
    pub cluster: ClusterConfig,
    /// New orders and amends a second of one account; 0 for no bound.
    pub orders_per_second_max: u32,
    /// What is logged, as `RUST_LOG` says it.
    pub log_filter: String,
    pub log_format: LogFormat,
    /// Where Prometheus reads; none for nowhere.
    pub metrics: Option<SocketAddr>,
    pub topology: Topology,
    /// Bytes of a partition's log after which it takes a snapshot.
    pub snapshot_bytes: u64,
    /// Days after which the rows of orders, fills and ledgers go; 0 keeps them for ever.
    pub history_days: u64,
    pub log: LogOptions,
    pub redis: RedisConfig,
    pub upstream: UpstreamConfig,
    /// The rule book that an empty exchange is founded by; none: an operator lists instruments.
    pub rules: Option<String>,
}

/// How callers prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A token names its account and proves nothing; only on a loopback address.
    Development,
    /// A token proves its account by a signature.
    Signed,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty in a terminal, JSON when piped.
    Auto,
    Json,
    Pretty,
}

impl Default for NodeConfig {
    fn default() -> Self {
        let exchange = ExchangeOptions::new("");
        NodeConfig {
            id: 1,
            data: default_data(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            listen_for_operators: None,
            auth: Auth::Development,
            security: SecurityConfig::default(),
            cluster: ClusterConfig::default(),
            orders_per_second_max: ORDERS_PER_SECOND_MAX,
            // Electing itself makes its raft core warn of messages that cross, at every start.
            log_filter: "info,openraft=error".into(),
            log_format: LogFormat::Auto,
            metrics: None,
            topology: exchange.topology,
            snapshot_bytes: exchange.snapshot_bytes,
            history_days: RETENTION_DAYS_DEFAULT,
            log: exchange.log,
            redis: RedisConfig::default(),
            upstream: UpstreamConfig::default(),
            rules: None,
        }
    }
}

impl NodeConfig {
    /// What is wrong between the settings, with the key to blame; empty for a sound config.
    fn complaints(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut complaints = Vec::new();
        if let Some(open) = self.open_address()
            && self.auth == Auth::Development
        {
            let why = format!(
                "development tokens prove nothing, and {open} is no loopback address: listen on \
                 127.0.0.1"
            );
            complaints.push(("gateway", "auth", why));
        }
        if let Some((key, why)) = self.security.complaint(self) {
            complaints.push(("gateway", key, why));
        }
        if let Some((key, why)) = self.cluster.complaint(u64::from(self.id)) {
            complaints.push(("cluster", key, why));
        }
        if let Err(why) = self.log.check() {
            complaints.push(("log", "segment_bytes", why));
        }
        let is_taken = |wanted: Option<SocketAddr>, by: Option<SocketAddr>| {
            wanted.filter(|address| address.port() != 0 && wanted == by)
        };
        let (clients, operators) = (Some(self.listen), self.listen_for_operators);
        let taken = [
            ("gateway", "admin_listen", is_taken(operators, clients)),
            ("telemetry", "metrics", is_taken(self.metrics, clients)),
            ("telemetry", "metrics", is_taken(self.metrics, operators)),
        ];
        for (section, key, address) in taken {
            let Some(address) = address else { continue };
            let why = format!("{address} is where the gateway listens already");
            complaints.push((section, key, why));
        }
        complaints
    }

    /// An address of the gateway that can be reached from elsewhere, if there is one.
    fn open_address(&self) -> Option<IpAddr> {
        let addresses = iter::once(self.listen).chain(self.listen_for_operators);
        addresses.map(|address| address.ip()).find(|address| !address.is_loopback())
    }

    /// What the exchange is started with.
    ///
    /// # Errors
    /// The certificates for links to other nodes cannot be read.
    pub fn exchange(&self) -> Result<ExchangeOptions, LinkError> {
        Ok(ExchangeOptions {
            cluster: self.cluster.options(self)?,
            node: u64::from(self.id),
            topology: self.topology,
            log: self.log.clone(),
            snapshot_bytes: self.snapshot_bytes,
            history_kept: (self.history_days > 0)
                .then(|| Duration::from_secs(self.history_days * 86_400)),
            ..ExchangeOptions::new(&self.data)
        })
    }
}

/// As a file that says the same.
impl fmt::Display for NodeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for setting in SETTINGS {
            if setting.section != section {
                section = setting.section;
                writeln!(f, "[{section}]")?;
            }
            writeln!(f, "{} = {}", setting.key, setting.shown(self))?;
        }
        Ok(())
    }
}

/// Where data lies when nobody says otherwise: the platform's place for a program's data.
pub fn default_data() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    // The standard says that a relative path there counts as none.
    let data = data.filter(|path| path.is_absolute()).or_else(home);
    data.unwrap_or_default().join("hoga")
}

#[cfg(test)]
mod tests;
