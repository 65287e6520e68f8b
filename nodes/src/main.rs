//! The binary hoga: an exchange to run, to trade on, to replay and to break.
//!
//! Owns: the command line ([`cli`]), the configuration of a node ([`config`]), the founding of a
//! market ([`market`]), the outside markets that are followed ([`upstream`]), the gateway
//! ([`gateway`]), who may pass it ([`auth`]) and how it is kept secret ([`tls`]). Takes: arguments,
//! environment, one TOML file. Emits: data on stdout, talk on stderr, an exit code. On failure: one
//! sentence with the value, the rule and what to do.

mod auth;
mod bench;
mod cli;
mod config;
mod gateway;
mod market;
mod proto_json;
mod replay;
mod secret;
mod telemetry;
mod tls;
mod upstream;

/// Orders, effects and answers are many small pieces that one thread makes and another drops.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
