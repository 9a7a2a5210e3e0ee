//! Who may vouch for a server that the core calls.

use hyper_rustls::ConfigBuilderExt;
use map_listener::TlsError;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Who may vouch for a server.
#[derive(Debug)]
pub(super) enum Trust<'a> {
    /// Nobody: it is not called over TLS.
    Nobody,
    /// Those that the system trusts.
    System,
    /// Those in this PEM file.
    File(&'a Path),
}

/// Why nobody can vouch.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file can't be used.
    #[error(transparent)]
    File(#[from] TlsError),
    /// The system's authorities can't be read.
    #[error("the system's authorities: {0}")]
    System(std::io::Error),
}

impl Trust<'_> {
    /// How such a server is called.
    pub(super) fn config(&self) -> Result<ClientConfig, TrustError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Provider)?;
        let builder = match self {
            Self::Nobody => builder.with_root_certificates(RootCertStore::empty()),
            Self::System => builder.with_native_roots().map_err(TrustError::System)?,
            Self::File(file) => builder.with_root_certificates(map_listener::authorities(file)?),
        };
        Ok(builder.with_no_client_auth())
    }
}
