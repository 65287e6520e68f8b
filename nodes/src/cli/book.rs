//! `hoga book`: the ladder of an instrument.

mod feed;
mod ladder;
mod screen;
mod watch;

use super::failure::Failure;
use super::output::Paint;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::Args;
use hoga_proto::{decimal, v1};
use watch::Watch;

/// The ladder: `hoga book LPJ-KRW`
#[derive(Args, Debug)]
pub struct Book {
    /// Of which instrument
    symbol: String,
    /// Go on showing it as it moves; as lines when this is no terminal
    #[arg(long)]
    watch: bool,
    /// So many prices a side; the lines of --watch tell of every price
    #[arg(long, value_name = "N", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=1000))]
    depth: i32,
    /// Group prices by this step
    #[arg(long, value_name = "STEP", conflicts_with = "watch")]
    group: Option<hoga_scenarios::numbers::Amount>,
}

impl Book {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let name = actor::instrument(&self.symbol)?;
        if self.watch {
            let watch = Watch { instrument: name, depth: self.depth, json: global.json };
            return server::talk(global, async |server| watch.run(server).await);
        }
        let price_step = self.group.and_then(wire::number);
        let request =
            v1::GetBookRequest { name, depth: self.depth, price_step, ..Default::default() };
        let answer = server::talk(global, async |server| {
            Ok(server.market().get_book(request).await?.into_inner())
        })?;
        if global.json {
            return json::print("GetBookResponse", &answer);
        }
        output::say(drawn(&answer.book.unwrap_or_default()))
    }
}

/// As text, under its symbol.
fn drawn(book: &v1::Book) -> String {
    let mut table = Table::new([
        ("BID", Lean::Right),
        ("PRICE", Lean::Right),
        ("ASK", Lean::Right),
        ("ORDERS", Lean::Right),
    ]);
    for [bid, price, ask, orders] in rows(book) {
        table.row([Paint::Green.on(bid), price, Paint::Red.on(ask), orders]);
    }
    let symbol = actor::last_part(&book.instrument);
    format!("{}\n{}\n{table}", Paint::Bold.on(symbol), Paint::Dim.on(spread(book)))
}

/// Asks above, bids below, prices in the middle: bid, price, ask, orders.
fn rows(book: &v1::Book) -> Vec<[String; 4]> {
    let row = |level: &v1::Level, is_bid: bool| {
        let quantity = wire::text(level.quantity.as_ref()).to_owned();
        let (bid, ask) = if is_bid { (quantity, String::new()) } else { (String::new(), quantity) };
        let orders = match level.order_count {
            0 => String::new(),
            count => count.to_string(),
        };
        [bid, wire::text(level.price.as_ref()).to_owned(), ask, orders]
    };
    let asks = book.asks.iter().rev().map(|level| row(level, false));
    asks.chain(book.bids.iter().map(|level| row(level, true))).collect()
}

/// The phase where orders do not match, and the distance between both sides.
fn spread(book: &v1::Book) -> String {
    if !matches!(book.phase(), v1::Phase::Continuous | v1::Phase::Unspecified) {
        return wire::phase(book.phase(), book.call_kind(), book.phase_end_time.as_ref());
    }
    let price = |level: Option<&v1::Level>| decimal::parse(wire::text(level?.price.as_ref())).ok();
    match (price(book.bids.first()), price(book.asks.first())) {
        (Some(bid), Some(ask)) => match ask.checked_sub(bid) {
            Some(gap) => format!("spread {}", decimal::print(gap.normalize())),
            None => String::new(),
        },
        (None, None) => "nobody bids, nobody asks".into(),
        (None, Some(_)) => "nobody bids".into(),
        (Some(_), None) => "nobody asks".into(),
    }
}
