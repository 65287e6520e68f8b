//! A board that begins with accounts which stand somewhere already.

use super::join::Join;
use super::prices::{MarkSet, Prices};
use super::{BadBoard, Board, Extremes};
use crate::amount::Ticks;
use crate::ids::InstrumentId;
use crate::instrument::Catalogue;
use crate::message::Standing;
use crate::time::Time;

/// The columns of a board, filled, with nobody valued or ranked yet.
#[derive(Clone, Debug)]
pub struct Unranked(Board);

impl Unranked {
    /// # Errors
    /// An account stands twice.
    pub fn of(standings: impl IntoIterator<Item = Standing>) -> Result<Unranked, BadBoard> {
        let mut board = Board::new();
        for standing in standings {
            board.enter_once(&standing, Extremes::default())?;
        }
        Ok(Unranked(board))
    }

    /// Values everybody by these marks, in the first set of the board, and sorts every order.
    pub fn rank<J: Join>(
        self,
        marks: impl IntoIterator<Item = (InstrumentId, Ticks)>,
        at: Time,
        catalogue: &Catalogue,
        join: &J,
    ) -> Board {
        let mut board = self.0;
        board.marks.extend(marks);
        board.prices = Prices::of(catalogue, &board.marks);
        board.set = MarkSet { number: 1, time: at };
        board.revalue(join);
        board.ranking.rebuild(&board.register, join);
        board.extremes.observe(&board.ranking.figures, join);
        board
    }
}
