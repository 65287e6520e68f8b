//! Every sentence there can be prints to a text that reads as the same sentence.

use proptest::prelude::*;

use super::super::*;
use crate::names::{AccountName, Asset, ClientId, NodeName, Symbol};
use crate::numbers::Amount;
use crate::time::{Millis, Shift};

fn amount() -> impl Strategy<Value = Amount> {
    (0..10_000_000_u64, 0..6_u32).prop_map(|(digits, scale)| {
        let text = rust_decimal::Decimal::new(digits as i64, scale).to_string();
        text.parse().expect("a decimal is an amount")
    })
}

fn valid<T: std::str::FromStr + std::fmt::Debug>(
    pattern: &'static str,
) -> impl Strategy<Value = T> {
    pattern.prop_filter_map("a name that is taken", |text| text.parse().ok())
}

fn symbol() -> impl Strategy<Value = Symbol> {
    valid("[A-Z0-9][A-Z0-9.-]{0,9}")
}

fn order_ref() -> impl Strategy<Value = OrderRef> {
    prop_oneof![
        any::<u64>().prop_map(OrderRef::Number),
        valid::<ClientId>("[A-Za-z0-9_.:-]{1,12}").prop_map(OrderRef::Client),
    ]
}

fn stop() -> impl Strategy<Value = Stop> {
    let distance =
        || prop_oneof![amount().prop_map(Distance::Price), amount().prop_map(Distance::Percent)];
    prop_oneof![
        amount().prop_map(Stop::At),
        (distance(), proptest::option::of(distance()))
            .prop_map(|(offset, step)| Stop::Trailing { offset, step }),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let kind = prop_oneof![
        (amount(), amount()).prop_map(|(quantity, price)| OrderKind::Limit { quantity, price }),
        amount().prop_map(|quantity| OrderKind::Market { quantity }),
        (amount(), valid::<Asset>("[A-Z]{1,5}"))
            .prop_map(|(amount, asset)| OrderKind::MarketSpend { amount, asset }),
    ];
    let times = TimeInForce::ALL.map(|(_, time)| time).to_vec();
    let modes = SelfMatch::ALL.map(|(_, mode)| mode).to_vec();
    let terms = (
        proptest::option::of(proptest::sample::select(times)),
        any::<bool>(),
        proptest::option::of(proptest::sample::select(modes)),
        proptest::option::of(valid::<ClientId>("[A-Za-z0-9_.:-]{1,12}")),
        proptest::option::of(stop()),
        proptest::option::of(amount()),
        proptest::option::of((1u64..100_000_000).prop_map(Millis)),
    );
    (any::<bool>(), symbol(), kind, terms).prop_map(|(buy, symbol, kind, terms)| {
        let by_amount = matches!(kind, OrderKind::MarketSpend { .. });
        let side = if buy || by_amount { Side::Buy } else { Side::Sell };
        let limit = matches!(kind, OrderKind::Limit { .. });
        let rests = |time: &TimeInForce| matches!(time, TimeInForce::Gtc | TimeInForce::Day);
        let (time, post_only, self_match, id, stop, show, lasts) = terms;
        let time_in_force = time.filter(|time| limit || !rests(time));
        let post_only = post_only && limit && time_in_force.as_ref().is_none_or(rests);
        let may_wait = |stop: &Stop| match stop {
            Stop::At(_) => !by_amount && !post_only,
            Stop::Trailing { .. } => !by_amount && !post_only && !limit,
        };
        let stop = stop.filter(may_wait);
        let rests = limit && time_in_force.as_ref().is_none_or(rests);
        let show = show.filter(|_| rests && stop.is_none());
        let lasts = lasts.filter(|_| time_in_force.is_none() && (limit || stop.is_some()));
        Order { side, symbol, kind, time_in_force, lasts, post_only, self_match, stop, show, id }
    })
}

fn act() -> impl Strategy<Value = Act> {
    let asset = || valid::<Asset>("[A-Z]{1,5}");
    prop_oneof![
        order().prop_map(Act::Place),
        order_ref().prop_map(Act::Cancel),
        Just(Act::CancelAll),
        (order_ref(), amount(), amount()).prop_map(|(order, quantity, price)| Act::Amend {
            order,
            quantity,
            price
        }),
        (amount(), asset()).prop_map(|(amount, asset)| Act::Deposit { amount, asset }),
        (amount(), asset()).prop_map(|(amount, asset)| Act::Withdraw { amount, asset }),
    ]
}

fn market() -> impl Strategy<Value = MarketAct> {
    prop_oneof![
        symbol().prop_map(|symbol| MarketAct::Halt(Which::One(symbol))),
        symbol().prop_map(|symbol| MarketAct::Resume(Which::One(symbol))),
        Just(MarketAct::Halt(Which::Everything)),
        Just(MarketAct::Resume(Which::Everything)),
        Just(MarketAct::Open),
        Just(MarketAct::Close),
        (valid::<FilePath>("[a-z@, /.-]{1,12}"), symbol())
            .prop_map(|(file, symbol)| MarketAct::Feed { file, symbol }),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        valid::<NodeName>("[a-z][a-z0-9_]{0,6}").prop_map(Node::Named),
        symbol().prop_map(Node::Leading),
        Just(Node::Any),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let link = || (node(), node()).prop_map(|(one, other)| Link(one, other));
    let faults = NodeFault::ALL.map(|(_, fault)| fault).to_vec();
    prop_oneof![
        (proptest::sample::select(faults), node())
            .prop_map(|(fault, node)| Fault::Node { fault, node }),
        (node(), proptest::collection::vec(node(), 1..4))
            .prop_map(|(node, from)| Fault::Cut { node, from }),
        (node(), node()).prop_map(|(from, to)| Fault::CutOneWay { from, to }),
        Just(Fault::Heal),
        (link(), 0..100_000_000_u64).prop_map(|(link, by)| Fault::Delay { link, by: Millis(by) }),
        (1..=100_u64, link())
            .prop_map(|(percent, link)| Fault::Lose { percent: Amount::from(percent), link }),
        link().prop_map(Fault::Reset),
        (node(), -100_000_000..100_000_000_i64)
            .prop_map(|(node, millis)| Fault::StepClock { node, by: Shift { millis } }),
        Just(Fault::SlowSubscriber),
        Just(Fault::AddNode),
    ]
}

fn sentence() -> impl Strategy<Value = Sentence> {
    let name = || valid::<AccountName>("[a-z0-9][a-z0-9_-]{0,9}");
    let who = prop_oneof![name().prop_map(Who::One), name().prop_map(Who::Each)];
    prop_oneof![
        4 => (who, act()).prop_map(|(who, act)| Sentence::Account { who, act }),
        1 => market().prop_map(Sentence::Market),
        2 => fault().prop_map(Sentence::Fault),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_as_the_same(sentence in sentence()) {
        let text = sentence.to_string();
        prop_assert_eq!(parse(&text), Ok(sentence), "{}", text);
    }

    #[test]
    fn no_text_brings_the_parser_down(text in "[a-zA-Z0-9 @,'%.-]{0,60}|\\PC{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.place()).is_some(), "{:?}", error);
        }
    }
}
