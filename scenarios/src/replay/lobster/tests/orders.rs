//! A day as orders.

use super::super::{Orders, orders};
use super::generated::{Day, Queue};
use super::{recorded, written};
use crate::replay::script::{Said, Step};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Execution, Incoming, NaiveBook, Reports};
use hoga_engine::ids::OrderKey;
use hoga_engine::order::{Life, SelfMatch, Side};

fn orders_of(day: &Day) -> Orders {
    orders(written(day).path(), |_, _| {}).expect("the day reads")
}

/// What the obvious book says to the same steps.
#[derive(Default)]
struct Heard(Vec<Said>);

impl Reports for Heard {
    fn traded(&mut self, execution: &Execution) {
        let &Execution { price, quantity, taker_side: taker, .. } = execution;
        self.0.push(Said::Trade { price, quantity, taker });
    }

    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}

    fn level(&mut self, side: Side, price: Ticks, quantity: Lots) {
        self.0.push(Said::Level { side, price, quantity });
    }
}

fn asked_of_the_naive_book(steps: &[Step]) -> Vec<Said> {
    let (mut book, mut heard) = (NaiveBook::default(), Heard::default());
    for &step in steps {
        match step {
            Step::Place { order, side, limit, quantity, time_in_force } => {
                let self_match = SelfMatch::None;
                let value_max = None;
                let incoming = Incoming {
                    order,
                    side,
                    limit,
                    quantity,
                    time_in_force,
                    self_match,
                    value_max,
                    display: None,
                    life: Life::UntilCancelled,
                    at_market: false,
                };
                book.submit(&incoming, &mut heard);
            }
            Step::Cancel { order } => {
                book.cancel(order, &mut heard).expect("what is cancelled is open");
            }
            Step::Amend { order, total, limit } => {
                book.amend(order, Some(total), limit, SelfMatch::None, &mut heard)
                    .expect("what is amended is open");
            }
        }
    }
    heard.0
}

#[test]
fn asking_another_book_the_same_gives_the_same_day() {
    for levels in [1, 2, 5, 10] {
        let day = Day::generate(levels, 3 + levels as u64, 4_000, Queue::OldestFirst);
        let orders = orders_of(&day);
        assert_eq!((orders.rows, orders.book_mismatches), (day.rows(), 0), "{levels} levels");
        assert!(orders.taken > 200, "{} incoming orders", orders.taken);
        assert_eq!(orders.script.said, asked_of_the_naive_book(&orders.script.steps));
    }
}

#[test]
fn a_fair_venue_needs_no_corrections_and_another_many_that_keep_the_levels_right() {
    let fair = orders_of(&Day::generate(5, 8, 4_000, Queue::OldestFirst));
    assert_eq!((fair.corrections, fair.book_mismatches), (0, 0));
    let unfair = orders_of(&Day::generate(5, 8, 4_000, Queue::NewestFirst));
    assert!(unfair.corrections > 200, "{}", unfair.corrections);
    assert_eq!(unfair.book_mismatches, 0);
}

#[test]
fn prices_and_quantities_are_what_an_exchange_takes() {
    let orders = orders_of(&Day::generate(5, 8, 1_000, Queue::OldestFirst));
    for step in &orders.script.steps {
        let account = step.order().account.index() as usize;
        assert!(account > 0 && account < orders.accounts.len());
        if let Step::Place { limit, quantity, .. } = *step {
            assert!(limit > Ticks(0) && !quantity.is_zero(), "{step:?}");
        }
    }
}

#[test]
fn the_recorded_day_needs_almost_no_corrections() {
    let Some(path) = recorded() else {
        eprintln!("SKIPPED: HOGA_DATA is not set; the recorded NASDAQ day was NOT written down");
        return;
    };
    let mut shown = 0;
    let orders = orders(&path, |done, of| shown = of - done).expect("the day reads");
    assert_eq!((orders.rows, orders.book_mismatches, shown), (147_916, 0, 0));
    assert!(orders.taken >= 5_931, "{} incoming orders", orders.taken);
    assert!(orders.corrections <= 20, "{} corrections", orders.corrections);
    assert_eq!(orders.script.said, asked_of_the_naive_book(&orders.script.steps));
}
