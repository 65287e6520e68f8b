//! How an account stands: its balances, what it holds, how it has done.

use super::desk::{Desk, Reading, shown_at};
use super::failure::Refused;
use super::symbols::Symbols;
use super::valuation::{equity, marks, money};
use crate::auth::Caller;
use hoga_actors::EntityId;
use hoga_cluster::runtime::At;
use hoga_engine::account::{Account, Balance, Position};
use hoga_engine::amount::{Amount, Rate};
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, PartitionId};
use hoga_engine::time::Time;
use hoga_proto::convert::account::{Sums, balance, holding, performance};
use hoga_proto::convert::numbers::{shown, timestamp};
use hoga_proto::names::AccountName;
use hoga_proto::v1;
use std::collections::BTreeSet;

/// What an account shows of itself.
pub struct Standing {
    pub id: AccountId,
    name: Box<str>,
    created: Time,
    balances: Vec<(AssetId, Balance)>,
    open: usize,
    is_killed: bool,
}

impl Standing {
    #[must_use]
    pub fn of(account: &Account) -> Standing {
        Standing {
            id: account.id(),
            name: account.name().into(),
            created: account.created(),
            balances: account.balances().collect(),
            open: account.open_orders().count(),
            is_killed: account.is_killed(),
        }
    }

    #[must_use]
    pub fn shown(self, symbols: &Symbols, at: At, is_suspended: bool) -> v1::Account {
        let balances = self.balances.into_iter();
        let balances =
            balances.filter_map(|(asset, held)| Some(balance(held, symbols.asset_of(asset)?)));
        v1::Account {
            name: format!("accounts/{}", self.name),
            create_time: Some(timestamp(self.created)),
            partition: at.partition.0.into(),
            balances: balances.collect(),
            open_order_count: self.open as u64,
            suspended: is_suspended,
            kill_switch_engaged: self.is_killed,
        }
    }
}

/// An account with its balances.
///
/// # Errors
/// It does not exist, or did not come as far as it had to.
pub async fn shown_account(
    desk: &Desk,
    name: &AccountName,
    reading: Reading,
) -> Result<(v1::Account, At), Refused> {
    let looked = desk.look(name, reading, |account, _, at| (Standing::of(account), at));
    let (standing, at) = looked.await?;
    let is_suspended = suspended(desk, at.partition).await.contains(&standing.id);
    Ok((standing.shown(&desk.symbols(), at, is_suspended), at))
}

/// The suspended accounts of a partition: hardly ever any.
pub async fn suspended(desk: &Desk, partition: PartitionId) -> BTreeSet<AccountId> {
    let asked = desk.exchange.core(partition, |core, _| {
        let accounts = core.suspended().keys().filter_map(|entity| match entity {
            EntityId::Account(id) => Some(*id),
            _ => None,
        });
        accounts.collect()
    });
    asked.await.unwrap_or_default()
}

/// Balances, holdings, and what everything is worth now.
///
/// # Errors
/// The account is another's or does not exist, or did not come as far as it had to.
pub async fn portfolio(
    desk: &Desk,
    caller: &Caller,
    message: v1::GetPortfolioRequest,
) -> Result<v1::GetPortfolioResponse, Refused> {
    let account = caller.account("name", &message.name)?;
    let reading = desk.reading(&account, message.min_index.as_ref(), message.after)?;
    let looked = desk.look(&account, reading, |account, _, at| {
        let balances: Vec<_> = account.balances().collect();
        let positions = account.positions().filter(|(_, position)| position.quantity != 0);
        let positions: Vec<(InstrumentId, Position)> =
            positions.map(|(id, position)| (id, *position)).collect();
        (balances, positions, at)
    });
    let (balances, positions, at) = looked.await?;
    let symbols = desk.symbols();
    let marks = marks(&desk.exchange, &symbols);
    let held = balances.iter().map(|(asset, balance)| (*asset, balance.total()));
    let equity = equity(&symbols, &marks, held);
    let money = money(symbols.catalogue());

    let mut holdings: Vec<v1::Holding> = positions
        .iter()
        .filter_map(|(id, position)| {
            Some(holding(position, symbols.listed(*id)?, marks.get(id).copied()))
        })
        .collect();
    holdings.sort_by(|one, other| one.instrument.cmp(&other.instrument));
    let mut balances: Vec<v1::Balance> = balances
        .into_iter()
        .filter_map(|(asset, held)| Some(balance(held, symbols.asset_of(asset)?)))
        .collect();
    balances.sort_by(|one, other| one.asset.cmp(&other.asset));
    Ok(v1::GetPortfolioResponse {
        balances,
        holdings,
        equity: money.map(|asset| shown(equity, asset.scale)),
        asset: money.map(|asset| asset.code.to_string()).unwrap_or_default(),
        position: Some(shown_at(at)),
    })
}

/// Return, win rate, drawdown, turnover.
///
/// # Errors
/// As [`portfolio`].
pub async fn figures(
    desk: &Desk,
    caller: &Caller,
    message: v1::GetPerformanceRequest,
) -> Result<v1::GetPerformanceResponse, Refused> {
    let account = caller.account("name", &message.name)?;
    let reading = desk.reading(&account, message.min_index.as_ref(), message.after)?;
    let looked = desk.look(&account, reading, |account, _, at| {
        let held: Vec<(AssetId, Amount)> =
            account.balances().map(|(asset, balance)| (asset, balance.total())).collect();
        let sums: Sums = account.positions().map(|(_, position)| position).collect();
        (account.id(), held, sums, *account.performance(), at)
    });
    let (id, held, sums, figures, at) = looked.await?;
    let symbols = desk.symbols();
    let equity = equity(&symbols, &marks(&desk.exchange, &symbols), held);
    // The board sees every account at every set of marks; one that it does not know has not
    // fallen yet.
    let extremes = desk.exchange.board(None, move |board, _, _| board.extremes(id)).await;
    let drawdown = extremes.ok().flatten().map(|seen| Rate(seen.drawdown.into()));
    let shown = money(symbols.catalogue())
        .map(|asset| performance(account.id(), asset, &figures, sums, equity, drawdown));
    Ok(v1::GetPerformanceResponse { performance: shown, position: Some(shown_at(at)) })
}
