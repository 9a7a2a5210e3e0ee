//! TLS of the listener from PEM files; with client authorities every client must show a
//! certificate.

use crate::config::TlsConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// Why TLS can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or holds no PEM of the kind that is needed.
    #[error("tls: {0}: {1}")]
    File(PathBuf, pem::Error),
    /// A file holds nothing.
    #[error("tls: {0}: no certificate in it")]
    Empty(PathBuf),
    /// Certificate and key do not fit, or can't be used.
    #[error("tls: {0}")]
    Rustls(#[from] rustls::Error),
    /// The client authorities can't be used.
    #[error("tls.client_authorities: {0}")]
    Authorities(#[from] VerifierBuilderError),
}

/// An acceptor for these files, for HTTP/2 and HTTP/1.1.
///
/// # Errors
/// See [`TlsError`].
pub fn acceptor(config: &TlsConfig) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match &config.client_authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(path)? {
                roots.add(authority)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .map_err(|error| TlsError::File(config.key.clone(), error))?;
    let mut server = builder.with_single_cert(certificates(&config.certificate)?, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(server)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let file_error = |error| TlsError::File(path.to_owned(), error);
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(file_error)?.collect();
    let found = found.map_err(file_error)?;
    if found.is_empty() {
        Err(TlsError::Empty(path.to_owned()))
    } else {
        Ok(found)
    }
}
