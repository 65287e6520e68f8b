//! One node in a process of its own.

use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{ChildStdin, Command};
use tokio::sync::{mpsc, watch};

/// A node's process has ended.
pub struct Ended {
    pub node: u64,
    pub how: String,
}

/// The process of a node.
pub struct Child {
    process: Option<Pid>,
    is_up: watch::Receiver<bool>,
    ended: watch::Receiver<bool>,
    pub has_ended: bool,
    /// The node stops when this is closed: it does not outlive whoever started it.
    _stdin: Option<ChildStdin>,
}

impl Child {
    /// Starts a node; what it says is shown behind its name.
    ///
    /// # Errors
    /// The process does not start.
    pub fn start(node: u64, config: &Path, ended: mpsc::Sender<Ended>) -> Result<Child, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["node", "--seeded", "--stops-with-parent", "--config"]).arg(config);
        command.env("HOGA_TELEMETRY_FORMAT", "pretty");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A Ctrl-C is for the one who started it; that one stops its nodes in order.
        command.process_group(0);
        let mut process = command.spawn().map_err(|error| {
            Failure::new(Exit::Failure, format!("error: n{node} does not start: {error}"))
        })?;
        let (up, is_up) = watch::channel(false);
        let (over, is_over) = watch::channel(false);
        let id = process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let stdin = process.stdin.take();
        if let Some(stdout) = process.stdout.take() {
            tokio::spawn(show(node, stdout, Some(up)));
        }
        if let Some(stderr) = process.stderr.take() {
            tokio::spawn(show(node, stderr, None));
        }
        tokio::spawn(async move {
            let how = match process.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            over.send_replace(true);
            // Nobody waits any more when all of it is over.
            drop(ended.send(Ended { node, how }).await);
        });
        Ok(Child { process: id, is_up, ended: is_over, has_ended: false, _stdin: stdin })
    }

    /// Waits until the node says that it serves.
    pub async fn is_up(&mut self) {
        drop(self.is_up.wait_for(|up| *up).await);
    }

    pub async fn until_ended(&mut self) {
        drop(self.ended.wait_for(|over| *over).await);
    }

    pub fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = self.process.filter(|_| !*self.ended.borrow()) {
            // It may have ended this moment.
            let _ = kill_process(process, signal);
        }
    }
}

/// Shows lines behind the node's name; the first one on stdout says that it serves.
async fn show(node: u64, from: impl AsyncRead + Unpin, up: Option<watch::Sender<bool>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output::tell(format!("n{node} | {line}"));
        if let Some(up) = &up {
            up.send_replace(true);
        }
    }
}
