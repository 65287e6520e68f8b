use super::*;

#[test]
fn numbers_lean_right_and_colours_take_no_room() {
    let mut table = Table::new([("NAME", Lean::Left), ("PRICE", Lean::Right)]);
    table.row(["LPJ-KRW".into(), "\x1b[32m7\x1b[0m".into()]);
    table.row(["X".into(), "71500000".into()]);
    let expected = "NAME        PRICE\nLPJ-KRW         \x1b[32m7\x1b[0m\nX        71500000";
    assert_eq!(table.to_string(), expected);
}

#[test]
fn no_rows_is_a_headline_alone() {
    let table = Table::new([("NAME", Lean::Left), ("PRICE", Lean::Right)]);
    assert_eq!(table.to_string(), "NAME  PRICE");
}
