//! The settings, one line each: where they stand, what they mean, how they are read and shown.

use super::{Auth, LogFormat, NodeConfig, cluster, security, upstream};
use crate::gateway::Server;
use hoga_scenarios::rules::SHIPPED;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// One setting of a node.
pub struct Setting {
    pub section: &'static str,
    pub key: &'static str,
    pub about: &'static str,
    /// Reads it from text; the error is the rule that the text breaks.
    pub set: fn(&mut NodeConfig, &str) -> Result<(), String>,
    show: fn(&NodeConfig) -> String,
    /// Written in quotes.
    is_text: bool,
}

impl Setting {
    /// The variable that overrides it: `HOGA_GATEWAY_LISTEN`.
    pub fn variable(&self) -> String {
        format!("HOGA_{}_{}", self.section, self.key).to_uppercase()
    }

    /// Its value as TOML.
    pub fn shown(&self, config: &NodeConfig) -> String {
        let value = (self.show)(config);
        if self.is_text { format!("{value:?}") } else { value }
    }
}

/// A setting with a number, between bounds.
macro_rules! number {
    ($section:literal, $key:literal, $about:literal, $($field:ident).+, $bounds:expr) => {
        Setting {
            section: $section,
            key: $key,
            about: $about,
            set: |config, text| {
                config.$($field).+ = whole(text, $bounds)?;
                Ok(())
            },
            show: |config| config.$($field).+.to_string(),
            is_text: false,
        }
    };
}

/// A setting with a text, read and shown by functions.
const fn text(
    section: &'static str,
    key: &'static str,
    about: &'static str,
    set: fn(&mut NodeConfig, &str) -> Result<(), String>,
    show: fn(&NodeConfig) -> String,
) -> Setting {
    Setting { section, key, about, set, show, is_text: true }
}

/// Every setting, in the order of the file.
pub const SETTINGS: &[Setting] = &[
    number!("node", "id", "the node's number in its exchange", id, 1..=u16::MAX),
    text("node", "data", "the directory that everything is kept in", set_data, |config| {
        config.data.display().to_string()
    }),
    text("gateway", "listen", "the address that clients call", set_listen, |config| {
        config.listen.to_string()
    }),
    text(
        "gateway",
        "admin_listen",
        "the address that only operators call, or none: they call where clients do",
        set_listen_for_operators,
        |config| config.listen_for_operators.map_or("none".into(), |address| address.to_string()),
    ),
    text(
        "gateway",
        "auth",
        "how callers prove who they are: development, or signed (hoga token --key)",
        set_auth,
        |config| {
            match config.auth {
                Auth::Development => "development",
                Auth::Signed => "signed",
            }
            .into()
        },
    ),
    text(
        "gateway",
        "token_keys",
        "the PEM file of the public keys that tokens may be signed with, or none",
        security::set_token_keys,
        |config| security::shown(config.security.token_keys.as_ref()),
    ),
    text(
        "gateway",
        "token_issuer",
        "who signs tokens, as they say it",
        security::set_token_issuer,
        |config| config.security.token_issuer.clone(),
    ),
    text(
        "gateway",
        "certificate",
        "the PEM file that proves to clients who this is; none for plain text, on loopback only",
        security::set_certificate,
        |config| security::shown(config.security.certificate.as_ref()),
    ),
    text("gateway", "key", "the PEM file of its key, or none", security::set_key, |config| {
        security::shown(config.security.key.as_ref())
    }),
    text(
        "gateway",
        "insecure",
        "yes for plain text also where others can hear it",
        security::set_insecure,
        |config| if config.security.insecure { "yes" } else { "no" }.into(),
    ),
    number!(
        "gateway",
        "orders_per_second_max",
        "new orders and amends a second of one account; 0 for no bound",
        orders_per_second_max,
        0..=1_000_000
    ),
    text("cluster", "listen", "where other nodes call, or none", cluster::set_listen, |config| {
        cluster::show_listen(config)
    }),
    text("cluster", "name", "the exchange's name", cluster::set_name, |config| {
        config.cluster.name.clone()
    }),
    text("cluster", "link", "what others call, or auto", cluster::set_link, |config| {
        config.cluster.link.clone().unwrap_or("auto".into())
    }),
    text("cluster", "gateway", "what clients call, or auto", cluster::set_gateway, |config| {
        config.cluster.gateway.clone().unwrap_or("auto".into())
    }),
    text(
        "cluster",
        "peers",
        "where the others are called: 1=HOST:PORT, 2=HOST:PORT",
        cluster::set_peers,
        cluster::show_peers,
    ),
    text(
        "cluster",
        "founders",
        "the nodes that the exchange begins with; none for a node that is added",
        cluster::set_founders,
        cluster::show_founders,
    ),
    text(
        "cluster",
        "certificates",
        "the directory with ca.pem, nN.pem and nN.key; none only on loopback",
        cluster::set_certificates,
        cluster::show_certificates,
    ),
    number!(
        "cluster",
        "heartbeat_ms",
        "how often a leader is heard",
        cluster.heartbeat_ms,
        5..=10_000
    ),
    number!(
        "cluster",
        "election_ms_min",
        "how long at least a node waits for a leader",
        cluster.election_ms_min,
        10..=60_000
    ),
    number!(
        "cluster",
        "election_ms_max",
        "how long at most a node waits for a leader",
        cluster.election_ms_max,
        11..=120_000
    ),
    text("telemetry", "log", "what is logged, as RUST_LOG says it", set_filter, |config| {
        config.log_filter.clone()
    }),
    text("telemetry", "format", "auto, json or pretty", set_format, |config| {
        match config.log_format {
            LogFormat::Auto => "auto",
            LogFormat::Json => "json",
            LogFormat::Pretty => "pretty",
        }
        .into()
    }),
    text("telemetry", "metrics", "where Prometheus reads, or none", set_metrics, |config| {
        config.metrics.map_or("none".into(), |address| address.to_string())
    }),
    number!(
        "partitions",
        "books",
        "partitions of books; fixed once founded",
        topology.books,
        1..=256
    ),
    number!(
        "partitions",
        "accounts",
        "partitions of accounts; fixed once founded",
        topology.accounts,
        1..=1024
    ),
    number!(
        "partitions",
        "snapshot_bytes",
        "bytes of log between two snapshots of a partition",
        snapshot_bytes,
        (1 << 20)..=(1 << 40)
    ),
    number!(
        "history",
        "days",
        "days after which rows of orders, fills and ledgers go; 0 keeps them for ever",
        history_days,
        0..=36_500
    ),
    number!("log", "segment_bytes", "size of one segment file", log.segment_bytes, 1..=(1 << 32)),
    number!(
        "log",
        "write_bytes_max",
        "most bytes of one write",
        log.write_bytes_max,
        8_192..=(1 << 30)
    ),
    number!(
        "log",
        "queue_requests_max",
        "writes that may wait for the disk",
        log.queue_requests_max,
        1..=65_536
    ),
    number!(
        "log",
        "cache_bytes_max",
        "bytes of recent entries kept in memory",
        log.cache_bytes_max,
        0..=(1 << 40)
    ),
    number!("log", "spare_segments", "segments prepared ahead", log.spare_segments, 1..=64),
    number!(
        "log",
        "stale_segments",
        "how many segments a partition may lag before it snapshots",
        log.stale_segments,
        1..=65_536
    ),
    text(
        "redis",
        "url",
        "where market data and boards are mirrored to: redis://HOST:PORT, or none",
        set_redis,
        |config| config.redis.url.clone().unwrap_or("none".into()),
    ),
    text(
        "redis",
        "password",
        "a file with its password, or none",
        |config, text| {
            config.redis.password = security::file(text);
            Ok(())
        },
        |config| security::shown(config.redis.password.as_ref()),
    ),
    text("redis", "prefix", "what every name there begins with", set_prefix, |config| {
        config.redis.prefix.clone()
    }),
    number!(
        "redis",
        "ttl_seconds",
        "how long a latest state outlives whoever keeps it up",
        redis.ttl_seconds,
        3..=86_400
    ),
    number!(
        "redis",
        "board_rows",
        "accounts of each board, from the top",
        redis.board_rows,
        1..=100_000
    ),
    text(
        "upstream",
        "venues",
        "outside markets in Upbit's format to follow live: upbit, or NAME=wss://…, …; the same on \
         every node; or none",
        upstream::set_venues,
        |config| config.upstream.venues.to_string(),
    ),
    text(
        "upstream",
        "ca",
        "the PEM file of the authorities that prove them; none for those of this machine",
        |config, text| {
            config.upstream.ca = security::file(text);
            Ok(())
        },
        |config| security::shown(config.upstream.ca.as_ref()),
    ),
    text(
        "market",
        "rules",
        "the rule book that an empty exchange is founded by, or none",
        set_rules,
        |config| config.rules.clone().unwrap_or("none".into()),
    ),
];

fn whole<T: FromStr + PartialOrd + Display>(
    text: &str,
    bounds: RangeInclusive<T>,
) -> Result<T, String> {
    let value = text.replace('_', "").parse::<T>().ok().filter(|value| bounds.contains(value));
    value.ok_or_else(|| {
        format!("`{text}` is not a whole number from {} to {}", bounds.start(), bounds.end())
    })
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address: write IP:PORT, such as 127.0.0.1:7070"))
}

fn set_data(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("the data directory needs a name".into());
    }
    config.data = text.into();
    Ok(())
}

fn set_listen(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.listen = address(text)?;
    Ok(())
}

fn set_listen_for_operators(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.listen_for_operators = if text == "none" { None } else { Some(address(text)?) };
    Ok(())
}

fn set_auth(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.auth = match text {
        "development" => Auth::Development,
        "signed" => Auth::Signed,
        _ => {
            let rule = "there are: development, signed";
            return Err(format!("`{text}` is not a way to authenticate; {rule}"));
        }
    };
    Ok(())
}

fn set_filter(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map_err(|error| format!("`{text}` is not a log filter: {error}"))?;
    config.log_filter = text.into();
    Ok(())
}

fn set_format(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.log_format = match text {
        "auto" => LogFormat::Auto,
        "json" => LogFormat::Json,
        "pretty" => LogFormat::Pretty,
        _ => return Err(format!("`{text}` is not a format; there are: auto, json, pretty")),
    };
    Ok(())
}

fn set_metrics(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.metrics = if text == "none" { None } else { Some(address(text)?) };
    Ok(())
}

fn set_rules(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    let known = SHIPPED.iter().any(|(name, _)| *name == text);
    if !known && text != "none" {
        let names = SHIPPED.map(|(name, _)| name).join(", ");
        return Err(format!("there is no rule book `{text}`; there are: {names}, none"));
    }
    config.rules = known.then(|| text.to_owned());
    Ok(())
}

fn set_redis(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    if text != "none" {
        Server::parse(text)?;
    }
    config.redis.url = (text != "none").then(|| text.into());
    Ok(())
}

fn set_prefix(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err(format!("`{text}` is not a prefix: letters, digits, `_`, `.` and `-`"));
    }
    config.redis.prefix = text.into();
    Ok(())
}
