//! Fractions in order, to the last digit.

use super::score::{Prefix, Score};
use crate::amount::Amount;
use proptest::prelude::*;
use std::cmp::Ordering::{self, Equal, Greater, Less};

/// Compares like a person would: whole parts first, then what remains, upside down.
pub(super) fn by_whole_parts(a: Score, b: Score) -> Ordering {
    let parts = |score: Score| {
        let Score { numerator, denominator } = score;
        (numerator.div_euclid(denominator), numerator.rem_euclid(denominator))
    };
    let ((a_whole, a_rest), (b_whole, b_rest)) = (parts(a), parts(b));
    a_whole.cmp(&b_whole).then_with(|| match (a_rest, b_rest) {
        (0, _) | (_, 0) => a_rest.cmp(&b_rest),
        _ => by_whole_parts(
            Score { numerator: b.denominator, denominator: b_rest },
            Score { numerator: a.denominator, denominator: a_rest },
        ),
    })
}

fn of(numerator: Amount, denominator: Amount) -> Score {
    Score::ratio(numerator, denominator)
}

#[test]
fn fractions_compare_exactly() {
    const LARGE: Amount = 1 << 100;
    let table = [
        (of(1, 3), of(2, 6), Equal),
        (of(-1, 3), of(-1, 4), Less),
        (of(-1, 2), of(0, 1), Less),
        (of(0, 5), of(0, 7), Equal),
        (of(5, 0), of(0, 7), Equal),
        (of(-5, -3), of(0, 7), Equal),
        // A float of 64 bits sees no difference in any of these.
        (of(9_007_199_254_740_993, 1), of(9_007_199_254_740_992, 1), Greater),
        (of(LARGE, LARGE + 1), of(LARGE + 1, LARGE + 2), Less),
        (of(-LARGE, LARGE + 1), of(-LARGE - 1, LARGE + 2), Greater),
        (of(10i128.pow(17) + 1, 3 * 10i128.pow(17)), of(1, 3), Greater),
        (of(Amount::MAX, Amount::MAX - 1), of(Amount::MAX - 1, Amount::MAX - 2), Less),
        // -(1 + 1/(2^127 - 1)) against -(1 + 1/(2^127 - 2)).
        (of(Amount::MIN, Amount::MAX), of(Amount::MIN + 1, Amount::MAX - 1), Greater),
    ];
    for (a, b, expected) in table {
        assert_eq!(a.cmp(&b), expected, "{a:?} against {b:?}");
        assert_eq!(b.cmp(&a), expected.reverse(), "{b:?} against {a:?}");
    }
    assert!(9_007_199_254_740_993i64 as f64 == 9_007_199_254_740_992i64 as f64);
}

#[test]
fn returns_show_in_billionths_rounded_down() {
    let table = [
        (of(1, 2), 500_000_000),
        (of(-1, 3), -333_333_334),
        (of(7, 3), 2_333_333_333),
        (of(0, 1), 0),
        (of(Amount::MAX - 1, Amount::MAX), 999_999_999),
        (of(Amount::MAX / 3, Amount::MAX), 333_333_333),
        (of(Amount::MAX, 1), Amount::MAX),
    ];
    for (score, billionths) in table {
        assert_eq!(score.billionths(), billionths, "{score:?}");
    }
}

/// Amounts of every size, small ones often.
fn amount() -> impl Strategy<Value = Amount> {
    (any::<Amount>(), 0u32..127).prop_map(|(bits, shift)| bits >> shift)
}

fn score() -> impl Strategy<Value = Score> {
    (amount(), amount()).prop_map(|(numerator, denominator)| of(numerator, denominator))
}

/// A score and one that differs from it by little or nothing.
fn close_scores() -> impl Strategy<Value = (Score, Score)> {
    (score(), -2i128..=2, -2i128..=2, 1i128..4).prop_map(|(score, up, down, times)| {
        let numerator = score.numerator.saturating_mul(times).saturating_add(up);
        let denominator = score.denominator.saturating_mul(times).saturating_add(down);
        (score, of(numerator, denominator))
    })
}

proptest! {
    #[test]
    fn order_is_that_of_whole_parts((a, b) in prop_oneof![(score(), score()), close_scores()]) {
        prop_assert_eq!(a.cmp(&b), by_whole_parts(a, b));
    }

    #[test]
    fn a_better_score_never_has_the_higher_prefix(
        (a, b) in prop_oneof![(score(), score()), close_scores()],
    ) {
        let (first, second) = (Prefix::of_ratio(&a), Prefix::of_ratio(&b));
        match first.cmp(&second) {
            Less => prop_assert_eq!(a.cmp(&b), Greater),
            Greater => prop_assert_eq!(a.cmp(&b), Less),
            Equal => prop_assert!(!first.is_exact() || a == b),
        }
    }

    #[test]
    fn prefixes_of_amounts_are_in_order(a in amount(), b in amount(), near in -2i128..=2) {
        for b in [b, a.saturating_add(near)] {
            let (first, second) = (Prefix::of_amount(a), Prefix::of_amount(b));
            match first.cmp(&second) {
                Less => prop_assert!(a > b),
                Greater => prop_assert!(a < b),
                Equal => prop_assert!(!first.is_exact() || a == b),
            }
        }
    }
}
