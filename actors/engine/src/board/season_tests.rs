//! Seasons and frozen days.

use super::arbitrary::*;
use super::board_tests::{at, board, mark, names};
use super::{
    ALL, Board, BoardKind, FROZEN_DAYS_MAX, InTurn, Missing, SEASONS_OPEN_MAX, Score,
    SeasonRefused, TradingDay,
};
use crate::message::{BoardMessage, Standing};

fn stand(board: &mut Board, standing: Standing, second: u64) {
    board.handle(&BoardMessage::Standing(standing), at(second), &catalogue());
}

fn score(board: &Board, season: &str, kind: BoardKind, index: u32) -> Score {
    board.view().rank(season, kind, account(index)).expect("it is there").score
}

#[test]
fn a_season_counts_from_its_start() {
    let mut board = board(&[(1, 100, 200, 1), (2, 100, 110, 2)]);
    board.open_season("spring", at(200), &catalogue()).expect("it opens");
    assert_eq!(names(&board, "spring", BoardKind::Return), "1 2");
    // 1 gains 20 on 200; 2 deposits 90 more, which is no gain, and gains 22 on 200.
    stand(&mut board, standing(1, 100, 220, 201), 201);
    stand(&mut board, standing(2, 190, 222, 202), 202);
    assert_eq!(score(&board, "spring", BoardKind::Return, 1), Score::ratio(20, 200));
    assert_eq!(score(&board, "spring", BoardKind::Return, 2), Score::ratio(22, 200));
    assert_eq!(names(&board, "spring", BoardKind::Return), "2 1");
    assert_eq!(names(&board, ALL, BoardKind::Return), "1 2");
    // Realised profit of 1 was 100 at the start and is 120; that of 2 was 10 and is 32.
    assert_eq!(names(&board, "spring", BoardKind::Realised), "2 1");
    assert_eq!(names(&board, ALL, BoardKind::Realised), "1 2");
    // Who comes later starts with nothing.
    stand(&mut board, standing(3, 50, 60, 203), 203);
    assert_eq!(score(&board, "spring", BoardKind::Return, 3), Score::ratio(10, 50));
    assert_eq!(names(&board, "spring", BoardKind::Return), "3 2 1");
}

#[test]
fn a_reset_starts_the_season_afresh() {
    let mut board = board(&[(1, 100, 500, 1)]);
    board.open_season("spring", at(200), &catalogue()).expect("it opens");
    let afresh = |deposits, cash, second, reset| Standing {
        reset_at: at(reset),
        ..standing(1, deposits, cash, second)
    };
    stand(&mut board, afresh(80, 88, 202, 201), 202);
    assert_eq!(score(&board, "spring", BoardKind::Return, 1), Score::ratio(8, 80));
    stand(&mut board, afresh(80, 90, 203, 201), 203);
    assert_eq!(score(&board, "spring", BoardKind::Return, 1), Score::ratio(10, 80));
    // To as much as before, and to more.
    stand(&mut board, afresh(80, 80, 204, 204), 204);
    assert_eq!(score(&board, "spring", BoardKind::Return, 1), Score::ratio(0, 80));
    stand(&mut board, afresh(900, 990, 206, 205), 206);
    assert_eq!(score(&board, "spring", BoardKind::Return, 1), Score::ratio(90, 900));
}

#[test]
fn seasons_open_and_close_by_name() {
    let mut board = board(&[(1, 100, 200, 1)]);
    let mut open = |name: &str| board.open_season(name, at(200), &catalogue());
    assert_eq!(open(ALL), Err(SeasonRefused::NameTaken));
    for season in 1..SEASONS_OPEN_MAX {
        assert_eq!(open(&season.to_string()), Ok(()));
    }
    assert_eq!(open("1"), Err(SeasonRefused::NameTaken));
    assert_eq!(open("one more"), Err(SeasonRefused::TooMany));
    assert_eq!(board.close_season(ALL), Err(SeasonRefused::NeverCloses));
    assert_eq!(board.close_season("one more"), Err(SeasonRefused::Unknown));
    assert_eq!(board.close_season("2"), Ok(()));
    assert_eq!(board.view().page("2", BoardKind::Return, 0, 1), Err(Missing::Season));
    let open: Vec<_> = board.view().seasons().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(open, [ALL, "1", "3"]);
}

#[test]
fn a_frozen_day_stays_as_it_was_at_its_last_marks() {
    let mut board = board(&[(1, 100, 100, 1)]);
    let holder = Standing { balances: vec![(LPJ, 100)], ..standing(2, 10, 0, 2) };
    stand(&mut board, holder, 100);
    board.handle(&mark(LPJ_KRW, 500), at(100), &catalogue());
    let day = TradingDay(20_261_120);
    assert!(board.freeze(day, at(100), &catalogue(), &InTurn));
    let frozen = |board: &Board| {
        let view = board.frozen(day).expect("the day is kept");
        let page = view.page(ALL, BoardKind::Equity, 0, 10).expect("the season was open");
        assert_eq!(page.set.number, 2, "the closing marks are a set of their own");
        page.rows.iter().map(|row| (row.account, row.equity)).collect::<Vec<_>>()
    };
    let closing = [(account(2), 500), (account(1), 100)];
    assert_eq!(frozen(&board), closing);
    stand(&mut board, standing(1, 100, 900, 101), 101);
    stand(&mut board, standing(3, 100, 950, 101), 101);
    assert!(!board.freeze(day, at(101), &catalogue(), &InTurn), "a day closes once");
    assert_eq!(frozen(&board), closing);
    let late = board.frozen(day).map(|view| view.rank(ALL, BoardKind::Equity, account(3)));
    assert_eq!(late, Some(Err(Missing::Account)));
    assert!(board.frozen(TradingDay(20_261_119)).is_none());
}

#[test]
fn the_oldest_frozen_days_go_first() {
    let mut board = board(&[(1, 100, 100, 1)]);
    for day in 0..FROZEN_DAYS_MAX as u32 + 3 {
        board.freeze(TradingDay(20_260_000 + day), at(200), &catalogue(), &InTurn);
    }
    let days: Vec<_> = board.frozen_days().collect();
    assert_eq!((days.len(), days[0]), (FROZEN_DAYS_MAX, TradingDay(20_260_003)));
}
