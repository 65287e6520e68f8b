//! The command line.

use std::time::Duration;

pub const USAGE: &str = "\
usage: hoga-auditor --history FILE… (--target http://HOST:PORT… | --export FILE)
  --token TOKEN     how an operator is known to the target; dev:operator;trade_for=*
  --within SECONDS  how long the target may take to come to rest; 20
  --scale DIGITS    decimals to which the quote assets are kept; 8
  --snapshots FILE  outside books that a feed posted, as `hoga feed --record` writes them
  --save FILE       writes what was read from the target, for --export later";

/// Where the exchange's state comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Gateways of one exchange: the first that answers is read, all are compared.
    Targets(Vec<String>),
    File(String),
}

#[derive(Clone, Debug)]
pub struct Options {
    pub histories: Vec<String>,
    pub source: Source,
    pub token: String,
    pub within: Duration,
    pub scale: u32,
    pub save: Option<String>,
    pub snapshots: Vec<String>,
}

impl Options {
    /// # Errors
    /// A sentence that names the argument and what is wrong with it.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let (mut histories, mut targets, mut file, mut save) = (Vec::new(), Vec::new(), None, None);
        let mut token = "dev:operator;trade_for=*".to_owned();
        let (mut within, mut scale) = (Duration::from_secs(20), 8);
        let mut snapshots = Vec::new();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?.clone();
            let wrong = |_| format!("{name} {value}: not a number");
            match name.as_str() {
                "--history" => histories.push(value),
                "--target" => targets.push(value),
                "--export" => file = Some(value),
                "--token" => token = value,
                "--within" => within = Duration::from_secs(value.parse().map_err(wrong)?),
                "--scale" => scale = value.parse().map_err(wrong)?,
                "--snapshots" => snapshots.push(value),
                "--save" => save = Some(value),
                _ => return Err(format!("{name} is no option")),
            }
        }
        let source = match (file, targets.is_empty()) {
            (Some(file), true) => Source::File(file),
            (None, false) => Source::Targets(targets),
            _ => return Err("say what to look at: --target or --export".into()),
        };
        if histories.is_empty() {
            return Err("say what clients saw: --history".into());
        }
        Ok(Options { histories, source, token, within, scale, save, snapshots })
    }
}
