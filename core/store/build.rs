//! Compiles `map/storage/**.proto` without protoc: protox to descriptors, prost-build to code.

use std::path::{Path, PathBuf};
use std::{error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut files = Vec::new();
    collect(Path::new("proto"), &mut files)?;
    files.sort();
    let descriptors = protox::compile(&files, ["proto"])?;
    // Rows hold mobile and account numbers: no message can be printed by accident.
    prost_build::Config::new()
        .skip_debug(["."])
        // What a log carries is passed through, not copied.
        .bytes([
            ".map.storage.v1.LogRow",
            ".map.storage.v1.LogClaim",
            ".map.storage.v1.LogIndexRow",
        ])
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
