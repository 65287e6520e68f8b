//! `hoga season`: named periods in which boards count from a start.

use super::failure::Failure;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::{Args, Subcommand};
use hoga_proto::names::SeasonName;
use hoga_proto::v1;

/// Seasons of the boards: `hoga season list`, `hoga season open spring`
#[derive(Args, Debug)]
#[command(after_help = actor::AN_OPERATORS)]
pub struct Season {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// All seasons in which `hoga rank --season NAME` reads
    List,
    /// From now on, boards of this season count from where every account stands
    Open(Change),
    /// The boards of this season stay as they are now
    Close(Change),
}

#[derive(Args, Debug)]
struct Change {
    /// Which season, such as spring
    name: String,
    /// Your name for this request; the same name again is done once
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

/// The full name of a season.
///
/// # Errors
/// It is no name of one.
pub fn named(season: &str) -> Result<String, Failure> {
    let bare = season.strip_prefix("seasons/").unwrap_or(season);
    let name = SeasonName::from_id(bare);
    Ok(name.map_err(|error| Failure::usage(format!("error: {error}")))?.to_string())
}

impl Season {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self.what {
            What::List => list(global),
            What::Open(change) => open(global, &change),
            What::Close(change) => close(global, &change),
        }
    }
}

fn list(global: &Global) -> Result<(), Failure> {
    let answer = server::talk(global, async |server| {
        let request = v1::ListSeasonsRequest::default();
        Ok(server.ranking().list_seasons(request).await?.into_inner())
    })?;
    if global.json {
        return json::print("ListSeasonsResponse", &answer);
    }
    let mut table =
        Table::new([("SEASON", Lean::Left), ("OPENED", Lean::Left), ("CLOSED", Lean::Left)]);
    for season in &answer.seasons {
        table.row([
            actor::last_part(&season.name).into(),
            wire::time(season.open_time.as_ref()),
            wire::time(season.close_time.as_ref()),
        ]);
    }
    output::say(table)
}

fn open(global: &Global, change: &Change) -> Result<(), Failure> {
    let (name, id) = (named(&change.name)?, actor::request_id(change.id.as_ref()));
    let sent_at = Some(actor::sent_now());
    let request = v1::OpenSeasonRequest { name, request_id: id.clone(), sent_at };
    let answer =
        server::operate(global, &id, async |server| server.admin().open_season(request).await)?;
    if global.json {
        return json::print("OpenSeasonResponse", &answer);
    }
    let name = &change.name;
    output::say(format!("season {name} is open; `hoga rank --season {name}` counts from now"))
}

fn close(global: &Global, change: &Change) -> Result<(), Failure> {
    let (name, id) = (named(&change.name)?, actor::request_id(change.id.as_ref()));
    let sent_at = Some(actor::sent_now());
    let request = v1::CloseSeasonRequest { name, request_id: id.clone(), sent_at };
    let answer =
        server::operate(global, &id, async |server| server.admin().close_season(request).await)?;
    if global.json {
        return json::print("CloseSeasonResponse", &answer);
    }
    let name = &change.name;
    output::say(format!("season {name} is closed; `hoga rank --season {name}` shows its end"))
}
