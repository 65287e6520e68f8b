//! All accounts, by pages, for operators.

use super::desk::{Desk, shown_at};
use super::failure::{Refused, unread};
use super::page::{self, List, Place};
use super::standing::{Standing, suspended};
use hoga_actors::Scene;
use hoga_engine::account::Account;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Role;
use hoga_proto::status::Refusal;
use hoga_proto::v1;

/// A page of accounts: of one partition, at one position, in the order of their creation.
///
/// # Errors
/// A partition has no accounts, or it could not be read.
pub async fn list_accounts(
    desk: &Desk,
    message: &v1::ListAccountsRequest,
) -> Result<v1::ListAccountsResponse, Refused> {
    let size = page::size(message.page_size)?;
    let partitions = partitions(desk, message.partition)?;
    let list = List::of(&("accounts", message.partition));
    let (partition, first) = match list.place(&message.page_token)? {
        None => (partitions[0], 0),
        Some(Place(partition, first)) => {
            let known = partitions.iter().find(|known| u64::from(known.0) == partition);
            let known =
                known.ok_or_else(|| Refusal::malformed("page_token", "is none of a list"))?;
            (*known, u32::try_from(first).unwrap_or(u32::MAX))
        }
    };
    let min = message.min_index.as_ref().filter(|min| min.partition == u32::from(partition.0));
    let min = desk.min(partition, min)?;

    let question = |account: &Account, _: &Scene| Standing::of(account);
    let found = desk.exchange.accounts(partition, min, first, size + 1, question).await;
    let (mut found, at) = found.map_err(|error| unread(&error))?;
    let more = found.len() > size;
    found.truncate(size);
    let following = partitions.iter().find(|other| other.0 > partition.0);
    let next = match (more, following) {
        (true, _) => Some(Place(partition.0.into(), u64::from(first) + found.len() as u64)),
        (false, Some(other)) => Some(Place(other.0.into(), 0)),
        (false, None) => None,
    };
    let suspended = suspended(desk, partition).await;
    let symbols = desk.symbols();
    let accounts = found.into_iter().map(|standing| {
        let is_suspended = suspended.contains(&standing.id);
        standing.shown(&symbols, at, is_suspended)
    });
    Ok(v1::ListAccountsResponse {
        accounts: accounts.collect(),
        next_page_token: list.token(next),
        position: Some(shown_at(at)),
    })
}

fn partitions(desk: &Desk, only: Option<u32>) -> Result<Vec<PartitionId>, Refused> {
    let all = desk.exchange.topology();
    let of_accounts = all.partitions().filter(|(_, role)| *role == Role::Accounts);
    let wanted = of_accounts.map(|(id, _)| id);
    let wanted: Vec<_> =
        wanted.filter(|id| only.is_none_or(|only| only == u32::from(id.0))).collect();
    if wanted.is_empty() {
        let rule = format!("partition {} has no accounts", only.unwrap_or_default());
        return Err(Box::new(Refusal::malformed("partition", rule)));
    }
    Ok(wanted)
}
