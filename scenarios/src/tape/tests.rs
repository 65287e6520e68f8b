use super::*;

fn errors(text: &str) -> Vec<String> {
    let entries = TapeReader::new(text.as_bytes());
    entries.filter_map(|entry| entry.err().map(|error| error.to_string())).collect()
}

#[test]
fn what_is_recorded_plays_back() {
    let sentences = [
        (0, "alice deposits 1000 KRW"),
        (5, "alice buys 10 LPJ-KRW @ 777 ioc id a1"),
        (5, "halt LPJ-KRW"),
        (90_000, "feed 'a b.jsonl' into LPJ-KRW"),
        (90_001, "kill the node that leads LPJ-KRW"),
    ];
    let entries = sentences
        .map(|(at, text)| Entry { at: Millis(at), what: grammar::parse(text).expect(text) });
    let mut writer = TapeWriter::new(Vec::new());
    for entry in &entries {
        writer.write(entry).expect("memory takes it");
    }
    let tape = writer.into_inner();
    let first = tape.split(|b| *b == b'\n').nth(1).expect("a second line");
    let expected = r#"{"at_ms":5,"do":"alice buys 10 LPJ-KRW @ 777 ioc id a1"}"#;
    assert_eq!(String::from_utf8_lossy(first), expected);
    let read: Result<Vec<Entry>, TapeError> = TapeReader::new(&tape[..]).collect();
    assert_eq!(read.expect("it reads"), entries);
}

#[test]
fn the_last_line_may_lack_its_end_and_empty_lines_do_not_count() {
    let text = "\n{\"at_ms\":1,\"do\":\"heal\"}\r\n\n{\"at_ms\":2,\"do\":\"heal\"}";
    assert_eq!(errors(text), Vec::<String>::new());
    assert_eq!(TapeReader::new(text.as_bytes()).count(), 2);
}

#[test]
fn a_bad_line_is_named_and_ends_the_reading() {
    let good = "{\"at_ms\":7,\"do\":\"heal\"}\n";
    for (bad, expected) in [
        ("{\"at_ms\":7,\"do\":\"alice byes 1 A @ 1\"}", "line 2, column 24: `byes` does not fit"),
        ("{\"at_ms\":\"7\",\"do\":\"heal\"}", "line 2, column 12: invalid type"),
        ("{\"at_ms\":7,\"d\":\"heal\"}", "line 2, column 14: unknown field `d`"),
        ("{\"at_ms\":7", "line 2, column 10: EOF"),
        ("{\"at_ms\":6,\"do\":\"heal\"}", "line 2: time goes back, from 7ms to 6ms"),
        (&"x".repeat(LINE_BYTES_MAX + 1), "line 2 has more than 4096 bytes"),
    ] {
        let found = errors(&format!("{good}{bad}\n{good}"));
        assert_eq!(found.len(), 1, "{bad}");
        assert!(found[0].starts_with(expected), "{bad}: {}", found[0]);
    }
}

#[test]
fn a_tape_is_not_written_back_in_time() {
    let mut writer = TapeWriter::new(Vec::new());
    let entry = |at| Entry { at: Millis(at), what: grammar::parse("heal").expect("a sentence") };
    writer.write(&entry(2)).expect("memory takes it");
    assert!(matches!(writer.write(&entry(1)), Err(TapeError::TimeGoesBack { line: 2, .. })));
    assert_eq!(TapeReader::new(&writer.into_inner()[..]).count(), 1);
}
