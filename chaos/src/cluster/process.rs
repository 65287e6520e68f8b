//! A node's process.

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How often it is looked whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A running node. Killed when it is dropped: no run leaves one behind.
pub struct Process {
    child: Child,
    serves: watch::Receiver<bool>,
    /// The node stops when this is closed: it does not outlive a run that was killed.
    _stdin: Option<ChildStdin>,
}

impl Process {
    /// Starts `hoga node` with a config. What it says goes to `log`; the first line on stdout
    /// says that it serves.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn start(
        hoga: &Path,
        config: &Path,
        log: &Path,
        environment: &[(String, String)],
        is_among_others: bool,
    ) -> anyhow::Result<Process> {
        let stderr = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(hoga);
        command.arg("node");
        if is_among_others {
            command.arg("--stops-with-parent");
        }
        command.arg("--config").arg(config);
        command.envs(environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().with_context(|| format!("running {}", hoga.display()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the node has no stdout")?;
        let (tell, serves) = watch::channel(false);
        // Reads on behind the first line, so that a node never writes into a closed pipe.
        std::thread::spawn(move || {
            for _line in BufReader::new(stdout).lines().map_while(Result::ok) {
                tell.send_replace(true);
            }
        });
        Ok(Process { child, serves, _stdin: stdin })
    }

    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has said that it serves.
    #[must_use]
    pub fn serves(&self) -> watch::Receiver<bool> {
        self.serves.clone()
    }

    /// How it ended, when it has.
    pub fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// kill -9: the process has no say in it.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().context("killing a node")?;
        self.child.wait()?;
        Ok(())
    }

    /// # Errors
    /// The process has ended.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        if let Some(how) = self.ended() {
            bail!("the node has ended: {how}");
        }
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        Ok(kill_process(id.context("a process without a number")?, signal)?)
    }

    /// Waits until it has ended by itself; none when it does not in time.
    pub async fn until_ended(&mut self, within: Duration) -> Option<String> {
        let until = Instant::now() + within;
        loop {
            if let Some(how) = self.ended() {
                return Some(how);
            }
            if Instant::now() >= until {
                return None;
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already; there is nothing else to be done about a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
