//! The faults of a run, one after the other, each noted with what became of it.

use super::Stage;
use super::load::Load;
use super::schedule::Due;
use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::fault::{self, Struck};
use crate::plan::{Kind, Plan};
use std::time::Duration;
use tokio::time::sleep;

/// How often progress is told, and processes are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A fault that was struck.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub kind: Kind,
    /// Of the run's pulse.
    pub at: Duration,
    pub struck: Struck,
}

/// What happened while faults struck.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    pub done: Vec<Done>,
    /// When the load began, and when the last fault's time was over.
    pub begun: Duration,
    pub over: Duration,
    /// Nodes that ended by themselves.
    pub ended: Vec<String>,
}

/// Strikes everything that is due, until the plan's time is over.
///
/// # Errors
/// What was done is not known.
pub(super) async fn all(
    plan: &Plan,
    cluster: &mut Cluster,
    load: &Load,
    strikes: &[Due],
    chance: &mut Chance,
    progress: &mut dyn FnMut(Stage),
) -> anyhow::Result<Course> {
    let pulse = load.pulse();
    let of = Duration::from_millis(plan.attack.length.0);
    let mut course = Course { begun: pulse.now(), ..Course::default() };
    let mut last = String::new();
    let due_at = |at: Duration| course.begun + at;
    let mut due = strikes.iter().map(|due| (due_at(due.at), Some(due.fault))).collect::<Vec<_>>();
    due.push((due_at(of), None));
    due.sort_by_key(|(at, _)| *at);
    for (until, what) in due {
        while pulse.now() < until {
            let at = pulse.now().saturating_sub(course.begun);
            progress(Stage::Striking { at, of, last: last.clone() });
            sleep(LOOK_EVERY.min(until.saturating_sub(pulse.now()))).await;
            course.ended.extend(cluster.note_ends());
        }
        let Some(fault) = what.map(|at| &plan.attack.faults[at].what) else { continue };
        let kind = Kind::of(fault);
        let at = pulse.now();
        let struck = fault::strike(cluster, fault, chance).await?;
        last = format!("{}: {}", kind.name, said(&struck));
        tracing::info!(at_ms = at.as_millis() as u64, last, "struck");
        course.done.push(Done { kind, at, struck });
    }
    course.over = pulse.now();
    Ok(course)
}

fn said(struck: &Struck) -> &str {
    match struck {
        Struck::Installed(said)
        | Struck::Mended(said)
        | Struck::Void(said)
        | Struck::Skipped(said) => said,
    }
}
