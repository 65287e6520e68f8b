use super::*;

fn number(text: &str) -> Option<v1::Decimal> {
    Some(v1::Decimal { value: text.into() })
}

fn levels(levels: &[(&str, &str)]) -> Vec<v1::Level> {
    let level = |(price, quantity): &(&str, &str)| v1::Level {
        price: number(price),
        quantity: number(quantity),
        order_count: 1,
    };
    levels.iter().map(level).collect()
}

fn content(bids: &[(&str, &str)], asks: &[(&str, &str)]) -> Option<v1::Content> {
    let (bids, asks) = (levels(bids), levels(asks));
    let book = v1::BookContent { bids, asks, ..Default::default() };
    Some(v1::Content { content: Some(Content::Book(book)) })
}

fn snapshot(bids: &[(&str, &str)], asks: &[(&str, &str)]) -> v1::ServerFrame {
    let content = content(bids, asks);
    let snapshot = v1::Snapshot { content, ..v1::Snapshot::default() };
    v1::ServerFrame { tag: 0, frame: Some(Frame::Snapshot(snapshot)) }
}

fn delta(bids: &[(&str, &str)], asks: &[(&str, &str)]) -> v1::ServerFrame {
    let delta = v1::Delta { content: content(bids, asks), ..v1::Delta::default() };
    v1::ServerFrame { tag: 0, frame: Some(Frame::Delta(delta)) }
}

/// Prices and quantities of both sides, best first: `9x1 8x2 | 10x3`.
fn shown(ladder: &Ladder, depth: usize) -> String {
    let book = ladder.book(depth);
    let side = |levels: &[v1::Level]| {
        let level = |level: &v1::Level| {
            let (price, quantity) = (level.price.as_ref(), level.quantity.as_ref());
            format!("{}x{}", wire::text(price), wire::text(quantity))
        };
        levels.iter().map(level).collect::<Vec<_>>().join(" ")
    };
    format!("{} | {}", side(&book.bids), side(&book.asks))
}

#[test]
fn deltas_are_laid_onto_the_snapshot() {
    let mut ladder = Ladder::default();
    ladder.lay(&snapshot(&[("9", "1"), ("8", "2")], &[("10", "3"), ("11", "4")]));
    assert_eq!(shown(&ladder, 5), "9x1 8x2 | 10x3 11x4");
    ladder.lay(&delta(&[("9", "0"), ("8.5", "7")], &[("10", "1")]));
    assert_eq!(shown(&ladder, 5), "8.5x7 8x2 | 10x1 11x4");
    assert_eq!(shown(&ladder, 1), "8.5x7 | 10x1");
    ladder.lay(&snapshot(&[], &[("12", "1")]));
    assert_eq!(shown(&ladder, 5), " | 12x1");
}

#[test]
fn prices_are_ordered_as_numbers() {
    let mut ladder = Ladder::default();
    ladder.lay(&snapshot(&[("9", "1"), ("10", "1"), ("100", "1")], &[]));
    assert_eq!(shown(&ladder, 5), "100x1 10x1 9x1 | ");
}
