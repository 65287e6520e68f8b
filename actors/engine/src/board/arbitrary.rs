//! Standings and a catalogue for the board's tests, and a second board that is plain to see.

use super::score_tests::by_whole_parts;
use super::{BoardKind, Extremes, Score};
use crate::amount::{Amount, Ticks};
use crate::ids::{AccountId, AssetId, InstrumentId, PartitionId};
use crate::instrument::{Calls, Catalogue, Fees, Instrument, Phase};
use crate::message::Standing;
use crate::order::SelfMatch;
use crate::tick_table::TickTable;
use crate::time::Time;
use std::collections::BTreeMap;

pub(super) const KRW: AssetId = AssetId(0);
pub(super) const LPJ: AssetId = AssetId(1);
pub(super) const BTC: AssetId = AssetId(2);
pub(super) const LPJ_KRW: InstrumentId = InstrumentId(7);
pub(super) const BTC_KRW: InstrumentId = InstrumentId(8);

/// LPJ has two decimals and a base price of 10; BTC has eight and no price before its mark.
pub(super) fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (id, base, scale, price) in [(LPJ_KRW, LPJ, 2, Some(Ticks(10))), (BTC_KRW, BTC, 8, None)] {
        catalogue.instruments.insert(id, instrument(id, base, scale, price));
    }
    catalogue
}

pub(super) fn instrument(
    id: InstrumentId,
    base: AssetId,
    base_scale: u8,
    base_price: Option<Ticks>,
) -> Instrument {
    Instrument {
        id,
        symbol: format!("I{}-KRW", id.0).into(),
        partition: PartitionId(2),
        base,
        base_code: format!("A{}", base.0).into(),
        base_scale,
        quote: KRW,
        quote_code: "KRW".into(),
        quote_scale: 0,
        tick: 1,
        lot: 10i128.pow(u32::from(base_scale)),
        ticks: TickTable::uniform(),
        quantity_min: crate::amount::Lots(1),
        quantity_max: crate::amount::Lots::MAX,
        notional_min: 0,
        notional_max: 0,
        base_price,
        band: None,
        collar: crate::amount::Rate(0),
        fees: Fees::default(),
        self_match: SelfMatch::CancelTaker,
        open_orders_max: 100,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

pub(super) fn account(index: u32) -> AccountId {
    AccountId::new(PartitionId(6 + (index % 2) as u16), index / 2)
}

/// An account that deposited `deposits`, withdrew nothing and holds `cash` now.
pub(super) fn standing(index: u32, deposits: Amount, cash: Amount, second: u64) -> Standing {
    Standing {
        account: account(index),
        name: format!("trader{index}").into(),
        balances: vec![(KRW, cash)],
        net_deposits: deposits,
        deposits,
        realised: cash - deposits,
        last_event: Time(second * Time::SECOND),
        reset_at: Time(0),
    }
}

/// Four figures of an account: equity, net deposits, deposits, realised profit.
type Figures = [Amount; 4];

/// A board that remembers standings and sorts them when asked.
#[derive(Default)]
pub(super) struct PlainBoard {
    pub standings: BTreeMap<AccountId, Standing>,
    pub marks: BTreeMap<InstrumentId, Ticks>,
    /// Marks of the set in force.
    pub in_force: BTreeMap<InstrumentId, Ticks>,
    pub adopted: Option<Time>,
    pub seasons: Vec<(String, BTreeMap<AccountId, Figures>)>,
    pub extremes: BTreeMap<AccountId, Extremes>,
}

impl PlainBoard {
    pub fn new() -> PlainBoard {
        PlainBoard { seasons: vec![("all".into(), BTreeMap::new())], ..PlainBoard::default() }
    }

    pub fn pass_time(&mut self, at: Time) {
        if self.adopted.is_none_or(|time| time.0 + Time::SECOND <= at.0) {
            self.adopt(at);
        }
    }

    pub fn adopt(&mut self, at: Time) {
        self.adopted = Some(at);
        self.in_force = self.marks.clone();
        for standing in self.standings.values() {
            let equity = self.figures(standing)[0];
            let Extremes { peak, drawdown } = self.extremes.entry(standing.account).or_default();
            *peak = (*peak).max(equity);
            if equity < *peak {
                let fall = (*peak - equity) * 1_000_000_000 / *peak;
                *drawdown = (*drawdown).max(fall as u32);
            }
        }
    }

    pub fn stand(&mut self, standing: &Standing) {
        let old = self.standings.insert(standing.account, standing.clone());
        if old.is_some_and(|old| standing.reset_at > old.last_event) {
            for (_, starts) in &mut self.seasons {
                starts.remove(&standing.account);
            }
            self.extremes.insert(standing.account, Extremes::default());
        }
    }

    pub fn open_season(&mut self, name: &str) {
        let all = self.standings.values();
        let starts = all.map(|standing| (standing.account, self.figures(standing))).collect();
        self.seasons.push((name.into(), starts));
    }

    fn figures(&self, standing: &Standing) -> Figures {
        let worth = |&(asset, amount): &(AssetId, Amount)| {
            let mark = |id, base| self.in_force.get(&id).map_or(base, |mark| Amount::from(mark.0));
            match asset {
                LPJ => (amount * mark(LPJ_KRW, 10)).div_euclid(100),
                BTC => (amount * mark(BTC_KRW, 0)).div_euclid(100_000_000),
                _ => amount,
            }
        };
        let equity = standing.balances.iter().map(worth).sum();
        [equity, standing.net_deposits, standing.deposits, standing.realised]
    }

    /// Everybody with their score, best first.
    pub fn ranking(&self, season: usize, kind: BoardKind) -> Vec<(AccountId, Score)> {
        let mut rows = Vec::new();
        for standing in self.standings.values() {
            let [equity, net, deposits, realised] = self.figures(standing);
            let start = self.seasons[season].1.get(&standing.account).copied().unwrap_or_default();
            let gain = equity - start[0] - (net - start[1]);
            let score = match kind {
                BoardKind::Equity => Score::amount(equity),
                BoardKind::Realised => Score::amount(realised - start[3]),
                BoardKind::Return => Score::ratio(gain, start[0] + deposits - start[2]),
            };
            rows.push((score, standing.last_event, standing.account));
        }
        rows.sort_by(|a, b| by_whole_parts(b.0, a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        rows.into_iter().map(|(score, _, account)| (account, score)).collect()
    }
}
