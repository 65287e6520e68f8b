//! A network that can be broken: every link and every gateway behind a TCP proxy of our own.
//!
//! Owns: the listeners, and what each way between two sides is like now ([`Network`]). Takes:
//! cuts, delays, losses and resets. Emits: bytes, later or never. Both directions of a connection
//! are ways of their own, so that a cut can be one way. What a cut holds back goes through when
//! it ends, as packets that were sent again would. On failure: a connection that cannot be made
//! is closed, as a port nobody listens on would refuse it.

mod owner;
mod pass;

pub use owner::{Sockets, owner_of};

use crate::chance::Chance;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Connections of one proxy; more are closed as they come.
const CONNECTIONS_MAX: usize = 1024;
/// How long the owner of a connection is looked for: a process that was just started may be
/// unknown for a moment.
const OWNER_WITHIN: Duration = Duration::from_millis(500);
const OWNER_LOOK_EVERY: Duration = Duration::from_millis(20);
/// Parts of a loss that are the whole: hundredths of a percent.
pub const LOSS_WHOLE: u32 = 10_000;

/// Who is at an end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The node at a place of the exchange.
    Node(usize),
    Clients,
}

/// What one way between two sides is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    pub is_cut: bool,
    pub delay: Duration,
    /// Of 10,000 chunks so many are lost, and sent again by whoever sent them.
    pub loss: u32,
}

/// How all ways are now.
#[derive(Clone, Debug, Default)]
struct Weather {
    ways: BTreeMap<(Side, Side), Way>,
    /// Counts resets, by the smaller side first.
    resets: BTreeMap<(Side, Side), u64>,
}

/// All proxies of a run.
#[derive(Clone, Debug)]
pub struct Network {
    weather: watch::Sender<Weather>,
    /// Processes by the place of their node, to know who calls.
    processes: Arc<Mutex<BTreeMap<usize, u32>>>,
    chance: Arc<Mutex<Chance>>,
}

/// A proxy that listens; it ends with this value.
#[derive(Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Network {
    #[must_use]
    pub fn new(chance: Chance) -> Network {
        let weather = watch::Sender::new(Weather::default());
        let chance = Arc::new(Mutex::new(chance));
        Network { weather, processes: Arc::default(), chance }
    }

    /// A proxy in front of where a node is called: by other nodes, or by clients.
    ///
    /// # Errors
    /// No port is free.
    pub async fn open(&self, to: SocketAddr, node: usize, by: Callers) -> io::Result<Proxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let network = self.clone();
        let task = tokio::spawn(async move {
            network.serve(listener, to, Side::Node(node), by).await;
        });
        Ok(Proxy { address, task })
    }

    async fn serve(self, listener: TcpListener, to: SocketAddr, node: Side, by: Callers) {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, peer)) = listener.accept().await else { continue };
            while connections.try_join_next().is_some() {}
            if connections.len() >= CONNECTIONS_MAX {
                continue;
            }
            let network = self.clone();
            connections.spawn(async move {
                let caller = match by {
                    Callers::Clients => Some(Side::Clients),
                    Callers::Nodes => network.caller(peer, &stream).await,
                };
                let Some(caller) = caller else { return };
                // Whatever ends it, both sides see a closed or a reset connection.
                let _ = network.connection(stream, to, caller, node).await;
            });
        }
    }

    /// The node whose process has the other end.
    async fn caller(&self, peer: SocketAddr, stream: &TcpStream) -> Option<Side> {
        let local = stream.local_addr().ok()?;
        let until = tokio::time::Instant::now() + OWNER_WITHIN;
        loop {
            let processes = self.lock_processes().clone();
            if let Some(place) = owner_of(peer.port(), local.port(), &processes) {
                return Some(Side::Node(place));
            }
            if tokio::time::Instant::now() >= until {
                return None;
            }
            tokio::time::sleep(OWNER_LOOK_EVERY).await;
        }
    }

    async fn connection(
        &self,
        mut caller_end: TcpStream,
        to: SocketAddr,
        caller: Side,
        node: Side,
    ) -> io::Result<()> {
        let mut weather = self.weather.subscribe();
        let pair = ordered(caller, node);
        let resets = weather.borrow().resets.get(&pair).copied().unwrap_or_default();
        // A call over a cut way does not arrive before the cut ends.
        pass::until_open(&mut weather, (caller, node)).await;
        let mut node_end = TcpStream::connect(to).await?;
        caller_end.set_nodelay(true)?;
        node_end.set_nodelay(true)?;
        let was_reset = {
            let (from_caller, to_caller) = caller_end.split();
            let (from_node, to_node) = node_end.split();
            let there = pass::Pass::new(self, (caller, node));
            let back = pass::Pass::new(self, (node, caller));
            let both = async {
                tokio::try_join!(there.run(from_caller, to_node), back.run(from_node, to_caller))
            };
            let reset = async {
                let is_new = |weather: &Weather| {
                    weather.resets.get(&pair).copied().unwrap_or_default() != resets
                };
                // The sender lives as long as the run does.
                let _ = weather.wait_for(is_new).await;
            };
            tokio::select! {
                ended = both => ended.is_err(),
                () = reset => true,
            }
        };
        if was_reset {
            // Closing with unsent bytes and no patience is what makes a reset of it.
            caller_end.set_zero_linger()?;
            node_end.set_zero_linger()?;
        }
        Ok(())
    }

    /// Tells which process is the node at a place, so that its calls are known as its own.
    pub fn set_process(&self, place: usize, process: u32) {
        self.lock_processes().insert(place, process);
    }

    /// Changes what one way is like.
    pub fn change(&self, from: Side, to: Side, change: impl FnOnce(&mut Way)) {
        self.weather.send_modify(|weather| change(weather.ways.entry((from, to)).or_default()));
    }

    /// Changes both ways between two sides.
    pub fn change_both(&self, one: Side, other: Side, change: impl Fn(&mut Way)) {
        self.change(one, other, &change);
        self.change(other, one, &change);
    }

    /// Resets every open connection between two sides.
    pub fn reset(&self, one: Side, other: Side) {
        self.weather.send_modify(|weather| {
            *weather.resets.entry(ordered(one, other)).or_default() += 1;
        });
    }

    /// Ends every cut, delay and loss.
    pub fn heal(&self) {
        self.weather.send_modify(|weather| weather.ways.clear());
    }

    fn lock_processes(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, u32>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fork_chance(&self) -> Chance {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }
}

/// Who calls at a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    Nodes,
    Clients,
}

fn ordered(one: Side, other: Side) -> (Side, Side) {
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod tests;
