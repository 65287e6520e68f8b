//! `hoga book`: the ladder of an instrument.

use super::failure::Failure;
use super::output::Paint;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::Args;
use hoga_proto::{decimal, v1};

/// The ladder: `hoga book LPJ-KRW`
#[derive(Args, Debug)]
pub struct Book {
    /// Of which instrument
    symbol: String,
    /// So many prices a side
    #[arg(long, value_name = "N", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=1000))]
    depth: i32,
    /// Group prices by this step
    #[arg(long, value_name = "STEP")]
    group: Option<hoga_scenarios::numbers::Amount>,
}

impl Book {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let name = actor::instrument(&self.symbol)?;
        let price_step = self.group.and_then(wire::number);
        let request =
            v1::GetBookRequest { name, depth: self.depth, price_step, ..Default::default() };
        let answer = server::talk(global, async |server| {
            Ok(server.market().get_book(request).await?.into_inner())
        })?;
        if global.json {
            return json::print("GetBookResponse", &answer);
        }
        output::say(ladder(&answer.book.unwrap_or_default()))
    }
}

/// Asks above, bids below, prices in the middle.
fn ladder(book: &v1::Book) -> String {
    let mut table = Table::new([
        ("BID", Lean::Right),
        ("PRICE", Lean::Right),
        ("ASK", Lean::Right),
        ("ORDERS", Lean::Right),
    ]);
    let count = |level: &v1::Level| match level.order_count {
        0 => String::new(),
        count => count.to_string(),
    };
    for level in book.asks.iter().rev() {
        let price = wire::text(level.price.as_ref());
        let quantity = Paint::Red.on(wire::text(level.quantity.as_ref()));
        table.row([String::new(), price.into(), quantity, count(level)]);
    }
    for level in &book.bids {
        let price = wire::text(level.price.as_ref());
        let quantity = Paint::Green.on(wire::text(level.quantity.as_ref()));
        table.row([quantity, price.into(), String::new(), count(level)]);
    }
    let symbol = actor::last_part(&book.instrument);
    format!("{}\n{}\n{table}", Paint::Bold.on(symbol), Paint::Dim.on(spread(book)))
}

fn spread(book: &v1::Book) -> String {
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
