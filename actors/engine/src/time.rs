//! Exchange time: what the log says, never what a clock says.

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

impl Time {
    pub const SECOND: u64 = 1_000_000_000;
    pub const DAY: u64 = 86_400 * Self::SECOND;

    /// This instant moved back by `nanoseconds`, at the earliest to the epoch.
    #[must_use]
    pub const fn minus(self, nanoseconds: u64) -> Time {
        Time(self.0.saturating_sub(nanoseconds))
    }
}
