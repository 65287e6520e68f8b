use super::*;

#[test]
fn lengths_read_and_print() {
    for (text, millis, printed) in [
        ("10m", 600_000, "10m"),
        ("90s", 90_000, "1m30s"),
        ("1h30m", 5_400_000, "1h30m"),
        ("500ms", 500, "500ms"),
        ("24h", 86_400_000, "24h"),
        ("1h1m1s1ms", 3_661_001, "1h1m1s1ms"),
        ("0s", 0, "0s"),
    ] {
        let length: Millis = text.parse().expect(text);
        assert_eq!((length.0, length.to_string().as_str()), (millis, printed), "{text}");
    }
}

#[test]
fn what_is_no_length_is_refused() {
    for text in ["", "10", "m", "1.5s", "10 m", "-5s", "1m1h", "1s1s", "5d", "10M"] {
        assert_eq!(text.parse::<Millis>(), Err(TimeError::NotLength { text: text.into() }));
    }
    for text in ["99999999999999999999s", "18446744073709551615h", "8785h"] {
        assert_eq!(text.parse::<Millis>(), Err(TimeError::TooLong { text: text.into() }));
    }
}

#[test]
fn a_clock_steps_both_ways() {
    assert_eq!("-2s".parse(), Ok(Shift { millis: -2_000 }));
    assert_eq!("+500ms".parse(), Ok(Shift { millis: 500 }));
    assert_eq!(Shift { millis: -90_000 }.to_string(), "-1m30s");
    assert!("--2s".parse::<Shift>().is_err());
}
