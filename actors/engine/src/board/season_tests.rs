//! Seasons and frozen days.

use super::arbitrary::*;
use super::board_tests::{at, board, mark, names};
use super::{
    ALL, Board, BoardKind, FROZEN_DAYS_MAX, InTurn, Missing, SEASONS_CLOSED_MAX, SEASONS_OPEN_MAX,
    Score, SeasonNames, Span, TradingDay,
};
use crate::message::{BoardMessage, Standing};
use crate::reject::Reject;

fn stand(board: &mut Board, standing: Standing, second: u64) {
    board.handle(&BoardMessage::Standing(standing), at(second), &catalogue());
}

fn open(board: &mut Board, name: &str, second: u64) {
    board.handle(&BoardMessage::OpenSeason(name.into()), at(second), &catalogue());
}

fn close(board: &mut Board, name: &str, second: u64) {
    board.handle(&BoardMessage::CloseSeason(name.into()), at(second), &catalogue());
}

fn score(board: &Board, season: &str, kind: BoardKind, index: u32) -> Score {
    board.view().rank(season, kind, account(index)).expect("it is there").score
}

#[test]
fn a_season_counts_from_its_start() {
    let mut board = board(&[(1, 100, 200, 1), (2, 100, 110, 2)]);
    open(&mut board, "spring", 200);
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
    open(&mut board, "spring", 200);
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
fn names_of_seasons_are_taken_while_they_can_be_read() {
    let mut names = SeasonNames::default();
    let said = |done: Result<(), Reject>| done.err().map(|reject| reject.reason());
    assert_eq!(said(names.open(ALL)), Some("SEASON_EXISTS"));
    for season in 0..SEASONS_OPEN_MAX {
        assert_eq!(said(names.open(&season.to_string())), None);
    }
    assert_eq!(said(names.open("1")), Some("SEASON_EXISTS"));
    assert_eq!(said(names.open("one more")), Some("TOO_MANY_SEASONS"));
    assert_eq!(said(names.close(ALL)), Some("UNKNOWN_SEASON"));
    assert_eq!(said(names.close("one more")), Some("UNKNOWN_SEASON"));
    assert_eq!(said(names.close("1")), None);
    assert_eq!(said(names.close("1")), Some("UNKNOWN_SEASON"));
    for later in 0..SEASONS_CLOSED_MAX {
        assert_eq!(said(names.open("1")), Some("SEASON_EXISTS"), "it can still be read");
        let later = format!("later {later}");
        assert_eq!(said(names.open(&later)), None);
        assert_eq!(said(names.close(&later)), None);
    }
    assert_eq!(said(names.open("1")), None);
}

#[test]
fn a_season_stays_readable_as_it_closed() {
    let mut board = board(&[(1, 100, 200, 1), (2, 100, 110, 2)]);
    open(&mut board, "spring", 200);
    stand(&mut board, standing(1, 100, 220, 201), 201);
    close(&mut board, "spring", 202);
    stand(&mut board, standing(2, 100, 500, 203), 203);
    stand(&mut board, standing(3, 50, 60, 204), 204);
    let spring = |board: &Board| {
        let (view, _) = board.season("spring").expect("it is kept");
        let page = view.page("spring", BoardKind::Return, 0, 10).expect("a page");
        let rows = page.rows.iter().map(|row| (row.account, row.score));
        (rows.collect::<Vec<_>>(), page.set.time, page.count)
    };
    let rows = vec![(account(1), Score::ratio(20, 200)), (account(2), Score::ratio(0, 110))];
    assert_eq!(spring(&board), (rows, at(202), 2));
    let all = (ALL, Span { opened: at(0), closed: None });
    let closed = ("spring", Span { opened: at(200), closed: Some(at(202)) });
    assert_eq!(board.seasons().collect::<Vec<_>>(), [closed, all]);
    assert_eq!(board.view().page("spring", BoardKind::Return, 0, 1), Err(Missing::Season));
    let written = postcard::to_stdvec(&board).expect("a board always encodes");
    let read: Board = postcard::from_bytes(&written).expect("it was written by us");
    assert_eq!(spring(&read), spring(&board));
    assert_eq!(postcard::to_stdvec(&read).expect("it encodes"), written);
    // Without effect: there is none that is open.
    close(&mut board, "spring", 205);
    close(&mut board, ALL, 205);
    assert_eq!(board.seasons().collect::<Vec<_>>(), [closed, all]);
}

#[test]
fn the_oldest_closed_seasons_go_first() {
    let mut board = board(&[(1, 100, 200, 1)]);
    for season in 0..SEASONS_CLOSED_MAX + 2 {
        let name = format!("{season}");
        open(&mut board, &name, 200);
        close(&mut board, &name, 200);
    }
    let names: Vec<_> = board.seasons().map(|(name, _)| name.to_owned()).collect();
    assert_eq!((names.len(), &*names[0]), (SEASONS_CLOSED_MAX + 1, "2"));
    assert!(board.season("1").is_none());
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
