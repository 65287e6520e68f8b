//! The gateways that clients may call, as nodes come and go.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// How long a gateway may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_millis(300);
/// Connections to each gateway: clients of a run share them.
const CONNECTIONS: usize = 4;

/// Where each gateway is, by the place of its node.
#[derive(Debug, Default)]
pub struct Gateways {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    gateways: Vec<Gateway>,
    /// Counts changes.
    version: u64,
}

#[derive(Debug)]
struct Gateway {
    place: usize,
    address: String,
    channels: Vec<Channel>,
}

impl Gateways {
    /// A gateway is at this address; connections are made when they are used, and made again.
    ///
    /// # Errors
    /// That is no address.
    pub fn open(&self, place: usize, address: &str) -> anyhow::Result<()> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.gateways.iter().any(|known| known.place == place && known.address == address) {
            return Ok(());
        }
        let endpoint = Endpoint::from_shared(address.to_owned())?;
        let endpoint = endpoint.connect_timeout(CONNECT_WITHIN).tcp_nodelay(true);
        let channels = (0..CONNECTIONS).map(|_| endpoint.connect_lazy()).collect();
        inner.gateways.retain(|known| known.place != place);
        inner.gateways.push(Gateway { place, address: address.into(), channels });
        inner.gateways.sort_by_key(|gateway| gateway.place);
        inner.version += 1;
        Ok(())
    }

    /// A gateway is gone for good.
    pub fn close(&self, place: usize) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.gateways.retain(|known| known.place != place);
        inner.version += 1;
    }

    /// Changes when a gateway comes or goes.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// A connection to each gateway, the one that falls to a client of this number.
    #[must_use]
    pub fn channels(&self, client: usize) -> Vec<Channel> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let own = |gateway: &Gateway| gateway.channels.get(client % CONNECTIONS).cloned();
        inner.gateways.iter().filter_map(own).collect()
    }
}
