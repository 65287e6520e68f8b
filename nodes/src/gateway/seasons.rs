//! Seasons: named periods in which boards count from a start.
//!
//! Owns: nothing. Takes: questions of anybody, and what operators open and close. Emits: commands to
//! the meta partition, which has the names; the boards hear of it from there. On failure:
//! `SEASON_EXISTS`, `UNKNOWN_SEASON`, `TOO_MANY_SEASONS`.

use super::admin::Admin;
use super::desk::shown_at;
use super::failure::{Refused, unread};
use super::money::Named;
use super::page::List;
use super::ranking::Ranking;
use crate::auth::Caller;
use hoga_cluster::partition::MetaCommand;
use hoga_engine::board::Board;
use hoga_engine::topology::Topology;
use hoga_proto::convert::ranking as wire;
use hoga_proto::names::{AccountName, SeasonName};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::time::Duration;
use tokio::time::timeout;

/// How long an operator's answer waits for the boards.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

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
        let season = self.heard(name.clone()).await;
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
        let season = self.heard(name.clone()).await;
        let by = caller.subject().map(AccountName::id);
        tracing::info!(season = %name, by, "season closed");
        Ok(v1::CloseSeasonResponse { season, position: Some(shown_at(at)), repeated_answer })
    }

    /// The season once the boards, which answer nobody, have come to it. Heard or not, it is done.
    async fn heard(&self, name: Box<str>) -> Option<v1::Season> {
        let look = move |board: &Board, _: &_, _| {
            board.season(&name).map(|(_, span)| wire::season(&name, span))
        };
        let heard = timeout(HEARD_WITHIN, self.0.exchange.informed_board(look)).await;
        heard.ok()?.ok()?
    }
}

impl Ranking {
    pub(super) async fn seasons(
        &self,
        message: v1::ListSeasonsRequest,
    ) -> Result<v1::ListSeasonsResponse, Refused> {
        let cut = List::of(&"seasons").cut(message.page_size, &message.page_token)?;
        let min = self.0.min(Topology::BOARDS, message.min_index.as_ref())?;
        let look = |board: &Board, _: &_, at| {
            (board.seasons().map(|(name, span)| wire::season(name, span)).collect::<Vec<_>>(), at)
        };
        let seen = self.0.exchange.board(min, look).await;
        let (seasons, at) = seen.map_err(|error| unread(&error))?;
        let (seasons, next_page_token) = cut.of(seasons.into_iter());
        Ok(v1::ListSeasonsResponse { seasons, next_page_token, position: Some(shown_at(at)) })
    }
}
