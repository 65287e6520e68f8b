//! That this node cannot go on: said by whatever finds it out, heard by whoever runs the node.

use std::sync::Arc;
use tokio::sync::watch;

/// The first cause, for good.
#[derive(Clone)]
pub(crate) struct Failing(watch::Sender<Option<Arc<str>>>);

impl Failing {
    pub fn new() -> Failing {
        Failing(watch::channel(None).0)
    }

    pub fn say(&self, cause: impl Into<Arc<str>>) {
        self.0.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| cause.into());
            is_first
        });
    }

    /// Waits for the cause.
    pub async fn said(&self) -> Arc<str> {
        let mut causes = self.0.subscribe();
        let cause = causes.wait_for(Option::is_some).await;
        cause.ok().and_then(|cause| cause.clone()).unwrap_or_default()
    }
}
