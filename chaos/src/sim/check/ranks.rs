//! RANK-1: at rest the board is what its standings and marks come to, recomputed and sorted.

use super::{References, Told};
use crate::sim::words::{Broken, hold};
use hoga_actors::{Entity, EntityId};
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::board::{ALL, BoardKind, PAGE_ROWS_MAX, Prices};
use hoga_engine::ids::{AccountId, InstrumentId};
use hoga_engine::message::{BoardMessage, Message, Standing};
use hoga_engine::topology::Topology;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Ranks {
    pub checked: u64,
    standings: BTreeMap<AccountId, Standing>,
    marks: BTreeMap<InstrumentId, Ticks>,
}

impl Ranks {
    pub fn hear(&mut self, told: &Told) {
        for (_, message) in &told.heard {
            match message {
                Message::ToBoard(BoardMessage::Standing(standing)) => {
                    self.standings.insert(standing.account, standing.clone());
                }
                Message::ToBoard(BoardMessage::Mark { instrument, price, .. }) => {
                    self.marks.insert(*instrument, *price);
                }
                _ => {}
            }
        }
    }

    pub fn finish(&mut self, references: &References) -> Result<(), Broken> {
        let replica = &references[&Topology::BOARDS].replica;
        let Some(Entity::Board(board)) = replica.entities.get(&EntityId::Board) else {
            return Ok(());
        };
        let catalogue = &replica.core.scene().catalogue;
        let prices = Prices::of(catalogue, &self.marks);
        let worth = |standing: &Standing| -> Amount {
            let of = standing.balances.iter();
            of.map(|(asset, amount)| prices.value(*asset, *amount)).sum()
        };
        let page = board.view().page(ALL, BoardKind::Equity, 0, PAGE_ROWS_MAX);
        let rows = page.map(|page| page.rows).unwrap_or_default();
        let (shown, known) = (rows.len(), self.standings.len());
        hold!("RANK-1", shown == known, "{shown} accounts are ranked, {known} said where they are");
        let mut last = None;
        for (nth, row) in (1..).zip(&rows) {
            self.checked += 1;
            let Some(standing) = self.standings.get(&row.account) else { continue };
            let equity = worth(standing);
            let agrees = row.equity == equity && row.rank == nth;
            hold!("RANK-1", agrees, "{row:?} is worth {equity} and has place {nth}");
            let in_order = last.is_none_or(|last| last >= equity);
            hold!("RANK-1", in_order, "{row:?} stands behind {last:?}");
            last = Some(equity);
        }
        // What an account said last is where it stands.
        for entity in references.values().flat_map(|it| it.replica.entities.values()) {
            let Entity::Account(account) = entity else { continue };
            let said = self.standings.get(&account.id());
            let now = account.standing();
            let same = said.is_some_and(|said| said.balances == now.balances);
            hold!("RANK-1", same, "{now:?} stands on its board as {said:?}");
        }
        Ok(())
    }
}
