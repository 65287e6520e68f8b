//! `hoga ledger`: every real event of an account, before and after.

use super::failure::Failure;
use super::orders::more;
use super::paging::Limit;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::Args;
use hoga_proto::v1;

/// Your ledger, newest first: before + amount - fee - tax = after
#[derive(Args, Debug)]
pub struct Ledger {
    /// Only rows of this asset, such as KRW
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// Only rows of trades in this instrument
    #[arg(long, value_name = "SYMBOL")]
    instrument: Option<String>,
    #[command(flatten)]
    limit: Limit,
}

impl Ledger {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let instrument = self.instrument.as_deref().map(actor::instrument).transpose()?;
        let wanted = v1::ListLedgerRowsRequest {
            parent: actor::account(global)?,
            instrument: instrument.unwrap_or_default(),
            asset: self.asset.clone().unwrap_or_default(),
            ..v1::ListLedgerRowsRequest::default()
        };
        let mut position = None;
        let (ledger_rows, next_page_token) = server::talk(global, async |server| {
            let page = async |page_size, page_token| {
                let request = v1::ListLedgerRowsRequest { page_size, page_token, ..wanted.clone() };
                let page = server.accounts().list_ledger_rows(request).await?.into_inner();
                position = page.position;
                Ok((page.ledger_rows, page.next_page_token))
            };
            self.limit.gather(page).await
        })?;
        if global.json {
            let whole = v1::ListLedgerRowsResponse { ledger_rows, next_page_token, position };
            return json::print("ListLedgerRowsResponse", &whole);
        }
        output::say(table(&ledger_rows))?;
        more(&next_page_token);
        Ok(())
    }
}

fn table(rows: &[v1::LedgerRow]) -> Table {
    let mut table = Table::new([
        ("ROW", Lean::Right),
        ("TIME (UTC)", Lean::Left),
        ("WHAT", Lean::Left),
        ("ASSET", Lean::Left),
        ("BEFORE", Lean::Right),
        ("AMOUNT", Lean::Right),
        ("FEE", Lean::Right),
        ("TAX", Lean::Right),
        ("AFTER", Lean::Right),
        ("FROM", Lean::Left),
    ]);
    for row in rows {
        table.row([
            row.sequence.to_string(),
            wire::time(row.post_time.as_ref()),
            wire::word(row.r#type().as_str_name(), "LEDGER_ROW_TYPE_"),
            row.asset.clone(),
            wire::text(row.cash_before.as_ref()).into(),
            wire::text(row.amount.as_ref()).into(),
            wire::text(row.commission.as_ref()).into(),
            wire::text(row.tax.as_ref()).into(),
            wire::text(row.cash_after.as_ref()).into(),
            cause(row),
        ]);
    }
    table
}

/// What a row came from: a trade of an order, another account, or a request.
fn cause(row: &v1::LedgerRow) -> String {
    if !row.order.is_empty() {
        let symbol = actor::last_part(&row.instrument);
        let (order, trade) = (actor::last_part(&row.order), actor::last_part(&row.trade));
        return format!("order {order}, {symbol} trade {trade}");
    }
    if row.counterparty.is_empty() {
        return row.request_id.clone();
    }
    actor::last_part(&row.counterparty).into()
}
