//! One board: the accounts at its top, by their rank.

use super::MirrorOptions;
use super::keys;
use super::quotes::text;
use crate::gateway::desk::Desk;
use crate::gateway::valuation::money;
use hoga_cluster::runtime::At;
use hoga_engine::board::{ALL, Board as State, BoardKind, MarkSet, PAGE_ROWS_MAX, Row};
use hoga_proto::convert::ranking as wire;
use hoga_proto::v1;
use redis::Pipeline;
use std::collections::BTreeMap;

/// What of a board stands in Redis.
pub struct Board {
    kind: BoardKind,
    /// Rank and value of each account; none when nothing is known to stand there.
    written: Option<BTreeMap<Box<str>, (u64, String)>>,
    /// As of which position it was read.
    index: u64,
}

impl Board {
    #[must_use]
    pub fn new(kind: BoardKind) -> Board {
        Board { kind, written: None, index: 0 }
    }

    /// Everything was flushed, or somebody else wrote it.
    pub fn forget(&mut self) {
        self.written = None;
    }

    /// Adds what there is to write.
    pub async fn tell(&mut self, desk: &Desk, options: &MirrorOptions, pipeline: &mut Pipeline) {
        let (kind, most) = (self.kind, options.board_rows);
        let known = self.written.is_some().then_some(self.index);
        let look = move |board: &State, _: &_, at: At| {
            (known != Some(at.index)).then(|| (top(board, kind, most), at.index))
        };
        // A partition that is being replaced is read in the next round.
        let Ok(Some(((rows, set, count), index))) = desk.exchange.board(None, look).await else {
            return;
        };
        let symbols = desk.symbols();
        let money = money(symbols.catalogue());
        let scale = money.map_or(0, |asset| asset.scale);
        let place = |row: &Row| {
            let value = wire::entry(row, kind, scale).value.unwrap_or_default().value;
            (row.name.clone(), (row.rank, value))
        };
        let now: BTreeMap<_, _> = rows.iter().map(place).collect();
        let about = wire::board(kind, ALL, money, v1::BoardState::Live, count, set);
        self.difference(&now, &about, options, pipeline);
        (self.written, self.index) = (Some(now), index);
    }

    /// From what stands there to what is to stand there.
    fn difference(
        &self,
        now: &BTreeMap<Box<str>, (u64, String)>,
        about: &v1::Board,
        options: &MirrorOptions,
        pipeline: &mut Pipeline,
    ) {
        let key = |family| options.keys.of_board(family, self.kind);
        let (ranks, values) = (key(keys::BOARD), key(keys::BOARD_VALUES));
        let nothing = BTreeMap::new();
        let before = self.written.as_ref().unwrap_or_else(|| {
            // Whatever it is, it is not ours.
            pipeline.cmd("DEL").arg(&ranks).arg(&values);
            &nothing
        });
        for account in before.keys().filter(|account| !now.contains_key(*account)) {
            pipeline.cmd("ZREM").arg(&ranks).arg(&**account);
            pipeline.cmd("HDEL").arg(&values).arg(&**account);
        }
        for (account, (rank, value)) in now {
            let stood = before.get(account);
            if stood.is_none_or(|(stood, _)| stood != rank) {
                pipeline.cmd("ZADD").arg(&ranks).arg(rank).arg(&**account);
            }
            if stood.is_none_or(|(_, stood)| stood != value) {
                pipeline.cmd("HSET").arg(&values).arg(&**account).arg(value);
            }
        }
        pipeline.cmd("SET").arg(key(keys::BOARD_ABOUT)).arg(text("Board", about));
    }
}

/// The top of a board, page by page: its rows, the marks that value it, and how many there are.
fn top(board: &State, kind: BoardKind, most: usize) -> (Vec<Row>, MarkSet, u64) {
    let view = board.view();
    let mut rows = Vec::new();
    while rows.len() < most {
        let wanted = (most - rows.len()).min(PAGE_ROWS_MAX);
        let Ok(page) = view.page(ALL, kind, rows.len() as u64, wanted) else { break };
        if page.rows.is_empty() {
            break;
        }
        rows.extend(page.rows);
    }
    (rows, view.set(), view.count())
}
