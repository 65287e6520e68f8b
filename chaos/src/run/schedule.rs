//! When what strikes: the plan's times, and the seed's jitter.

use crate::chance::Chance;
use crate::plan::Plan;
use std::time::Duration;

/// A fault that is to strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub at: Duration,
    /// Index into the plan's faults.
    pub fault: usize,
}

/// Every strike of a plan, in the order in which they come.
pub fn strikes(plan: &Plan, chance: &mut Chance) -> Vec<Due> {
    let jitter_ms = plan.jitter.as_millis() as u64;
    let times = plan.attack.fault_times();
    let mut strikes: Vec<Due> = times
        .into_iter()
        .map(|occurrence| {
            let late = chance.between(0, jitter_ms);
            let at = Duration::from_millis(occurrence.at.0 + late);
            Due { at, fault: occurrence.index }
        })
        .collect();
    strikes.sort_unstable();
    strikes
}

#[cfg(test)]
mod tests {
    use super::strikes;
    use crate::chance::Chance;
    use crate::plan;
    use std::time::Duration;

    const PLAN: &str = r#"
        scenario = { name = "p", seed = 1, length = "60s" }
        market = { rules = "lpj" }
        cluster = { nodes = 3 }
        schedule = { jitter = "900ms" }
        fault = [{ at = "1s", every = "2s", do = "kill any node" }, { at = "2s", do = "heal" }]
    "#;

    #[test]
    fn the_seed_decides_how_late_a_strike_comes() {
        let plan = plan::parse("p.toml", PLAN).expect("a plan");
        let of = |seed| strikes(&plan, &mut Chance::new(seed));
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(of(1).len(), 31);
        assert!(of(1).is_sorted());
        let kills = of(3).into_iter().filter(|due| due.fault == 0);
        for (due, planned) in kills.zip((1..).step_by(2).map(Duration::from_secs)) {
            assert!(due.at >= planned && due.at <= planned + plan.jitter, "{due:?}");
        }
    }
}
