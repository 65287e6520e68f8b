use super::*;
use crate::numbers::Amount;

fn mistakes(text: &str) -> Vec<String> {
    let result = read("t.toml", text, |fields| {
        let price: Option<Amount> = fields.parsed("price");
        let mut market = fields.table("market")?;
        market.require(&["rules"]);
        market.text("rules");
        market.finish();
        price
    });
    result.err().map_or_else(Vec::new, |mistakes| mistakes.lines())
}

#[test]
fn all_mistakes_come_at_once_with_line_and_column() {
    assert_eq!(
        mistakes("price = 777\n\n[market]\nruls = \"lpj\"\n"),
        [
            "t.toml:1:9: `price` must be a string, and this is an integer; \
             put it in quotes so that it stays exact: \"777\"",
            "t.toml:3:1: [market] needs `rules`",
            "t.toml:4:1: [market] has no key `ruls`; did you mean `rules`?",
        ]
    );
}

#[test]
fn broken_syntax_is_placed_too() {
    let lines = mistakes("price = \"1\"\n[market\n");
    assert!(lines[0].starts_with("t.toml:2:"), "{lines:?}");
}

#[test]
fn a_report_draws_the_line() {
    let result = read("t.toml", "pice = \"1\"\n", |fields| fields.parsed::<Amount>("price"));
    let report = miette::Report::new(result.expect_err("a typo"));
    let drawn = format!("{report:?}");
    assert!(drawn.contains("did you mean `price`?") && drawn.contains("t.toml:1:1"), "{drawn}");
}

#[test]
fn the_nearest_name_is_a_slip_away() {
    let known = ["buys", "sells", "cancels", "amends"];
    for (word, expected) in [
        ("byus", Some("buys")),
        ("Buys", Some("buys")),
        ("canels", Some("cancels")),
        ("cancel", Some("cancels")),
        ("frobnicates", None),
        ("x", None),
    ] {
        assert_eq!(nearest(word, known), expected, "{word}");
    }
}

#[test]
fn columns_count_characters() {
    assert_eq!(line_and_column("호가 = 1\nab", 7), (1, 4));
    assert_eq!(line_and_column("호가 = 1\nab", 12), (2, 2));
    assert_eq!(line_and_column("a", 99), (1, 2));
}
