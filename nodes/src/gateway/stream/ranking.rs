//! The top of a board, as frames carry it.

use super::shared::State;
use crate::gateway::desk::Desk;
use crate::gateway::failure::{Refused, unread};
use crate::gateway::valuation::money;
use bytes::Bytes;
use hoga_engine::board::{ALL, Board, BoardKind, MarkSet, PAGE_ROWS_MAX, Page};
use hoga_proto::convert::ranking as wire;
use hoga_proto::v1;
use prost::Message;

/// Reads the top of a board. Its sequence is the number of the set of marks that values it.
///
/// # Errors
/// The board could not be read.
pub async fn read(desk: &Desk, kind: BoardKind) -> Result<State, Refused> {
    let look = move |board: &Board, _: &_, at| {
        let view = board.view();
        (view.page(ALL, kind, 0, PAGE_ROWS_MAX).ok(), view.set(), at)
    };
    let seen = desk.exchange.board(None, look).await;
    let (page, set, at) = seen.map_err(|error| unread(&error))?;
    let page = page.unwrap_or_else(|| empty(set));
    let symbols = desk.symbols();
    let money = money(symbols.catalogue());
    let board = wire::board(kind, ALL, money, v1::BoardState::Live, page.count, page.set);
    let head = v1::RankingContent { board: Some(board), entries: Vec::new() };
    let scale = money.map_or(0, |asset| asset.scale);
    let place = |row| {
        let entries = vec![wire::entry(row, kind, scale)];
        Bytes::from(v1::RankingContent { board: None, entries }.encode_to_vec())
    };
    Ok(State {
        sequence: page.set.number,
        at,
        head: head.encode_to_vec().into(),
        places: page.rows.iter().map(place).collect(),
        log: None,
        queues: None,
    })
}

fn empty(set: MarkSet) -> Page {
    Page { set, count: 0, rows: Vec::new() }
}
