use super::{Answer, Ask, End, History, Said};

fn deposit() -> Ask {
    let [account, id, asset, amount] = ["accounts/k0", "d1", "KRW", "10"].map(String::from);
    Ask::Deposit { account, id, asset, amount }
}

#[test]
fn a_line_is_what_the_auditor_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.jsonl");
    let history = History::create(&path).expect("a file");
    let begun = history.begin("k0", &deposit()).expect("a line");
    let end = End::Fail("EXCHANGE_BUSY".into());
    history.end(&begun, &deposit(), &end).expect("a line");
    history.flush().expect("flushed");

    let text = std::fs::read_to_string(&path).expect("a history");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["request"]["kind"], "deposit");
    assert_eq!((&lines[0]["op"], &lines[1]["op"]), (&"k0-1".into(), &"k0-1".into()));
    assert_eq!(lines[1]["reason"], "EXCHANGE_BUSY");
    assert!(lines[1]["time"].as_u64() >= lines[0]["time"].as_u64());
}

#[test]
fn the_tally_tells_a_repetition_from_a_fill() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = History::create(&folder.path().join("history.jsonl")).expect("a file");
    let order = Said {
        name: "accounts/k0/orders/1".into(),
        state: "PARTIALLY_FILLED".into(),
        filled: Some("3".into()),
        remaining: Some("4".into()),
        arrival: 7,
        last_arrival: 7,
    };
    let ask = Ask::CreateOrder(Box::default());
    for repeated in [false, true] {
        let answer = Answer { order: Some(order.clone()), repeated, ..Answer::default() };
        let begun = history.begin("k0", &ask).expect("a line");
        history.end(&begun, &ask, &End::Ok(Box::new(answer))).expect("a line");
    }
    let begun = history.begin("k0", &ask).expect("a line");
    history.end(&begun, &ask, &End::Unknown("reset".into())).expect("a line");
    let tally = history.tally();
    assert_eq!((tally.fills, tally.partial_fills, tally.deduplicated), (1, 1, 1));
    assert_eq!((tally.acknowledged, tally.unknown, tally.orders), (2, 1, 2));
}
