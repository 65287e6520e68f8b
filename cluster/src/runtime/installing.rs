//! Replacing a partition's state by one that came from another node.

use super::performer::{Performer, Rebuild};
use crate::state::State;
use hoga_actors::{Host, HostError};
use std::sync::atomic::Ordering;

impl<R: Rebuild> Performer<R> {
    /// Takes a state over, and has everybody follow it who followed the one before.
    ///
    /// Only a replica that follows another gets here, so no pump is under way; a snapshot that was
    /// being captured is of the state that is gone, and is given up.
    pub(super) async fn install(&mut self, state: State) -> Result<(), HostError> {
        self.writing = None;
        self.outlets.quotes.restore_all(&state.entities);
        let before = std::mem::replace(&mut self.host, Host::start().await?);
        before.stop().await;
        self.core = state.settle(&mut self.host);
        for (source, heard) in &self.outlets.heard {
            heard.send_replace(self.core.next_in(*source));
        }
        self.outlets.feed.lose(self.core.id());
        // Its rows came with it, and readers of the history wait for this index.
        let index = self.core.index();
        if let Err(error) = self.outlets.historian.append(index, Vec::new()).await {
            self.fail(error.to_string());
        }
        self.outlets.visible.bytes.store(0, Ordering::Relaxed);
        self.show();
        self.read().await;
        Ok(())
    }
}
