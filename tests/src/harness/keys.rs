//! Keys, made anew for each run of the tests, and the signatures of partners who hold them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::{rand::SystemRandom, signature};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use map_legacy_crypto::signature::{Algorithm, KeyStrength, PrivateKey};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// An RSA key pair of an app.
pub struct Rsa {
    fast: signature::RsaKeyPair,
    any: PrivateKey,
    spki: Vec<u8>,
}

impl Rsa {
    /// A key of 2048 bits.
    pub fn generate() -> Self {
        let pair = signature::RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS#8");
        let spki: PublicKeyX509Der<'_> = signature::KeyPair::public_key(&pair).as_der().expect("SPKI");
        let text = STANDARD.encode(der.as_ref());
        let any = PrivateKey::parse(&text, KeyStrength::Standard).expect("PKCS#8 in base64");
        Self {
            any,
            spki: spki.as_ref().to_vec(),
            fast: pair,
        }
    }

    /// The public key as bare base64.
    pub fn public_base64(&self) -> String {
        STANDARD.encode(&self.spki)
    }

    /// The public key as PEM.
    pub fn public_pem(&self) -> String {
        let text = self.public_base64();
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }

    /// The private key as PEM, for openssl.
    pub fn private_pem(&self) -> String {
        self.any.to_pkcs8_pem().expect("PEM").to_string()
    }

    /// Signs a message; base64.
    pub fn sign(&self, algorithm: Algorithm, message: &str) -> String {
        if algorithm != Algorithm::Sha256WithRsa {
            return self.any.sign(algorithm, message.as_bytes()).expect("a signature");
        }
        // The same signature as the other branch's, a hundred times faster without optimisation.
        let mut signed = vec![0; self.fast.public_modulus_len()];
        let random = SystemRandom::new();
        self.fast
            .sign(
                &signature::RSA_PKCS1_SHA256,
                &random,
                message.as_bytes(),
                &mut signed,
            )
            .expect("a signature");
        STANDARD.encode(signed)
    }
}

static SEED: OnceLock<u64> = OnceLock::new();

/// Makes this the run's seed; to be called before anybody asks for it.
pub fn plant_seed(seed: u64) {
    SEED.set(seed).expect("nobody has asked for the seed yet");
}

/// The run's seed, printed once: it makes numbers of this run distinct from another's.
pub fn seed() -> u64 {
    *SEED.get_or_init(|| {
        let given = std::env::var("MAP_TEST_SEED")
            .ok()
            .and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from_be_bytes(random()) % 1_000_000);
        say(&format!("seed {seed}: repeat with MAP_TEST_SEED={seed}"));
        seed
    })
}

/// Tells a person, whether the test passes or not: what `eprintln!` says is shown of failed tests only.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A number that no other call in this process gets.
pub fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    bytes
}

/// A bearer key, and what is provisioned of it.
pub fn bearer(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
