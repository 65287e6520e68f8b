//! How a node becomes part of an exchange: as one of those that found it, or added later.
//!
//! An exchange is founded when all its founders have met and none of them has been here before.
//! So a founder that comes with an empty disk, after the others founded, is recognised and does
//! not vote: its votes were lost with its disk, and a vote given twice can lose what was
//! acknowledged.

use super::identity::{Identity, IdentityError};
use super::options::ClusterOptions;
use super::peers::{Enter, Entered, Met, Peers};
use super::start::StartError;
use crate::link::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The pause between two tries to meet the others.
const TRY_EVERY: Duration = Duration::from_millis(100);

/// Who this node is, as its peers are told.
pub(crate) struct Who(Mutex<Met>);

impl Who {
    pub fn new(identity: &Identity) -> Arc<Who> {
        let Identity { directory, founders, .. } = identity.clone();
        Arc::new(Who(Mutex::new(Met { directory, founders })))
    }

    pub fn met(&self) -> Met {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn founded(&self, founders: &[(NodeId, u64)]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).founders = founders.to_vec();
    }
}

/// Makes this node part of the exchange, unless it is already. Waits for as long as the others
/// are not there. Durable when it returns.
///
/// # Errors
/// The others do not want it: see [`StartError`].
pub(super) async fn join(
    identity: &mut Identity,
    dir: &Path,
    cluster: &ClusterOptions,
    peers: &Peers,
    who: &Who,
) -> Result<(), StartError> {
    if identity.is_member {
        return Ok(());
    }
    if cluster.founders.contains(&identity.node) {
        let founders = meet(identity, cluster, peers).await?;
        identity.founders = founders.into_iter().collect();
    } else {
        enter(identity, cluster, peers).await?;
    }
    identity.is_member = true;
    identity.keep(dir).map_err(|error| IdentityError::Io(dir.display().to_string(), error))?;
    who.founded(&identity.founders);
    Ok(())
}

/// Waits until all founders are there, or one says that they have founded without this node's
/// empty directory.
async fn meet(
    identity: &Identity,
    cluster: &ClusterOptions,
    peers: &Peers,
) -> Result<BTreeMap<NodeId, u64>, StartError> {
    let me = identity.node;
    let mut told = BTreeSet::new();
    loop {
        // All have to be there at once: who was met before may have founded since.
        let mut met = BTreeMap::from([(me, identity.directory)]);
        for &founder in cluster.founders.iter().filter(|founder| **founder != me) {
            let Some(Met { directory, founders }) = peers.meet(founder).await else { continue };
            if founders.is_empty() {
                met.insert(founder, directory);
                continue;
            }
            return match founders.iter().find(|(node, _)| *node == me) {
                Some((_, known)) if *known == identity.directory => {
                    Ok(founders.into_iter().collect())
                }
                _ => Err(StartError::Replaced { node: me }),
            };
        }
        let missing: BTreeSet<NodeId> =
            cluster.founders.iter().copied().filter(|id| !met.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(met);
        }
        if told != missing {
            tracing::info!(?missing, "waiting for the other founders");
            told = missing;
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}

/// Has this node entered by one that is part of the exchange.
async fn enter(
    identity: &Identity,
    cluster: &ClusterOptions,
    peers: &Peers,
) -> Result<(), StartError> {
    let newcomer = newcomer(identity, cluster);
    loop {
        for &node in cluster.peers.keys().filter(|node| **node != identity.node) {
            match peers.enter(node, &newcomer).await {
                Entered::Yes => return Ok(()),
                Entered::No(why) => return Err(StartError::NotWanted { why }),
                Entered::Later => {}
            }
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}

pub(super) fn newcomer(identity: &Identity, cluster: &ClusterOptions) -> Enter {
    Enter {
        node: identity.node,
        directory: identity.directory,
        link: cluster.link.as_str().into(),
        gateway: cluster.gateway.as_str().into(),
    }
}
