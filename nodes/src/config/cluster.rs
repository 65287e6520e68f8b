//! The settings of a node among others.

use super::NodeConfig;
use super::settings::address;
use hoga_cluster::link::{DevelopmentCa, LinkError, Tls};
use hoga_cluster::runtime::ClusterOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// What a node knows of the others.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// The name of the exchange; nodes of another one are refused.
    pub name: String,
    /// Where this node listens for the others; none for an exchange of one.
    pub listen: Option<SocketAddr>,
    /// Where the others, and clients, call this node when that is not where it listens.
    pub link: Option<String>,
    pub gateway: Option<String>,
    /// Where some of the others are called.
    pub peers: BTreeMap<u64, String>,
    /// The nodes that the exchange begins with; none for a node that is added.
    pub founders: BTreeSet<u64>,
    /// A directory with `ca.pem` and each node's `nN.pem` and `nN.key`; none only on loopback.
    pub certificates: Option<PathBuf>,
    pub heartbeat_ms: u64,
    pub election_ms_min: u64,
    pub election_ms_max: u64,
}

impl Default for ClusterConfig {
    fn default() -> ClusterConfig {
        ClusterConfig {
            name: "hoga".into(),
            listen: None,
            link: None,
            gateway: None,
            peers: BTreeMap::new(),
            founders: BTreeSet::new(),
            certificates: None,
            heartbeat_ms: 50,
            election_ms_min: 150,
            election_ms_max: 300,
        }
    }
}

impl ClusterConfig {
    /// What is wrong between the settings, with the key to blame.
    pub fn complaint(&self, id: u64) -> Option<(&'static str, String)> {
        let Some(listen) = self.listen else { return self.alone_complaint() };
        let everywhere = listen.ip().is_unspecified();
        if everywhere && self.link.is_none() {
            let why = format!("the others cannot call {listen}: say HOST:PORT where they can");
            return Some(("link", why));
        }
        if self.certificates.is_none() && !listen.ip().is_loopback() {
            let why = format!("links off loopback need certificates, and {listen} is no loopback");
            return Some(("certificates", why));
        }
        if self.founders.contains(&id) {
            let missing = |other: &&u64| **other != id && !self.peers.contains_key(other);
            if let Some(other) = self.founders.iter().find(missing) {
                return Some((
                    "founders",
                    format!("node {other} founds, and no peer says where it is"),
                ));
            }
        } else if self.peers.is_empty() {
            return Some(("peers", "a node that is added has to know one that is there".into()));
        }
        let times = (self.heartbeat_ms, self.election_ms_min, self.election_ms_max);
        if times.0 * 2 > times.1 || times.1 >= times.2 {
            let why = format!(
                "a node waits {} to {} ms for a leader that is heard every {} ms: the least has \
                 to be twice that, and less than the most",
                times.1, times.2, times.0
            );
            return Some(("election_ms_min", why));
        }
        None
    }

    /// A node that listens for nobody is an exchange of its own for ever.
    fn alone_complaint(&self) -> Option<(&'static str, String)> {
        let said = [
            ("founders", !self.founders.is_empty()),
            ("peers", !self.peers.is_empty()),
            ("certificates", self.certificates.is_some()),
            ("link", self.link.is_some()),
            ("gateway", self.gateway.is_some()),
        ];
        let (key, _) = said.into_iter().find(|(_, is_said)| *is_said)?;
        let why = "is for a node among others, and `listen`, where they call it, is not set";
        Some((key, why.into()))
    }

    /// What the exchange is started with.
    ///
    /// # Errors
    /// The certificates cannot be read.
    pub fn options(&self, config: &NodeConfig) -> Result<Option<ClusterOptions>, LinkError> {
        let Some(listen) = self.listen else { return Ok(None) };
        Ok(Some(ClusterOptions {
            name: self.name.clone(),
            listen,
            link: self.link.clone().unwrap_or_else(|| listen.to_string()),
            gateway: self.gateway.clone().unwrap_or_else(|| config.listen.to_string()),
            peers: self.peers.clone(),
            founders: self.founders.clone(),
            heartbeat_ms: self.heartbeat_ms,
            election_ms: (self.election_ms_min, self.election_ms_max),
            tls: self.certificates.as_ref().map(|_| self.tls(config)).transpose()?,
        }))
    }

    /// This node's certificate; the development authority makes it where it is at hand, and on
    /// loopback where there is no authority yet.
    fn tls(&self, config: &NodeConfig) -> Result<Tls, LinkError> {
        let dir = self.certificates.clone().unwrap_or_default();
        let (authority, name) = (dir.join("ca.pem"), format!("n{}", config.id));
        let (certificate, key) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
        let is_here = self.listen.is_some_and(|listen| listen.ip().is_loopback());
        if dir.join("ca.key").exists() || (is_here && !authority.exists()) {
            return DevelopmentCa::in_dir(&dir)?.issue(u64::from(config.id));
        }
        Tls::from_files(&authority, &certificate, &key)
    }
}

pub(super) fn set_listen(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.cluster.listen = if text == "none" { None } else { Some(address(text)?) };
    Ok(())
}

pub(super) fn show_listen(config: &NodeConfig) -> String {
    config.cluster.listen.map_or("none".into(), |listen| listen.to_string())
}

pub(super) fn set_name(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if text.is_empty() || text.len() > 64 || !text.chars().all(is_name) {
        return Err(format!("`{text}` is not a name: 1 to 64 letters, digits and hyphens"));
    }
    config.cluster.name = text.into();
    Ok(())
}

fn called(text: &str) -> Result<Option<String>, String> {
    match text.rsplit_once(':') {
        _ if text == "auto" => Ok(None),
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
            match ip.is_ok_and(|ip| ip.is_unspecified()) {
                true => Err(format!("`{text}` is everywhere here, and nowhere for others")),
                false => Ok(Some(text.into())),
            }
        }
        _ => Err(format!("`{text}` is not an address: write HOST:PORT, or auto")),
    }
}

pub(super) fn set_link(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.cluster.link = called(text)?;
    Ok(())
}

pub(super) fn set_gateway(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.cluster.gateway = called(text)?;
    Ok(())
}

pub(super) fn set_peers(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    let mut peers = BTreeMap::new();
    for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
        let said = one.split_once('=').and_then(|(node, address)| {
            Some((node.trim().parse::<u64>().ok()?, called(address.trim()).ok()??))
        });
        let Some((node, address)) = said else {
            return Err(format!("`{one}` is not a peer: write NODE=HOST:PORT, NODE=HOST:PORT"));
        };
        peers.insert(node, address);
    }
    config.cluster.peers = peers;
    Ok(())
}

pub(super) fn show_peers(config: &NodeConfig) -> String {
    let peers = config.cluster.peers.iter().map(|(node, address)| format!("{node}={address}"));
    peers.collect::<Vec<_>>().join(", ")
}

pub(super) fn set_founders(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    let nodes = text.split(',').map(str::trim).filter(|one| !one.is_empty() && text != "none");
    let read = |one: &str| {
        one.parse().map_err(|_| format!("`{one}` is not a node number: write 1, 2, 3, or none"))
    };
    config.cluster.founders = nodes.map(read).collect::<Result<_, _>>()?;
    Ok(())
}

pub(super) fn show_founders(config: &NodeConfig) -> String {
    let nodes = config.cluster.founders.iter().map(u64::to_string).collect::<Vec<_>>();
    if nodes.is_empty() { "none".into() } else { nodes.join(", ") }
}

pub(super) fn set_certificates(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.cluster.certificates = (text != "none").then(|| text.into());
    Ok(())
}

pub(super) fn show_certificates(config: &NodeConfig) -> String {
    let directory = config.cluster.certificates.as_ref();
    directory.map_or("none".into(), |directory| directory.display().to_string())
}
