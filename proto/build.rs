//! Compiles `map/**.proto` without protoc: protox to descriptors, tonic-prost-build to code.

use prost::Message;
use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=map");
    let mut files = Vec::new();
    collect(Path::new("map"), &mut files)?;
    files.sort();
    let descriptors = protox::compile(&files, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("map.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        // PaymentCode must never be printed; see `redact.rs`.
        .skip_debug(["map.common.v1.PaymentCode"])
        .compile_fds(descriptors)?;
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
