//! `hoga completions`: what a shell needs to complete these commands.

use super::failure::Failure;
use super::{Global, output};
use clap::Args;
use clap_complete::Shell;

/// What your shell needs to complete these commands
#[derive(Args, Debug)]
#[command(after_help = "hoga completions bash > ~/.local/share/bash-completion/completions/hoga")]
pub struct Completions {
    shell: Shell,
}

impl Completions {
    pub fn run(self, _: &Global) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::arguments(), "hoga", &mut script);
        output::say(String::from_utf8_lossy(&script).trim_end())
    }
}
