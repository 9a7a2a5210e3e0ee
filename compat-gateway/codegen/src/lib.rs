//! From the facade protos in `compat-gateway/proto` to everything that is derived from them:
//!
//! - Rust for the gateway ([`gateway`]): endpoint tables and typed conversions to and from the canonical
//!   messages, included by `map-gateway`'s build script, so that it can't be stale;
//! - `docs/openapi.json` ([`openapi`]), `clients/legacy/src/generated.rs` ([`client`]) and
//!   `compat-gateway/endpoints.lock` ([`lock`]), which people and other tools read, and so are
//!   committed; [`stale`] tells which of them differ from what would be generated.
//!
//! What this crate does not do: hold any behaviour of the gateway. It knows which codecs exist
//! ([`codec`]), not what they do.

pub mod client;
pub mod codec;
mod document;
mod error;
pub mod gateway;
pub mod lock;
pub mod model;
pub mod openapi;
mod options;
mod path;
mod read;
mod rust;
mod source;

pub use error::Error;
pub use model::Contract;

use std::fs;
use std::path::{Path, PathBuf};

/// Reads the contract of a repository.
///
/// # Errors
/// The protos don't compile, or a declaration is wrong: the error names rpc and field.
pub fn read(root: &Path) -> Result<Contract, Error> {
    let pool = source::compile(&root.join("compat-gateway/proto"), &root.join("proto"))?;
    read::contract(&pool)
}

/// The committed files and what they should hold.
///
/// # Errors
/// The generated Rust can't be parsed, which is a defect of this crate.
pub fn committed(root: &Path, contract: &Contract) -> Result<Vec<(PathBuf, String)>, Error> {
    Ok(vec![
        (root.join("docs/openapi.json"), openapi::generate(contract)?),
        (
            root.join("clients/legacy/src/generated.rs"),
            client::generate(contract)?,
        ),
        (
            root.join("compat-gateway/endpoints.lock"),
            lock::generate(contract),
        ),
    ])
}

/// Which committed files are not what would be generated.
///
/// # Errors
/// As [`read`].
pub fn stale(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let contract = read(root)?;
    let files = committed(root, &contract)?;
    let differs = |(path, text): (PathBuf, String)| {
        (fs::read_to_string(&path).ok().as_deref() != Some(text.as_str())).then_some(path)
    };
    Ok(files.into_iter().filter_map(differs).collect())
}
