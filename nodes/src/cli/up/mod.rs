//! `hoga up`: an exchange on this machine, ready to trade.

mod children;
mod layout;
mod several;

use super::failure::{Exit, Failure};
use super::serving::{self, Standing};
use super::{Global, fresh, json, output};
use crate::config::{NodeConfig, PORT, RedisConfig, UpstreamConfig, default_data};
use crate::gateway::Server;
use crate::market;
use crate::upstream::Venues;
use clap::Args;
use hoga_scenarios::document::nearest;
use hoga_scenarios::listing;
use hoga_scenarios::rules::RuleBook;
use layout::Layout;
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Run an exchange on this machine, with the LPJ market and two accounts
#[derive(Args, Debug)]
pub struct Up {
    /// Where everything is kept; what is there already goes on
    #[arg(long, value_name = "DIR", default_value_os_t = default_data())]
    data: PathBuf,
    /// Wipe the data directory first
    #[arg(long)]
    fresh: bool,
    /// The port to listen on; 0 for any that is free
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Where Prometheus reads, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// A Redis that market data and boards are mirrored to, such as redis://127.0.0.1:6379
    #[arg(long, value_name = "URL", value_parser = redis)]
    redis: Option<String>,
    /// How many nodes, one process each: 1, 3 or 5 (2 and 4 are on the way there)
    #[arg(long, value_name = "N", default_value = "1")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=5))]
    nodes: u64,
    /// An outside market that followed instruments follow live: upbit, or NAME=ws://HOST:PORT/PATH
    #[arg(long = "feed", value_name = "VENUE", value_parser = venue)]
    feeds: Vec<String>,
    /// The rule book of the market
    #[arg(long, value_name = "BOOK", default_value = "lpj", value_parser = rule_book)]
    rules: String,
}

fn redis(text: &str) -> Result<String, String> {
    Server::parse(text).map(|_| text.to_owned())
}

fn venue(text: &str) -> Result<String, String> {
    Venues::default().add(text).map(|()| text.to_owned())
}

fn rule_book(text: &str) -> Result<String, String> {
    let names = hoga_scenarios::rules::SHIPPED.map(|(name, _)| name);
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(match nearest(text, names) {
        Some(near) => format!("there is no such rule book; did you mean {near}?"),
        None => format!("there is no such rule book; there are: {}", names.join(", ")),
    })
}

impl Up {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut venues = Venues::default();
        for feed in &self.feeds {
            venues.add(feed).map_err(|why| Failure::usage(format!("error: --feed: {why}")))?;
        }
        let mut config = NodeConfig {
            upstream: UpstreamConfig { venues, ..UpstreamConfig::default() },
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            log_filter: "warn,openraft=error".into(),
            rules: Some(self.rules),
            metrics: self.metrics,
            redis: RedisConfig { url: self.redis, ..RedisConfig::default() },
            ..NodeConfig::default()
        };
        // Shown and kept whole, whatever directory this was started in.
        config.data = std::path::absolute(&self.data)?;
        // Before anything is wiped or written: a slip of the port must cost nothing.
        serving::is_free(config.listen, "--port N, 0 for any")?;
        if let Some(metrics) = config.metrics {
            serving::is_free(metrics, "--metrics ADDRESS")?;
        }
        if self.fresh {
            fresh::wipe(&config.data)?;
        } else {
            fresh::check_ours(&config.data)?;
        }
        if self.nodes > 1 {
            return several::run(&Layout::of(&config, self.nodes)?, &to_try(&config), global);
        }
        if (1..=2).any(|id| config.data.join(format!("n{id}")).exists()) {
            let data = config.data.display();
            return Err(Failure::new(Exit::Failure, format!("error: {data} has several nodes"))
                .hint("say --nodes as before, or another --data, or --fresh to begin anew"));
        }
        let is_json = global.json;
        serving::run(&config, serving::Started { seeded: true, by_parent: false }, |standing| {
            if is_json { announce_json(standing) } else { announce(standing) }
        })
    }
}

fn announce_json(standing: &Standing<'_>) -> Result<(), Failure> {
    json::document(&json!({
        "address": standing.url,
        "data": standing.config.data,
        "instruments": standing.symbols,
        "metrics": standing.metrics,
        "tokens": {"alice": "dev:alice", "bob": "dev:bob", "operator": "dev:operator"},
    }))
}

fn announce(standing: &Standing<'_>) -> Result<(), Failure> {
    let Standing { config, url, symbols, metrics, .. } = standing;
    let symbol = symbols.first().map_or("LPJ-KRW", String::as_str);
    let to_try = to_try(config);
    let server = match config.listen.port() {
        PORT => String::new(),
        _ => format!(" --server {url}"),
    };
    let metrics = metrics.as_ref().map(|url| format!("metrics {url}\n")).unwrap_or_default();
    output::say(format!(
        "hoga {} listens on {url}\n\
         data    {}\n\
         trades  {}\n\
         {metrics}\
         token   authorization: Bearer dev:alice      (development tokens, this machine only)\n\
         \n\
         try     {to_try}{server}\n        \
                 hoga book {symbol}{server}\n\
         \n\
         stop    Ctrl-C; what was acknowledged is kept",
        env!("CARGO_PKG_VERSION"),
        config.data.display(),
        symbols.join(", "),
    ))
}

/// A command for whoever looks at the market first. An outside book has to be fed before anybody
/// trades against it.
fn to_try(config: &NodeConfig) -> String {
    let first = config.rules.as_deref().and_then(|rules| {
        let book = RuleBook::shipped(rules)?.ok()?;
        listing::market(&book, &config.topology).ok()?.instruments.into_iter().next()
    });
    match first {
        Some(followed) if followed.follow.is_some() && config.upstream.venues.is_empty() => {
            format!("hoga feed FILE --into {}", followed.symbol)
        }
        Some(instrument) => format!("hoga buy {} --as alice", market::first_order(&instrument)),
        None => "hoga instruments".into(),
    }
}
