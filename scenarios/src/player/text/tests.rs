use super::grouped;

#[test]
fn digits_come_in_threes() {
    for (number, text) in [
        ("7", "7"),
        ("1234", "1,234"),
        ("-100", "-100"),
        ("-1234567.2512", "-1,234,567.2512"),
        ("0.1234", "0.1234"),
    ] {
        assert_eq!(grouped(number), text);
    }
}
