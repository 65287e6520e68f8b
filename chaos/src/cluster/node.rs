//! A node of the exchange: where it is, what it has, how it is.

use super::{Disk, Means, Orders, Process};
use crate::plan::Nodes;
use crate::proxy::{Callers, Proxy};
use anyhow::bail;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

/// How a node is, as far as this side did something to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Up,
    /// Stopped by a signal, to go on later.
    Frozen,
    Down,
    /// Given up for good.
    Gone,
}

/// A node.
pub struct Node {
    /// Where it stands in the plan.
    pub place: usize,
    /// Its number in the exchange.
    pub id: u64,
    pub gateway: SocketAddr,
    pub link: SocketAddr,
    gateway_proxy: Option<Proxy>,
    link_proxy: Option<Proxy>,
    directory: PathBuf,
    logs: PathBuf,
    pub process: Option<Process>,
    pub state: State,
    pub disk: Option<Disk>,
    pub orders: Option<Orders>,
    /// A sync of it fails: it has to stop by itself.
    pub is_to_stop: bool,
    /// Faults in force that `heal` ends: cut off, stalled, full.
    pub troubles: Vec<&'static str>,
}

impl Node {
    /// Gives a node ports and proxies; with a number also a directory and what belongs in it.
    pub(super) async fn prepare(
        place: usize,
        id: u64,
        directory: &Path,
        sizes: &Nodes,
        means: &Means,
    ) -> anyhow::Result<Node> {
        let (gateway, link) = (free_port()?, free_port()?);
        let (mut gateway_proxy, mut link_proxy) = (None, None);
        if let Some(network) = &means.network {
            gateway_proxy = Some(network.open(gateway, place, Callers::Clients).await?);
            link_proxy = Some(network.open(link, place, Callers::Nodes).await?);
        }
        let mut node = Node {
            place,
            id,
            gateway,
            link,
            gateway_proxy,
            link_proxy,
            directory: PathBuf::new(),
            logs: directory.into(),
            process: None,
            state: State::Down,
            disk: None,
            orders: None,
            is_to_stop: false,
            troubles: Vec::new(),
        };
        if id > 0 {
            node.name_it(id, directory, sizes, means)?;
        }
        Ok(node)
    }

    /// Gives it its number, and everything that is named after it.
    pub(super) fn name_it(
        &mut self,
        id: u64,
        directory: &Path,
        sizes: &Nodes,
        means: &Means,
    ) -> anyhow::Result<()> {
        self.id = id;
        self.directory = directory.join(self.name());
        fs::create_dir_all(&self.directory)?;
        if let Ok(true) = means.disks {
            self.disk =
                Some(Disk::make(directory, &format!("disk-{}", self.name()), sizes.disk_mib)?);
        }
        if let Ok(Some(shim)) = &means.shim {
            self.orders = Some(shim.orders(self.directory.join("orders"))?);
        }
        Ok(())
    }

    /// `n3`
    #[must_use]
    pub fn name(&self) -> String {
        format!("n{}", self.id)
    }

    /// What a plan calls it, and what it is called now where that differs.
    #[must_use]
    pub fn target(&self) -> String {
        match self.id == self.place as u64 {
            true => self.name(),
            false => format!("n{} (now {})", self.place, self.name()),
        }
    }

    #[must_use]
    pub fn data(&self) -> PathBuf {
        let own = self.disk.as_ref().map(Disk::data);
        own.unwrap_or_else(|| self.directory.join("data"))
    }

    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.directory.join("node.toml")
    }

    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.logs.join(format!("{}.log", self.name()))
    }

    #[must_use]
    pub fn called_by_clients(&self) -> SocketAddr {
        self.gateway_proxy.as_ref().map_or(self.gateway, |proxy| proxy.address)
    }

    #[must_use]
    pub fn called_by_nodes(&self) -> SocketAddr {
        self.link_proxy.as_ref().map_or(self.link, |proxy| proxy.address)
    }

    /// Nothing was done to it that still lasts.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.state == State::Up && self.troubles.is_empty() && !self.is_to_stop
    }

    /// Notes a fault in force.
    pub fn trouble(&mut self, what: &'static str) {
        if !self.troubles.contains(&what) {
            self.troubles.push(what);
        }
    }

    /// After a cut of the power its disk is read anew; a disk that was not cut is as it was.
    pub(super) fn ready_disk(&mut self) -> anyhow::Result<()> {
        if self.troubles.contains(&POWER) {
            if let Some(disk) = &mut self.disk {
                disk.power_on()?;
            }
            self.troubles.retain(|trouble| *trouble != POWER);
        }
        // A new process has a machine that works.
        if let Some(orders) = &self.orders {
            orders.set(super::Order::FailSync, 0)?;
        }
        self.is_to_stop = false;
        Ok(())
    }
}

/// The trouble of a node without power.
pub const POWER: &str = "without power";

/// Ports of nodes: below those that the system gives to connections, one of which could take a
/// node's port while the node is down.
const PORTS: (u16, u16) = (20_000, 32_000);

fn free_port() -> anyhow::Result<SocketAddr> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let (first, end) = PORTS;
    // Runs beside each other begin at different ones.
    let begin = std::process::id() as u16;
    for _ in first..end {
        let step = begin.wrapping_mul(31).wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, first + step % (end - first)));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port from {first} to {end} is free")
}
