//! An exchange of several nodes, each a process with a config, ports and a directory of its own.
//!
//! Owns: the processes, and between them the proxies, disks and shims that the faults of a plan
//! need ([`Means`]). Takes: the binary and a directory. Emits: nodes that are started, stopped,
//! killed, added and given up. On failure: an error that names the node; what it said stands in
//! the directory, in `nN.log`. Everything ends with [`Cluster`].

mod config;
mod disk;
mod means;
mod node;
mod operator;
mod process;
mod shim;

pub use disk::Disk;
pub use means::Means;
pub use node::{Node, POWER, State};
pub use operator::{Operator, number};
pub use process::Process;
pub use shim::{Order, Orders, Shim};

use crate::plan::Nodes;
use crate::proxy::Network;
use crate::workload::Gateways;
use anyhow::{Context, bail};
use hoga_cluster::partition::NODES_MAX;
use hoga_proto::v1;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// The rule book of an exchange that is attacked.
const MARKET: &str = "lpj";
/// How long a node may take until it serves.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How long a node may take to stop in good order.
pub const STOP_WITHIN: Duration = Duration::from_secs(15);
/// How often it is looked how far nodes have come.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The exchange that is attacked.
pub struct Cluster {
    hoga: PathBuf,
    directory: PathBuf,
    sizes: Nodes,
    /// The rule book whose market the nodes found; `none` for none.
    rules: &'static str,
    pub means: Means,
    /// By place: the first nodes stand at 1, 2, 3 for good, whatever number they have.
    nodes: BTreeMap<usize, Node>,
    pub operator: Operator,
    /// Where clients call.
    pub gateways: Arc<Gateways>,
    /// Subscribers that are a fault of the plan.
    pub watchers: JoinSet<()>,
}

impl Cluster {
    /// Starts so many nodes and waits until all of them serve.
    ///
    /// # Errors
    /// One of them does not.
    pub async fn start(
        hoga: &Path,
        directory: &Path,
        sizes: &Nodes,
        means: Means,
    ) -> anyhow::Result<Cluster> {
        Cluster::start_with(hoga, directory, sizes, means, MARKET).await
    }

    /// The same, with the market of another rule book, or with `none`.
    ///
    /// # Errors
    /// One of them does not serve.
    pub async fn start_with(
        hoga: &Path,
        directory: &Path,
        sizes: &Nodes,
        means: Means,
        rules: &'static str,
    ) -> anyhow::Result<Cluster> {
        let mut cluster = Cluster {
            hoga: hoga.into(),
            directory: directory.into(),
            sizes: sizes.clone(),
            rules,
            means,
            nodes: BTreeMap::new(),
            operator: Operator::default(),
            gateways: Arc::default(),
            watchers: JoinSet::new(),
        };
        let places = 1..=usize::try_from(sizes.count)?;
        for place in places.clone() {
            let node = Node::prepare(place, place as u64, directory, sizes, &cluster.means).await?;
            cluster.nodes.insert(place, node);
        }
        let founders: Vec<u64> = (1..=sizes.count).collect();
        for place in places.clone() {
            cluster.write_config(place, &founders)?;
            cluster.launch(place)?;
        }
        for place in places {
            cluster.until_serves(place).await?;
        }
        Ok(cluster)
    }

    /// The nodes that are part of the exchange, by place.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(|node| node.state != State::Gone)
    }

    /// Every node that ever was, with what it left on the disk.
    pub fn all(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    #[must_use]
    pub fn node(&self, place: usize) -> Option<&Node> {
        self.nodes.get(&place)
    }

    /// # Errors
    /// There is none at this place.
    pub fn node_mut(&mut self, place: usize) -> anyhow::Result<&mut Node> {
        self.nodes.get_mut(&place).with_context(|| format!("there is no node at {place}"))
    }

    /// The place of a node, by its number.
    #[must_use]
    pub fn place_of(&self, id: u64) -> Option<usize> {
        self.nodes().find(|node| node.id == id).map(|node| node.place)
    }

    #[must_use]
    pub fn network(&self) -> Option<&Network> {
        self.means.network.as_ref()
    }

    /// Notes which processes have ended by themselves; what each said last.
    pub fn note_ends(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        for node in self.nodes.values_mut().filter(|node| node.state == State::Up) {
            if let Some(how) = node.process.as_mut().and_then(Process::ended) {
                node.process = None;
                node.state = State::Down;
                told.push(format!("{} ended by itself ({how})", node.name()));
            }
        }
        told
    }

    /// Starts the process of a node that is down. It may take a while until it serves.
    ///
    /// # Errors
    /// It runs already, or cannot be run.
    pub fn launch(&mut self, place: usize) -> anyhow::Result<()> {
        let (hoga, is_among) = (self.hoga.clone(), self.sizes.count > 1 || place > 1);
        let network = self.means.network.clone();
        let node = self.node_mut(place)?;
        if node.process.is_some() {
            bail!("{} runs", node.name());
        }
        node.ready_disk()?;
        let environment = node.orders.as_ref().map(Orders::environment).unwrap_or_default();
        let (config, log) = (node.config_path(), node.log_path());
        let process = Process::start(&hoga, &config, &log, &environment, is_among)?;
        if let Some(network) = network {
            network.set_process(place, process.id());
        }
        node.process = Some(process);
        node.state = State::Up;
        let address = format!("http://{}", node.gateway);
        let called = format!("http://{}", node.called_by_clients());
        self.operator.meet(place, &address)?;
        self.gateways.open(place, &called)
    }

    /// Waits until a node says that it serves.
    ///
    /// # Errors
    /// It ended, or did not in time.
    pub async fn until_serves(&mut self, place: usize) -> anyhow::Result<()> {
        if !self.serves_within(place, START_WITHIN).await? {
            let node = self.node_mut(place)?;
            let (name, log) = (node.name(), node.log_path());
            bail!("{name} does not serve after {START_WITHIN:?}; see {}", log.display());
        }
        Ok(())
    }

    /// Waits until a node says that it serves; whether it did in time.
    ///
    /// # Errors
    /// It ended.
    pub async fn serves_within(&mut self, place: usize, within: Duration) -> anyhow::Result<bool> {
        let until = Instant::now() + within;
        loop {
            let node = self.node_mut(place)?;
            let log = node.log_path().display().to_string();
            let Some(process) = &mut node.process else { bail!("{} is down", node.name()) };
            if *process.serves().borrow() {
                return Ok(true);
            }
            if let Some(how) = process.ended() {
                bail!("{} did not start ({how}); see {log}", node.name());
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether those that are well are a majority without one of them.
    #[must_use]
    pub fn has_majority_without(&self, place: Option<usize>) -> bool {
        let well = self.nodes().filter(|node| node.is_well() && Some(node.place) != place);
        well.count() > self.nodes().count() / 2
    }

    /// Whether a node could be lost for good now: a majority is well without it, of the nodes and of
    /// those that vote in each partition. A node that was just added votes in nothing yet.
    pub async fn can_lose(&self, place: usize) -> bool {
        if !self.has_majority_without(Some(place)) {
            return false;
        }
        let well = self.nodes().filter(|node| node.is_well() && node.place != place);
        let well: BTreeSet<String> = well.map(|node| format!("nodes/{}", node.name())).collect();
        let goes_on = |partition: &v1::ClusterPartition| {
            let voters = partition.voters.iter();
            2 * voters.filter(|name| well.contains(*name)).count() > partition.voters.len()
        };
        let maps = self.operator.maps().await;
        let mut partitions = maps.values().flat_map(|map| &map.partitions);
        !maps.is_empty() && partitions.all(goes_on)
    }

    /// Whether the exchange takes no more nodes.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.nodes().count() >= NODES_MAX
    }

    /// A node that the exchange did not have: entered, configured, started.
    ///
    /// # Errors
    /// Nobody enters it, or it cannot be run.
    pub async fn add(&mut self, within: Duration) -> anyhow::Result<usize> {
        let place = self.nodes.keys().last().map_or(1, |last| last + 1);
        self.enter(place, within).await?;
        Ok(place)
    }

    /// Has a new node entered for a place, and starts it there with nothing on its disk.
    ///
    /// # Errors
    /// Nobody enters it, or it cannot be run.
    pub async fn enter(&mut self, place: usize, within: Duration) -> anyhow::Result<u64> {
        let directory = self.directory.clone();
        // The number is not known before somebody gives it.
        let mut node = Node::prepare(place, 0, &directory, &self.sizes, &self.means).await?;
        let id = self.operator.add(&node.called_by_nodes().to_string(), within).await?;
        node.name_it(id, &directory, &self.sizes, &self.means)?;
        if let Some(before) = self.nodes.remove(&place) {
            drop(before);
        }
        self.nodes.insert(place, node);
        self.write_config(place, &[])?;
        self.launch(place)?;
        Ok(id)
    }

    fn write_config(&self, place: usize, founders: &[u64]) -> anyhow::Result<()> {
        let node = self.nodes.get(&place).context("a node that is prepared")?;
        let peers = self.nodes().filter(|peer| peer.id != node.id);
        let peers = peers.map(|peer| (peer.id, peer.called_by_nodes())).collect();
        let is_alone = self.sizes.count == 1 && founders.len() == 1;
        let among = (!is_alone).then(|| config::Among {
            listen: node.link,
            link: node.called_by_nodes(),
            gateway: node.called_by_clients(),
            peers,
            founders: founders.to_vec(),
        });
        let config = config::Config {
            id: node.id,
            data: node.data(),
            gateway: node.gateway,
            snapshot_bytes: self.sizes.snapshot_bytes,
            segment_bytes: self.sizes.segment_bytes,
            rules: self.rules,
            among,
        };
        Ok(std::fs::write(node.config_path(), config.to_string())?)
    }

    /// Waits until no partition counts a node among its own any more, as those see it that lead.
    pub async fn until_given_up(&self, id: u64, within: Duration) {
        let until = Instant::now() + within;
        let name = format!("nodes/n{id}");
        while Instant::now() < until {
            let maps = self.operator.maps().await;
            let others = maps.iter().filter(|(place, _)| self.place_of(id) != Some(**place));
            let mut partitions = others.flat_map(|(_, map)| &map.partitions);
            let counts = |p: &v1::ClusterPartition| {
                p.leader == name || p.voters.contains(&name) || p.learners.contains(&name)
            };
            if !maps.is_empty() && !partitions.any(counts) {
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The place of the node that leads a symbol's book, as the newest view has it.
    pub async fn leader_of(&self, symbol: &str) -> Option<usize> {
        let maps = self.operator.maps().await;
        let partitions = maps.values().flat_map(|map| &map.partitions);
        let books = partitions.filter(|p| p.symbols.iter().any(|known| known == symbol));
        let newest: Option<&v1::ClusterPartition> =
            books.filter(|p| !p.leader.is_empty()).max_by_key(|p| p.term);
        self.place_of(number(&newest?.leader)?)
    }
}
