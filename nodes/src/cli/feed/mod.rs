//! `hoga feed`: outside markets into instruments that follow them, recorded or live.

mod recorded;
mod status;
mod subscribing;

use super::failure::Failure;
use super::{Global, actor};
use clap::{Args, Subcommand};
use recorded::Recorded;

/// Feed a recorded outside market into an instrument, or say which it is to follow live
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "FILE is a capture of Upbit's WebSocket or of Binance's streams, in the \
    form in which cryptofeed and hftbacktest record them. Live markets are those that nodes are \
    told of: --feed of `hoga up`, [upstream] in a config. The operator acts (--as operator).")]
pub struct Feed {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    recorded: Option<Recorded>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// The live markets: who hears them, what comes, and what is in the way
    Status,
    /// Have an instrument follow a live market: `hoga feed subscribe BTC-KRW upbit`
    Subscribe {
        symbol: String,
        /// The market, as nodes call it
        venue: String,
        /// What the market calls the instrument; QUOTE-BASE unless said
        code: Option<String>,
        /// Your name for this request; the same name again is done once
        #[arg(long, value_name = "NAME")]
        id: Option<String>,
    },
    /// Have it follow none any more; it goes on with what is fed by hand
    Unsubscribe {
        symbol: String,
        /// Your name for this request; the same name again is done once
        #[arg(long, value_name = "NAME")]
        id: Option<String>,
    },
}

impl Feed {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match (self.command, self.recorded) {
            (Some(Command::Status), _) => status::run(&actor::acting_as(global, actor::OPERATOR)),
            (Some(Command::Subscribe { symbol, venue, code, id }), _) => {
                let code = code.unwrap_or_default();
                subscribing::run(global, &symbol, venue, code, id.as_ref())
            }
            (Some(Command::Unsubscribe { symbol, id }), _) => {
                subscribing::run(global, &symbol, String::new(), String::new(), id.as_ref())
            }
            (None, Some(recorded)) => recorded.run(global),
            (None, None) => Err(Failure::usage("error: say which FILE, or `hoga feed status`")),
        }
    }
}
