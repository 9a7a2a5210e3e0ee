//! Compiles `map/**.proto` without protoc: protox to descriptors, tonic-prost-build to code. Messages with
//! fields of `debug_redact` get a `Debug` that leaves the values of these out.

#[path = "build/redact.rs"]
mod redact;

use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=map");
    println!("cargo::rerun-if-changed=build");
    let mut files = Vec::new();
    collect(Path::new("map"), &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("map.bin"), compiler.encode_file_descriptor_set())?;
    let redacted = redact::messages(&compiler.descriptor_pool());
    fs::write(out.join("redact.rs"), redact::code(&redacted))?;
    tonic_prost_build::configure()
        .skip_debug(redacted.iter().map(|message| message.full_name().to_owned()))
        .compile_fds(compiler.file_descriptor_set())?;
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
