//! Ladders of a small book.

use super::{Rung, grouped, ladder};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, RestingOrder};
use hoga_engine::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use hoga_engine::order::{Life, Side};

fn book(orders: &[(Side, u32, u64)]) -> Book {
    let mut book = Book::default();
    for (number, (side, price, quantity)) in (1..).zip(orders) {
        let account = AccountId::new(PartitionId(6), 0);
        book.restore(&RestingOrder {
            order: OrderKey { account, no: OrderNo(number) },
            side: *side,
            price: Ticks(*price),
            open: Lots(*quantity),
            filled: Lots(0),
            reduced: Lots(0),
            iceberg: None,
            life: Life::UntilCancelled,
        });
    }
    book
}

fn market() -> Book {
    book(&[
        (Side::Buy, 101, 1),
        (Side::Buy, 101, 2),
        (Side::Buy, 99, 4),
        (Side::Sell, 104, 8),
        (Side::Sell, 106, 16),
    ])
}

fn rung(price: u32, quantity: u64, orders: u32) -> Rung {
    Rung { price: Ticks(price), quantity: Lots(quantity), orders }
}

#[test]
fn levels_are_best_first_with_their_orders() {
    let sides = ladder(&market(), 30);
    assert_eq!(sides.bids, [rung(101, 3, 2), rung(99, 4, 1)]);
    assert_eq!(sides.asks, [rung(104, 8, 1), rung(106, 16, 1)]);
    assert_eq!(ladder(&market(), 1).bids, [rung(101, 3, 2)]);
}

#[test]
fn groups_go_away_from_the_middle() {
    let sides = grouped(&market(), 30, 5);
    assert_eq!(sides.bids, [rung(100, 3, 0), rung(95, 4, 0)]);
    assert_eq!(sides.asks, [rung(105, 8, 0), rung(110, 16, 0)]);
    assert_eq!(grouped(&market(), 1, 100).bids, [rung(100, 3, 0)]);
}
