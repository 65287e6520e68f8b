//! `hoga node`: one node, told everything by its config.

use super::failure::{Exit, Failure, unreadable};
use super::serving::{self, Standing};
use super::{Global, json, output};
use crate::config::{self, ConfigError, NodeConfig, SETTINGS};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Run one node by its config: `hoga node --config node.toml`
#[derive(Args, Debug)]
#[command(after_help = "Each setting can be overridden by a variable: HOGA_GATEWAY_LISTEN for \
    `listen` in [gateway].")]
pub struct Node {
    /// The config
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    config: Option<PathBuf>,
    /// Print a config with every setting, what it means and its default, and run nothing
    #[arg(long, conflicts_with = "config")]
    example: bool,
    /// Found the market with two accounts, as `hoga up` does
    #[arg(long, hide = true)]
    seeded: bool,
    /// Stop when stdin is closed
    #[arg(long, hide = true)]
    stops_with_parent: bool,
}

impl Node {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let Some(path) = self.config else { return output::say(example()) };
        let config = config::read_file(&path, std::env::vars()).map_err(|error| match error {
            ConfigError::File(mistakes) => Failure::report((*mistakes).into()),
            ConfigError::Unreadable { source, .. } => unreadable(&path, source),
            other => Failure::new(Exit::Failure, format!("error: {other}")),
        })?;
        // Whoever started it wrote the config.
        if !self.stops_with_parent {
            output::tell(&config);
        }
        serving::is_free(config.listen, "`listen` in [gateway]")?;
        if let Some(operators) = config.listen_for_operators {
            serving::is_free(operators, "`admin_listen` in [gateway]")?;
        }
        if let Some(metrics) = config.metrics {
            serving::is_free(metrics, "`metrics` in [telemetry]")?;
        }
        let is_json = global.json;
        let started = serving::Started { seeded: self.seeded, by_parent: self.stops_with_parent };
        serving::run(&config, started, |standing| {
            let Standing { config, url, operators, metrics, .. } = standing;
            if is_json {
                let document = json!({"address": url, "operators": operators, "metrics": metrics});
                return json::document(&document);
            }
            let to_operators =
                operators.as_ref().map_or(String::new(), |at| format!(", to operators on {at}"));
            output::say(format!("node {} listens on {url}{to_operators}", config.id))
        })
    }
}

/// A config file that says the defaults, with a comment for each.
fn example() -> String {
    let config = NodeConfig::default();
    let mut lines = Vec::new();
    let mut section = "";
    for setting in SETTINGS {
        if setting.section != section {
            section = setting.section;
            lines.push(format!("\n[{section}]"));
        }
        lines.push(format!("# {} ({})", setting.about, setting.variable()));
        lines.push(format!("{} = {}", setting.key, setting.shown(&config)));
    }
    lines.join("\n").trim_start().to_owned()
}
