//! What the account's owner should know: numbered here, the newest kept for who comes or comes
//! back.

use super::{Account, Context};
use crate::effect::Effects;
use crate::notice::{Notice, NoticeOf};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Notices that an account keeps; a newer one pushes out the oldest.
pub const NOTICES_MAX: usize = 32;

/// Most accounts have none, and then no more than a pointer.
#[expect(clippy::box_collection, reason = "one pointer in an account, where there is nothing")]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Notices(Option<Box<VecDeque<Notice>>>);

impl Notices {
    /// The kept ones, oldest first. The last number stays for ever: one is always left.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.0.iter().flat_map(|kept| kept.iter())
    }

    /// Number of the newest; zero when there was none.
    pub fn newest(&self) -> u64 {
        self.iter().next_back().map_or(0, |notice| notice.sequence)
    }

    fn push(&mut self, notice: Notice) {
        let kept = self.0.get_or_insert_default();
        if kept.len() == NOTICES_MAX {
            kept.pop_front();
        }
        kept.push_back(notice);
    }
}

impl Account {
    /// Tells the owner, and whoever comes later.
    pub(super) fn notify(&mut self, of: NoticeOf, context: &Context, out: &mut impl Effects) {
        let notice = Notice { sequence: self.notices.newest() + 1, time: context.at, of };
        self.notices.push(notice);
        out.notice(self.id, &notice);
    }

    /// The newest notices, oldest first: [`NOTICES_MAX`] at most.
    pub fn notices(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.notices.iter()
    }

    /// Number of the newest notice; zero when there was none.
    #[must_use]
    pub fn noticed(&self) -> u64 {
        self.notices.newest()
    }
}
