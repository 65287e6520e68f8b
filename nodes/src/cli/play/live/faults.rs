//! What is to break, and is to be mended, on nodes of our own.

use super::stage::Stage;
use super::waits::Waits;
use crate::cli::output;
use hoga_chaos::chance::Chance;
use hoga_chaos::cluster::Cluster;
use hoga_chaos::fault::{self, Struck};
use hoga_scenarios::file::Scenario;
use hoga_scenarios::player::FaultReport;
use hoga_scenarios::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// What became of the faults of a play.
#[derive(Debug, Default)]
pub struct Strikes {
    pub faults: Vec<FaultReport>,
    pub warnings: Vec<String>,
}

/// How long nodes may take until they are alike.
const ALIKE_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until every node has applied the same and nothing is in flight; whether that came. Reads
/// of any of them say the same then.
pub async fn until_alike(cluster: &Cluster) -> bool {
    let until = Instant::now() + ALIKE_WITHIN;
    let mut before = BTreeMap::new();
    while Instant::now() < until {
        let mut applied: BTreeMap<u32, BTreeSet<(u64, u64)>> = BTreeMap::new();
        let mut is_still = true;
        for node in cluster.nodes() {
            let status = cluster.operator.status_of(node.place).await;
            is_still &= status.is_some();
            for partition in status.into_iter().flat_map(|status| status.partitions) {
                is_still &= partition.outbox_messages == 0;
                let at = (partition.last_index, partition.applied_index);
                applied.entry(partition.partition).or_default().insert(at);
            }
        }
        is_still &= applied.values().all(|at| at.len() == 1);
        if is_still && applied == before {
            return true;
        }
        before = applied;
        sleep(LOOK_EVERY).await;
    }
    false
}

/// Strikes everything at its time. What this machine has no means for is left out, and said.
///
/// # Errors
/// What was done is not known.
pub async fn strike(
    scenario: &Scenario,
    cluster: &mut Cluster,
    chance: &mut Chance,
    stage: &Stage,
    waits: &Waits,
) -> anyhow::Result<Strikes> {
    let begun = Instant::now();
    let mut strikes = Strikes::default();
    let mut mark = (tokio::time::Instant::now(), Millis(0));
    for due in scenario.fault_times() {
        stage.until(due.at, mark).await;
        mark = (tokio::time::Instant::now(), due.at);
        strikes.warnings.extend(cluster.note_ends());
        let (at, what) = (Instant::now(), &scenario.faults[due.index].what);
        let struck = fault::strike(cluster, what, chance).await?;
        let (became, target) = match struck {
            Struck::Installed(target) => {
                waits.struck(at);
                ("struck", target)
            }
            Struck::Mended(target) => ("mended", target),
            Struck::Void(why) => ("void", why),
            Struck::Skipped(why) => ("skipped", why),
        };
        output::tell(format!("{}: {what}: {became}: {target}", due.at));
        if matches!(became, "void" | "skipped") {
            strikes.warnings.push(format!("{became} at {}: {what}: {target}", due.at));
        }
        strikes.faults.push(FaultReport {
            at_seconds: due.at.0 as f64 / 1_000.0,
            wall_seconds: at.duration_since(begun).as_secs_f64(),
            fault: what.to_string(),
            became: became.into(),
            target,
        });
    }
    Ok(strikes)
}
