//! What a node is told of outside markets.

use super::address::Venues;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that [`start`](super::start) needs besides the exchange.
#[derive(Clone, Debug, Default)]
pub struct UpstreamOptions {
    pub venues: Venues,
    /// A PEM file of the authorities that prove venues; none for those of this machine.
    pub authorities: Option<PathBuf>,
    pub pace: Pace,
}

/// How fast a connection is, at least and at most.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From the first packet to an open WebSocket.
    pub connect_within: Duration,
    /// How long a venue may take to take one message.
    pub send_within: Duration,
    /// The first pause between two tries and the longest.
    pub back_off: (Duration, Duration),
    /// How often a venue is asked whether it is there. Upbit closes after two silent minutes.
    pub ping_every: Duration,
    /// Nothing at all was heard for so long: nobody is there.
    pub silent_after: Duration,
    /// No book was heard for so long, of any instrument: the subscription is lost.
    pub bookless_after: Duration,
    /// The time between two subscriptions; changes in between become one. Upbit takes five
    /// messages a second.
    pub subscribe_every: Duration,
    /// How often a node proves that it still leads.
    pub prove_every: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            connect_within: Duration::from_secs(5),
            send_within: Duration::from_secs(5),
            back_off: (Duration::from_millis(250), Duration::from_secs(30)),
            ping_every: Duration::from_secs(5),
            silent_after: Duration::from_secs(12),
            bookless_after: Duration::from_secs(60),
            subscribe_every: Duration::from_millis(250),
            prove_every: Duration::from_secs(1),
        }
    }
}
