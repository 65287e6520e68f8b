//! What the faults of a plan need besides processes, and what of it this machine has.

use super::{Disk, Shim};
use crate::chance::Chance;
use crate::plan::Plan;
use crate::proxy::Network;
use hoga_scenarios::file::Timed;
use hoga_scenarios::grammar::{Fault, NodeFault};
use std::path::Path;

/// The means of a run; what is missing says why.
pub struct Means {
    /// None when no fault needs it.
    pub network: Option<Network>,
    pub shim: Result<Option<Shim>, String>,
    /// Whether every node has a disk of its own.
    pub disks: Result<bool, String>,
}

impl Means {
    /// Finds out what a plan needs and whether it is there.
    #[must_use]
    pub fn of(plan: &Plan, directory: &Path, chance: &mut Chance) -> Means {
        Means::for_faults(&plan.attack.faults, directory, chance)
    }

    /// Finds out what faults need and whether it is there.
    #[must_use]
    pub fn for_faults(faults: &[Timed<Fault>], directory: &Path, chance: &mut Chance) -> Means {
        let mut needs = (false, false, false);
        for timed in faults {
            match &timed.what {
                Fault::Cut { .. }
                | Fault::CutOneWay { .. }
                | Fault::Delay { .. }
                | Fault::Lose { .. }
                | Fault::Reset(_) => needs.0 = true,
                Fault::StepClock { .. } => needs.1 = true,
                Fault::Node { fault: NodeFault::StallDisk | NodeFault::FailFsync, .. } => {
                    needs.1 = true;
                }
                Fault::Node { fault: NodeFault::FillDisk | NodeFault::CutPower, .. } => {
                    needs.2 = true;
                }
                _ => {}
            }
        }
        let network = needs.0.then(|| Network::new(chance.fork()));
        let shim = match needs.1 {
            false => Ok(None),
            true => Shim::build(directory).map(Some).map_err(|error| format!("{error:#}")),
        };
        let disks = match needs.2 {
            false => Ok(false),
            true => can_make_disks(directory).map(|()| true),
        };
        Means { network, shim, disks }
    }

    /// A plain exchange, without any.
    #[must_use]
    pub fn none() -> Means {
        Means { network: None, shim: Ok(None), disks: Ok(false) }
    }
}

fn can_make_disks(directory: &Path) -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root may mount a file system of its own".into());
    }
    let disk = Disk::make(directory, "probe", 64).map_err(|error| format!("{error:#}"))?;
    disk.cut_power().map_err(|error| format!("{error:#}"))
}
