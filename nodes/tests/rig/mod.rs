//! Runs the binary: once for a command, or as an exchange in the background.

// Each test binary uses its part of this.
#![allow(dead_code)]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for what comes by itself.
const SOON: Duration = Duration::from_secs(20);

/// What a command said.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Fails with everything that was said unless the command ended so.
    #[track_caller]
    pub fn ended(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn said(self, text: &str) -> Ran {
        assert!(self.out.contains(text), "no `{text}` in {self:#?}");
        self
    }

    #[track_caller]
    pub fn complained(self, text: &str) -> Ran {
        assert!(self.err.contains(text), "no `{text}` in {self:#?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// The binary, without whatever this machine's environment would tell it.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hoga"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOGA_")) {
        command.env_remove(name);
    }
    // Whoever logged in on this machine is none of a test's business.
    command.env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
    command.env_remove("RUST_LOG").env("NO_COLOR", "1").args(args);
    command
}

pub fn hoga(args: &[&str]) -> Ran {
    let output = command(args).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// An exchange in a process and a directory of its own. Killed when dropped.
pub struct Exchange {
    process: Child,
    /// What it announced.
    pub announced: Value,
    pub url: String,
    pub data: TempDir,
}

impl Exchange {
    pub fn up() -> Exchange {
        Self::up_in(TempDir::new().expect("a directory"))
    }

    /// On a directory that may hold an earlier exchange.
    pub fn up_in(data: TempDir) -> Exchange {
        Self::up_with(data, &[])
    }

    pub fn up_with(data: TempDir, more: &[&str]) -> Exchange {
        Self::up_by(data, more, &[])
    }

    /// With more arguments, and variables of its environment.
    pub fn up_by(data: TempDir, more: &[&str], variables: &[(&str, &str)]) -> Exchange {
        let dir = data.path().display().to_string();
        let args = ["up", "--json", "--port", "0", "--data", &dir];
        let mut process = command(&[&args, more].concat())
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let announced = announced(&mut process);
        let url = announced["address"].as_str().expect("an address").to_owned();
        Exchange { process, announced, url, data }
    }

    /// A command against it.
    pub fn hoga(&self, args: &[&str]) -> Ran {
        hoga(&[&["--server", &self.url], args].concat())
    }

    /// A command, again and again until it says this: what comes by itself comes soon.
    #[track_caller]
    pub fn until_said(&self, text: &str, args: &[&str]) {
        let start = Instant::now();
        loop {
            let ran = self.hoga(args);
            if ran.out.contains(text) {
                return;
            }
            assert!(start.elapsed() < SOON, "still no `{text}` in {ran:#?}");
        }
    }

    /// A command that goes on talking: its lines as they come. It ends when this is dropped.
    pub fn listen(&self, args: &[&str]) -> Listening {
        let mut process = command(&[&["--server", &self.url], args].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Listening { process, lines }
    }

    /// A command of this account, its answer as JSON.
    #[track_caller]
    pub fn json(&self, account: &str, args: &[&str]) -> Value {
        self.hoga(&[&["--json", "--as", account], args].concat()).ended(0).json()
    }

    /// What Prometheus reads of it.
    pub fn metrics(&self) -> String {
        let url = self.announced["metrics"].as_str().expect("metrics are served");
        let address = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/metrics"));
        let mut stream = TcpStream::connect(address.expect("a url")).expect("it listens");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("text");
        page
    }

    /// Ctrl-C, and the end.
    pub fn interrupt(mut self) -> (ExitStatus, TempDir) {
        self.signal("INT");
        let status = self.process.wait().expect("an end");
        let data = std::mem::replace(&mut self.data, TempDir::new().expect("a directory"));
        (status, data)
    }

    /// Ctrl-C, and everything that stderr had to say.
    pub fn interrupt_with_errors(mut self) -> (String, ExitStatus) {
        self.signal("INT");
        let mut said = String::new();
        let mut errors = self.process.stderr.take().expect("piped");
        errors.read_to_string(&mut said).expect("text");
        (said, self.process.wait().expect("an end"))
    }

    /// Gone without a word, as by `kill -9`.
    pub fn kill(mut self) -> TempDir {
        self.process.kill().expect("killed");
        self.process.wait().expect("an end");
        std::mem::replace(&mut self.data, TempDir::new().expect("a directory"))
    }

    pub fn dir(&self) -> &Path {
        self.data.path()
    }

    fn signal(&self, name: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A node that was told everything by its config. Killed when dropped.
pub struct Node {
    process: Child,
    pub url: String,
}

impl Node {
    #[track_caller]
    pub fn start(dir: &Path, config: &str) -> Node {
        let path = dir.join("node.toml");
        std::fs::write(&path, config).expect("a file");
        let mut process = command(&["--json", "node", "--config", &path.display().to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let announced = announced(&mut process);
        Node { process, url: announced["address"].as_str().expect("an address").to_owned() }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A command that goes on talking.
pub struct Listening {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Listening {
    /// The next line that holds this; those before it are passed over.
    #[track_caller]
    pub fn hears(&mut self, text: &str) -> String {
        let found = self.lines.by_ref().flatten().find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("it ended without `{text}`"))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What a process says once it serves; when it ends before, the test does, with its errors.
#[track_caller]
fn announced(process: &mut Child) -> Value {
    announcement(process).unwrap_or_else(|| {
        let mut said = String::new();
        let mut errors = process.stderr.take().expect("piped");
        errors.read_to_string(&mut said).expect("text");
        panic!("it did not start: {said}");
    })
}

/// Reads stdout until it holds a whole document; none when it ended before.
fn announcement(process: &mut Child) -> Option<Value> {
    let mut text = String::new();
    for line in BufReader::new(process.stdout.take()?).lines() {
        text.push_str(&line.ok()?);
        if let Ok(document) = serde_json::from_str(&text) {
            return Some(document);
        }
    }
    None
}
