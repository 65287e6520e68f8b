//! Compiles the `.proto` files without protoc: types, clients, servers, the descriptors for
//! reflection, and the table of scopes.

use protox::Compiler;
use protox::prost_reflect::{DescriptorPool, MethodDescriptor, Value};
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The include root; imports are written relative to it.
const ROOT: &str = "proto";

/// The scopes that a method may require, as the `.proto` option and as the Rust name.
const SCOPES: [(&str, &str); 4] =
    [("public", "Public"), ("read", "Read"), ("trade", "Trade"), ("admin", "Admin")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={ROOT}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);

    let mut compiler = Compiler::new([ROOT])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(proto_files(Path::new(ROOT).join("hoga/v1").as_path())?)?;

    // Reflection gets no comments: they are half of the bytes. Encoded from the pool, because the
    // plain descriptor types drop the scope option.
    let types = compiler.file_descriptor_set();
    compiler.include_source_info(false);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    fs::write(out.join("scopes.rs"), scope_table(&compiler.descriptor_pool())?)?;

    tonic_prost_build::configure().emit_rerun_if_changed(false).compile_fds(types)?;
    compile_internal()
}

/// What nodes say to each other has no scopes and is not shown to clients. Bodies are taken out
/// of the buffer they came in, without a copy.
fn compile_internal() -> Result<(), Box<dyn Error>> {
    let mut compiler = Compiler::new([ROOT])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(proto_files(Path::new(ROOT).join("hoga/internal/v1").as_path())?)?;
    let types = compiler.file_descriptor_set();
    tonic_prost_build::configure().emit_rerun_if_changed(false).bytes(".").compile_fds(types)?;
    Ok(())
}

/// The files of one folder, sorted so that every build reads them alike.
fn proto_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A Rust array of (path, scope), sorted by path. A method without a valid scope stops the build:
/// nothing can be served that nobody thought about.
fn scope_table(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let mut rows = Vec::new();
    for service in pool.services() {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let scope = scope_of(pool, &method).map_err(|why| format!("{path}: {why}"))?;
            rows.push((path, scope));
        }
    }
    rows.sort();
    let mut table = String::from("&[\n");
    for (path, scope) in rows {
        writeln!(table, "    ({path:?}, Scope::{scope}),")?;
    }
    table.push(']');
    Ok(table)
}

fn scope_of(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<&'static str, String> {
    let extension = pool.get_extension_by_name("hoga.v1.scope").ok_or("no scope extension")?;
    let options = method.options();
    if !options.has_extension(&extension) {
        return Err("has no `option (hoga.v1.scope)`".into());
    }
    let value = options.get_extension(&extension).into_owned();
    let Value::String(scope) = value else { return Err("its scope is no text".into()) };
    let known = SCOPES.iter().find(|(name, _)| *name == scope);
    known.map(|(_, rust)| *rust).ok_or(format!("`{scope}` is not a scope"))
}
