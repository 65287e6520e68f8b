//! A node's config, as its operator would write it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a config says.
#[derive(Clone, Debug)]
pub struct Config {
    pub id: u64,
    pub data: PathBuf,
    pub gateway: SocketAddr,
    pub snapshot_bytes: Option<u64>,
    pub segment_bytes: Option<u64>,
    pub rules: &'static str,
    /// None for an exchange of one.
    pub among: Option<Among>,
}

/// How a node is one among others.
#[derive(Clone, Debug)]
pub struct Among {
    pub listen: SocketAddr,
    /// Where the others call it, and where clients do: proxies, where there are some.
    pub link: SocketAddr,
    pub gateway: SocketAddr,
    pub peers: BTreeMap<u64, SocketAddr>,
    pub founders: Vec<u64>,
}

impl Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[node]\nid = {}\ndata = {:?}", self.id, self.data.display().to_string())?;
        writeln!(f, "[gateway]\nlisten = \"{}\"", self.gateway)?;
        if let Some(among) = &self.among {
            let peers = among.peers.iter().map(|(id, address)| format!("{id}={address}"));
            let peers = peers.collect::<Vec<_>>().join(", ");
            let founders = among.founders.iter().map(u64::to_string).collect::<Vec<_>>();
            let founders = if founders.is_empty() { "none".into() } else { founders.join(", ") };
            writeln!(
                f,
                "[cluster]\nlisten = \"{}\"\nlink = \"{}\"\ngateway = \"{}\"\npeers = \"{peers}\"\n\
                 founders = \"{founders}\"",
                among.listen, among.link, among.gateway,
            )?;
        }
        writeln!(f, "[telemetry]\nlog = \"info,openraft=warn\"\nformat = \"json\"")?;
        if let Some(bytes) = self.snapshot_bytes {
            writeln!(f, "[partitions]\nsnapshot_bytes = {bytes}")?;
        }
        if let Some(bytes) = self.segment_bytes {
            writeln!(f, "[log]\nsegment_bytes = {bytes}")?;
        }
        writeln!(f, "[market]\nrules = \"{}\"", self.rules)
    }
}
