//! What can be wrong with a declaration.

use std::path::PathBuf;

/// Why nothing was generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The protos don't compile. Only protox's `Debug` says where.
    #[error("{0:?}")]
    Protos(#[from] protox::Error),
    /// A declaration is wrong.
    #[error("{place}: {problem}")]
    Declaration {
        /// The rpc and the field, such as `FrontPay.sum`.
        place: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The generated Rust does not parse: a defect of the generator.
    #[error("generated Rust does not parse: {0}")]
    Rust(#[from] syn::Error),
    /// The generated JSON can't be written: a defect of the generator.
    #[error("generated JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    /// A wrong declaration.
    pub(crate) fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Declaration {
            place: place.into(),
            problem: problem.into(),
        }
    }
}
