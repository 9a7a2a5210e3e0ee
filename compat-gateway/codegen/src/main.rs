//! `map-gateway-codegen [--check]`: writes what is generated and committed, or tells what is stale.

use map_gateway_codegen::{Error, committed, read, stale};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    match run(env::args().any(|argument| argument == "--check")) {
        Ok(lines) => {
            let failed = lines.iter().any(|line| line.starts_with("stale"));
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let written = io::stdout().write_all(text.as_bytes());
            if failed || written.is_err() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "map-gateway-codegen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> Result<Vec<String>, Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if check {
        let stale = stale(&root)?;
        return Ok(stale
            .iter()
            .map(|path| format!("stale: {}", path.display()))
            .collect());
    }
    let contract = read(&root)?;
    let mut lines = Vec::new();
    for (path, text) in committed(&root, &contract)? {
        let at = |source| Error::File {
            path: path.clone(),
            source,
        };
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(at)?;
        }
        fs::write(&path, text).map_err(at)?;
        lines.push(format!("wrote {}", path.display()));
    }
    Ok(lines)
}
