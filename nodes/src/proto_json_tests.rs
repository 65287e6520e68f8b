use super::*;
use hoga_proto::v1;
use serde_json::json;

#[test]
fn an_answer_follows_the_proto3_mapping() {
    let answer = v1::GetBookResponse {
        book: Some(v1::Book {
            instrument: "instruments/LPJ-KRW".into(),
            bids: vec![v1::Level {
                price: Some(v1::Decimal { value: "777".into() }),
                quantity: Some(v1::Decimal { value: "10".into() }),
                order_count: 2,
            }],
            sequence: 9_007_199_254_740_993,
            time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 5_000_000 }),
            ..v1::Book::default()
        }),
        position: None,
    };
    let level = json!({"price": {"value": "777"}, "quantity": {"value": "10"}, "orderCount": 2});
    let expected = json!({"book": {
        "instrument": "instruments/LPJ-KRW",
        "bids": [level],
        "asks": [],
        "sequence": "9007199254740993",
        "phase": "PHASE_UNSPECIFIED",
        "callKind": "CALL_KIND_UNSPECIFIED",
        "time": "2023-11-14T22:13:20.005Z",
    }});
    assert_eq!(of("GetBookResponse", &answer).expect("a message"), expected);
}

#[test]
fn enums_go_by_name() {
    let order = v1::Order { side: v1::Side::Sell.into(), ..v1::Order::default() };
    let json = of("Order", &order).expect("a message");
    assert_eq!(json["side"], "SIDE_SELL");
    assert_eq!(json["state"], "ORDER_STATE_UNSPECIFIED");
    assert_eq!(json.get("price"), None);
}

#[test]
fn no_message_has_what_the_mapping_leaves_out() {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    for message in pool.all_messages().filter(|m| m.full_name().starts_with("hoga.v1.")) {
        for field in message.fields() {
            let left_out = matches!(field.kind(), Kind::Bytes | Kind::Float | Kind::Double);
            assert!(!left_out, "{}", field.full_name());
        }
    }
}
