//! Who has dialled this node, so that one id is one process.

use super::NodeId;
use super::hello::{Greeting, Refusal};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The peers that have streams to this node, by id.
#[derive(Clone, Default)]
pub(super) struct Register(Arc<Mutex<BTreeMap<NodeId, Caller>>>);

struct Caller {
    incarnation: u32,
    /// Where the peer itself listens; that of the stream is another with each connection.
    address: SocketAddr,
    streams: usize,
    /// Turns true when the peer's streams have to end.
    leave: watch::Sender<bool>,
}

/// A stream's place in the register; given back when it is dropped.
pub(super) struct Entered {
    register: Register,
    node: NodeId,
    /// Resolves when the stream has to end.
    pub leave: watch::Receiver<bool>,
}

impl Register {
    fn callers(&self) -> MutexGuard<'_, BTreeMap<NodeId, Caller>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a stream in. A later incarnation of the same node, from the same address, ends the
    /// streams of the one before; anybody else with the same id is refused while those are there.
    pub fn enter(&self, from: &Greeting, ip: IpAddr) -> Result<Entered, Refusal> {
        let (node, incarnation) = (from.node, from.incarnation);
        let address = SocketAddr::new(ip, from.port);
        let mut callers = self.callers();
        if let Some(caller) = callers.get(&node) {
            if caller.address != address {
                let (connected, other) = (caller.address.to_string(), address.to_string());
                return Err(Refusal::Twice { node, connected, other });
            }
            if caller.incarnation > incarnation {
                let (newest, older) = (caller.incarnation, incarnation);
                return Err(Refusal::Ended { node, newest, older });
            }
            if caller.incarnation < incarnation {
                caller.leave.send_replace(true);
                callers.remove(&node);
            }
        }
        let caller = callers.entry(node).or_insert_with(|| Caller {
            incarnation,
            address,
            streams: 0,
            leave: watch::channel(false).0,
        });
        caller.streams += 1;
        let leave = caller.leave.subscribe();
        Ok(Entered { register: self.clone(), node, leave })
    }

    /// Ends the streams of everybody who is not to stay.
    pub fn retain(&self, mut stays: impl FnMut(NodeId) -> bool) {
        self.callers().retain(|node, caller| {
            let stays = stays(*node);
            if !stays {
                caller.leave.send_replace(true);
            }
            stays
        });
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut callers = self.register.callers();
        let Some(caller) = callers.get_mut(&self.node) else { return };
        // Streams that were told to leave are not counted any more.
        if *self.leave.borrow() {
            return;
        }
        caller.streams -= 1;
        if caller.streams == 0 {
            callers.remove(&self.node);
        }
    }
}
