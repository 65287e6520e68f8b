//! The board by tables, and against a board that sorts everything whenever it is asked (RANK-1).

use super::arbitrary::*;
use super::{
    ALL, BadBoard, Board, BoardKind, InTurn, Missing, QUICK_ACCOUNTS_MAX, Score, TradingDay,
    Unranked,
};
use crate::amount::{Amount, Ticks};
use crate::ids::{AssetId, InstrumentId, PartitionId};
use crate::instrument::Catalogue;
use crate::message::{BoardMessage, DayClosed, Standing};
use crate::time::Time;
use proptest::prelude::*;
use std::time::Duration;

const DAY: TradingDay = TradingDay(20_261_120);

pub(super) fn at(second: u64) -> Time {
    Time(second * Time::SECOND)
}

pub(super) fn mark(instrument: InstrumentId, price: u32) -> BoardMessage {
    BoardMessage::Mark { instrument, price: Ticks(price), time: at(0), stops: 0 }
}

/// A board whose accounts (index, deposits, cash, second of the last event) stand like this.
pub(super) fn board(standings: &[(u32, Amount, Amount, u64)]) -> Board {
    let mut board = Board::new();
    for &(index, deposits, cash, second) in standings {
        let standing = standing(index, deposits, cash, second);
        board.handle(&BoardMessage::Standing(standing), at(100), &catalogue());
    }
    board
}

/// Names of all accounts on a board, best first.
pub(super) fn names(board: &Board, season: &str, kind: BoardKind) -> String {
    let page = board.view().page(season, kind, 0, 100).expect("the season is open");
    let names: Vec<_> = page.rows.iter().map(|row| row.name.replace("trader", "")).collect();
    names.join(" ")
}

fn check(kind: BoardKind, standings: &[(u32, Amount, Amount, u64)], order: &str) {
    assert_eq!(names(&board(standings), ALL, kind), order, "{kind:?} of {standings:?}");
}

#[test]
fn a_board_that_began_with_everybody_equals_one_that_heard_them_in_turn() {
    let standings: Vec<Standing> =
        (1..40).map(|index| standing(index, 1_000, Amount::from(index * 7 % 13), 5)).collect();
    let mut heard = Board::new();
    heard.handle(&mark(LPJ_KRW, 11), at(100), &catalogue());
    for standing in &standings {
        heard.handle(&BoardMessage::Standing(standing.clone()), at(100), &catalogue());
    }
    heard.tick(at(200), &catalogue());
    let begun = Unranked::of(standings.clone()).expect("everybody stands once");
    let begun = begun.rank([(LPJ_KRW, Ticks(11))], at(200), &catalogue(), &InTurn);
    for kind in BoardKind::ALL {
        assert_eq!(names(&begun, ALL, kind), names(&heard, ALL, kind), "{kind:?}");
    }
    let twice = [standings[3].clone(), standings[3].clone()];
    let refused = Unranked::of(twice).expect_err("an account stands twice");
    assert_eq!(refused, BadBoard::Twice(standings[3].account));
}

#[test]
fn accounts_are_ranked_by_each_figure() {
    let standings = [(1, 100, 150, 1), (2, 1000, 1400, 2), (3, 100, 90, 3), (4, 1000, 800, 4)];
    check(BoardKind::Return, &standings, "1 2 3 4");
    check(BoardKind::Equity, &standings, "2 4 1 3");
    check(BoardKind::Realised, &standings, "2 1 3 4");
}

#[test]
fn ties_go_to_the_earlier_event_and_then_to_the_lower_id() {
    // Accounts 2 and 4 are of one partition, 1 and 3 of the next.
    check(BoardKind::Equity, &[(1, 5, 9, 7), (2, 5, 9, 8), (3, 5, 9, 6)], "3 1 2");
    check(BoardKind::Equity, &[(3, 5, 9, 7), (1, 5, 9, 7), (4, 5, 9, 7), (2, 5, 9, 7)], "2 4 1 3");
    check(BoardKind::Return, &[(1, 2, 3, 9), (2, 4, 6, 8), (3, 600, 900, 7)], "3 2 1");
}

#[test]
fn losses_rank_below_nothing_and_nothing_deposited_returns_nothing() {
    check(BoardKind::Return, &[(1, 9, 8, 1), (2, 0, 0, 2), (3, 9, 9, 3), (4, 9, 0, 4)], "2 3 1 4");
    check(BoardKind::Return, &[(1, 0, 700, 1), (2, 1, 2, 2)], "2 1");
}

#[test]
fn returns_that_a_float_takes_for_equal_are_told_apart() {
    const HUGE: Amount = 1 << 80;
    // 1 + 1/HUGE, 1 + 2/HUGE and 1 + 1/(HUGE + 1).
    let standings =
        [(1, HUGE, 2 * HUGE + 1, 1), (2, HUGE, 2 * HUGE + 2, 2), (3, HUGE + 1, 2 * HUGE + 3, 3)];
    check(BoardKind::Return, &standings, "2 1 3");
    let third = 10i128.pow(17);
    check(BoardKind::Return, &[(1, 3, 4, 1), (2, 3 * third, 4 * third + 1, 2)], "2 1");
}

#[test]
fn a_holding_counts_at_its_mark_once_the_next_set_is_due() {
    let mut board = board(&[(1, 100, 101, 1)]);
    let held = |amount| Standing {
        balances: vec![(LPJ, amount), (BTC, 50_000_000)],
        ..standing(2, 0, 0, 2)
    };
    let equity = |board: &Board| {
        let row = board.view().rank(ALL, BoardKind::Equity, account(2)).expect("it is there");
        (row.rank, row.equity, board.view().set().number)
    };
    let mut handle = |message, time| {
        board.handle(&message, time, &catalogue());
        equity(&board)
    };
    // The base price of LPJ is 10 for one, which is 100 minor units; BTC has no price.
    assert_eq!(handle(BoardMessage::Standing(held(1009)), at(100)), (2, 100, 1));
    assert_eq!(handle(mark(LPJ_KRW, 20), at(100)), (2, 100, 1));
    assert_eq!(handle(mark(BTC_KRW, 7), Time(at(101).0 - 1)), (2, 100, 1));
    // Due: 10.09 x 20 rounded down, and half of 7 rounded down.
    assert_eq!(handle(mark(BTC_KRW, 9), at(101)), (1, 201 + 3, 2));
    // Between two sets the account's own event counts, at the marks in force.
    assert_eq!(handle(BoardMessage::Standing(held(200)), at(101)), (2, 40 + 3, 2));
}

#[test]
fn a_new_instrument_brings_a_new_set_at_once() {
    let mut board = board(&[]);
    let eth = AssetId(9);
    let holder = Standing { balances: vec![(eth, 30)], ..standing(1, 0, 0, 1) };
    board.handle(&BoardMessage::Standing(holder), at(100), &catalogue());
    assert_eq!(board.view().set().number, 1);
    let mut catalogue = catalogue();
    let listed = instrument(InstrumentId(99), eth, 0, Some(Ticks(5)));
    catalogue.instruments.insert(listed.id, listed);
    board.tick(at(100), &catalogue);
    let row = board.view().rank(ALL, BoardKind::Equity, account(1)).expect("it is there");
    assert_eq!((row.equity, board.view().set().number), (150, 2));
}

#[test]
fn sets_come_every_second_and_every_half_minute_when_accounts_are_many() {
    let mut board = board(&[(0, 5, 5, 1)]);
    board.tick(at(101), &catalogue());
    assert_eq!(board.view().set().number, 2);
    for index in 0..=QUICK_ACCOUNTS_MAX as u32 {
        let standing = standing(index, 5, 5, 1);
        board.handle(&BoardMessage::Standing(standing), at(101), &catalogue());
    }
    assert!(!board.is_due(at(130), &catalogue()));
    assert!(board.is_due(at(131), &catalogue()));
}

#[test]
fn peak_and_fall_are_seen_at_sets() {
    let mut board = board(&[(1, 100, 100, 1)]);
    for (second, cash) in [(101, 300), (102, 200), (103, 250), (104, 90), (105, 400)] {
        board.tick(at(second), &catalogue());
        let standing = standing(1, 100, cash, second);
        board.handle(&BoardMessage::Standing(standing), at(second), &catalogue());
    }
    board.tick(at(106), &catalogue());
    let extremes = board.extremes(account(1)).expect("it is there");
    assert_eq!((extremes.peak, extremes.drawdown), (400, 700_000_000));
    assert_eq!(board.extremes(account(2)), None);
}

#[test]
fn pages_and_neighbours_are_cut_at_the_ends() {
    let standings: Vec<_> = (0..10).map(|index| (index, 5, 100 - Amount::from(index), 1)).collect();
    let board = board(&standings);
    let view = board.view();
    let ranks = |page: super::Page| page.rows.iter().map(|row| row.rank).collect::<Vec<_>>();
    let page =
        |offset, limit| ranks(view.page(ALL, BoardKind::Equity, offset, limit).expect("page"));
    assert_eq!(page(0, 3), [1, 2, 3]);
    assert_eq!(page(8, 3), [9, 10]);
    assert_eq!(page(10, 3), [0; 0]);
    assert_eq!(page(u64::MAX, 3), [0; 0]);
    let around = |index, reach| {
        ranks(view.around(ALL, BoardKind::Equity, account(index), reach).expect("neighbours"))
    };
    assert_eq!(around(0, 2), [1, 2, 3]);
    assert_eq!(around(5, 1), [5, 6, 7]);
    assert_eq!(around(9, 2), [8, 9, 10]);
    assert_eq!(view.rank(ALL, BoardKind::Equity, account(10)), Err(Missing::Account));
    assert_eq!(view.page("spring", BoardKind::Equity, 0, 1), Err(Missing::Season));
}

#[derive(Clone, Debug)]
enum Step {
    Stand(Standing),
    Mark(InstrumentId, u32),
    Pass(u64),
    Open(u8),
    Close(u8),
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![6 => 0i128..6, 2 => 0i128..100_000, 1 => (1i128 << 62)..(1 << 90)]
}

fn some_standing() -> impl Strategy<Value = Standing> {
    let balances = prop::collection::btree_map((0u16..3).prop_map(AssetId), amount(), 0..4);
    (0u32..40, balances, amount(), amount(), -3i128..4, 0u64..3, 0u64..3).prop_map(
        |(index, balances, deposits, withdrawals, realised, second, reset)| Standing {
            balances: balances.into_iter().collect(),
            net_deposits: deposits - withdrawals,
            realised,
            reset_at: Time(reset.min(second) * Time::SECOND),
            ..standing(index, deposits, 0, second)
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let instrument = prop_oneof![Just(LPJ_KRW), Just(BTC_KRW)];
    prop_oneof![
        20 => some_standing().prop_map(Step::Stand),
        4 => (instrument, 0u32..50).prop_map(|(id, price)| Step::Mark(id, price)),
        4 => (0u64..1_500).prop_map(Step::Pass),
        1 => (0u8..3).prop_map(Step::Open),
        1 => (0u8..3).prop_map(Step::Close),
    ]
}

/// Both boards, one beside the other.
struct Pair {
    board: Board,
    plain: PlainBoard,
    now: Time,
    catalogue: Catalogue,
}

impl Pair {
    fn take(&mut self, step: &Step) {
        let Pair { board, plain, now, catalogue } = self;
        match step {
            Step::Stand(standing) => {
                plain.pass_time(*now);
                plain.stand(standing);
                board.handle(&BoardMessage::Standing(standing.clone()), *now, catalogue);
            }
            Step::Mark(id, price) => {
                plain.pass_time(*now);
                plain.marks.insert(*id, Ticks(*price));
                board.handle(&mark(*id, *price), *now, catalogue);
            }
            Step::Pass(milliseconds) => {
                now.0 += Duration::from_millis(*milliseconds).as_nanos() as u64;
                plain.pass_time(*now);
                board.tick(*now, catalogue);
            }
            Step::Open(season) => {
                let name = format!("season {season}");
                plain.pass_time(*now);
                board.handle(&BoardMessage::OpenSeason(name.as_str().into()), *now, catalogue);
                if plain.seasons.iter().all(|(open, _)| *open != name) {
                    plain.adopt(*now);
                    plain.open_season(&name);
                }
            }
            Step::Close(season) => {
                let name = format!("season {season}");
                plain.pass_time(*now);
                board.handle(&BoardMessage::CloseSeason(name.as_str().into()), *now, catalogue);
                if plain.seasons.iter().any(|(open, _)| *open == name) {
                    plain.adopt(*now);
                    plain.seasons.retain(|(open, _)| *open != name);
                }
            }
        }
    }

    fn compare(&self, board: &Board) {
        for (season, (name, _)) in self.plain.seasons.iter().enumerate() {
            for kind in BoardKind::ALL {
                let expected = self.plain.ranking(season, kind);
                let page = board.view().page(name, kind, 0, 1000).expect("the season is open");
                let rows: Vec<_> = page.rows.iter().map(|row| (row.account, row.score)).collect();
                assert_eq!(rows, expected, "{name} {kind:?}");
                for row in &page.rows {
                    assert_eq!(board.view().rank(name, kind, row.account).as_ref(), Ok(row));
                }
            }
        }
        for (&account, &extremes) in &self.plain.extremes {
            assert_eq!(board.extremes(account), Some(extremes));
        }
    }
}

fn bytes(board: &Board) -> Vec<u8> {
    postcard::to_stdvec(board).expect("a board always encodes")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// RANK-1, also for a board that was written and read again, and for frozen days.
    #[test]
    fn a_board_is_what_recomputing_and_sorting_gives(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let (board, plain) = (Board::new(), PlainBoard::new());
        let mut pair = Pair { board, plain, now: at(100), catalogue: catalogue() };
        for (index, step) in steps.iter().enumerate() {
            pair.take(step);
            if index % 8 == 0 {
                pair.compare(&pair.board);
            }
        }
        pair.board.freeze(DAY, pair.now, &pair.catalogue, &InTurn);
        pair.plain.adopt(pair.now);
        pair.compare(&pair.board);
        let written = bytes(&pair.board);
        let read: Board = postcard::from_bytes(&written).expect("it was written by us");
        pair.compare(&read);
        prop_assert_eq!(&bytes(&read), &written);
        for kind in BoardKind::ALL {
            let page = |board: &Board| board.frozen(DAY).expect("kept").page(ALL, kind, 0, 1000);
            prop_assert_eq!(page(&read), page(&pair.board));
            prop_assert_eq!(page(&read), read.view().page(ALL, kind, 0, 1000));
        }
    }
}

#[test]
fn scores_show_what_they_were_made_of() {
    let board = board(&[(1, 3, 4, 1)]);
    let row = board.view().rank(ALL, BoardKind::Return, account(1)).expect("it is there");
    assert_eq!(row.score, Score { numerator: 1, denominator: 3 });
    assert_eq!(row.score.billionths(), 333_333_333);
}

#[test]
fn days_have_their_dates() {
    let dates = [(0, 19_700_101), (59, 19_700_301), (11_016, 20_000_229), (20_000, 20_241_004)];
    for (days, date) in dates {
        assert_eq!(TradingDay::since_1970(days), TradingDay(date));
    }
}

fn closed(day: TradingDay, partition: u16, price: u32) -> BoardMessage {
    let marks = vec![(LPJ_KRW, Ticks(price))];
    let partition = PartitionId(partition);
    BoardMessage::DayClosed(DayClosed { day, partition, partitions: 2, marks })
}

/// A day is frozen at its last prices when all partitions have said so, however often one does.
#[test]
fn a_day_is_closing_until_everybody_has_said_where_they_stood() {
    let held = Standing { balances: vec![(LPJ, 1_000)], ..standing(1, 100, 0, 1) };
    let mut board = board(&[(2, 100, 150, 1)]);
    board.handle(&BoardMessage::Standing(held), at(100), &catalogue());
    let frozen = |board: &Board| {
        let row = board.frozen(DAY)?.rank(ALL, BoardKind::Equity, account(1));
        row.ok().map(|row| (row.rank, row.equity))
    };
    for _ in 0..2 {
        board.handle(&closed(DAY, 6, 17), at(101), &catalogue());
        assert_eq!((frozen(&board), board.is_closing(DAY)), (None, true));
    }
    let bytes = postcard::to_stdvec(&board).expect("it encodes");
    let mut board: Board = postcard::from_bytes(&bytes).expect("it decodes");
    assert!(board.is_closing(DAY), "also behind a snapshot");
    // Somebody trades on before the last has said so: the day is valued at its own price.
    board.handle(&mark(LPJ_KRW, 90), at(102), &catalogue());
    board.handle(&closed(DAY, 7, 17), at(102), &catalogue());
    assert_eq!((frozen(&board), board.is_closing(DAY)), (Some((1, 170)), false));
    board.tick(at(110), &catalogue());
    let live = board.view().rank(ALL, BoardKind::Equity, account(1)).expect("it is there");
    assert_eq!(live.equity, 900);
    board.handle(&closed(DAY, 7, 99), at(111), &catalogue());
    assert_eq!((frozen(&board), board.is_closing(DAY)), (Some((1, 170)), false));
}
