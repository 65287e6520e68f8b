//! `hoga up --nodes 3`: one process a node on this machine, all of them in one terminal.

use super::children::{Child, Ended};
use super::layout::Layout;
use crate::cli::cluster::Reach;
use crate::cli::failure::{Exit, Failure};
use crate::cli::{Global, actor, json, output};
use hoga_proto::v1;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// How often it looks whether a node was added.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a node may take to stop in good order.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// Lines and ends of nodes that may wait to be shown; nodes wait beyond.
const TOLD_MAX: usize = 1024;

/// The nodes that run.
struct Nodes<'l> {
    layout: &'l Layout,
    /// A command for whoever looks at it first.
    to_try: &'l str,
    global: Global,
    children: BTreeMap<u64, Child>,
    /// With what was said when they end.
    ended: mpsc::Sender<Ended>,
    /// Those that the exchange had when it was looked at last, and of which state of its table.
    seen: (u64, BTreeSet<u64>),
}

/// Runs the nodes of a layout until it is told to stop.
///
/// # Errors
/// A node does not start, or none is left.
pub fn run(layout: &Layout, to_try: &str, global: &Global) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stop = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (ended, mut ends) = mpsc::channel(TOLD_MAX);
        let mut global = global.clone();
        global.who = Some(actor::OPERATOR.into());
        global.token = None;
        let seen = (0, BTreeSet::new());
        let mut nodes = Nodes { layout, to_try, global, children: BTreeMap::new(), ended, seen };
        let ran = tokio::select! {
            ran = nodes.go(&mut ends) => ran,
            _ = stop.recv() => Ok(()),
            _ = terminate.recv() => Ok(()),
        };
        nodes.stop(&mut stop).await;
        ran
    })
}

impl Nodes<'_> {
    async fn go(&mut self, ends: &mut mpsc::Receiver<Ended>) -> Result<(), Failure> {
        for id in self.layout.first() {
            self.start(id)?;
        }
        self.until_up(ends).await?;
        for id in self.layout.further() {
            self.add(id).await?;
        }
        self.announce()?;
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut reach = self.reach();
        loop {
            tokio::select! {
                Some(end) = ends.recv() => self.note(&end)?,
                _ = looks.tick() => self.look(&mut reach).await?,
            }
        }
    }

    fn start(&mut self, id: u64) -> Result<(), Failure> {
        let child = Child::start(id, &self.layout.config(id), self.ended.clone())?;
        self.children.insert(id, child);
        Ok(())
    }

    /// The way to the nodes, by the first of them.
    fn reach(&self) -> Reach {
        let first = self.children.keys().find(|id| !self.layout.is_given_up(**id));
        Reach::at(&self.global, &self.layout.url(first.copied().unwrap_or(1)))
    }

    /// Waits until every node serves; one that ends before is the end of it. One that was removed
    /// while nobody looked never will, and is not waited for.
    async fn until_up(&mut self, ends: &mut mpsc::Receiver<Ended>) -> Result<(), Failure> {
        let ids: Vec<u64> = self.children.keys().copied().collect();
        for id in ids {
            while !self.layout.is_given_up(id) {
                let Some(child) = self.children.get_mut(&id) else { break };
                tokio::select! {
                    biased;
                    Some(end) = ends.recv() => {
                        if self.layout.is_given_up(end.node) {
                            self.note(&end)?;
                            continue;
                        }
                        let message = format!("error: n{} did not start ({})", end.node, end.how);
                        return Err(Failure::new(Exit::Failure, message));
                    }
                    () = child.is_up() => break,
                    () = tokio::time::sleep(LOOK_EVERY) => self.find_given_up(id).await?,
                }
            }
        }
        Ok(())
    }

    /// Numbers are given in order: an exchange that has a later node and not this one has given it
    /// up. Whoever only is behind has neither.
    async fn find_given_up(&mut self, id: u64) -> Result<(), Failure> {
        let others = self.children.keys().filter(|other| **other != id);
        for other in others.copied().collect::<Vec<_>>() {
            let mut reach = Reach::at(&self.global, &self.layout.url(other));
            let Ok(map) = reach.map().await else { continue };
            let needed = needed(&map);
            if !needed.contains(&id) && needed.last().is_some_and(|last| *last > id) {
                self.give_up(id)?;
                if let Some(child) = self.children.get(&id) {
                    child.ask_to_stop();
                }
                return Ok(());
            }
        }
        Ok(())
    }

    fn give_up(&self, id: u64) -> Result<(), Failure> {
        self.layout.give_up(id)?;
        output::tell(format!("n{id} was removed from the exchange; it is not started again"));
        Ok(())
    }

    /// Has a further node entered, and starts it.
    async fn add(&mut self, id: u64) -> Result<(), Failure> {
        let link = self.layout.link(id)?;
        let mut reach = self.reach();
        let known = members(&reach.map().await?).contains(&id);
        if !known {
            let request = v1::AddNodeRequest {
                link,
                request_id: actor::request_id(None),
                sent_at: Some(actor::sent_now()),
            };
            let added = reach.admin().await?.add_node(request).await?.into_inner().name;
            if added != format!("nodes/n{id}") {
                let message = format!("error: the new node is {added}, and n{id} was prepared");
                return Err(Failure::new(Exit::Failure, message).hint("start again"));
            }
        }
        self.start(id)
    }

    /// Follows what operators do: notes which nodes were removed, and starts those that were added
    /// and are to be called at this machine.
    async fn look(&mut self, reach: &mut Reach) -> Result<(), Failure> {
        // While nobody answers there is nothing to be found out.
        let Ok(map) = reach.map().await else { return Ok(()) };
        // Another node may be behind.
        if map.epoch < self.seen.0 {
            return Ok(());
        }
        let needed = needed(&map);
        for id in self.seen.1.difference(&needed) {
            if self.children.contains_key(id) && !self.layout.is_given_up(*id) {
                self.give_up(*id)?;
            }
        }
        self.seen = (map.epoch, needed);
        for node in &map.nodes {
            let id = number(node);
            let is_here =
                node.link.starts_with("127.0.0.1:") || node.link.starts_with("localhost:");
            if id > 0 && is_here && !self.children.contains_key(&id) {
                self.layout.prepare_added(id, &node.link, &map)?;
                output::tell(format!("n{id} was added; it is started"));
                self.start(id)?;
            }
        }
        Ok(())
    }

    fn note(&mut self, end: &Ended) -> Result<(), Failure> {
        let config = self.layout.config(end.node);
        let again = match self.layout.is_given_up(end.node) {
            true => "it was removed from the exchange".to_owned(),
            false => format!("to start it again: hoga node --config {}", config.display()),
        };
        output::tell(format!("n{} ended ({}); {again}", end.node, end.how));
        if let Some(child) = self.children.get_mut(&end.node) {
            child.has_ended = true;
        }
        if self.children.values().all(|child| child.has_ended) {
            return Err(Failure::new(Exit::Failure, "error: no node is left"));
        }
        Ok(())
    }

    fn announce(&self) -> Result<(), Failure> {
        let there = self.children.keys().filter(|id| !self.layout.is_given_up(**id));
        let there: Vec<u64> = there.copied().collect();
        let urls: Vec<String> = there.iter().map(|id| self.layout.url(*id)).collect();
        if self.global.json {
            return json::document(&json!({
                "address": urls[0],
                "addresses": urls,
                "data": self.layout.data,
                "tokens": {"alice": "dev:alice", "bob": "dev:bob", "operator": "dev:operator"},
            }));
        }
        output::say(format!(
            "hoga {}: {} nodes listen on {}\n\
             data    {}\n\
             token   authorization: Bearer dev:alice      (development tokens, this machine only)\n\
             \n\
             try     {} --server {}\n        \
                     hoga cluster map --watch --server {}\n        \
                     hoga cluster kill n{} --server {}\n\
             \n\
             stop    Ctrl-C; what was acknowledged is kept",
            env!("CARGO_PKG_VERSION"),
            urls.len(),
            urls.join(" "),
            self.layout.data.display(),
            self.to_try,
            urls[0],
            urls[0],
            there.last().unwrap_or(&1),
            urls[0],
        ))
    }

    /// Stops the nodes in good order, or at once on a second word.
    async fn stop(&mut self, again: &mut Signal) {
        if self.children.values().all(|child| child.has_ended) {
            return;
        }
        output::tell("stopping; Ctrl-C again stops at once");
        for child in self.children.values() {
            child.ask_to_stop();
        }
        let stopped = async {
            for child in self.children.values_mut() {
                child.until_ended().await;
            }
        };
        tokio::select! {
            () = stopped => return,
            () = tokio::time::sleep(STOP_WITHIN) => {}
            _ = again.recv() => {}
        }
        for child in self.children.values() {
            child.kill();
        }
    }
}

/// The nodes of an exchange, by number.
fn members(map: &v1::ClusterMap) -> BTreeSet<u64> {
    map.nodes.iter().map(number).filter(|id| *id > 0).collect()
}

/// And those that were removed and have votes to give away: until then they have to run.
fn needed(map: &v1::ClusterMap) -> BTreeSet<u64> {
    let voters = map.partitions.iter().flat_map(|partition| &partition.voters);
    let voters = voters.map(|name| numbered(name)).filter(|id| *id > 0);
    members(map).into_iter().chain(voters).collect()
}

/// The number of a node, 0 for a name that has none.
fn number(node: &v1::ClusterNode) -> u64 {
    numbered(&node.name)
}

fn numbered(name: &str) -> u64 {
    actor::last_part(name).trim_start_matches('n').parse().unwrap_or(0)
}
