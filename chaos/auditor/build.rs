//! Compiles the `.proto` files by itself: what the auditor shares with the exchange is the wire
//! and nothing else.

use std::error::Error;
use std::fs;

/// The include root; imports are written relative to it.
const ROOT: &str = "../../proto/proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={ROOT}");
    let mut files = Vec::new();
    for entry in fs::read_dir(format!("{ROOT}/hoga/v1"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    let descriptors = protox::compile(files, [ROOT])?;
    tonic_prost_build::configure().build_server(false).compile_fds(descriptors)?;
    Ok(())
}
