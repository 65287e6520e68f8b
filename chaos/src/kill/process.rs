//! The exchange as a child process.

use anyhow::{Context, bail};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long an exchange may take until it says that it serves.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A running `hoga up`. Killed when it is dropped: no test leaves one behind.
pub struct Process {
    child: Child,
    /// `http://127.0.0.1:43567`
    pub address: String,
}

impl Process {
    /// Where the exchange of a run keeps its data.
    #[must_use]
    pub fn data(directory: &Path) -> PathBuf {
        directory.join("data")
    }

    /// Starts an exchange and waits until it says where it serves.
    ///
    /// # Errors
    /// It ended, or said nothing in time; what it complained of stands in the error.
    pub fn start(hoga: &Path, directory: &Path) -> anyhow::Result<Process> {
        let mut child = spawn(hoga, directory)?;
        let stdout = child.stdout.take().context("the exchange has no stdout")?;
        let (said, heard) = mpsc::channel();
        // Reads on behind the document, so that the exchange never writes into a closed pipe.
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut documents = serde_json::Deserializer::from_reader(&mut stdout).into_iter();
            if let Some(Ok(told)) = documents.next() {
                let _ = said.send(told);
            }
            drop(documents);
            let _ = io::copy(&mut stdout, &mut io::sink());
        });
        // From here on the child dies with this value.
        let mut process = Process { child, address: String::new() };
        let told: Value = heard.recv_timeout(START_WITHIN).map_err(|_| {
            let said = std::fs::read_to_string(stderr(directory)).unwrap_or_default();
            let last = said.lines().rev().take(5).collect::<Vec<_>>().join(" / ");
            anyhow::anyhow!("the exchange did not start to serve: {last}")
        })?;
        let Some(address) = told["address"].as_str() else {
            bail!("the exchange did not say its address: {told}");
        };
        process.address = address.to_owned();
        Ok(process)
    }

    /// Starts an exchange and kills it a moment later, ready or not.
    ///
    /// # Errors
    /// It could not be run or killed.
    pub fn kill_while_starting(
        hoga: &Path,
        directory: &Path,
        moment: Duration,
    ) -> anyhow::Result<()> {
        let mut child = spawn(hoga, directory)?;
        std::thread::sleep(moment);
        child.kill().context("killing the exchange")?;
        child.wait()?;
        Ok(())
    }

    /// kill -9: the process has no say in it.
    ///
    /// # Errors
    /// It had ended by itself before.
    pub fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the exchange had ended by itself: {status}");
        }
        self.child.kill().context("killing the exchange")?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already; there is nothing else to be done about a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(hoga: &Path, directory: &Path) -> anyhow::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(stderr(directory))?;
    Command::new(hoga)
        .args(["up", "--json", "--port", "0", "--data"])
        .arg(Process::data(directory))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("running {}", hoga.display()))
}

/// What all exchanges of a run complained of.
fn stderr(directory: &Path) -> PathBuf {
    directory.join("stderr.log")
}
