//! `hoga fills`: an account's sides of trades, newest first.

use super::failure::Failure;
use super::orders::more;
use super::paging::Limit;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::Args;
use hoga_proto::v1;

/// Your fills, newest first
#[derive(Args, Debug)]
pub struct Fills {
    /// Only those in this instrument
    #[arg(long, value_name = "SYMBOL")]
    instrument: Option<String>,
    /// Only those of this order, by number
    #[arg(long, value_name = "N")]
    order: Option<u64>,
    #[command(flatten)]
    limit: Limit,
}

impl Fills {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let instrument = self.instrument.as_deref().map(actor::instrument).transpose()?;
        let parent = actor::account(global)?;
        let order = self.order.map(|number| format!("{parent}/orders/{number}"));
        let wanted = v1::ListFillsRequest {
            parent,
            instrument: instrument.unwrap_or_default(),
            order: order.unwrap_or_default(),
            ..v1::ListFillsRequest::default()
        };
        let mut position = None;
        let (fills, next_page_token) = server::talk(global, async |server| {
            let page = async |page_size, page_token| {
                let request = v1::ListFillsRequest { page_size, page_token, ..wanted.clone() };
                let page = server.accounts().list_fills(request).await?.into_inner();
                position = page.position;
                Ok((page.fills, page.next_page_token))
            };
            self.limit.gather(page).await
        })?;
        if global.json {
            let whole = v1::ListFillsResponse { fills, next_page_token, position };
            return json::print("ListFillsResponse", &whole);
        }
        output::say(table(&fills))?;
        more(&next_page_token);
        Ok(())
    }
}

fn table(fills: &[v1::Fill]) -> Table {
    let mut table = Table::new([
        ("FILL", Lean::Right),
        ("TIME (UTC)", Lean::Left),
        ("ORDER", Lean::Right),
        ("SYMBOL", Lean::Left),
        ("SIDE", Lean::Left),
        ("AS", Lean::Left),
        ("QUANTITY", Lean::Right),
        ("PRICE", Lean::Right),
        ("WORTH", Lean::Right),
        ("FEE", Lean::Right),
        ("TAX", Lean::Right),
    ]);
    for fill in fills {
        table.row([
            fill.sequence.to_string(),
            wire::time(fill.time.as_ref()),
            actor::last_part(&fill.order).into(),
            actor::last_part(&fill.instrument).into(),
            wire::word(fill.side().as_str_name(), "SIDE_"),
            if fill.is_maker { "maker" } else { "taker" }.into(),
            wire::text(fill.quantity.as_ref()).into(),
            wire::text(fill.price.as_ref()).into(),
            wire::text(fill.notional.as_ref()).into(),
            wire::text(fill.fee.as_ref()).into(),
            wire::text(fill.tax.as_ref()).into(),
        ]);
    }
    table
}
