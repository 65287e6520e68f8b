use super::*;

#[test]
fn the_arguments_are_sound() {
    arguments().debug_assert();
}

#[test]
fn flags_may_stand_behind_an_order() {
    let words = ["hoga", "buy", "10", "LPJ-KRW", "@", "777", "--as", "alice", "--dry-run"];
    let cli = Cli::try_parse_from(words).expect("an order");
    assert_eq!(cli.global.who.as_deref(), Some("alice"));
    assert!(matches!(cli.command, Command::Buy(_)));
}

#[test]
fn a_number_below_zero_is_an_order_and_no_flag() {
    assert!(Cli::try_parse_from(["hoga", "buy", "-5", "LPJ-KRW", "@", "777"]).is_ok());
}
