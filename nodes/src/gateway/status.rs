//! How this node and its partitions are doing.

use super::cluster;
use super::desk::Desk;
use super::failure::{Refused, unread};
use super::reasons::refusal;
use super::symbols::Symbols;
use hoga_actors::EntityId;
use hoga_cluster::log::PartitionId as LogPartition;
use hoga_cluster::partition::{Core, SubAccounts, Suspension};
use hoga_cluster::runtime::PartitionStatus;
use hoga_engine::ids::{AccountId, AssetId, PartitionId};
use hoga_proto::convert::numbers::shown;
use hoga_proto::names::NodeName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// What a partition's bookkeeping says of itself.
struct Inside {
    outbox: usize,
    sums: Vec<(AssetId, SubAccounts)>,
    /// With what an entity is called, and how much waits for it.
    suspended: Vec<(EntityId, Option<Box<str>>, u64, usize)>,
}

/// The status of a node: only of this one.
///
/// # Errors
/// The name is malformed or another node's.
pub async fn status(
    desk: &Desk,
    message: &v1::GetStatusRequest,
) -> Result<v1::GetStatusResponse, Refused> {
    let name = &message.name;
    let own = format!("nodes/n{}", desk.exchange.options().node);
    if !name.is_empty() {
        let name =
            NodeName::parse(name).map_err(|bad| Refusal::malformed("name", bad.to_string()))?;
        if name.to_string() != own {
            let message = format!("{name} is not this node, which is {own}");
            return Err(Box::new(refusal("UNKNOWN_NODE", message).resource(name.to_string())));
        }
    }
    let mut partitions = Vec::new();
    for status in desk.exchange.status() {
        partitions.push(partition(desk, &status, message.audit).await?);
    }
    let log = desk.exchange.log().stats();
    let snapshots = desk.exchange.options().data.join("snapshots");
    let snapshot_bytes = tokio::task::spawn_blocking(move || bytes_below(&snapshots)).await;
    let me = desk.exchange.options().node;
    let is_leaving = desk.exchange.membership();
    let is_leaving =
        is_leaving.is_some_and(|membership| cluster::is_leaving(&membership.table().borrow(), me));
    let started = desk.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    let status = v1::NodeStatus {
        name: own,
        version: env!("CARGO_PKG_VERSION").into(),
        start_time: Some(prost_types::Timestamp {
            seconds: started.as_secs() as i64,
            nanos: started.subsec_nanos() as i32,
        }),
        draining: *desk.draining.borrow() || is_leaving,
        log_bytes: log.segments * desk.exchange.options().log.segment_bytes,
        snapshot_bytes: snapshot_bytes.unwrap_or_default(),
        partitions,
        process_id: std::process::id(),
    };
    Ok(v1::GetStatusResponse { status: Some(status) })
}

async fn partition(
    desk: &Desk,
    status: &PartitionStatus,
    is_audit: bool,
) -> Result<v1::PartitionStatus, Refused> {
    let id = PartitionId(status.id);
    let audit = match is_audit {
        true => Some(desk.exchange.audit(id, look_inside).await.map_err(|error| unread(&error))?),
        false => None,
    };
    let (audit, inside) = match audit {
        Some((audit, inside)) => (Some(audit), inside),
        None => {
            let inside = desk.exchange.core(id, |core, _| look_inside(core)).await;
            (None, inside.map_err(|error| unread(&error))?)
        }
    };
    let log = desk.exchange.log().partition(LogPartition(status.id.into())).state();
    let symbols = desk.symbols();
    let in_accounts = |id: &AssetId| {
        let audit = audit.as_ref().filter(|_| status.role == "accounts")?;
        Some(audit.in_accounts.get(id).copied().unwrap_or_default())
    };
    let totals = inside.sums.iter().filter_map(|(asset, sums)| {
        let in_accounts = in_accounts(asset);
        let asset = symbols.asset_of(*asset)?;
        let money = |minor| Some(shown(minor, asset.scale));
        Some(v1::AssetTotals {
            asset: asset.code.to_string(),
            issued: money(sums.issued),
            in_accounts: in_accounts.and_then(money),
            fees: money(sums.fee),
            taxes: money(sums.tax),
            clearing: money(sums.clearing),
        })
    });
    let kind = match status.role {
        "meta" => v1::PartitionKind::Meta,
        "boards" => v1::PartitionKind::Boards,
        "books" => v1::PartitionKind::Books,
        _ => v1::PartitionKind::Accounts,
    };
    let applied = audit.as_ref().map_or(status.applied, |audit| audit.at.index);
    Ok(v1::PartitionStatus {
        partition: status.id.into(),
        kind: kind.into(),
        leader: cluster::leader(&desk.exchange, status).map(cluster::shown).unwrap_or_default(),
        term: status.term,
        first_index: log.first_index,
        last_index: log.last.map_or(0, |at| at.index),
        committed_index: log.committed.map_or(0, |at| at.index).max(applied),
        applied_index: applied,
        snapshot_index: status.snapshot,
        state_hash: audit.as_ref().map_or(String::new(), |a| format!("{:016x}", a.hash)),
        outbox_messages: inside.outbox as u64,
        entity_count: status.entities,
        totals: totals.collect(),
        suspended: shown_suspended(inside.suspended, &symbols),
    })
}

fn look_inside(core: &Core) -> Inside {
    let by_id: BTreeMap<AccountId, Box<str>> = match core.suspended().is_empty() {
        true => BTreeMap::new(),
        // Only when somebody is suspended are names looked for.
        false => core.directory().names_after("").map(|(name, id)| (id, name.into())).collect(),
    };
    let suspended = core.suspended().iter().map(|(entity, suspension): (_, &Suspension)| {
        let name = match entity {
            EntityId::Account(id) => by_id.get(id).cloned(),
            _ => None,
        };
        (*entity, name, suspension.index, suspension.parked.len())
    });
    Inside {
        outbox: core.outboxes().values().map(|outbox| outbox.len()).sum(),
        sums: core.sub_accounts().iter().map(|(asset, sums)| (*asset, *sums)).collect(),
        suspended: suspended.collect(),
    }
}

fn shown_suspended(
    suspended: Vec<(EntityId, Option<Box<str>>, u64, usize)>,
    symbols: &Symbols,
) -> Vec<v1::SuspendedEntity> {
    let shown = suspended.into_iter().map(|(entity, name, index, parked)| v1::SuspendedEntity {
        entity: match (entity, name) {
            (EntityId::Account(_), Some(name)) => format!("accounts/{name}"),
            (EntityId::Book(id), _) => match symbols.listed(id) {
                Some(instrument) => format!("instruments/{}", instrument.symbol),
                None => entity.to_string(),
            },
            (EntityId::Board, _) => "boards/return".into(),
            (other, None) => other.to_string(),
        },
        index,
        reason: "it failed twice on one command; the node's log says how".into(),
        parked_messages: parked as u64,
    });
    shown.collect()
}

/// Bytes of all files below a directory, as far as they can be read.
fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let bytes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    bytes.sum()
}
