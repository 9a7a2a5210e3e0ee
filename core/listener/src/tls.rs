//! TLS of a listener from PEM files; with authorities of clients every client must show a certificate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// TLS of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with the certificate and its chain.
    pub cert_file: PathBuf,
    /// PEM file with its private key.
    pub key_file: PathBuf,
    /// PEM file with the authorities of client certificates. Set: every client must show one (mTLS).
    #[serde(default)]
    pub client_ca_file: Option<PathBuf>,
}

/// Why TLS can't be set up. Each text names the file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or holds no PEM of the kind that is needed.
    #[error("{0}: {1}")]
    File(PathBuf, pem::Error),
    /// A file holds nothing.
    #[error("{0}: no certificate in it")]
    Empty(PathBuf),
    /// A certificate can't be used, or does not fit its key.
    #[error("{0}: {1}")]
    Certificate(PathBuf, rustls::Error),
    /// The authorities of clients can't be used.
    #[error("{0}: {1}")]
    Authorities(PathBuf, VerifierBuilderError),
    /// The cryptographic provider lacks what is needed.
    #[error("{0}")]
    Provider(rustls::Error),
}

impl TlsConfig {
    /// An acceptor for these files, for HTTP/2 and HTTP/1.1. Reads them once: a new certificate needs a
    /// restart.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Provider)?;
        let builder = match &self.client_ca_file {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let roots = Arc::new(authorities(file)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                    .build()
                    .map_err(|error| TlsError::Authorities(file.clone(), error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let chain = certificates(&self.cert_file)?;
        let key = PrivateKeyDer::from_pem_file(&self.key_file)
            .map_err(|error| TlsError::File(self.key_file.clone(), error))?;
        let mut server = builder
            .with_single_cert(chain, key)
            .map_err(|error| TlsError::Certificate(self.cert_file.clone(), error))?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(server)))
    }
}

/// The authorities in a PEM file.
///
/// # Errors
/// See [`TlsError`].
pub fn authorities(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(file)? {
        roots
            .add(authority)
            .map_err(|error| TlsError::Certificate(file.to_owned(), error))?;
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |error| TlsError::File(file.to_owned(), error);
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(unreadable)?.collect();
    match found.map_err(unreadable)? {
        none if none.is_empty() => Err(TlsError::Empty(file.to_owned())),
        chain => Ok(chain),
    }
}
