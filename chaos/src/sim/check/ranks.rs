//! RANK-1: at rest the board is what its standings and marks come to, recomputed and sorted.

use super::{References, Told};
use crate::sim::words::{Broken, hold};
use hoga_actors::{Entity, EntityId};
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::board::{ALL, BoardKind, PAGE_ROWS_MAX, Prices};
use hoga_engine::ids::{AccountId, InstrumentId};
use hoga_engine::message::{BoardMessage, Message, Standing};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use std::collections::{BTreeMap, VecDeque};

/// Sets of marks that are kept: a board may not have adopted the last ones yet.
const SETS: usize = 24;

type Marks = BTreeMap<InstrumentId, Ticks>;

#[derive(Default)]
pub struct Ranks {
    pub checked: u64,
    standings: BTreeMap<AccountId, Standing>,
    /// What was known from which time on, newest last.
    marks: VecDeque<(Time, Marks)>,
}

impl Ranks {
    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        for (_, message) in &told.sent {
            let Message::ToBoard(BoardMessage::Standing(standing)) = message else { continue };
            let is_user = !told.catalogue.is_of_exchange(&standing.name);
            hold!("RANK-1", is_user, "{standing:?} is that of a house");
        }
        for (_, message) in &told.heard {
            match message {
                Message::ToBoard(BoardMessage::Standing(standing)) => {
                    self.standings.insert(standing.account, standing.clone());
                }
                Message::ToBoard(BoardMessage::Mark { instrument, price, .. }) => {
                    let mut marks = self.marks.back().map_or_else(Marks::new, |(_, it)| it.clone());
                    marks.insert(*instrument, *price);
                    self.marks.push_back((told.time, marks));
                    if self.marks.len() > SETS {
                        self.marks.pop_front();
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub fn finish(&mut self, references: &References) -> Result<(), Broken> {
        let replica = &references[&Topology::BOARDS].replica;
        let Some(Entity::Board(board)) = replica.entities.get(&EntityId::Board) else {
            return Ok(());
        };
        let view = board.view();
        let page = view.page(ALL, BoardKind::Equity, 0, PAGE_ROWS_MAX);
        let rows = page.map(|page| page.rows).unwrap_or_default();
        let (shown, known) = (rows.len(), self.standings.len());
        hold!("RANK-1", shown == known, "{shown} accounts are ranked, {known} said where they are");
        // The set in force is one that was known when it was adopted; as many as could be.
        let adopted = view.set().time;
        let before = self.marks.iter().filter(|(from, _)| *from <= adopted);
        let none = Marks::new();
        let sets = before.map(|(_, marks)| marks).chain([&none]);
        let catalogue = &replica.core.scene().catalogue;
        let fits = |marks: &Marks| {
            let prices = Prices::of(catalogue, marks);
            rows.iter().all(|row| {
                self.standings.get(&row.account).is_some_and(|it| worth(it, &prices) == row.equity)
            })
        };
        let is_valued = sets.into_iter().any(fits);
        hold!("RANK-1", is_valued, "no set of marks up to {adopted:?} comes to {rows:?}");
        for (nth, row) in (1..).zip(&rows) {
            self.checked += 1;
            hold!("RANK-1", row.rank == nth, "{row:?} has place {nth}");
        }
        let in_order = rows.windows(2).all(|pair| pair[0].equity >= pair[1].equity);
        hold!("RANK-1", in_order, "{rows:?} are not in order");
        self.is_current(references)
    }

    /// What an account said last is where it stands.
    fn is_current(&self, references: &References) -> Result<(), Broken> {
        let replicas = || references.values().map(|it| &it.replica);
        let is_of_exchange =
            |name: &str| replicas().any(|it| it.core.scene().catalogue.is_of_exchange(name));
        for entity in replicas().flat_map(|it| it.entities.values()) {
            let Entity::Account(account) = entity else { continue };
            // Boards rank users, and a house is none.
            if is_of_exchange(account.name()) {
                continue;
            }
            let said = self.standings.get(&account.id());
            let now = account.standing();
            let same = said.is_some_and(|said| said.balances == now.balances);
            hold!("RANK-1", same, "{now:?} stands on its board as {said:?}");
        }
        Ok(())
    }
}

fn worth(standing: &Standing, prices: &Prices) -> Amount {
    standing.balances.iter().map(|(asset, amount)| prices.value(*asset, *amount)).sum()
}
