//! Generates the endpoint tables and conversions from the facade protos at build time, so that they
//! can't be stale. What people and other tools read is committed instead; see `map-gateway-codegen`.

use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=../proto/map");
    let contract = map_gateway_codegen::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))?;
    let out = PathBuf::from(env::var("OUT_DIR")?).join("contract.rs");
    fs::write(out, map_gateway_codegen::gateway::generate(&contract)?)?;
    Ok(())
}
