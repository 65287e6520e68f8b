//! `hoga feed status`: the live markets, each as the node sees it that hears it.

use crate::cli::cluster::Reach;
use crate::cli::failure::Failure;
use crate::cli::server::until_interrupted;
use crate::cli::table::{Lean, Table};
use crate::cli::{Global, actor, json, output, wire};
use hoga_proto::v1;

pub fn run(global: &Global) -> Result<(), Failure> {
    until_interrupted(ask(global))
}

async fn ask(global: &Global) -> Result<(), Failure> {
    let mut reach = Reach::new(global);
    let asked = reach.admin().await?.get_upstream(v1::GetUpstreamRequest {}).await?;
    let mut all = asked.into_inner();
    if all.venues.iter().any(|venue| !venue.here) {
        let map = reach.map().await?;
        for venue in all.venues.iter_mut().filter(|venue| !venue.here) {
            let Some(node) = map.nodes.iter().find(|node| node.name == venue.keeper) else {
                continue;
            };
            // One that does not answer is shown as the node sees it that does.
            let Ok(mut admin) = reach.admin_of(node).await else { continue };
            let Ok(told) = admin.get_upstream(v1::GetUpstreamRequest {}).await else { continue };
            let told = told.into_inner().venues.into_iter().find(|told| told.name == venue.name);
            if let Some(told) = told.filter(|told| told.here) {
                *venue = told;
            }
        }
    }
    if global.json {
        return json::print("GetUpstreamResponse", &all);
    }
    if all.venues.is_empty() {
        return output::say("no live market is followed: `hoga up --feed upbit`, [upstream]");
    }
    let shown: Vec<String> = all.venues.iter().map(shown).collect();
    output::say(shown.join("\n\n"))
}

fn shown(venue: &v1::UpstreamVenue) -> String {
    let mut lines = vec![format!("{}  {}", venue.name, state(venue))];
    if venue.here && !venue.trouble.is_empty() {
        // Where it is connected it may be over.
        let when = if venue.connect_time.is_some() { "last trouble" } else { "trouble" };
        lines.push(format!("{when}: {}", venue.trouble));
    }
    if venue.unreadable_count > 0 {
        lines.push(format!("{} messages were not understood", venue.unreadable_count));
    }
    if !venue.instruments.is_empty() {
        lines.push(books(venue).to_string());
    }
    let troubled = venue.instruments.iter().filter(|it| !it.trouble.is_empty());
    lines
        .extend(troubled.map(|it| format!("{}: {}", actor::last_part(&it.instrument), it.trouble)));
    lines.join("\n")
}

fn state(venue: &v1::UpstreamVenue) -> String {
    let keeper = actor::last_part(&venue.keeper);
    if venue.address.is_empty() {
        return format!("the node was not told where it is ({keeper} would hear it)");
    }
    let address = &venue.address;
    let heard = match &venue.message_time {
        Some(time) => format!("heard last at {}", wire::time(Some(time))),
        None => "never heard".to_owned(),
    };
    match (keeper, venue.here, &venue.connect_time) {
        ("", ..) => format!("{address}, nobody leads who would hear it"),
        (keeper, true, Some(since)) => {
            let (since, again) = (wire::time(Some(since)), venue.connect_count.saturating_sub(1));
            format!("{address}, heard by {keeper} since {since}, {heard}, {again} reconnects")
        }
        (keeper, true, None) => {
            format!("{address}, {keeper} is not connected, {heard}")
        }
        (keeper, false, _) => format!("{address}, to be heard by {keeper}, which does not say"),
    }
}

fn books(venue: &v1::UpstreamVenue) -> Table {
    let mut table = Table::new([
        ("INSTRUMENT", Lean::Left),
        ("CODE", Lean::Left),
        ("BOOK", Lean::Left),
        ("TAKEN", Lean::Right),
        ("CONFLATED", Lean::Right),
        ("DROPPED", Lean::Right),
        ("UNFIT", Lean::Right),
        ("FAILED", Lean::Right),
    ]);
    for it in &venue.instruments {
        let book = match (it.stale, it.subscribed) {
            (_, false) => "halted",
            (true, _) => "stale",
            (false, _) => "fresh",
        };
        table.row([
            actor::last_part(&it.instrument).into(),
            it.code.clone(),
            book.into(),
            it.taken_count.to_string(),
            it.conflated_count.to_string(),
            it.dropped_count.to_string(),
            it.unfit_count.to_string(),
            it.failed_count.to_string(),
        ]);
    }
    table
}
