use super::Number;

fn number(text: &str) -> Number {
    text.parse().expect("a decimal")
}

#[test]
fn equal_numbers_are_equal_however_they_are_written() {
    assert_eq!(number("1.50"), number("01.5"));
    assert_eq!(number("-0"), Number::ZERO);
    assert_eq!(number("-12.50").to_string(), "-12.5");
    assert_eq!(number("0.05").to_string(), "0.05");
}

#[test]
fn what_is_no_decimal_is_refused() {
    for text in ["", "-", ".5", "5.", "+1", "1e3", " 1", "1,5", "1.2.3", "NaN"] {
        assert!(text.parse::<Number>().is_err(), "{text:?} was read");
    }
    assert!("9".repeat(60).parse::<Number>().is_err());
}

#[test]
fn sums_products_and_order_are_exact() {
    assert_eq!(number("0.1") + number("0.2"), number("0.3"));
    assert_eq!(number("777") * number("0.0005"), number("0.3885"));
    assert!(number("-1") < number("0.001"));
    assert_eq!(number("5") - number("7.5"), number("-2.5"));
}

#[test]
fn rounding_up_goes_to_the_next_unit() {
    assert_eq!(number("0.123456781").ceil(8), number("0.12345679"));
    assert_eq!(number("-0.123456789").ceil(8), number("-0.12345678"));
    assert_eq!(number("3.5").ceil(8), number("3.5"));
}
