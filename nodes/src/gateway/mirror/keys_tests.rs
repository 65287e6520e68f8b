use super::{BOARD, Keys, MIRROR, ROWS, TRADES};
use hoga_engine::board::BoardKind;

#[test]
fn names_stand_under_the_prefix() {
    let keys = Keys::new("hoga");
    assert_eq!(keys.of_symbol(TRADES, "LPJ-KRW"), "hoga:trades:LPJ-KRW");
    assert_eq!(keys.of_board(BOARD, BoardKind::Return), "hoga:board:return");
    assert_eq!(keys.of_node(MIRROR, 3), "hoga:mirror:3");
}

#[test]
fn the_page_lists_every_name() {
    let page = include_str!("../../../../docs/redis.md");
    for [pattern, kind, about] in ROWS {
        let row = format!("| `{pattern}` | {kind} | {about} |");
        assert!(page.contains(&row), "docs/redis.md lacks the row\n{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ROWS.len(), "docs/redis.md lists what is not there");
}
