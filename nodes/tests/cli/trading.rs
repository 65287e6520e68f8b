//! A day at the exchange, by hand.

use crate::rig::Exchange;

#[test]
fn two_people_trade() {
    let exchange = Exchange::up();
    let as_alice = |args: &[&str]| exchange.hoga(&[args, &["--as", "alice"]].concat());
    let as_bob = |args: &[&str]| exchange.hoga(&[args, &["--as", "bob"]].concat());
    as_alice(&["buy", "10", "LPJ-KRW", "@", "777"]).ended(0).said("order 1 rests: buy 10 LPJ-KRW");
    exchange.hoga(&["book", "LPJ-KRW"]).ended(0).said("777").said("nobody asks");
    as_bob(&["sell", "4", "LPJ-KRW", "at", "market", "--ack", "full"])
        .ended(0)
        .said("order 1 filled: sold 4 LPJ-KRW for 3108 (777 each)")
        .said("4 @ 777 as taker");
    as_alice(&["orders", "--open"]).ended(0).said("partially filled").said("buy 10 LPJ-KRW @ 777");
    as_alice(&["fills"]).ended(0).said("maker").said("3108");
    as_alice(&["ledger"]).ended(0).said("deposit").said("LPJ-KRW trade 1");
    as_alice(&["amend", "1", "to", "8", "@", "776"]).ended(0).said("order 1 rests with 4 open");
    as_alice(&["cancel", "1"]).ended(0).said("order 1 cancelled").said("bought 4 of 8 LPJ-KRW");
    as_alice(&["cancel", "all"]).ended(0).said("cancels sent for 0 open orders");
    as_alice(&["portfolio"]).ended(0).said("KRW").said("alice is worth");
    as_bob(&["withdraw", "100", "KRW"]).ended(0).said("bob has");
    exchange.hoga(&["instruments"]).ended(0).said("LPJ-KRW").said("continuous");
    exchange.hoga(&["accounts", "list"]).ended(0).said("alice").said("faucet");
}

#[test]
fn refusals_name_the_value_and_the_rule() {
    let exchange = Exchange::up();
    let buy = |words: &[&str]| exchange.hoga(&[&["buy", "--as", "alice"], words].concat());
    buy(&["10", "LPJ-KRW", "@", "777.5"]).ended(4).complained("(PRICE_NOT_ON_TICK)");
    buy(&["0", "LPJ-KRW", "@", "777"]).ended(4).complained("order.quantity: 0 is not above zero");
    buy(&["1000000", "LPJ-KRW", "@", "777"]).ended(4).complained("(INSUFFICIENT_FUNDS)");
    buy(&["10", "XYZ-KRW", "@", "777"]).ended(3).complained("hoga explain UNKNOWN_INSTRUMENT");
    buy(&["99999999999999999999", "LPJ-KRW", "@", "777"]).ended(4).complained("refused: ");
    buy(&["100", "USD", "of", "LPJ-KRW", "at", "market"]).ended(2).complained("paid in KRW");
    exchange.hoga(&["cancel", "7", "--as", "alice"]).ended(3).complained("(ORDER_NOT_FOUND)");
    exchange.hoga(&["orders", "--as", "nobody"]).ended(3).complained("(ACCOUNT_NOT_FOUND)");
    let refused = exchange.hoga(&["withdraw", "99999999999", "KRW", "--as", "alice"]).ended(4);
    refused.complained("(INSUFFICIENT_FUNDS)");
    let stranger = exchange.hoga(&["orders", "--as", "alice", "--token", "dev:bob"]).ended(4);
    stranger.complained("(PERMISSION_DENIED)");
}

#[test]
fn the_same_id_is_the_same_order() {
    let exchange = Exchange::up();
    let buy = |price: &str| {
        let words = ["buy", "10", "LPJ-KRW", "@", price, "--id", "mine", "--as", "alice", "--json"];
        exchange.hoga(&words)
    };
    let first = buy("700").ended(0).json();
    let second = buy("700").ended(0).json();
    assert_eq!(second["order"]["name"], first["order"]["name"]);
    assert_eq!(second["repeatedAnswer"], true);
    buy("701").ended(4).complained("(CLIENT_ORDER_ID_REUSED)");
    exchange.hoga(&["cancel", "mine", "--as", "alice"]).ended(0).said("cancelled");
}

#[test]
fn a_dry_run_places_nothing() {
    let exchange = Exchange::up();
    let dry = |price: &str| {
        exchange.hoga(&["buy", "10", "LPJ-KRW", "@", price, "--dry-run", "--as", "alice"])
    };
    dry("777").ended(0).said("would be accepted: buy 10 LPJ-KRW @ 777; nothing was placed");
    dry("777.5").ended(4).complained("(PRICE_NOT_ON_TICK)");
    let orders = exchange.json("alice", &["orders"]);
    assert_eq!(orders["orders"], serde_json::json!([]));
}

#[test]
fn an_account_begins_and_ranks() {
    let exchange = Exchange::up();
    exchange.hoga(&["accounts", "create", "carol"]).ended(0).said("account carol created");
    exchange.hoga(&["accounts", "create", "carol"]).ended(4).complained("(ACCOUNT_EXISTS)");
    let deposit = exchange.hoga(&["deposit", "1000", "KRW", "--as", "carol"]).ended(0);
    deposit.said("carol has 1000 KRW");
    exchange.until_said("carol", &["rank", "--board", "equity"]);
    exchange.hoga(&["rank", "--of", "carol"]).ended(0).said("carol");
    exchange.hoga(&["rank", "--board", "beauty"]).ended(3).complained("(UNKNOWN_BOARD)");
}

#[test]
fn a_book_is_watched_as_it_moves() {
    let exchange = Exchange::up();
    let mut lines = exchange.listen(&["book", "LPJ-KRW", "--watch"]);
    let mut frames = exchange.listen(&["--json", "book", "LPJ-KRW", "--watch"]);
    // A snapshot says that the subscription stands: what follows is not missed.
    frames.hears("SNAPSHOT_REASON_FIRST");
    exchange.hoga(&["buy", "10", "LPJ-KRW", "@", "777", "--as", "alice"]).ended(0);
    lines.hears("bid 777");
    exchange.hoga(&["sell", "4", "LPJ-KRW", "@", "777", "--as", "bob"]).ended(0);
    lines.hears("trade 4 @ 777, a sell");
    let trade = frames.hears("instruments/LPJ-KRW/trades/1");
    let trade: serde_json::Value = serde_json::from_str(&trade).expect("a document a line");
    assert_eq!(trade["delta"]["first"], "1", "{trade}");
}

#[test]
fn a_kill_switch_stops_an_account_at_once() {
    let exchange = Exchange::up();
    exchange.hoga(&["buy", "10", "LPJ-KRW", "@", "777", "--as", "alice"]).ended(0);
    let stop = exchange.hoga(&["kill-switch", "on", "--as", "alice"]).ended(0);
    stop.said("alice trades no more: 1 open order was cancelled");
    let buy = exchange.hoga(&["buy", "10", "LPJ-KRW", "@", "777", "--as", "alice"]).ended(4);
    buy.complained("(KILL_SWITCH_ENGAGED)");
    let dir = exchange.kill();
    let exchange = Exchange::up_in(dir);
    let buy = ["buy", "10", "LPJ-KRW", "@", "777", "--as", "alice"];
    exchange.hoga(&buy).ended(4).complained("(KILL_SWITCH_ENGAGED)");
    exchange.hoga(&["kill-switch", "off", "--as", "alice"]).ended(0).said("may trade again");
    exchange.hoga(&buy).ended(0);
}

#[test]
fn candles_are_listed_and_imported() {
    let exchange = Exchange::up();
    let empty = exchange.hoga(&["candles", "LPJ-KRW", "1m"]).ended(0);
    empty.complained("nothing has traded");
    exchange.hoga(&["sell", "4", "LPJ-KRW", "@", "777", "--as", "bob"]).ended(0);
    exchange.hoga(&["buy", "3", "LPJ-KRW", "@", "777", "--as", "alice"]).ended(0);
    exchange.hoga(&["candles", "LPJ-KRW", "1d"]).ended(0).said("777").said("open");
    let csv = exchange.hoga(&["candles", "LPJ-KRW", "1M", "--since", "1h", "--csv"]);
    csv.ended(0).said("start_time,open,high,low,close,volume,turnover,trades,gap,closed,imported");
    let month = exchange.hoga(&["candles", "LPJ-KRW", "1M", "--csv"]).ended(0);
    month.said(",777,777,777,777,3,2331,1,false,false,false");
    let json = exchange.json("alice", &["candles", "LPJ-KRW", "1s", "--limit", "5"]);
    assert!(json["candles"].as_array().is_some_and(|candles| !candles.is_empty()), "{json}");
    exchange.hoga(&["candles", "LPJ-KRW", "2m"]).ended(2).complained("there are candles of 1s");
    let strange = exchange.hoga(&["candles", "LPJ-KRW", "--since", "yesterday"]).ended(2);
    strange.complained("write so long ago");
    exchange.hoga(&["candles", "XYZ-KRW"]).ended(3).complained("UNKNOWN_INSTRUMENT");
    let row = |minute: u32, price: u32| {
        format!(
            r#"{{"market":"KRW-LPJ","candle_date_time_utc":"2020-02-20T08:0{minute}:00",
            "opening_price":{price}.0,"high_price":{price}.0,"low_price":{price}.0,
            "trade_price":{price}.0,"candle_acc_trade_price":{price}.5,
            "candle_acc_trade_volume":1.5,"unit":1}}"#
        )
    };
    let file = tempfile::NamedTempFile::new().expect("a file");
    let rows = format!("[{},{},{}]", row(2, 702), row(1, 701), row(0, 700));
    std::fs::write(file.path(), rows).expect("written");
    let path = file.path().to_str().expect("a path of text");
    let import = ["candles", "import", "LPJ-KRW", path];
    exchange.hoga(&import).ended(0).said("LPJ-KRW has 3 candles more; 0 left out");
    exchange.hoga(&import).ended(0).said("LPJ-KRW has 0 candles more; 3 left out");
    let until = ["--until", "2020-02-20T08:03:00Z", "--csv"];
    let threes = exchange.hoga(&[&["candles", "LPJ-KRW", "3m"], &until[..]].concat()).ended(0);
    threes.said("2020-02-20T08:00:00Z,700,702,700,702,4.5,2104.5,0,false,true,true");
}
