//! The read model in a real Redis: what is there, and that it comes back after a flush, a death
//! and a stall, none of which an order notices. Says so loudly where there is no `redis-server`.

mod rig;

use redis::Commands;
use rig::Exchange;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for what comes by itself.
const SOON: Duration = Duration::from_secs(20);

/// A server of this test's own, that keeps nothing. Killed when dropped.
struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    /// None where there is no such program.
    fn start() -> Option<Redis> {
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr();
        Redis::start_on(free.expect("an address").port())
    }

    fn start_on(port: u16) -> Option<Redis> {
        let port_text = port.to_string();
        let args =
            ["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let started = Command::new("redis-server").args(args).stdout(Stdio::null()).spawn();
        let Ok(process) = started else {
            eprintln!("SKIPPED: redis-server is not installed, so nothing is known about Redis");
            return None;
        };
        let redis = Redis { process, port };
        let start = Instant::now();
        while redis.try_connect().is_none() {
            assert!(start.elapsed() < SOON, "redis-server does not answer");
        }
        Some(redis)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn try_connect(&self) -> Option<redis::Connection> {
        let client = redis::Client::open(self.url()).expect("an address");
        let mut connection = client.get_connection().ok()?;
        redis::cmd("PING").query::<String>(&mut connection).ok()?;
        Some(connection)
    }

    fn connect(&self) -> redis::Connection {
        self.try_connect().expect("it answers")
    }

    /// The text under a name, once it is as wanted.
    #[track_caller]
    fn until(&self, key: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut connection = self.connect();
        let start = Instant::now();
        loop {
            let text: Option<String> = connection.get(key).expect("an answer");
            let json = text.map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON"));
            if wanted(&json) {
                return json;
            }
            assert!(start.elapsed() < SOON, "{key} stays {json}");
        }
    }

    fn kill(mut self) -> u16 {
        self.process.kill().expect("killed");
        self.process.wait().expect("an end");
        self.port
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn up(redis: &Redis) -> Exchange {
    let data = TempDir::new().expect("a directory");
    Exchange::up_with(data, &["--redis", &redis.url()])
}

/// Bob sells to Alice.
fn trade(exchange: &Exchange, quantity: &str, price: &str) {
    exchange.hoga(&["sell", quantity, "LPJ-KRW", "@", price, "--as", "bob"]).ended(0);
    exchange.hoga(&["buy", quantity, "LPJ-KRW", "@", price, "--as", "alice"]).ended(0);
}

/// The place and the value of everybody, as the exchange says it.
fn ranked(exchange: &Exchange, board: &str) -> Vec<(String, u64, String)> {
    let answer = exchange.json("alice", &["rank", "--board", board]);
    let entries = answer["entries"].as_array().expect("entries");
    let entry = |entry: &Value| {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let account = text(&entry["account"]).replace("accounts/", "");
        let rank = text(&entry["rank"]).parse().expect("a number");
        (account, rank, text(&entry["value"]["value"]))
    };
    entries.iter().map(entry).collect()
}

/// The same, as Redis has it.
fn mirrored(redis: &Redis, board: &str) -> Vec<(String, u64, String)> {
    let mut connection = redis.connect();
    let key = format!("hoga:board:{board}");
    let ranks: Vec<(String, u64)> =
        connection.zrange_withscores(&key, 0, -1).expect("a sorted set");
    let value = |(account, rank): (String, u64)| {
        let value: Option<String> =
            connection.hget(format!("{key}:values"), &account).expect("a hash");
        (account, rank, value.unwrap_or_default())
    };
    ranks.into_iter().map(value).collect()
}

#[track_caller]
fn until_boards_agree(exchange: &Exchange, redis: &Redis) {
    for board in ["return", "equity", "realised"] {
        let start = Instant::now();
        loop {
            let (wanted, found) = (ranked(exchange, board), mirrored(redis, board));
            if wanted == found && !wanted.is_empty() {
                break;
            }
            assert!(start.elapsed() < SOON, "{board}: {found:?} instead of {wanted:?}");
        }
    }
}

fn last_trade_is(number: u64) -> impl Fn(&Value) -> bool {
    move |trade| trade["name"] == json!(format!("instruments/LPJ-KRW/trades/{number}"))
}

#[test]
fn what_is_committed_stands_in_redis_and_is_published() {
    let Some(redis) = Redis::start() else { return };
    let exchange = up(&redis);
    let mut connection = redis.connect();
    let mut heard = connection.as_pubsub();
    heard.subscribe("hoga:trades:LPJ-KRW").expect("subscribed");
    for price in ["777", "778", "779"] {
        trade(&exchange, "10", price);
    }
    for number in 1..=3_u64 {
        let text: String = heard.get_message().expect("a message").get_payload().expect("text");
        let published: Value = serde_json::from_str(&text).expect("JSON");
        assert!(last_trade_is(number)(&published), "{published}");
        assert_eq!(published["price"]["value"], json!((776 + number).to_string()));
    }
    exchange.hoga(&["sell", "5", "LPJ-KRW", "@", "790", "--as", "bob"]).ended(0);
    redis.until("hoga:latest:trade:LPJ-KRW", last_trade_is(3));
    let book = exchange.json("alice", &["book", "LPJ-KRW"])["book"].clone();
    let is_the_book = |seen: &Value| seen["asks"] == book["asks"] && seen["bids"] == book["bids"];
    redis.until("hoga:latest:book:LPJ-KRW", is_the_book);
    redis.until("hoga:latest:ticker:LPJ-KRW", |ticker| {
        ticker["last"]["value"] == "779" && ticker["ask"]["price"]["value"] == "790"
    });
    let ttl: i64 = redis.connect().ttl("hoga:latest:book:LPJ-KRW").expect("a time");
    assert!((1..=60).contains(&ttl), "{ttl}");
    until_boards_agree(&exchange, &redis);
}

#[test]
fn a_flush_is_made_good() {
    let Some(redis) = Redis::start() else { return };
    let exchange = up(&redis);
    trade(&exchange, "10", "777");
    redis.until("hoga:latest:trade:LPJ-KRW", last_trade_is(1));
    until_boards_agree(&exchange, &redis);
    redis::cmd("FLUSHALL").exec(&mut redis.connect()).expect("flushed");
    redis.until("hoga:latest:trade:LPJ-KRW", last_trade_is(1));
    redis.until("hoga:cursor:LPJ-KRW", |cursor| *cursor == json!(1));
    until_boards_agree(&exchange, &redis);
}

#[test]
fn what_another_exchange_left_silences_nothing() {
    let Some(redis) = Redis::start() else { return };
    redis::cmd("SET")
        .arg("hoga:cursor:LPJ-KRW")
        .arg(5_000)
        .exec(&mut redis.connect())
        .expect("set");
    let exchange = up(&redis);
    let mut connection = redis.connect();
    let mut heard = connection.as_pubsub();
    heard.subscribe("hoga:trades:LPJ-KRW").expect("subscribed");
    trade(&exchange, "10", "777");
    let text: String = heard.get_message().expect("a message").get_payload().expect("text");
    assert!(text.contains("trades/1\""), "{text}");
}

#[test]
fn a_dead_redis_costs_no_order_and_is_caught_up_with() {
    let Some(redis) = Redis::start() else { return };
    let exchange = up(&redis);
    trade(&exchange, "10", "777");
    redis.until("hoga:latest:trade:LPJ-KRW", last_trade_is(1));
    let port = redis.kill();
    trade(&exchange, "10", "778");
    trade(&exchange, "10", "779");
    let redis = Redis::start_on(port).expect("it was there before");
    redis.until("hoga:latest:trade:LPJ-KRW", last_trade_is(3));
    redis.until("hoga:cursor:LPJ-KRW", |cursor| *cursor == json!(3));
    until_boards_agree(&exchange, &redis);
}

#[test]
fn a_redis_that_answers_nobody_keeps_no_order_waiting() {
    let Some(redis) = Redis::start() else { return };
    let exchange = up(&redis);
    trade(&exchange, "10", "777");
    redis.until("hoga:latest:trade:LPJ-KRW", last_trade_is(1));
    let mut connection = redis.connect();
    let pause = Duration::from_secs(6);
    let millis = pause.as_millis() as u64;
    redis::cmd("CLIENT").arg("PAUSE").arg(millis).exec(&mut connection).expect("paused");
    let start = Instant::now();
    trade(&exchange, "10", "778");
    assert!(start.elapsed() < pause, "the orders waited for Redis: {:?}", start.elapsed());
    redis::cmd("CLIENT").arg("UNPAUSE").exec(&mut connection).expect("goes on");
    redis.until("hoga:latest:trade:LPJ-KRW", last_trade_is(2));
}

#[test]
fn a_password_stands_in_a_file_of_its_own() {
    let dir = TempDir::new().expect("a directory");
    let config = "[redis]\nurl = \"redis://:secret@127.0.0.1:6379\"\n";
    let path = dir.path().join("node.toml");
    std::fs::write(&path, config).expect("a file");
    let path = path.display().to_string();
    let ran = rig::hoga(&["node", "--config", &path]).complained("name a file with it");
    assert!(ran.code != Some(0), "{ran:#?}");
}
