use super::*;

#[test]
fn decimals_are_strict() {
    for (text, printed) in
        [("0", "0"), ("777", "777"), ("007", "7"), ("0.50", "0.5"), ("-8", "-8"), ("12.0", "12")]
    {
        assert_eq!(decimal(text).map(|d| d.to_string()), Ok(printed.to_string()), "{text}");
    }
    for text in ["", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1 ", "1,000", "NaN", "1_000", "--1"]
    {
        assert!(decimal(text).is_err(), "{text:?} must be refused");
    }
    let long = "1".repeat(DIGITS_MAX + 1);
    assert_eq!(decimal(&long), Err(NumberError::TooLong { text: long.clone() }));
}

#[test]
fn an_amount_is_never_negative() {
    assert_eq!("-1".parse::<Amount>(), Err(NumberError::Negative { text: "-1".into() }));
    assert_eq!("0".parse::<Amount>(), Ok(Amount::ZERO));
}

#[test]
fn steps_count_whole_lots_only() {
    let amount = |text: &str| text.parse::<Amount>().expect(text);
    assert_eq!(amount("1.5").steps(amount("0.1")), Some(15));
    assert_eq!(amount("1.55").steps(amount("0.1")), None);
    assert_eq!(amount("1").steps(Amount::ZERO), None);
    assert_eq!(amount("0").steps(amount("3")), Some(0));
    assert_eq!(amount("1").steps(amount("3")), None);
}

#[test]
fn rates_are_millionths() {
    assert_eq!("0.5".parse(), Ok(PerSecond { millionths: 500_000 }));
    assert_eq!("1000".parse(), Ok(PerSecond { millionths: 1_000_000_000 }));
    assert!("1000.1".parse::<PerSecond>().is_err());
    assert!("0.0000001".parse::<PerSecond>().is_err());
}

#[test]
fn a_fraction_stays_below_one() {
    assert!("0.0005".parse::<Fraction>().is_ok());
    assert!("-0.0001".parse::<Fraction>().is_ok());
    assert!("1".parse::<Fraction>().is_err());
    assert!("-1".parse::<Fraction>().is_err());
}

#[test]
fn minor_units_are_exact_or_refused() {
    let amount = |text: &str| text.parse::<Amount>().expect("an amount");
    for (text, scale, minor) in [("777", 8, 77_700_000_000), ("0.25", 2, 25), ("5", 0, 5)] {
        assert_eq!(amount(text).minor(scale), Some(minor), "{text}");
        assert_eq!(Amount::from_minor(minor, scale), Some(amount(text)), "{text}");
    }
    assert_eq!(amount("0.125").minor(2), None, "more decimals than the asset has");
    assert_eq!(amount(&"9".repeat(DIGITS_MAX - 1)).minor(12), None, "beyond 128 bits");
    assert_eq!(Amount::from_minor(-1, 0), None);
    assert_eq!("0.0005".parse::<Fraction>().expect("a fee").billionths(), Some(500_000));
    assert_eq!("0.0000000001".parse::<Fraction>().expect("a fee").billionths(), None);
}
