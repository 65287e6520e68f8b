//! Decimals, ratios and times.

use super::written;
use crate::convert::BadField;
use crate::convert::numbers::{
    amount, scaled_quotient, shown, shown_ratio, time, time_if_any, timestamp,
};
use hoga_engine::time::Time;
use proptest::prelude::*;

#[test]
fn more_decimals_than_the_scale_are_refused_by_name() {
    let bad = amount("order.price", Some(&written("777.123456789")), 8);
    let rule = "777.123456789 has more than 8 decimals".into();
    assert_eq!(bad, Err(BadField::Malformed { field: "order.price".into(), rule }));
    let zeros = amount("order.price", Some(&written("777.120000000")), 8);
    assert_eq!(zeros, Ok(77_712_000_000), "zeros at the end say nothing");
}

#[test]
fn what_is_missing_or_no_number_or_too_large_is_refused() {
    let cases = [("", "empty"), ("1e3", "not a decimal"), ("9999999999999999999999999", "large")];
    for (text, why) in cases {
        let bad = amount("amount.amount", Some(&written(text)), 18).expect_err(why);
        assert!(bad.to_string().contains(why), "{bad}");
    }
    assert!(amount("amount.amount", None, 0).is_err());
}

#[test]
fn ratios_round_half_to_even() {
    let shown = |numerator, denominator| shown_ratio(numerator, denominator).map(|d| d.value);
    assert_eq!(shown(1, 3), Some("0.33333333".into()));
    assert_eq!(shown(-2, 3), Some("-0.66666667".into()));
    assert_eq!(shown(1, 200_000_000), Some("0".into()), "a tie goes to the even digit");
    assert_eq!(shown(3, 200_000_000), Some("0.00000002".into()));
    assert_eq!(shown(1, 0), None);
}

#[test]
fn times_outside_the_calendar_are_refused() {
    let stamp = |seconds, nanos| prost_types::Timestamp { seconds, nanos };
    for bad in [stamp(-1, 0), stamp(0, -1), stamp(0, 1_000_000_000), stamp(i64::MAX, 0)] {
        assert!(time("sent_at", &bad).is_err(), "{bad:?}");
    }
    assert_eq!(time_if_any("sent_at", None), Ok(None));
}

proptest! {
    #[test]
    fn an_amount_comes_back(minor in -(10i128.pow(28) - 1)..10i128.pow(28), scale in 0u8..=18) {
        let wire = shown(minor, scale);
        prop_assert_eq!(amount("amount", Some(&wire), scale), Ok(minor));
    }

    #[test]
    fn a_time_comes_back(nanoseconds: u64) {
        let stamp = timestamp(Time(nanoseconds));
        prop_assert_eq!(time("sent_at", &stamp), Ok(Time(nanoseconds)));
    }

    /// Both ways to divide agree where the short one is possible.
    #[test]
    fn the_long_division_agrees(value in -(1i128 << 60)..1 << 60, part in 1u128..1 << 40,
                                divisor in 1i128..1 << 60) {
        // The same quotient, with a product that leaves 128 bits.
        let wide = scaled_quotient(value << 40, part << 40, divisor << 60);
        let narrow = scaled_quotient(value << 20, part, divisor);
        prop_assert_eq!(wide, narrow);
    }
}
