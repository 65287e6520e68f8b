//! Whose connection it is: the kernel knows which process has the other end.
//!
//! Nodes learn from each other where the others are called, so all of them call a node at one
//! address; who is calling shows only in the process.

use std::collections::BTreeMap;
use std::fs;

/// The kernel's table of TCP sockets.
const TABLE: &str = "/proc/net/tcp";

/// TCP sockets of this machine, from the table's text.
pub struct Sockets<'t>(pub &'t str);

impl Sockets<'_> {
    /// The inode of the socket that is bound to one port and connected to another, over IPv4.
    #[must_use]
    pub fn inode(&self, local: u16, remote: u16) -> Option<u64> {
        self.0.lines().skip(1).find_map(|line| {
            let mut fields = line.split_whitespace();
            let port = |text: &str| u16::from_str_radix(text.rsplit_once(':')?.1, 16).ok();
            let (from, to) = (port(fields.nth(1)?)?, port(fields.next()?)?);
            let inode = fields.nth(6)?.parse().ok()?;
            (from == local && to == remote).then_some(inode)
        })
    }
}

/// The place of the node whose process holds the socket from `local` to `remote`.
#[must_use]
pub fn owner_of(local: u16, remote: u16, processes: &BTreeMap<usize, u32>) -> Option<usize> {
    let table = fs::read_to_string(TABLE).ok()?;
    let inode = Sockets(&table).inode(local, remote)?;
    let wanted = format!("socket:[{inode}]");
    let holds = |process: u32| {
        let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
        let mut targets = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        targets.any(|target| target.as_os_str() == wanted.as_str())
    };
    processes.iter().find(|(_, process)| holds(**process)).map(|(place, _)| *place)
}
