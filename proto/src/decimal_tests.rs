use super::*;

#[test]
fn reads_what_the_rule_allows() {
    #[rustfmt::skip]
    let cases = [
        ("0",                                "0",      0),
        ("777",                              "777",    0),
        ("-12.5",                            "-12.5",  1),
        ("0.05",                             "0.05",   2),
        ("1.50",                             "1.50",   2),
        ("007",                              "7",      0),
        ("-0",                               "0",      0),
        ("-0.00",                            "0.00",   2),
        ("9999999999999999999999999999",     "9999999999999999999999999999",  0),
        ("-9999999999999999999999999999",    "-9999999999999999999999999999", 0),
        ("0.0000000000000000000000000001",   "0.0000000000000000000000000001", 28),
        ("99999999999999999999.99999999",    "99999999999999999999.99999999", 8),
        ("0000000000000000000000000000000001", "1", 0),
    ];
    for (text, printed, scale) in cases {
        let value = parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(print(value), printed, "{text}");
        assert_eq!(value.scale(), scale, "{text}");
        assert_eq!(parse(&print(value)), Ok(value), "{text} does not come back");
    }
}

#[test]
fn refuses_every_other_form_and_says_which() {
    #[rustfmt::skip]
    let forms = [
        "-", ".", "+1", "1.", ".5", "-.5", "1e5", "1E5", " 1", "1 ", "1,000", "1_000", "--1",
        "1.2.3", "0x10", "NaN", "inf", "-inf", "١٢", "1\n", "1\0", "−1", "1.-5", "1.+5",
        "₩100",
    ];
    for text in forms {
        assert_eq!(parse(text), Err(BadDecimal::Form(text.to_owned())), "{text:?}");
    }
    assert_eq!(parse(""), Err(BadDecimal::Empty));
}

#[test]
fn refuses_what_cannot_be_kept_exactly() {
    let long = [
        "10000000000000000000000000000",
        "99999999999999999999999999999",
        "1.0000000000000000000000000000",
        "0.00000000000000000000000000001",
        "0.00000000000000000000000000000",
    ];
    for text in long {
        assert_eq!(parse(text), Err(BadDecimal::TooLong(text.to_owned())), "{text}");
    }
}

#[test]
fn a_refusal_shows_the_value_but_not_all_of_a_long_one() {
    let why = parse("12 KRW").expect_err("spaces are refused").to_string();
    assert!(why.starts_with("`12 KRW` is not a decimal number"), "{why}");
    let why = parse(&"9".repeat(100_000)).expect_err("too long").to_string();
    assert_eq!(why, format!("`{}...` has more than 28 significant digits", "9".repeat(48)));
    let why = parse(&"한".repeat(1_000)).expect_err("no digits").to_string();
    assert!(why.starts_with(&format!("`{}...` is not", "한".repeat(48))), "{why}");
}

#[test]
fn goes_through_the_wire_type() {
    let wire = v1::Decimal { value: "-0.125".into() };
    let value = Decimal::try_from(&wire).expect("a decimal");
    assert_eq!(v1::Decimal::from(value), wire);
    let minus_zero = -Decimal::new(0, 3);
    assert_eq!(v1::Decimal::from(minus_zero).value, "0.000");
    assert_eq!(Decimal::try_from(&v1::Decimal::default()), Err(BadDecimal::Empty));
}
