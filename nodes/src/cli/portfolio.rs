//! `hoga portfolio`: what an account has, and what it is worth.

use super::failure::Failure;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, server, wire};
use clap::Args;
use hoga_proto::v1;

/// What you have and what it is worth now
#[derive(Args, Debug)]
pub struct Portfolio {}

impl Portfolio {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let name = actor::account(global)?;
        let request =
            v1::GetPortfolioRequest { name: name.clone(), ..v1::GetPortfolioRequest::default() };
        let answer = server::talk(global, async |server| {
            Ok(server.accounts().get_portfolio(request).await?.into_inner())
        })?;
        if global.json {
            return json::print("GetPortfolioResponse", &answer);
        }
        output::say(balances(&answer.balances))?;
        if !answer.holdings.is_empty() {
            output::say(format!("\n{}", holdings(&answer.holdings)))?;
        }
        let equity = wire::text(answer.equity.as_ref());
        let who = actor::shown(&name);
        let is = if who == "you" { "are" } else { "is" };
        output::say(format!("\n{who} {is} worth {equity} {}", answer.asset))
    }
}

/// One row an asset.
pub fn balances(balances: &[v1::Balance]) -> Table {
    let columns = [("ASSET", Lean::Left), ("AVAILABLE", Lean::Right), ("HELD", Lean::Right)];
    let mut table = Table::new(columns);
    for balance in balances {
        table.row([
            balance.asset.clone(),
            wire::text(balance.available.as_ref()).into(),
            wire::text(balance.held.as_ref()).into(),
        ]);
    }
    table
}

fn holdings(holdings: &[v1::Holding]) -> Table {
    let mut table = Table::new([
        ("HOLDING", Lean::Left),
        ("QUANTITY", Lean::Right),
        ("AVERAGE", Lean::Right),
        ("NOW", Lean::Right),
        ("WORTH", Lean::Right),
        ("UNREALISED", Lean::Right),
        ("REALISED", Lean::Right),
        ("FEES", Lean::Right),
    ]);
    for holding in holdings {
        table.row([
            actor::last_part(&holding.instrument).into(),
            wire::text(holding.quantity.as_ref()).into(),
            wire::text(holding.average_price.as_ref()).into(),
            wire::text(holding.mark.as_ref()).into(),
            wire::text(holding.value.as_ref()).into(),
            wire::text(holding.unrealised.as_ref()).into(),
            wire::text(holding.realised.as_ref()).into(),
            wire::text(holding.fees.as_ref()).into(),
        ]);
    }
    table
}
