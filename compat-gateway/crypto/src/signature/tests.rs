//! Rules of keys and signatures beyond the reference vectors.

use proptest::prelude::*;
use rsa::pkcs1::{EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding,
};
use rsa::rand_core::{CryptoRng, Error, RngCore};
use rsa::{BigUint, RsaPrivateKey, RsaPublicKey};

use super::*;

/// SplitMix64 from a fixed seed: tests need different numbers, not secret ones.
struct TestRandom(u64);

impl RngCore for TestRandom {
    fn next_u32(&mut self) -> u32 {
        u32::try_from(self.next_u64() >> 32).unwrap()
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for TestRandom {}

/// A key pair of the reference vectors: (private PKCS#8 PEM, public SPKI PEM).
fn pair(name: &str) -> (String, String) {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../tests/vectors.json")).unwrap();
    let text = |field: &str| vectors["keys"][name][field].as_str().unwrap().to_owned();
    (text("private_pkcs8_pem"), text("public_spki_pem"))
}

/// The base64 between the lines of a PEM text.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

fn pkcs1_public(spki: &str) -> String {
    let key = RsaPublicKey::from_public_key_pem(spki).unwrap();
    key.to_pkcs1_pem(LineEnding::LF).unwrap()
}

fn certificate_pem(private_pem: &str) -> String {
    let key = rcgen::KeyPair::from_pem(private_pem).unwrap();
    rcgen::CertificateParams::new(vec!["partner.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem()
}

/// A public key of a made-up modulus of exactly `bits` bits; nobody knows its factors.
fn public_of(bits: usize) -> String {
    let mut modulus = vec![0u8; bits.div_ceil(8)];
    *modulus.first_mut().unwrap() = match bits % 8 {
        0 => 0x80,
        used => 1 << used >> 1,
    };
    *modulus.last_mut().unwrap() |= 1;
    let modulus = BigUint::from_bytes_be(&modulus);
    RsaPublicKey::new_unchecked(modulus, BigUint::from(65_537u32))
        .to_public_key_pem(LineEnding::LF)
        .unwrap()
}

fn parsed(text: &str, strength: KeyStrength) -> Result<usize, KeyRejected> {
    PublicKey::parse(text, strength).map(|key| key.bits())
}

#[test]
fn a_public_key_is_read_in_every_form_partners_send() {
    let (private, public) = pair("rsa2048");
    let certificate = certificate_pem(&private);
    let mut trusted = crate::base64_text::decode(&bare(&certificate)).unwrap();
    trusted.extend([0x30, 0x00]); // openssl x509 -trustout: what it is trusted for, behind it
    let signature = PrivateKey::parse(&private, KeyStrength::Standard)
        .unwrap()
        .sign(Algorithm::Sha1WithRsa, b"text")
        .unwrap();
    for form in [
        public.clone(),
        public.replace('\n', "\r\n"),
        format!("Bag Attributes\n  friendlyName: x\n{public}\n\n"),
        public.replace('\n', "\n    "),
        format!(
            "-----BEGIN PUBLIC KEY-----{}-----END PUBLIC KEY-----",
            bare(&public)
        ),
        bare(&public),
        format!(" {}\r\n", bare(&public)),
        certificate.clone(),
        bare(&certificate),
        format!(
            "-----BEGIN TRUSTED CERTIFICATE-----\n{}\n-----END TRUSTED CERTIFICATE-----",
            crate::base64_text::encode(&trusted)
        ),
        pkcs1_public(&public),
        bare(&pkcs1_public(&public)),
    ] {
        let key = PublicKey::parse(&form, KeyStrength::Standard).unwrap();
        assert_eq!(key.bits(), 2048);
        assert_eq!(
            key.verify(Algorithm::Sha1WithRsa, b"text", &signature),
            Ok(()),
            "{form}"
        );
        assert_eq!(key.to_spki_pem().unwrap(), public);
    }
}

#[test]
fn a_short_key_needs_the_legacy_flag_and_a_shorter_one_is_never_accepted() {
    let too_short = |bits, minimum| Err(KeyRejected::TooShort { bits, minimum });
    let (_, legacy) = pair("rsa1024");
    assert_eq!(parsed(&legacy, KeyStrength::Standard), too_short(1024, 2048));
    assert_eq!(parsed(&legacy, KeyStrength::Legacy1024), Ok(1024));
    assert_eq!(
        parsed(&public_of(2047), KeyStrength::Standard),
        too_short(2047, 2048)
    );
    assert_eq!(parsed(&public_of(2048), KeyStrength::Standard), Ok(2048));
    assert_eq!(
        parsed(&public_of(1023), KeyStrength::Legacy1024),
        too_short(1023, 1024)
    );
    assert_eq!(
        parsed(&public_of(512), KeyStrength::Legacy1024),
        too_short(512, 1024)
    );
    assert_eq!(parsed(&public_of(4096), KeyStrength::Standard), Ok(4096));
    assert_eq!(
        parsed(&public_of(4097), KeyStrength::Standard),
        Err(KeyRejected::TooLong { bits: 4097 })
    );
}

#[test]
fn a_short_private_key_needs_the_legacy_flag() {
    let (legacy, _) = pair("rsa1024");
    let read = |text: &str, strength| PrivateKey::parse(text, strength).map(|_| ());
    assert_eq!(
        read(&legacy, KeyStrength::Standard),
        Err(KeyRejected::TooShort {
            bits: 1024,
            minimum: 2048
        })
    );
    assert_eq!(read(&legacy, KeyStrength::Legacy1024), Ok(()));
    let tiny = RsaPrivateKey::new(&mut TestRandom(1), 512)
        .unwrap()
        .to_pkcs8_pem(LineEnding::LF)
        .unwrap();
    assert_eq!(
        read(&tiny, KeyStrength::Legacy1024),
        Err(KeyRejected::TooShort {
            bits: 512,
            minimum: 1024
        })
    );
    let generated = PrivateKey::generate(&mut TestRandom(1), 1024).map(|_| ());
    assert_eq!(
        generated,
        Err(KeyRejected::TooShort {
            bits: 1024,
            minimum: 2048
        })
    );
}

#[test]
fn what_is_no_public_rsa_key_is_refused_with_its_reason() {
    let (private, public) = pair("rsa2048");
    let elliptic = rcgen::KeyPair::generate().unwrap();
    let structure = |text: &str| {
        matches!(
            parsed(text, KeyStrength::Legacy1024),
            Err(KeyRejected::Structure { .. })
        )
    };
    let refusal = |text: &str| parsed(text, KeyStrength::Legacy1024).unwrap_err();

    assert_eq!(refusal(&elliptic.public_key_pem()), KeyRejected::NotRsa);
    assert_eq!(
        refusal(&certificate_pem(&elliptic.serialize_pem())),
        KeyRejected::NotRsa
    );
    assert_eq!(refusal(&private), KeyRejected::PrivateKeyGiven);
    assert_eq!(refusal(&bare(&private)), KeyRejected::PrivateKeyGiven);
    assert_eq!(refusal(""), KeyRejected::Encoding);
    assert_eq!(refusal("not a key!"), KeyRejected::Encoding);
    assert_eq!(
        refusal(&format!("{public}{public}")),
        KeyRejected::Encoding,
        "two keys are ambiguous"
    );
    assert_eq!(
        refusal(&public.replace("END PUBLIC", "END PRIVATE")),
        KeyRejected::Encoding
    );
    assert_eq!(refusal("-----BEGIN PUBLIC KEY-----\nAAAA"), KeyRejected::Encoding);
    assert!(matches!(
        refusal(&public.replace("PUBLIC KEY", "CERTIFICATE REQUEST")),
        KeyRejected::Label { .. }
    ));
    assert!(structure(&public.replace("PUBLIC", "RSA PUBLIC")));
    assert!(structure("AAAA"));
    assert!(structure(
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
    ));
    assert!(structure(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
    ));

    let even = RsaPublicKey::new_unchecked(BigUint::from(1u8) << 2047, BigUint::from(65_537u32));
    assert_eq!(
        refusal(&even.to_public_key_pem(LineEnding::LF).unwrap()),
        KeyRejected::Unusable
    );
    let modulus = (BigUint::from(1u8) << 2047) + BigUint::from(1u8);
    let identity = RsaPublicKey::new_unchecked(modulus, BigUint::from(1u8));
    assert_eq!(
        refusal(&identity.to_public_key_pem(LineEnding::LF).unwrap()),
        KeyRejected::Unusable
    );
}

#[test]
fn a_private_key_is_pkcs8_or_pkcs1_in_pem_or_bare_base64() {
    let (private, public) = pair("rsa2048");
    let pkcs1 = RsaPrivateKey::from_pkcs8_pem(&private)
        .unwrap()
        .to_pkcs1_pem(LineEnding::LF)
        .unwrap();
    for form in [private.clone(), bare(&private), pkcs1.to_string(), bare(&pkcs1)] {
        let key = PrivateKey::parse(&form, KeyStrength::Standard).unwrap();
        assert_eq!(*key.to_pkcs8_pem().unwrap(), private);
        assert_eq!(key.public_key().unwrap().to_spki_pem().unwrap(), public);
    }
    let refusal = |text: &str| PrivateKey::parse(text, KeyStrength::Standard).unwrap_err();
    assert!(matches!(refusal(&public), KeyRejected::Label { .. }));
    assert!(matches!(refusal(&bare(&public)), KeyRejected::Structure { .. }));
    assert_eq!(
        refusal(&rcgen::KeyPair::generate().unwrap().serialize_pem()),
        KeyRejected::NotRsa
    );
}

#[test]
fn a_signature_stands_only_for_its_own_message_key_and_algorithm() {
    let (private, public) = pair("rsa2048");
    let (_, other) = pair("rsa2048b");
    let private = PrivateKey::parse(&private, KeyStrength::Standard).unwrap();
    let public = PublicKey::parse(&public, KeyStrength::Standard).unwrap();
    let other = PublicKey::parse(&other, KeyStrength::Standard).unwrap();
    for algorithm in Algorithm::ALL {
        let signature = private.sign(algorithm, b"message").unwrap();
        assert_eq!(
            private
                .sign_blinded(&mut TestRandom(7), algorithm, b"message")
                .as_ref(),
            Ok(&signature)
        );
        for verifier in Algorithm::ALL {
            let expected = if verifier == algorithm {
                Ok(())
            } else {
                Err(BadSignature::Mismatch)
            };
            assert_eq!(
                public.verify(verifier, b"message", &signature),
                expected,
                "{algorithm:?} {verifier:?}"
            );
        }
        assert_eq!(
            public.verify(algorithm, b"messagf", &signature),
            Err(BadSignature::Mismatch)
        );
        assert_eq!(
            other.verify(algorithm, b"message", &signature),
            Err(BadSignature::Mismatch)
        );
        assert_eq!(
            public.verify(algorithm, b"message", ""),
            Err(BadSignature::Mismatch)
        );
        assert_eq!(
            public.verify(algorithm, b"message", "AAAA"),
            Err(BadSignature::Mismatch)
        );
        assert_eq!(
            public.verify(algorithm, b"message", "not base64!"),
            Err(BadSignature::Base64)
        );
        // A leading zero byte makes another encoding of the same number: not a second valid signature.
        let mut longer = crate::base64_text::decode(&signature).unwrap();
        longer.insert(0, 0);
        let longer = crate::base64_text::encode(&longer);
        assert_eq!(
            public.verify(algorithm, b"message", &longer),
            Err(BadSignature::Mismatch)
        );
    }
}

#[test]
fn an_unkeyed_digest_is_never_a_signature() {
    let (_, public) = pair("rsa2048");
    let public = PublicKey::parse(&public, KeyStrength::Standard).unwrap();
    let digest = crate::digest::md5("message", crate::Charset::Utf8).to_hex();
    for algorithm in Algorithm::ALL {
        assert!(public.verify(algorithm, b"message", &digest).is_err());
        assert!(
            public
                .verify(
                    algorithm,
                    b"message",
                    &crate::base64_text::encode(digest.as_bytes())
                )
                .is_err()
        );
    }
}

#[test]
fn keys_stay_out_of_debug() {
    let (private, public) = pair("rsa2048");
    let private = PrivateKey::parse(&private, KeyStrength::Standard).unwrap();
    let public = PublicKey::parse(&public, KeyStrength::Standard).unwrap();
    assert_eq!(
        format!("{private:?} {public:?}"),
        "PrivateKey { bits: 2048, .. } PublicKey { bits: 2048, .. }"
    );
}

#[test]
fn algorithms_have_their_java_names() {
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
        assert_eq!(algorithm.name().to_lowercase().parse(), Ok(algorithm));
    }
    assert_eq!("SHA1".parse::<Algorithm>(), Err(UnknownAlgorithm));
}

#[test]
fn a_shared_key_can_verify_on_every_thread() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<PublicKey>();
    is_shared::<PrivateKey>();
}

proptest! {
    #[test]
    fn no_text_makes_verification_panic(message in any::<Vec<u8>>(), text in any::<String>(), bytes in any::<Vec<u8>>()) {
        let public = PublicKey::parse(&pair("rsa2048").1, KeyStrength::Standard).unwrap();
        for algorithm in Algorithm::ALL {
            prop_assert!(public.verify(algorithm, &message, &text).is_err());
            prop_assert!(public.verify(algorithm, &message, &crate::base64_text::encode(&bytes)).is_err());
        }
    }

    #[test]
    fn a_block_of_the_right_size_is_not_yet_a_signature(bytes in prop::collection::vec(any::<u8>(), 256)) {
        let public = PublicKey::parse(&pair("rsa2048").1, KeyStrength::Standard).unwrap();
        for algorithm in Algorithm::ALL {
            let signature = crate::base64_text::encode(&bytes);
            prop_assert_eq!(public.verify(algorithm, b"message", &signature), Err(BadSignature::Mismatch));
        }
    }

    #[test]
    fn no_text_makes_parsing_a_key_panic(text in any::<String>(), bytes in any::<Vec<u8>>(), at in 0..294usize, to: u8) {
        let _ = PublicKey::parse(&text, KeyStrength::Legacy1024);
        let _ = PrivateKey::parse(&text, KeyStrength::Legacy1024);
        let _ = PublicKey::parse(&crate::base64_text::encode(&bytes), KeyStrength::Legacy1024);
        // A real key with one byte changed reaches deeper than noise does.
        let mut der = crate::base64_text::decode(&bare(&pair("rsa2048").1)).unwrap();
        der[at] = to;
        let _ = PublicKey::parse(&crate::base64_text::encode(&der), KeyStrength::Legacy1024);
    }
}
