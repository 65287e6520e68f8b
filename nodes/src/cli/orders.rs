//! `hoga orders`: an account's orders, newest first.

use super::failure::Failure;
use super::paging::Limit;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::{Args, ValueEnum};
use hoga_proto::v1;

/// Your orders, newest first
#[derive(Args, Debug)]
pub struct Orders {
    /// Only those that can still trade
    #[arg(long)]
    open: bool,
    /// Only those in this state; may be given several times
    #[arg(long, value_enum, value_name = "STATE", conflicts_with = "open")]
    state: Vec<State>,
    /// Only those in this instrument
    #[arg(long, value_name = "SYMBOL")]
    instrument: Option<String>,
    #[command(flatten)]
    limit: Limit,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    Pending,
    Reserved,
    Untriggered,
    Open,
    PartiallyFilled,
    Filled,
    Cancelled,
    Expired,
    Rejected,
}

impl Orders {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let instrument = self.instrument.as_deref().map(actor::instrument).transpose()?;
        let wanted = v1::ListOrdersRequest {
            parent: actor::account(global)?,
            instrument: instrument.unwrap_or_default(),
            states: self.states(),
            ..v1::ListOrdersRequest::default()
        };
        let mut position = None;
        let (orders, next_page_token) = server::talk(global, async |server| {
            let page = async |page_size, page_token| {
                let request = v1::ListOrdersRequest { page_size, page_token, ..wanted.clone() };
                let page = server.orders().list_orders(request).await?.into_inner();
                position = page.position;
                Ok((page.orders, page.next_page_token))
            };
            self.limit.gather(page).await
        })?;
        if global.json {
            let whole = v1::ListOrdersResponse { orders, next_page_token, position };
            return json::print("ListOrdersResponse", &whole);
        }
        output::say(table(&orders))?;
        more(&next_page_token);
        Ok(())
    }

    fn states(&self) -> Vec<i32> {
        use v1::OrderState as Wire;
        if self.open {
            let [pending, waiting] = [Wire::Pending, Wire::Untriggered];
            let open = [pending, waiting, Wire::Reserved, Wire::Open, Wire::PartiallyFilled];
            return open.map(Into::into).into();
        }
        let state = |state: &State| -> i32 {
            let state = match state {
                State::Pending => Wire::Pending,
                State::Untriggered => Wire::Untriggered,
                State::Open => Wire::Open,
                State::PartiallyFilled => Wire::PartiallyFilled,
                State::Filled => Wire::Filled,
                State::Cancelled => Wire::Cancelled,
                State::Expired => Wire::Expired,
                State::Reserved => Wire::Reserved,
                State::Rejected => Wire::Rejected,
            };
            state.into()
        };
        self.state.iter().map(state).collect()
    }
}

fn table(orders: &[v1::Order]) -> Table {
    let mut table = Table::new([
        ("ORDER", Lean::Right),
        ("TIME (UTC)", Lean::Left),
        ("ASKED", Lean::Left),
        ("STATE", Lean::Left),
        ("FILLED", Lean::Right),
        ("OPEN", Lean::Right),
        ("FEE", Lean::Right),
        ("ID", Lean::Left),
    ]);
    for order in orders {
        let state = wire::word(order.state().as_str_name(), "ORDER_STATE_");
        let reason = &order.reason;
        table.row([
            actor::last_part(&order.name).into(),
            wire::time(order.create_time.as_ref()),
            wire::ask(order),
            if reason.is_empty() { state } else { format!("{state} ({reason})") },
            wire::text(order.filled_quantity.as_ref()).into(),
            wire::text(order.remaining_quantity.as_ref()).into(),
            wire::text(order.fee.as_ref()).into(),
            order.client_order_id.clone(),
        ]);
    }
    table
}

/// Says that a list goes on.
pub fn more(next_page_token: &str) {
    if !next_page_token.is_empty() {
        output::tell("there are more: raise --limit, or say --all");
    }
}
