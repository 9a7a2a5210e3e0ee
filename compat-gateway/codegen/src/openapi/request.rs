//! Schemas and examples of requests.

use super::object;
use crate::model::{Credential, Digest, Encryption, Endpoint, RequestField};
use serde_json::{Map, Value, json};

/// The schema of a whole body.
pub(super) fn schema(endpoint: &Endpoint) -> Value {
    let (required, fields) = payload(endpoint);
    let mut top = Map::new();
    let mut needed = Vec::new();
    match endpoint.credential {
        Credential::Network => {}
        Credential::App => {
            top.insert("app".into(), json!({ "$ref": "#/components/schemas/App" }));
            needed.push("app");
        }
        Credential::AppTsig => {
            top.insert(
                "app".into(),
                json!({ "$ref": "#/components/schemas/AppBesideTsig" }),
            );
            needed.push("app");
        }
    }
    match &endpoint.payload {
        Some(key) => {
            top.insert(key.clone(), object(&required, fields));
            needed.push(key);
        }
        None => {
            top.extend(fields);
            needed.extend(required);
        }
    }
    if endpoint.has_tsig() {
        top.insert("tsig".into(), json!({ "$ref": "#/components/schemas/Tsig" }));
        needed.push("tsig");
    }
    let mut schema = object(&needed, top);
    if let Some(map) = schema.as_object_mut() {
        map.insert("title".into(), json!(format!("{}Request", endpoint.name)));
    }
    schema
}

fn payload(endpoint: &Endpoint) -> (Vec<&str>, Map<String, Value>) {
    let required = endpoint
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name.as_str());
    let fields = endpoint
        .fields
        .iter()
        .map(|field| (field.name.clone(), property(field)));
    (required.collect(), fields.collect())
}

fn property(field: &RequestField) -> Value {
    let mut schema = match field.encryption {
        Encryption::None => field.codec.schema(),
        Encryption::TripleDes | Encryption::PaymentCode => json!({ "type": "string" }),
    };
    let mut words = vec![field.doc.clone()];
    match field.encryption {
        Encryption::None => {}
        Encryption::TripleDes => words.push("3DES (DESede/ECB/PKCS5) under appKey, base64.".into()),
        Encryption::PaymentCode => words.push(
            "By setting: a PIN block under the POSP key, 16 hex digits, or DES/ECB/PKCS5 under appKey, base64."
                .into(),
        ),
    }
    match field.digest {
        Digest::None => {}
        Digest::Documented => words.push("Covered by orderMD5.".into()),
        Digest::Extended => words.push("Covered by orderMD5 with the extended list only.".into()),
    }
    if let Some(map) = schema.as_object_mut() {
        map.insert("description".into(), json!(words.join(" ")));
        if field.max_chars > 0 {
            map.insert("maxLength".into(), json!(field.max_chars));
        }
    }
    schema
}

/// The document's sample.
pub(super) fn example(endpoint: &Endpoint) -> Value {
    let fields: Map<_, _> = endpoint
        .fields
        .iter()
        .map(|field| (field.name.clone(), sample(field)))
        .collect();
    let mut top = Map::new();
    if endpoint.has_app() {
        let app = json!({
            "appId": "zjhtwallet", "timeStamp": "TIMESTAMP", "nonce": "NONCE", "signature": "SIGNATURE",
        });
        top.insert("app".into(), app);
    }
    match &endpoint.payload {
        Some(key) => {
            top.insert(key.clone(), Value::Object(fields));
        }
        None => top.extend(fields),
    }
    if endpoint.has_tsig() {
        let tsig = json!({
            "orderMD5": "ORDERMD5", "signature": "SIGNATURE", "timeStamp": "TIMESTAMP", "nonce": "NONCE",
        });
        top.insert("tsig".into(), tsig);
    }
    Value::Object(top)
}

fn sample(field: &RequestField) -> Value {
    super::response::typed(field.codec.number, &field.example)
}
