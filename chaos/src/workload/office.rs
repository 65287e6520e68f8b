//! How the operator of a workload asks: one gateway after the other, under one id.

use super::Gateways;
use anyhow::bail;
use hoga_proto::v1;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};
use v1::admin_service_client::AdminServiceClient;

/// How long one gateway may take.
pub(super) const ATTEMPT: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(50);

/// A way to whichever gateway answers.
pub(super) struct Office {
    gateways: Arc<Gateways>,
    /// Which gateway is asked.
    at: usize,
}

impl Office {
    pub fn new(gateways: Arc<Gateways>) -> Office {
        Office { gateways, at: 0 }
    }

    /// Asks until one gateway did it.
    ///
    /// # Errors
    /// It was not done in time.
    pub async fn until_done<F>(
        &mut self,
        until: Instant,
        ask: impl Fn(AdminServiceClient<Channel>) -> F,
    ) -> anyhow::Result<()>
    where
        F: Future<Output = Result<(), Status>>,
    {
        let mut last = "no gateway is known".to_owned();
        while Instant::now() < until {
            if let Some(admin) = self.admin() {
                match timeout(4 * ATTEMPT, ask(admin)).await {
                    Ok(Ok(())) => return Ok(()),
                    Ok(Err(status)) => {
                        last = format!("{:?}: {}", status.code(), status.message());
                    }
                    Err(_) => last = "no answer".into(),
                }
            }
            self.go_on();
            sleep(PAUSE).await;
        }
        bail!("an operator was not heard: {last}")
    }

    /// The next time another gateway is asked.
    pub fn go_on(&mut self) {
        self.at += 1;
    }

    pub fn admin(&self) -> Option<AdminServiceClient<Channel>> {
        let channels = self.gateways.channels(0);
        let channel = channels.get(self.at % channels.len().max(1))?;
        Some(AdminServiceClient::new(channel.clone()))
    }
}

/// A request of an operator.
pub(super) fn asked<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let token = MetadataValue::from_static("Bearer dev:operator");
    request.metadata_mut().insert("authorization", token);
    request
}
