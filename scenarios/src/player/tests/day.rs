//! The day of a stock, from its opening call to the next morning's.

use super::*;

const DAY: &str = include_str!("../../../krx-day.toml");

/// The first minutes of the day, without its bots.
fn quiet_day(length: &str) -> Report {
    let bots = DAY.find("[[bots]]").expect("it has bots");
    let (steps, checks) = DAY.split_once("[check]").expect("it has checks");
    let end: Millis = length.parse().expect("a length");
    let is_inside = |step: &&str| {
        let at = step.split('"').nth(1).and_then(|at| at.parse::<Millis>().ok());
        at.is_some_and(|at| at <= end)
    };
    let steps = steps.split("[[step]]").skip(1).filter(is_inside);
    let steps: String = steps.map(|step| format!("[[step]]{step}")).collect();
    let text = format!("{}{steps}[check]{checks}", &DAY[..bots]);
    let text = text.replace("length = \"25h\"", &format!("length = \"{length}\""));
    play(&text.replace("trades_at_least = 1000", "trades_at_least = 0"))
}

#[test]
fn a_day_comes_ten_times_to_one_digest() {
    let first = play(DAY);
    assert!(first.ok, "{first}");
    assert_eq!(first.warnings, Vec::<String>::new());
    for _ in 1..10 {
        assert_eq!(play(DAY).digest, first.digest);
    }
}

#[test]
fn the_opening_call_makes_one_price_at_nine() {
    let before = quiet_day("29m59s999ms");
    assert_eq!((before.trades, before.open_orders), (0, 4));
    let after = quiet_day("30m");
    // 30 at any price from 70,000 to 71,000; the base is 70,000.
    assert_eq!(after.trades, 2);
    let stock = &after.markets[0];
    assert_eq!((stock.open.as_deref(), stock.volume.as_str()), (Some("70000"), "30"));
    assert_eq!(after.open_orders, 1, "what did not trade goes on");
}

#[test]
fn the_closing_call_ends_the_orders_of_the_day() {
    let trading = quiet_day("6h59m59s");
    // Two of the day, one that waited for the close, one that meets it.
    assert_eq!((trading.trades, trading.open_orders), (2, 4));
    let closed = quiet_day("7h");
    assert_eq!((closed.trades, closed.open_orders), (3, 0), "{closed}");
}

#[test]
fn what_comes_in_the_evening_waits_for_the_morning() {
    let night = quiet_day("23h");
    assert_eq!((night.trades, night.open_orders), (3, 2));
    let morning = quiet_day("25h");
    assert_eq!((morning.trades, morning.open_orders), (3, 2), "{morning}");
    assert_eq!(morning.rejects, Default::default());
}
