//! `hoga rank`: who stands where, in the season of your choice.

use super::failure::Failure;
use super::orders::more;
use super::paging::Limit;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, season, server, wire};
use clap::Args;
use hoga_proto::convert::ranking;
use hoga_proto::names::BoardName;
use hoga_proto::v1;

/// A ranking: `hoga rank`, or `hoga rank --of alice`
#[derive(Args, Debug)]
pub struct Rank {
    /// return, equity or realised
    #[arg(long, value_name = "NAME", default_value = "return")]
    board: String,
    /// A frozen day, such as 2026-11-20; without it, the board as it is now
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// A season; without it, everything since the exchange began
    #[arg(long, value_name = "NAME")]
    season: Option<String>,
    /// The place of this account, with five neighbours on each side
    #[arg(long, value_name = "ACCOUNT")]
    of: Option<String>,
    #[command(flatten)]
    limit: Limit,
}

const NEIGHBOURS: i32 = 5;

impl Rank {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let bare = self.board.strip_prefix("boards/").unwrap_or(&self.board);
        let name = BoardName::from_id(bare)
            .map_err(|error| Failure::usage(format!("error: {error}")))?
            .to_string();
        let date = self.at.clone().unwrap_or_default();
        let season = self.season.as_deref().map(season::named).transpose()?.unwrap_or_default();
        if let Some(Err(rule)) = self.at.as_deref().map(ranking::day) {
            return Err(Failure::usage(format!("error: --at {date}: {rule}")));
        }
        match &self.of {
            Some(account) => {
                let account = actor::named(account)?.to_string();
                let neighbours = NEIGHBOURS;
                let min_index = None;
                place(
                    global,
                    v1::GetRankRequest { name, account, neighbours, date, min_index, season },
                )
            }
            None => {
                self.top(global, v1::GetBoardRequest { name, date, season, ..Default::default() })
            }
        }
    }

    fn top(&self, global: &Global, wanted: v1::GetBoardRequest) -> Result<(), Failure> {
        let (mut board, mut position) = (None, None);
        let (entries, next_page_token) = server::talk(global, async |server| {
            let page = async |page_size, page_token| {
                let request = v1::GetBoardRequest { page_size, page_token, ..wanted.clone() };
                let page = server.ranking().get_board(request).await?.into_inner();
                board = page.board;
                position = page.position;
                Ok((page.entries, page.next_page_token))
            };
            self.limit.gather(page).await
        })?;
        if global.json {
            let whole = v1::GetBoardResponse { board, entries, next_page_token, position };
            return json::print("GetBoardResponse", &whole);
        }
        if board.as_ref().is_some_and(|board| board.state() == v1::BoardState::Closing) {
            output::tell("the day is closing: not every account has said where it stood");
        }
        output::say(table(board.as_ref(), &entries))?;
        more(&next_page_token);
        Ok(())
    }
}

fn place(global: &Global, request: v1::GetRankRequest) -> Result<(), Failure> {
    let answer = server::talk(global, async |server| {
        Ok(server.ranking().get_rank(request).await?.into_inner())
    })?;
    if global.json {
        return json::print("GetRankResponse", &answer);
    }
    let v1::GetRankResponse { board, entry, above, below, .. } = answer;
    let entries: Vec<v1::RankEntry> = above.into_iter().chain(entry).chain(below).collect();
    output::say(table(board.as_ref(), &entries))
}

fn table(board: Option<&v1::Board>, entries: &[v1::RankEntry]) -> Table {
    let mut table = Table::new([
        ("RANK", Lean::Right),
        ("ACCOUNT", Lean::Left),
        ("VALUE", Lean::Right),
        ("EQUITY", Lean::Right),
    ]);
    let by_return = board.is_some_and(|board| board.measure() == v1::BoardMeasure::Return);
    for entry in entries {
        let value = wire::text(entry.value.as_ref());
        table.row([
            entry.rank.to_string(),
            actor::last_part(&entry.account).into(),
            if by_return { wire::percent(value) } else { value.into() },
            wire::text(entry.equity.as_ref()).into(),
        ]);
    }
    table
}
