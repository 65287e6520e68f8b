//! Replacing a partition's state by one that came from another node.

use super::performer::{Performer, Rebuild, Stopping};
use crate::log::LogPosition;
use crate::state::State;
use hoga_actors::Host;
use std::sync::atomic::Ordering;

impl<R: Rebuild> Performer<R> {
    /// Takes a state over, and has everybody follow it who followed the one before.
    ///
    /// Only a replica that follows another gets here, so no pump is under way; a snapshot that was
    /// being captured is of the state that is gone, and is given up.
    pub(super) async fn install(&mut self, state: State, at: LogPosition) -> Result<(), Stopping> {
        (self.writing, self.checkpoint) = (None, None);
        self.outlets.visible.installs.fetch_add(1, Ordering::AcqRel);
        let before = std::mem::replace(&mut self.host, Host::start().await?);
        before.stop().await;
        self.core = state.settle(&mut self.host);
        self.reached = at.index;
        self.tell_anew();
        // Its rows came with it: whatever was still to be replayed is behind it.
        self.outlets.historian.append(at, Vec::new()).await?;
        self.replayed().await?;
        self.outlets.visible.bytes.store(0, Ordering::Relaxed);
        self.show();
        self.read();
        Ok(())
    }

    /// Whoever follows this partition has missed something, or followed another state: sources
    /// hear how far they were heard, and listeners look at the whole of it.
    pub(super) fn tell_anew(&mut self) {
        self.is_silent = false;
        for (source, heard) in &self.outlets.heard {
            heard.send_replace(self.core.next_in(*source));
        }
        self.outlets.feed.lose(self.core.id());
        self.show_quotes();
    }
}
