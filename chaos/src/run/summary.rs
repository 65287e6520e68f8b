//! A report as people read it.

use super::Report;
use std::fmt::{self, Display, Formatter};

/// Strikes that are shown one by one; more are summed up by the gaps.
const SHOWN_MAX: usize = 60;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nodes = if self.nodes == 1 { "node" } else { "nodes" };
        writeln!(f, "plan {}  seed {}  {} {nodes}", self.plan, self.seed, self.nodes)?;
        writeln!(
            f,
            "acknowledged {}  unknown {}  refused {}  lost {}  doubled {}",
            self.acknowledged, self.unknown, self.refused, self.lost, self.doubled
        )?;
        writeln!(
            f,
            "gap p50 {} ms, max {} ms  (any one client: {} ms, {} ms; before the faults {} ms)",
            self.gap_ms.p50,
            self.gap_ms.max,
            self.client_gap_ms.p50,
            self.client_gap_ms.max,
            self.quiet_gap_ms
        )?;
        for strike in self.faults.iter().take(SHOWN_MAX) {
            let gap = strike.gap_ms.map(|gap| format!("gap {gap} ms")).unwrap_or_default();
            writeln!(
                f,
                "  {:8.2} s  {:<12} {:<24} {gap}",
                strike.at_s, strike.kind, strike.target
            )?;
        }
        if let Some(more) = self.faults.len().checked_sub(SHOWN_MAX + 1) {
            writeln!(f, "  and {} more", more + 1)?;
        }
        for ended in &self.ended {
            writeln!(f, "  {ended}")?;
        }
        for invariant in &self.invariants {
            let mark = if invariant.ok { "ok    " } else { "FAILED" };
            let (id, checked) = (&invariant.id, invariant.checked);
            let detail = if invariant.ok { "" } else { invariant.detail.as_str() };
            let left_out = match invariant.left_out {
                0 => String::new(),
                count => format!("{count} left out  "),
            };
            writeln!(f, "{mark}  {id:<8} {checked:>9} checked  {left_out}{detail}")?;
        }
        let covered = self.coverage.iter().filter(|(_, count)| **count > 0);
        let covered: Vec<String> = covered.map(|(name, count)| format!("{name} {count}")).collect();
        writeln!(f, "covered   {}", covered.join(", "))?;
        for (what, lines) in [
            ("SKIPPED ", &self.skipped),
            ("below   ", &self.below_floor),
            ("beyond  ", &self.beyond_limit),
        ] {
            for line in lines {
                writeln!(f, "{what}  {line}")?;
            }
        }
        let end = match (self.ok, self.skipped.is_empty()) {
            (true, true) => "everything held".into(),
            (true, false) => format!("what was done held; {} skipped", self.skipped.len()),
            (false, _) => format!("FAILED; see {}", self.directory.display()),
        };
        f.write_str(&end)
    }
}
