//! `hoga audit`: the outside auditor, in this binary so that no other file is needed beside it.

use super::failure::{Exit, Failure};
use clap::Args;

/// Judge an exchange from outside, by what its clients saw
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub struct Audit {
    /// The auditor's own arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, num_args = 0..)]
    arguments: Vec<String>,
}

impl Audit {
    pub fn run(self) -> Result<(), Failure> {
        match hoga_auditor::run(&self.arguments) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::new(Exit::CheckFailed, "an invariant does not hold")),
            Err(why) => Err(Failure::new(Exit::Failure, format!("error: {why}"))),
        }
    }
}
