//! An authority and what it vouches for.

use map_server::config::TlsConfig;
use std::path::{Path, PathBuf};

/// Files with a certificate authority, a server's and a client's certificate.
pub(crate) fn certificates(folder: &Path) -> (TlsConfig, rcgen::Issuer<'static, rcgen::KeyPair>, String) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["authority".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(params, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let config = TlsConfig {
        cert_file: write("server.pem", &own.pem()),
        key_file: write("server.key", &key.serialize_pem()),
        client_ca_file: Some(write("authority.pem", &authority.pem())),
    };
    (config, issuer, authority.pem())
}
