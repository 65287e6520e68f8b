//! `hoga cluster`: the nodes of an exchange.

mod map;
mod reach;
mod screen;
mod timeline;
mod watch;

use super::failure::{Exit, Failure};
use super::{Global, actor, json, output, server};
use clap::{Args, Subcommand};
use hoga_proto::v1;
pub use reach::Reach;
use serde_json::json;

/// The nodes of an exchange: who is there, who leads, who comes and goes
#[derive(Args, Debug)]
#[command(after_help = actor::AN_OPERATORS)]
pub struct Cluster {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Nodes, leaders, and where books live
    Map {
        /// Go on, and tell what changes
        #[arg(long)]
        watch: bool,
    },
    /// Where a book lives, and who leads there
    Where {
        /// The book of which instrument, such as LPJ-KRW
        symbol: String,
    },
    /// Kill a node of this machine at once, as a crash would
    Kill {
        /// Which node, such as n2
        node: String,
    },
    /// Make a node lead nothing any more, before it is stopped
    Drain {
        /// Which node, such as n2
        node: String,
        /// Let it lead again
        #[arg(long)]
        undo: bool,
    },
    /// Register a new node, and print how to start it
    Add {
        /// Where the other nodes will call it
        #[arg(value_name = "HOST:PORT")]
        link: String,
    },
    /// Give a node up for good
    Remove {
        /// Which node, such as n2
        node: String,
    },
}

impl Cluster {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let global = actor::acting_as(global, actor::OPERATOR);
        server::until_interrupted(self.command.act(&global))
    }
}

impl Command {
    async fn act(self, global: &Global) -> Result<(), Failure> {
        let mut reach = Reach::new(global);
        match self {
            Command::Map { watch: true } => watch::run(global, reach).await,
            Command::Map { watch: false } => {
                let map = reach.map().await?;
                if global.json {
                    return json::print("ClusterMap", &map);
                }
                output::say(map::shown(&map))
            }
            Command::Where { symbol } => locate(global, &reach.map().await?, &symbol),
            Command::Kill { node } => kill(global, &mut reach, &named(&node)?).await,
            Command::Drain { node, undo } => {
                let request = v1::DrainNodeRequest {
                    name: named(&node)?,
                    undo,
                    request_id: actor::request_id(None),
                    sent_at: Some(actor::sent_now()),
                };
                reach.admin().await?.drain_node(request).await?;
                let word = if undo { "may lead again" } else { "leads nothing from now on" };
                done(global, &node, word)
            }
            Command::Add { link } => {
                let request = v1::AddNodeRequest {
                    link: link.clone(),
                    request_id: actor::request_id(None),
                    sent_at: Some(actor::sent_now()),
                };
                let added = reach.admin().await?.add_node(request).await?.into_inner();
                added_node(global, &mut reach, &added.name, &link).await
            }
            Command::Remove { node } => {
                let request = v1::RemoveNodeRequest {
                    name: named(&node)?,
                    request_id: actor::request_id(None),
                    sent_at: Some(actor::sent_now()),
                };
                reach.admin().await?.remove_node(request).await?;
                done(global, &node, "is given up; its number is never used again")
            }
        }
    }
}

/// The resource name of a node, from `n2` or `nodes/n2`.
fn named(node: &str) -> Result<String, Failure> {
    let bare = node.strip_prefix("nodes/").unwrap_or(node);
    let is_name = bare.strip_prefix('n').is_some_and(|digits| digits.parse::<u64>().is_ok());
    if !is_name {
        return Err(Failure::usage(format!("error: `{node}` is not a node: write n2")));
    }
    Ok(format!("nodes/{bare}"))
}

fn done(global: &Global, node: &str, what: &str) -> Result<(), Failure> {
    let node = actor::last_part(node);
    if global.json {
        return json::document(&json!({"node": node, "ok": true}));
    }
    output::say(format!("{node} {what}"))
}

fn locate(global: &Global, map: &v1::ClusterMap, symbol: &str) -> Result<(), Failure> {
    let wanted = actor::instrument(symbol)?;
    let wanted = actor::last_part(&wanted);
    let here = map.partitions.iter().find(|p| p.symbols.iter().any(|known| known == wanted));
    let Some(here) = here else {
        let message = format!("not found: no partition has a book of {wanted}");
        return Err(Failure::new(Exit::NotFound, message).hint("hoga instruments"));
    };
    let leader = actor::last_part(&here.leader);
    let gateway = map.nodes.iter().find(|node| node.name == here.leader);
    let gateway = gateway.map(|node| node.gateway.clone()).unwrap_or_default();
    if global.json {
        return json::document(&json!({
            "symbol": wanted, "partition": here.partition, "leader": leader, "gateway": gateway,
        }));
    }
    if leader.is_empty() {
        return output::say(format!(
            "{wanted} is in partition {}, led by nobody now",
            here.partition
        ));
    }
    let at = if gateway.is_empty() { String::new() } else { format!(" ({gateway})") };
    let leader = map::led_by(map, &here.leader);
    output::say(format!("{wanted} is in partition {}, led by {leader}{at}", here.partition))
}

async fn kill(global: &Global, reach: &mut Reach, name: &str) -> Result<(), Failure> {
    let map = reach.map().await?;
    let node = map.nodes.iter().find(|node| node.name == name).ok_or_else(|| {
        let known: Vec<_> = map.nodes.iter().map(|node| actor::last_part(&node.name)).collect();
        let message = format!("not found: there is no node {}", actor::last_part(name));
        Failure::new(Exit::NotFound, message).hint(format!("there are: {}", known.join(", ")))
    })?;
    let is_here = node.gateway.is_empty()
        || node.gateway.parse().is_ok_and(|at: std::net::SocketAddr| at.ip().is_loopback());
    if !is_here {
        let message = format!("error: {} runs on another machine ({})", name, node.gateway);
        return Err(Failure::new(Exit::Failure, message).hint("kill it there"));
    }
    let request = v1::GetStatusRequest { name: name.into(), audit: false };
    let mut admin = reach.admin_of(node).await?;
    let status = admin.get_status(request).await?.into_inner().status.unwrap_or_default();
    let process = i32::try_from(status.process_id).ok().and_then(rustix::process::Pid::from_raw);
    let process = process.ok_or_else(|| {
        Failure::new(Exit::Failure, format!("error: {name} does not say which process it is"))
    })?;
    rustix::process::kill_process(process, rustix::process::Signal::KILL)
        .map_err(|error| Failure::new(Exit::Failure, format!("error: kill: {error}")))?;
    done(global, name, "is killed")
}

/// Says how the new node is started.
async fn added_node(
    global: &Global,
    reach: &mut Reach,
    name: &str,
    link: &str,
) -> Result<(), Failure> {
    let map = reach.map().await?;
    let peers = map.nodes.iter().filter(|node| node.name != name && !node.link.is_empty());
    let peer = |node: &v1::ClusterNode| {
        format!("{}={}", actor::last_part(&node.name).trim_start_matches('n'), node.link)
    };
    let peers: Vec<String> = peers.map(peer).collect();
    let id = actor::last_part(name).trim_start_matches('n');
    if global.json {
        let partitions = json!({
            "books": map.book_partition_count,
            "accounts": map.account_partition_count,
        });
        return json::document(&json!({
            "name": name, "id": id, "link": link, "peers": peers, "partitions": partitions,
        }));
    }
    output::say(format!(
        "{} is added and waits to be started, with a config that says\n\n\
         [node]\nid = {id}\n[cluster]\nlisten = \"{link}\"\npeers = \"{}\"\n\
         [partitions]\nbooks = {}\naccounts = {}\n",
        actor::last_part(name),
        peers.join(", "),
        map.book_partition_count,
        map.account_partition_count,
    ))?;
    output::tell("`hoga up` starts it by itself where it runs the others");
    Ok(())
}
