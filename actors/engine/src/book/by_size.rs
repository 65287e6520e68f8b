//! A call at the limit of the day: who wants most there comes first, and everybody gets something.

use crate::amount::{Lots, Ticks};
use crate::order::Side;
use std::cmp::Reverse;

/// Where a call goes by size, and how much each order gets first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BySize {
    /// Lowest and highest price of the day.
    pub limits: (Ticks, Ticks),
    pub each_first: Lots,
}

impl BySize {
    /// Whether what a side wants at this price is shared by size: nobody of that side can go
    /// beyond it.
    #[must_use]
    pub fn holds_at(&self, side: Side, price: Ticks) -> bool {
        match side {
            Side::Buy => price == self.limits.1,
            Side::Sell => price == self.limits.0,
        }
    }

    /// Shares `volume` among orders of these sizes, which stand in the order of arrival. Three
    /// times around, the largest first and of equals the oldest: the first part each, half of what
    /// is left of each (rounded up), all of what is left. Returns each one's place and share, the
    /// largest first.
    pub(super) fn share(&self, sizes: &[u64], volume: u64) -> Vec<(usize, u64)> {
        let mut shares: Vec<(usize, u64)> = (0..sizes.len()).map(|place| (place, 0)).collect();
        shares.sort_by_key(|(place, _)| Reverse(sizes[*place]));
        let mut left = volume;
        let rounds: [fn(u64, u64) -> u64; 3] =
            [|open, first| open.min(first), |open, _| open.div_ceil(2), |open, _| open];
        for round in rounds {
            for (place, share) in &mut shares {
                let part = round(sizes[*place] - *share, self.each_first.0).min(left);
                *share += part;
                left -= part;
            }
        }
        shares
    }
}
