//! The protos as descriptors. protox keeps the options that prost-types would drop.

use crate::Error;
use prost_reflect::DescriptorPool;
use std::fs;
use std::path::{Path, PathBuf};

/// Compiles all protos below the two roots into one pool.
pub(crate) fn compile(facade: &Path, canonical: &Path) -> Result<DescriptorPool, Error> {
    let mut files = Vec::new();
    collect(&facade.join("map"), &mut files)?;
    collect(&canonical.join("map"), &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new([facade, canonical])?;
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(files)?;
    Ok(compiler.descriptor_pool())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::File { path, source }
    };
    for entry in fs::read_dir(dir).map_err(at(dir))? {
        let path = entry.map_err(at(dir))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
