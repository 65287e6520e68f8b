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

#[test]
fn what_is_said_goes_before_the_environment() {
    let global = |words: &[&str]| {
        let cli = Cli::try_parse_from([&["hoga", "book", "LPJ-KRW"], words].concat());
        let variable = |name: &str| (name == "HOGA_SERVER").then(|| "http://there:1".to_owned());
        cli.expect("a question").global.or_by(variable).server
    };
    assert_eq!(global(&[]), "http://there:1");
    assert_eq!(global(&["--server", LOCAL]), LOCAL);
}
