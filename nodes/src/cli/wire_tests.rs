//! Percentages.

use super::{percent, rate};

#[test]
fn a_rate_is_shown_exactly_and_a_return_as_people_read_it() {
    assert_eq!(rate("0.00015"), "0.015 %");
    assert_eq!(rate("0.0005"), "0.05 %");
    assert_eq!(rate("0.03"), "3 %");
    assert_eq!(percent("0.123456"), "12.35 %");
    assert_eq!(rate(""), "");
}
