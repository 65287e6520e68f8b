//! Where the nodes of `hoga up --nodes N` keep their things, and where they listen.

use crate::cli::failure::{Exit, Failure};
use crate::cli::{actor, serving};
use crate::config::{self, NodeConfig};
use hoga_cluster::link::DevelopmentCa;
use hoga_proto::v1;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

const CONFIG: &str = "node.toml";
/// Stands beside the config of a node that was removed from the exchange.
const GIVEN_UP: &str = "removed";
/// Links listen so far above the gateways.
const LINKS_ABOVE: u16 = 100;

/// The nodes of one data directory, each with a config of its own.
pub struct Layout {
    pub data: PathBuf,
    /// Those that are started. A number that was given up is never used again.
    nodes: BTreeSet<u64>,
    /// The exchange begins with these; the others are added to it.
    founders: BTreeSet<u64>,
    urls: BTreeMap<u64, String>,
}

impl Layout {
    /// Lays out so many nodes, as far as that was not done before.
    ///
    /// # Errors
    /// There are more already, a port is in use, or the directory cannot be written.
    pub fn of(base: &NodeConfig, nodes: u64) -> Result<Layout, Failure> {
        let (data, count) = (base.data.clone(), nodes as usize);
        let nodes = BTreeSet::new();
        let mut layout = Layout { data, nodes, founders: BTreeSet::new(), urls: BTreeMap::new() };
        let known: Vec<u64> = (1..=255).filter(|id| layout.config(*id).exists()).collect();
        layout.nodes = known.iter().copied().filter(|id| !layout.is_given_up(*id)).collect();
        if layout.nodes.len() > count {
            let there = layout.nodes.iter().map(|id| format!("n{id}")).collect::<Vec<_>>();
            let message = format!(
                "error: {} has the nodes {} already; say --nodes {} or more",
                layout.data.display(),
                there.join(", "),
                there.len()
            );
            return Err(Failure::new(Exit::Failure, message)
                .hint("`hoga cluster remove` gives a node up, --fresh begins anew"));
        }
        let missing = count - layout.nodes.len();
        layout.nodes.extend((known.last().unwrap_or(&0) + 1..).take(missing));
        layout.founders = match (layout.is_grown(), known.first()) {
            (true, _) => BTreeSet::from([1]),
            (false, Some(first)) => layout.read(*first)?.cluster.founders,
            (false, None) => layout.nodes.clone(),
        };
        // Those that were given up, too: founders are to be found in every node's config.
        let mut configs = BTreeMap::new();
        for id in &known {
            configs.insert(*id, layout.read(*id)?);
        }
        for id in layout.nodes.iter().filter(|id| !known.contains(id)) {
            let config = layout.new_config(base, *id, &taken(configs.values()))?;
            configs.insert(*id, config);
        }
        let link = |config: &NodeConfig| config.cluster.listen.map(|listen| listen.to_string());
        let links = configs.iter().filter_map(|(id, config)| Some((*id, link(config)?)));
        let links: BTreeMap<u64, String> = links.collect();
        for (id, config) in configs.iter_mut().filter(|(id, _)| layout.nodes.contains(*id)) {
            serving::is_free(config.listen, "--port N, 0 for any")?;
            config.cluster.peers = links.clone();
            layout.urls.insert(*id, format!("http://{}", config.listen));
            layout.write(*id, config)?;
        }
        Ok(layout)
    }

    /// The directory was that of an exchange of one; it is n1's.
    fn is_grown(&self) -> bool {
        self.data.join("node.json").exists()
    }

    fn dir(&self, id: u64) -> PathBuf {
        if id == 1 && self.is_grown() {
            self.data.clone()
        } else {
            self.data.join(format!("n{id}"))
        }
    }

    /// The config of a node.
    pub fn config(&self, id: u64) -> PathBuf {
        self.dir(id).join(CONFIG)
    }

    fn read(&self, id: u64) -> Result<NodeConfig, Failure> {
        let path = self.config(id);
        config::read_file(&path, std::iter::empty())
            .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))
    }

    /// Whether a node was removed from the exchange; as far as it was seen.
    pub fn is_given_up(&self, id: u64) -> bool {
        self.dir(id).join(GIVEN_UP).exists()
    }

    /// Writes down that a node was removed from the exchange, so that nobody starts it again.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn give_up(&self, id: u64) -> Result<(), Failure> {
        let path = self.dir(id).join(GIVEN_UP);
        std::fs::write(&path, "This node was removed from its exchange.\n").map_err(|error| {
            Failure::new(Exit::Failure, format!("error: {}: {error}", path.display()))
        })
    }

    /// The config of a new node, at addresses that no other one has.
    fn new_config(
        &self,
        base: &NodeConfig,
        id: u64,
        taken: &BTreeSet<u16>,
    ) -> Result<NodeConfig, Failure> {
        let mut config = base.clone();
        config.id = u16::try_from(id).unwrap_or_default();
        config.data = self.dir(id);
        config.listen = port(base.listen.port(), id - 1, taken)?;
        if let Some(metrics) = &mut config.metrics {
            metrics.set_port(port(metrics.port(), id - 1, taken)?.port());
        }
        config.cluster.listen = Some(match base.listen.port() {
            0 => port(0, 0, taken)?,
            first => port(first.saturating_add(LINKS_ABOVE), id - 1, taken)?,
        });
        let is_founder = self.founders.contains(&id);
        config.cluster.founders = if is_founder { self.founders.clone() } else { BTreeSet::new() };
        let certificates = self.data.join("certificates");
        DevelopmentCa::in_dir(&certificates)
            .and_then(|authority| authority.issue(id))
            .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
        config.cluster.certificates = Some(certificates);
        Ok(config)
    }

    fn write(&self, id: u64, config: &NodeConfig) -> Result<(), Failure> {
        let failed = |path: &Path, error: std::io::Error| {
            Failure::new(Exit::Failure, format!("error: {}: {error}", path.display()))
        };
        let path = self.config(id);
        std::fs::create_dir_all(self.dir(id)).map_err(|error| failed(&self.dir(id), error))?;
        std::fs::write(&path, config.to_string()).map_err(|error| failed(&path, error))
    }

    /// The nodes that are started first: those that found the exchange or are part of it.
    pub fn first(&self) -> impl Iterator<Item = u64> {
        self.nodes.iter().copied().filter(|id| !self.has_to_be_added(*id))
    }

    /// The nodes that have to be added to it.
    pub fn further(&self) -> impl Iterator<Item = u64> {
        self.nodes.iter().copied().filter(|id| self.has_to_be_added(*id))
    }

    fn has_to_be_added(&self, id: u64) -> bool {
        !self.founders.contains(&id) && !self.dir(id).join("node.json").exists()
    }

    pub fn url(&self, id: u64) -> String {
        self.urls.get(&id).cloned().unwrap_or_default()
    }

    /// Where the other nodes call a node.
    ///
    /// # Errors
    /// Its config cannot be read.
    pub fn link(&self, id: u64) -> Result<String, Failure> {
        Ok(self.read(id)?.cluster.listen.map(|listen| listen.to_string()).unwrap_or_default())
    }

    /// Lays out a node that an operator added, to be called at `link`.
    ///
    /// # Errors
    /// No port is free, or the directory cannot be written.
    pub fn prepare_added(&self, id: u64, link: &str, map: &v1::ClusterMap) -> Result<(), Failure> {
        if self.config(id).exists() {
            return Ok(());
        }
        let mut config = self.read(1)?;
        config.id = u16::try_from(id).unwrap_or_default();
        config.data = self.dir(id);
        config.listen = port(0, 0, &BTreeSet::new())?;
        config.cluster.listen = link.replace("localhost", "127.0.0.1").parse().ok();
        config.cluster.founders = BTreeSet::new();
        let number = |node: &v1::ClusterNode| {
            actor::last_part(&node.name).trim_start_matches('n').parse::<u64>().ok()
        };
        let peers = map.nodes.iter().filter_map(|node| Some((number(node)?, node.link.clone())));
        config.cluster.peers = peers.filter(|(peer, _)| *peer != id).collect();
        self.write(id, &config)
    }
}

/// The ports that nodes have already.
fn taken<'c>(configs: impl Iterator<Item = &'c NodeConfig>) -> BTreeSet<u16> {
    let addresses = configs.flat_map(|config| {
        [Some(config.listen), config.metrics, config.cluster.listen].into_iter().flatten()
    });
    addresses.map(|address| address.port()).collect()
}

/// A port of this machine: so far behind the first one or, where that is taken, the next that is
/// not; or any that is free.
fn port(first: u16, behind: u64, taken: &BTreeSet<u16>) -> Result<SocketAddr, Failure> {
    if first > 0 {
        let mut ports = (u64::from(first) + behind..).map_while(|port| u16::try_from(port).ok());
        let port = ports.find(|port| !taken.contains(port)).ok_or_else(|| {
            Failure::usage(format!("error: there is no port {behind} behind {first}"))
        })?;
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
