//! `hoga-auditor`: see the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    hoga_auditor::program(&arguments)
}
