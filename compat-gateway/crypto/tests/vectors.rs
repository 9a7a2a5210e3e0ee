//! Runs every reference vector of the legacy cryptography (`vectors.json`): results of two independent
//! programs.
//!
//! The file is read into exact types without tolerance, so a vector of a new group, operation, key mode,
//! charset, strategy, algorithm or reason fails the test instead of being skipped.

#![cfg(test)]

use std::collections::HashMap;

use map_legacy_crypto::digest::{self, Blank, Grouping};
use map_legacy_crypto::payment_code::Pin;
use map_legacy_crypto::pin_block::PosKey;
use map_legacy_crypto::signature::{Algorithm, KeyStrength, PrivateKey, PublicKey};
use map_legacy_crypto::triple_des::{KeyBytes, KeyMode};
use map_legacy_crypto::{Charset, single_des, triple_des};
use serde_json::Value;
use serde_json::value::RawValue;

/// Fields of one vector's `in` or `out`; a field that isn't there is a broken vector.
struct Fields<'a> {
    id: &'a str,
    part: &'a Value,
}

impl<'a> Fields<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.optional(name)
            .unwrap_or_else(|| panic!("{}: no text {name}", self.id))
    }

    fn optional(&self, name: &str) -> Option<&'a str> {
        self.part.get(name).map(|value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{}: {name} is no text", self.id))
        })
    }

    fn values(&self, name: &str) -> Vec<Option<&'a str>> {
        self.part[name]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::as_str)
            .collect()
    }

    fn charset(&self) -> Charset {
        self.text("charset").parse().unwrap()
    }

    fn blank(&self) -> Blank {
        match self.text("blank") {
            "skip" => Blank::Skip,
            "keep" => Blank::Keep,
            other => panic!("{}: blank {other}", self.id),
        }
    }

    fn key_mode(&self) -> KeyMode {
        match self.text("keymode") {
            "zero" => KeyMode::ZeroPadded,
            "k1k2k1" => KeyMode::TwoKey,
            "keyspec" => KeyMode::KeySpec,
            other => panic!("{}: keymode {other}", self.id),
        }
    }

    /// What the program must give: a text, or a refusal with its reason.
    fn outcome(&self, name: &str) -> Result<&'a str, &'a str> {
        match self.optional("result") {
            None | Some("ok") => Ok(self.text(name)),
            Some("reject") => Err(self.text("reason")),
            Some(other) => panic!("{}: result {other}", self.id),
        }
    }
}

struct Vectors {
    private: HashMap<String, PrivateKey>,
    public: HashMap<String, PublicKey>,
}

impl Vectors {
    fn new(keys: &Value) -> Self {
        let keys = keys.as_object().unwrap();
        let text = |key: &Value, field: &str| key[field].as_str().unwrap().to_owned();
        let private = |(name, key): (&String, &Value)| {
            let key = PrivateKey::parse(&text(key, "private_pkcs8_pem"), KeyStrength::Legacy1024).unwrap();
            (name.clone(), key)
        };
        let public = |(name, key): (&String, &Value)| {
            let key = PublicKey::parse(&text(key, "public_spki_pem"), KeyStrength::Legacy1024).unwrap();
            (name.clone(), key)
        };
        Self {
            private: keys.iter().map(private).collect(),
            public: keys.iter().map(public).collect(),
        }
    }

    fn run(&self, vector: &Value) {
        let id = vector["id"].as_str().unwrap();
        let (given, wanted) = (
            Fields {
                id,
                part: &vector["in"],
            },
            Fields {
                id,
                part: &vector["out"],
            },
        );
        match (vector["group"].as_str().unwrap(), vector["op"].as_str().unwrap()) {
            ("key", "key3des") => derive_key(&given, &wanted),
            ("3des", "enc3des") => encrypt_triple_des(&given, &wanted),
            ("des", "encdes") => encrypt_single_des(&given, &wanted),
            ("dec", "dec") => decrypt(&given, &wanted),
            ("sort", "sortmd5") => sorted_digest(&given, &wanted),
            ("order", "ordermd5") => order_digest(&given, &wanted),
            ("app", "appsig") => app_signature(&given, &wanted),
            ("tsig", "tsigplain") => tsig_text(&given, &wanted),
            ("rsa", "sign") => self.sign(&given, &wanted),
            ("rsav", "verify") => self.verify(&given, &wanted),
            ("pin", "pin") => pin_block(&given, &wanted),
            other => panic!("{id}: {other:?} is not handled"),
        }
    }

    fn sign(&self, given: &Fields<'_>, wanted: &Fields<'_>) {
        let algorithm: Algorithm = given.text("alg").parse().unwrap();
        let message = given.charset().encode(given.text("plain"));
        let signature = wanted.text("sig");
        assert_eq!(
            self.private[given.text("key")]
                .sign(algorithm, &message)
                .as_deref(),
            Ok(signature),
            "{}",
            given.id
        );
        assert_eq!(
            self.public[given.text("key")].verify(algorithm, &message, signature),
            Ok(()),
            "{}",
            given.id
        );
    }

    fn verify(&self, given: &Fields<'_>, wanted: &Fields<'_>) {
        let algorithm: Algorithm = given.text("alg").parse().unwrap();
        let message = given.charset().encode(given.text("plain"));
        let verified = self.public[given.text("key")]
            .verify(algorithm, &message, wanted.text("sig"))
            .is_ok();
        assert_eq!(Some(verified), wanted.part["result"].as_bool(), "{}", given.id);
    }
}

fn derive_key(given: &Fields<'_>, wanted: &Fields<'_>) {
    let derived = KeyBytes::derive(given.text("key"), given.key_mode());
    let hex = |key: KeyBytes| {
        key.expose()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        derived.map(hex).map_err(triple_des::KeyError::reason),
        wanted.outcome("key").map(str::to_owned),
        "{}",
        given.id
    );
}

fn encrypt_triple_des(given: &Fields<'_>, wanted: &Fields<'_>) {
    let key = triple_des::Key::with_mode(given.text("key"), given.key_mode()).unwrap();
    assert_eq!(
        key.encrypt(given.text("plain")),
        wanted.text("cipher"),
        "{}",
        given.id
    );
    assert_eq!(
        key.decrypt(wanted.text("cipher")).as_deref(),
        Ok(given.text("plain")),
        "{}",
        given.id
    );
}

fn des_mode(id: &str, name: &str) -> single_des::Mode {
    match name {
        "ecb" | "des-ecb" => single_des::Mode::Ecb,
        "cbcrev" | "des-cbcrev" => single_des::Mode::CbcReversedKey,
        other => panic!("{id}: DES mode {other}"),
    }
}

fn encrypt_single_des(given: &Fields<'_>, wanted: &Fields<'_>) {
    let mode = des_mode(given.id, given.text("mode"));
    let cipher = single_des::Key::from_text(given.text("key"))
        .map(|key| key.encrypt(mode, given.text("plain")))
        .map_err(triple_des::KeyError::reason);
    assert_eq!(
        cipher,
        wanted.outcome("cipher").map(str::to_owned),
        "{}",
        given.id
    );
}

fn decrypt(given: &Fields<'_>, wanted: &Fields<'_>) {
    let cipher = wanted.text("cipher");
    let plain = match given.text("alg") {
        "3des" => triple_des::Key::with_mode(given.text("key"), given.key_mode())
            .unwrap()
            .decrypt(cipher),
        alg => single_des::Key::from_text(given.text("key"))
            .unwrap()
            .decrypt(des_mode(given.id, alg), cipher),
    };
    let plain = plain.as_deref().map_err(|error| error.reason());
    assert_eq!(plain, wanted.outcome("plain"), "{}", given.id);
}

fn sorted_digest(given: &Fields<'_>, wanted: &Fields<'_>) {
    let values = given.values("values");
    let digest = digest::value_sorted_md5(values.iter().copied(), given.blank(), given.charset());
    assert_eq!(
        digest::joined(values, given.blank()),
        wanted.text("plain"),
        "{}",
        given.id
    );
    assert_eq!(digest.to_hex(), wanted.text("md5"), "{}", given.id);
    assert!(digest.matches(wanted.text("md5")), "{}", given.id);
    let byte_sorted = wanted.text("md5_if_sorted_by_utf8_bytes");
    assert_eq!(
        digest.matches(byte_sorted),
        byte_sorted == wanted.text("md5"),
        "{}: byte order",
        given.id
    );
}

/// The received text of a scalar: a string decoded, a number's lexeme as written, null as nothing.
fn received_text(raw: &RawValue) -> Option<String> {
    match serde_json::from_str(raw.get()).unwrap() {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Number(_) => Some(raw.get().to_owned()),
        other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_)) => panic!("not a scalar: {other}"),
    }
}

fn order_digest(given: &Fields<'_>, wanted: &Fields<'_>) {
    let payload = given.text("payload_json");
    let elements: Vec<HashMap<String, Box<RawValue>>> = if payload.starts_with('[') {
        serde_json::from_str(payload).unwrap()
    } else {
        vec![serde_json::from_str(payload).unwrap()]
    };
    let names = given.values("fields");
    let field = |element: &HashMap<String, Box<RawValue>>, name: &Option<&str>| {
        element.get(name.unwrap()).and_then(|raw| received_text(raw))
    };
    let elements: Vec<Vec<Option<String>>> = elements
        .iter()
        .map(|element| names.iter().map(|name| field(element, name)).collect())
        .collect();
    let grouping = match given.text("strategy") {
        "flat" => Grouping::Flat,
        "per_element" => Grouping::PerElement,
        "per_element_sorted" => Grouping::PerElementSorted,
        other => panic!("{}: strategy {other}", given.id),
    };
    let texts = elements
        .iter()
        .map(|element| element.iter().map(Option::as_deref));
    let plain = digest::joined_elements(texts.clone(), grouping, given.blank());
    assert_eq!(plain, wanted.text("plain"), "{}", given.id);
    assert_eq!(
        u64::try_from(plain.encode_utf16().count()).ok(),
        wanted.part["plain_chars_utf16"].as_u64(),
        "{}",
        given.id
    );
    assert_eq!(
        digest::md5(&plain, given.charset()).to_hex(),
        wanted.text("md5"),
        "{}",
        given.id
    );
    if grouping == Grouping::Flat {
        let digest = digest::value_sorted_md5(texts.flatten(), given.blank(), given.charset());
        assert_eq!(digest.to_hex(), wanted.text("md5"), "{}", given.id);
    }
}

fn app_signature(given: &Fields<'_>, wanted: &Fields<'_>) {
    let [app_id, app_key, nonce, time] =
        ["appId", "appKey", "nonce", "timeStamp"].map(|name| given.text(name));
    let plain = digest::joined([app_id, app_key, nonce, time].map(Some), Blank::Skip);
    assert_eq!(plain, wanted.text("plain"), "{}", given.id);
    let digest = digest::app_signature(app_id, app_key, nonce, time, Charset::Utf8);
    assert_eq!(digest.to_hex(), wanted.text("md5"), "{}", given.id);
}

fn tsig_text(given: &Fields<'_>, wanted: &Fields<'_>) {
    let [order_md5, app_id, time, nonce] =
        ["orderMD5", "appId", "timeStamp", "nonce"].map(|name| given.text(name));
    let plain = digest::tsig_text(order_md5, app_id, time, nonce);
    assert_eq!(plain, wanted.text("plain"), "{}", given.id);
    let unkeyed = digest::md5(&plain, Charset::Utf8).to_hex();
    assert_eq!(
        unkeyed,
        wanted.text("md5_unkeyed_for_information"),
        "{}",
        given.id
    );
}

fn pin_block(given: &Fields<'_>, wanted: &Fields<'_>) {
    let key = PosKey::from_hex(given.text("keyhex")).unwrap();
    let (pin, account) = (Pin::parse(given.text("pin")).unwrap(), given.text("account"));
    let sent = wanted.text("paymentCodeDES");
    assert_eq!(key.encode(&pin, account).as_deref(), Ok(sent), "{}", given.id);
    let clear = key.open(sent).unwrap();
    assert_eq!(*clear.to_hex(), wanted.text("clear_block"), "{}", given.id);
}

#[test]
fn every_reference_vector_holds() {
    let file: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    let context = Vectors::new(&file["keys"]);
    for vector in vectors {
        context.run(vector);
    }
    assert_eq!(vectors.len(), 111);
    assert_eq!(file["meta"]["count"], 111);
}

/// What a partner works out by hand from `docs/legacy-contract.md`.
#[test]
fn the_figures_of_the_partners_guide_hold() {
    let guide = include_str!("../../../docs/legacy-contract.md");
    let key = "Wq7!x2@b9#d4%z8Rm3Np6Hs1";
    let signature = digest::app_signature("zjhtwallet", key, "NONCE", "TIMESTAMP", Charset::Utf8);
    let signed = digest::tsig_text(
        "5f1d7a84db00d2fce00b31a7fc73224f",
        "zjhtwallet",
        "1435732245123",
        "837261",
    );
    let sealed = triple_des::Key::from_text(key).unwrap().encrypt("13912345678");
    let posp = PosKey::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap();
    let block = posp
        .encode(&Pin::parse("000000").unwrap(), "13912345678")
        .unwrap();
    let clear = posp.open(&block).unwrap().to_hex().to_string();
    let key: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    for figure in [signature.to_hex(), signed, sealed, block, clear, key] {
        assert!(guide.contains(&figure), "{figure}");
    }
}

/// Without such a vector the byte-order check above would prove nothing.
#[test]
fn some_vectors_tell_java_order_from_byte_order() {
    let file: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let outputs = file["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| &vector["out"]);
    let differing = outputs.filter(|out| {
        out.get("md5_if_sorted_by_utf8_bytes")
            .is_some_and(|byte_sorted| *byte_sorted != out["md5"])
    });
    assert_eq!(differing.count(), 3);
}
