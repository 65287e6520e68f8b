//! Who stands where.
//!
//! Owns: nothing. Takes: questions of anybody: boards are public. Emits: places, exact at a set of
//! marks and a position. On failure: `UNKNOWN_BOARD`, `UNKNOWN_SEASON`,
//! `NOT_RANKED`, `DAY_NOT_FROZEN`.

use super::desk::{Desk, shown_at, told};
use super::failure::{Refused, rejected, unread};
use super::page::{self, List, Place};
use super::reasons::refusal;
use super::seasons;
use super::valuation::money;
use crate::auth::Caller;
use hoga_cluster::runtime::At;
use hoga_engine::board::{ALL, Board, BoardKind, MarkSet, Missing, Page, TradingDay, View};
use hoga_engine::ids::{AccountId, PartitionId};
use hoga_engine::reject::Reject;
use hoga_engine::topology::Topology;
use hoga_proto::convert::ranking as wire;
use hoga_proto::names::{AccountName, BoardName};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::ranking_service_server::RankingService;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Most neighbours on each side.
const NEIGHBOURS_MAX: i32 = 100;

/// `hoga.v1.RankingService`.
pub struct Ranking(pub Arc<Desk>);

/// A question that a board of that day cannot answer.
enum Unanswered {
    NotFrozen,
    NotRanked,
    NoSeason,
}

impl From<Missing> for Unanswered {
    fn from(missing: Missing) -> Unanswered {
        match missing {
            Missing::Account => Unanswered::NotRanked,
            Missing::Season => Unanswered::NoSeason,
        }
    }
}

/// What is asked: a board of a season, live or as of a day.
struct Asked {
    kind: BoardKind,
    season: Box<str>,
    day: Option<TradingDay>,
    min: Option<At>,
}

impl Ranking {
    fn asked(
        &self,
        name: &str,
        season: &str,
        date: &str,
        min: Option<&v1::Position>,
    ) -> Result<Asked, Refused> {
        let name =
            BoardName::parse(name).map_err(|bad| Refusal::malformed("name", bad.to_string()))?;
        let kind = wire::kind(name.id()).ok_or_else(|| {
            let message =
                format!("there is no board {}; there are equity, realised and return", name.id());
            Box::new(refusal("UNKNOWN_BOARD", message).resource(name.to_string()))
        })?;
        let day = if date.is_empty() { None } else { Some(day(date)?) };
        let season = if season.is_empty() { ALL.into() } else { seasons::named("season", season)? };
        Ok(Asked { kind, season, day, min: self.0.min(Topology::BOARDS, min)? })
    }

    /// Looks at a board of a season and of a day.
    async fn look<T: Send + 'static>(
        &self,
        asked: &Asked,
        date: &str,
        question: impl FnOnce(&View<'_>, &str) -> Result<T, Missing> + Send + 'static,
    ) -> Result<(T, v1::BoardState, At), Refused> {
        let (day, season) = (asked.day, asked.season.clone());
        let look = move |board: &Board, _: &_, at| {
            let (view, state) = match day.map(|day| (day, board.frozen(day))) {
                None => {
                    let (view, span) = board.season(&season).ok_or(Unanswered::NoSeason)?;
                    let is_open = span.closed.is_none();
                    let state = if is_open { v1::BoardState::Live } else { v1::BoardState::Frozen };
                    (view, state)
                }
                Some((_, Some(frozen))) => (frozen, v1::BoardState::Frozen),
                // Not everybody has said yet where they stood.
                Some((day, None)) if board.is_closing(day) => {
                    (board.view(), v1::BoardState::Closing)
                }
                Some(_) => return Err(Unanswered::NotFrozen),
            };
            Ok::<_, Unanswered>((question(&view, &season)?, state, at))
        };
        let seen = self.0.exchange.board(asked.min, look).await;
        seen.map_err(|error| unread(&error))?.map_err(|unanswered| match unanswered {
            Unanswered::NotFrozen => {
                refusal("DAY_NOT_FROZEN", format!("the boards have no closed day {date}"))
            }
            Unanswered::NotRanked => refusal("NOT_RANKED", "the account is not on the board yet"),
            Unanswered::NoSeason => {
                rejected(&Reject::UnknownSeason { name: asked.season.clone() }, "")
            }
        })
    }

    async fn board(&self, message: v1::GetBoardRequest) -> Result<v1::GetBoardResponse, Refused> {
        let v1::GetBoardRequest { name, season, date, min_index, .. } = &message;
        let asked = self.asked(name, season, date, min_index.as_ref())?;
        let size = page::size(message.page_size)?;
        let kind = asked.kind;
        let list = List::of(&("board", kind, &asked.season, date));
        let behind = list.place(&message.page_token)?;
        let look = move |view: &View<'_>, season: &str| {
            let offset = behind.map_or(0, |Place(account, rank)| {
                // Behind the last account shown, wherever it is now.
                let account = AccountId::new(PartitionId((account >> 32) as u16), account as u32);
                view.rank(season, kind, account).map_or(rank, |row| row.rank)
            });
            view.page(season, kind, offset, size)
        };
        let (page, state, at) = self.look(&asked, date, look).await?;
        let more = page.rows.last().filter(|last| last.rank < page.count);
        let next = more.map(|last| Place(last.account.bits(), last.rank));
        let (board, entries) = self.shown(&asked, state, &page);
        Ok(v1::GetBoardResponse {
            board: Some(board),
            entries,
            next_page_token: list.token(next),
            position: Some(shown_at(at)),
        })
    }

    async fn rank(&self, message: v1::GetRankRequest) -> Result<v1::GetRankResponse, Refused> {
        let v1::GetRankRequest { name, season, date, min_index, .. } = &message;
        let asked = self.asked(name, season, date, min_index.as_ref())?;
        let reach = match message.neighbours {
            0.. => message.neighbours.min(NEIGHBOURS_MAX) as usize,
            _ => {
                let rule = "must not be below 0";
                return Err(Box::new(Refusal::malformed("neighbours", rule)));
            }
        };
        let account = AccountName::parse(&message.account)
            .map_err(|bad| Refusal::malformed("account", bad.to_string()))?;
        let not_ranked = || {
            let message = format!("{account} is not on the board yet, or does not exist");
            Box::new(refusal("NOT_RANKED", message).resource(account.to_string()))
        };
        let id = self.account_id(&account).await?.ok_or_else(not_ranked)?;
        let kind = asked.kind;
        let look = move |view: &View<'_>, season: &str| view.around(season, kind, id, reach);
        let (page, state, at) = self.look(&asked, date, look).await?;
        let (board, mut entries) = self.shown(&asked, state, &page);
        let own = page.rows.iter().position(|row| row.account == id).ok_or_else(not_ranked)?;
        let below = entries.split_off(own + 1);
        let entry = entries.pop();
        Ok(v1::GetRankResponse {
            board: Some(board),
            entry,
            above: entries,
            below,
            position: Some(shown_at(at)),
        })
    }

    async fn list(
        &self,
        message: v1::ListBoardsRequest,
    ) -> Result<v1::ListBoardsResponse, Refused> {
        let cut = List::of(&"boards").cut(message.page_size, &message.page_token)?;
        let min = self.0.min(Topology::BOARDS, message.min_index.as_ref())?;
        let look = |board: &Board, _: &_, at| (board.view().set(), board.view().count(), at);
        let seen = self.0.exchange.board(min, look).await;
        let (set, count, at) = seen.map_err(|error| unread(&error))?;
        let mut kinds = BoardKind::ALL;
        kinds.sort_by_key(|kind| wire::id(*kind));
        let (page, next_page_token) = cut.of(kinds.into_iter());
        let shown = |kind| self.shown_board(kind, ALL, v1::BoardState::Live, count, set);
        Ok(v1::ListBoardsResponse {
            boards: page.into_iter().map(shown).collect(),
            next_page_token,
            position: Some(shown_at(at)),
        })
    }

    async fn account_id(&self, name: &AccountName) -> Result<Option<AccountId>, Refused> {
        let partition = self.0.exchange.topology().account_partition(name.id());
        let id: Box<str> = name.id().into();
        let found = self.0.exchange.core(partition, move |core, _| core.directory().get(&id)).await;
        found.map_err(|error| unread(&error))
    }

    fn shown(
        &self,
        asked: &Asked,
        state: v1::BoardState,
        page: &Page,
    ) -> (v1::Board, Vec<v1::RankEntry>) {
        let symbols = self.0.symbols();
        let scale = money(symbols.catalogue()).map_or(0, |asset| asset.scale);
        let board = self.shown_board(asked.kind, &asked.season, state, page.count, page.set);
        (board, page.rows.iter().map(|row| wire::entry(row, asked.kind, scale)).collect())
    }

    fn shown_board(
        &self,
        kind: BoardKind,
        season: &str,
        state: v1::BoardState,
        count: u64,
        set: MarkSet,
    ) -> v1::Board {
        let symbols = self.0.symbols();
        wire::board(kind, season, money(symbols.catalogue()), state, count, set)
    }
}

/// A day of the exchange's calendar.
fn day(text: &str) -> Result<TradingDay, Refused> {
    wire::day(text).map_err(|rule| Box::new(Refusal::malformed("date", rule)))
}

#[tonic::async_trait]
impl RankingService for Ranking {
    async fn get_board(
        &self,
        request: Request<v1::GetBoardRequest>,
    ) -> Result<Response<v1::GetBoardResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.board(message).await)
    }

    async fn get_rank(
        &self,
        request: Request<v1::GetRankRequest>,
    ) -> Result<Response<v1::GetRankResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.rank(message).await)
    }

    async fn list_boards(
        &self,
        request: Request<v1::ListBoardsRequest>,
    ) -> Result<Response<v1::ListBoardsResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.list(message).await)
    }

    async fn list_seasons(
        &self,
        request: Request<v1::ListSeasonsRequest>,
    ) -> Result<Response<v1::ListSeasonsResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.seasons(message).await)
    }
}
