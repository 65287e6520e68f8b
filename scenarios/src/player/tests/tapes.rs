//! What was recorded plays the same again.

use super::*;

fn recorded(text: &str) -> (Report, String) {
    let scenario = read(text);
    let mut tape = Vec::new();
    let (folder, wall) = (Path::new("."), &mut NoWall);
    let record: Option<Box<dyn Write + '_>> = Some(Box::new(&mut tape));
    let options = PlayOptions { scenario: &scenario, seed: None, folder, record, wall };
    let report = run(options, &mut |_| {}).expect("it plays");
    (report, String::from_utf8(tape).expect("a tape is text"))
}

/// Plays a tape of its own in a market of LPJ, with nothing else in the file.
fn replayed(tape: &str, length: &str) -> Result<Report, PlayError> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("day.jsonl"), tape).expect("room for a tape");
    let scenario = read(&format!(
        "[scenario]\nname = \"tape\"\nseed = 99\nlength = \"{length}\"\n[market]\nrules = \"lpj\"\n\
         [tape]\nfile = \"day.jsonl\"\n"
    ));
    play_in(folder.path(), &scenario)
}

#[test]
fn a_tape_plays_to_the_same_digest() {
    let (first, tape) = recorded(MINUTE);
    let again = replayed(&tape, "1m").expect("the tape plays");
    assert_eq!((&again.digest, again.trades), (&first.digest, first.trades));
    assert_eq!((again.commands, again.orders), (first.commands, first.orders));
    assert_eq!(again.rejects, first.rejects);
    assert_eq!(again.markets, first.markets);
    assert_eq!(tape.lines().count() as u64, first.commands, "a line a command");
}

#[test]
fn every_kind_of_command_is_on_the_tape() {
    let kinds = r#"
[scenario]
name = "kinds"
seed = 1
length = "1m"
[market]
rules = "lpj"
[[accounts]]
name = "alice"
deposit = { KRW = "100000", LPJ = "100" }
[[accounts]]
name = "user"
count = 2
deposit = { KRW = "100000" }
[[step]]
at = "1s"
do = "alice sells 10 LPJ-KRW @ 780 post-only self-match decrement id ask:1"
[[step]]
at = "2s"
do = "each user buys 2 LPJ-KRW @ 780 ioc"
[[step]]
at = "3s"
do = "halt LPJ-KRW"
[[step]]
at = "4s"
do = "user-1 buys 1 LPJ-KRW at market"
[[step]]
at = "5s"
do = "resume LPJ-KRW"
[[step]]
at = "6s"
do = "user-1 buys 5000 KRW of LPJ-KRW at market"
[[step]]
at = "7s"
do = "user-2 withdraws 1.5 KRW"
[[step]]
at = "8s"
do = "alice amends ask:1 to 12 @ 781"
[[step]]
at = "9s"
do = "alice cancels 1"
[[step]]
at = "10s"
do = "user-2 buys 1 LPJ-KRW @ 770 fok"
[[step]]
at = "11s"
do = "close the market"
[[step]]
at = "12s"
do = "open the market"
[[step]]
at = "13s"
do = "alice cancels all"
"#;
    let (first, tape) = recorded(kinds);
    let said: Vec<&str> = tape.lines().skip(4).collect();
    let line = |at: u64, what: &str| format!("{{\"at_ms\":{at},\"do\":\"{what}\"}}");
    let expected = [
        line(1_000, "alice sells 10 LPJ-KRW @ 780 post-only self-match decrement id ask:1"),
        line(2_000, "user-1 buys 2 LPJ-KRW @ 780 ioc"),
        line(2_000, "user-2 buys 2 LPJ-KRW @ 780 ioc"),
        line(3_000, "halt LPJ-KRW"),
        line(4_000, "user-1 buys 1 LPJ-KRW at market"),
        line(5_000, "resume LPJ-KRW"),
        line(6_000, "user-1 buys 5000 KRW of LPJ-KRW at market"),
        line(7_000, "user-2 withdraws 1.5 KRW"),
        line(8_000, "alice amends ask:1 to 12 @ 781"),
        line(9_000, "alice cancels 1"),
        line(10_000, "user-2 buys 1 LPJ-KRW @ 770 fok"),
        line(11_000, "close the market"),
        line(12_000, "open the market"),
        line(13_000, "alice cancels all"),
    ];
    assert_eq!(said, expected);
    assert_eq!(first.rejects.get("INSTRUMENT_HALTED"), Some(&1), "{first}");
    let again = replayed(&tape, "1m").expect("the tape plays");
    assert_eq!((again.digest, again.rejects), (first.digest, first.rejects));
}

#[test]
fn a_broken_tape_names_its_line() {
    let good = "{\"at_ms\":1,\"do\":\"alice deposits 5 KRW\"}\n";
    let cause = |tape: &str| {
        let error = replayed(tape, "1m").expect_err("the tape is broken");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    };
    let typo = cause(&format!("{good}{{\"at_ms\":2,\"do\":\"alice byus 5 LPJ-KRW @ 1\"}}\n"));
    assert!(typo.contains("day.jsonl: line 2") && typo.contains("buys"), "{typo}");
    let day = cause("{\"at_ms\":2,\"do\":\"feed a.jsonl into LPJ-KRW\"}\n");
    assert!(day.contains("`feed a.jsonl into LPJ-KRW` is not served yet"), "{day}");
}

#[test]
fn what_a_tape_says_and_a_play_leaves_out_is_a_warning() {
    let tape = "{\"at_ms\":1,\"do\":\"kill any node\"}\n{\"at_ms\":120000,\"do\":\"heal\"}\n";
    let report = replayed(tape, "1m").expect("the tape plays");
    assert_eq!(
        report.warnings,
        [
            "ignored 1 faults of the tape: only [[fault]] strikes",
            "the tape goes on after the end of the scenario, 1m",
        ]
    );
}
