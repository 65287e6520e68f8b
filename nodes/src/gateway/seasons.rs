//! Seasons: named periods in which boards count from a start.
//!
//! Owns: nothing. Takes: questions of anybody, and what operators open and close. Emits: commands to
//! the meta partition, which has the names; the boards hear of it from there. On failure:
//! `SEASON_EXISTS`, `UNKNOWN_SEASON`, `TOO_MANY_SEASONS`.

use super::admin::Admin;
use super::desk::shown_at;
use super::failure::{Refused, unread};
use super::money::Named;
use super::page::{self, List, Place};
use super::ranking::Ranking;
use crate::auth::Caller;
use hoga_cluster::partition::MetaCommand;
use hoga_engine::board::{Board, Span};
use hoga_engine::topology::Topology;
use hoga_proto::convert::ranking as wire;
use hoga_proto::names::{AccountName, SeasonName};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::time::Duration;

/// How long an operator's answer waits for the boards, and how often it looks.
const HEARD_WITHIN: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The season's id in its name.
///
/// # Errors
/// It is no name of a season.
pub fn named(field: &'static str, name: &str) -> Result<Box<str>, Refused> {
    let name = SeasonName::parse(name).map_err(|bad| Refusal::malformed(field, bad.to_string()))?;
    Ok(name.id().into())
}

impl Admin {
    pub(super) async fn open_season(
        &self,
        caller: &Caller,
        message: v1::OpenSeasonRequest,
    ) -> Result<v1::OpenSeasonResponse, Refused> {
        let name = named("name", &message.name)?;
        let asked = Named::of(&message.request_id, message.sent_at.as_ref());
        let command = MetaCommand::OpenSeason { name: name.clone() };
        let (at, repeated_answer) = self.administer(caller, asked, command).await?;
        let season = self.heard(&name, |span| repeated_answer || span.closed.is_none()).await;
        let by = caller.subject().map(AccountName::id);
        tracing::info!(season = %name, by, "season opened");
        Ok(v1::OpenSeasonResponse { season, position: Some(shown_at(at)), repeated_answer })
    }

    pub(super) async fn close_season(
        &self,
        caller: &Caller,
        message: v1::CloseSeasonRequest,
    ) -> Result<v1::CloseSeasonResponse, Refused> {
        let name = named("name", &message.name)?;
        let asked = Named::of(&message.request_id, message.sent_at.as_ref());
        let command = MetaCommand::CloseSeason { name: name.clone() };
        let (at, repeated_answer) = self.administer(caller, asked, command).await?;
        let season = self.heard(&name, |span| span.closed.is_some()).await;
        let by = caller.subject().map(AccountName::id);
        tracing::info!(season = %name, by, "season closed");
        Ok(v1::CloseSeasonResponse { season, position: Some(shown_at(at)), repeated_answer })
    }

    /// The season once the boards, which answer nobody, have come to it. Heard or not, it is done.
    async fn heard(&self, name: &str, has_come: impl Fn(Span) -> bool) -> Option<v1::Season> {
        let looking = async {
            loop {
                let wanted = Box::<str>::from(name);
                let look = move |board: &Board, _: &_, _| board.season(&wanted).map(|it| it.1);
                match self.0.exchange.board(None, look).await {
                    Ok(Some(span)) if has_come(span) => return wire::season(name, span),
                    _ => tokio::time::sleep(LOOK_EVERY).await,
                }
            }
        };
        tokio::time::timeout(HEARD_WITHIN, looking).await.ok()
    }
}

impl Ranking {
    pub(super) async fn seasons(
        &self,
        message: v1::ListSeasonsRequest,
    ) -> Result<v1::ListSeasonsResponse, Refused> {
        let size = page::size(message.page_size)?;
        let list = List::of(&"seasons");
        let first = list.place(&message.page_token)?.map_or(0, |place| place.0 as usize);
        let min = self.0.min(Topology::BOARDS, message.min_index.as_ref())?;
        let look = |board: &Board, _: &_, at| {
            (board.seasons().map(|(name, span)| wire::season(name, span)).collect::<Vec<_>>(), at)
        };
        let seen = self.0.exchange.board(min, look).await;
        let (mut seasons, at) = seen.map_err(|error| unread(&error))?;
        let next = Place::behind(first, size, seasons.len());
        seasons = seasons.into_iter().skip(first).take(size).collect();
        let position = Some(shown_at(at));
        Ok(v1::ListSeasonsResponse { seasons, next_page_token: list.token(next), position })
    }
}
