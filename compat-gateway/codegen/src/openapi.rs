//! The OpenAPI 3.1 document: every path with its request, its success, its failure, and the documents'
//! samples as examples.

mod request;
mod response;

use crate::Error;
use crate::model::{Contract, Credential, Endpoint};
use serde_json::{Map, Value, json};

/// The text of `docs/openapi.json`.
///
/// # Errors
/// Never in practice: the document is plain JSON.
pub fn generate(contract: &Contract) -> Result<String, Error> {
    let mut paths: Vec<(&str, Vec<&Endpoint>)> = Vec::new();
    for endpoint in &contract.endpoints {
        for path in &endpoint.paths {
            match paths.iter_mut().find(|(known, _)| known == path) {
                Some((_, endpoints)) => endpoints.push(endpoint),
                None => paths.push((path, vec![endpoint])),
            }
        }
    }
    let paths: Map<_, _> = paths
        .iter()
        .map(|(path, endpoints)| ((*path).to_owned(), json!({ "post": operation(path, endpoints) })))
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "MAP: the documented JSON calls",
            "version": "1",
            "description": INTRODUCTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "http://localhost:8080", "description": "A gateway's listener." }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "security": [],
        "paths": paths,
        "components": { "schemas": schemas() },
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

const INTRODUCTION: &str = "Generated from the facade protos of the compatibility gateway. Every call is a POST \
with a JSON object; every answer is HTTP 200 with `errcode` (0 on success) and `errmsg`. The one exception: a call \
that changes something, or asks what became of a change, gets no answer at all while the outcome is unknown (the \
connection closes, or HTTP 503 by setting); ask again with the same numbers, or reverse it. Money is integer fen. Times are Asia/Shanghai; \
`24:00:00` is the end of a day.";

const TAGS: [(&str, &str); 3] = [
    (
        "network",
        "Calls of a POS network at its own listener; no credential in the body.",
    ),
    ("app", "Calls of an app: `app.signature` is the credential."),
    ("app+tsig", "Calls of an app that are signed with RSA (`tsig`)."),
];

fn tag(credential: Credential) -> &'static str {
    match credential {
        Credential::Network => "network",
        Credential::App => "app",
        Credential::AppTsig => "app+tsig",
    }
}

fn operation(path: &str, endpoints: &[&Endpoint]) -> Value {
    let ids: Vec<_> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    // Where an endpoint has several paths, each needs an operation id of its own.
    let again = endpoints
        .first()
        .is_some_and(|endpoint| endpoint.paths.first().is_none_or(|main| main != path));
    let suffix = if again {
        path.replace('/', "_")
    } else {
        String::new()
    };
    let joined = |part: fn(&Endpoint) -> &str| {
        endpoints
            .iter()
            .map(|endpoint| part(endpoint))
            .collect::<Vec<_>>()
            .join(" / ")
    };
    let mut tags: Vec<_> = endpoints
        .iter()
        .map(|endpoint| tag(endpoint.credential))
        .collect();
    tags.dedup();
    let examples = |example: fn(&Endpoint) -> Value| -> Map<String, Value> {
        let named = |endpoint: &&Endpoint| (endpoint.name.clone(), json!({ "value": example(endpoint) }));
        endpoints.iter().map(named).collect()
    };
    json!({
        "operationId": format!("{}{suffix}", ids.join("Or")),
        "summary": joined(|endpoint| &endpoint.doc),
        "description": joined(|endpoint| &endpoint.source),
        "tags": tags,
        "requestBody": {
            "required": true,
            "content": { "application/json": {
                "schema": one_or("oneOf", endpoints.iter().map(|endpoint| request::schema(endpoint)).collect()),
                "examples": examples(request::example),
            } },
        },
        "responses": {
            "200": {
                "description": "Success or failure, told apart by errcode.",
                "content": { "application/json": {
                    "schema": one_or("anyOf", endpoints.iter().flat_map(|endpoint| response::schemas(endpoint)).collect()),
                    "examples": response::examples(endpoints),
                } },
            },
            "503": { "description": "The outcome is unknown (callers with `unknown_answer = http_503`); no body." },
        },
    })
}

/// The schema, where there is one; else a choice between the different ones.
fn one_or(choice: &str, schemas: Vec<Value>) -> Value {
    let mut distinct: Vec<Value> = Vec::new();
    for schema in schemas {
        if !distinct.contains(&schema) {
            distinct.push(schema);
        }
    }
    match distinct.len() {
        1 => distinct.swap_remove(0),
        _ => json!({ choice: distinct }),
    }
}

/// An object schema with these properties in order; the first list names the required ones.
fn object(required: &[&str], properties: Map<String, Value>) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

fn schemas() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "App": {
            "type": "object",
            "description": "Who calls.",
            "required": ["appId", "timeStamp", "nonce", "signature"],
            "properties": {
                "appId": text("Assigned by the platform."),
                "timeStamp": text("Opaque for signing; checked where the app has a freshness window."),
                "nonce": text("Any text."),
                "signature": text("Lower-case hex MD5 over the sorted values of appId, appKey, nonce, timeStamp."),
            },
        },
        "AppBesideTsig": {
            "type": "object",
            "description": "Who calls; its signature is verified where present.",
            "required": ["appId"],
            "properties": {
                "appId": text("Assigned by the platform."),
                "timeStamp": text("Opaque."),
                "nonce": text("Any text."),
                "signature": text("As in App."),
            },
        },
        "Tsig": {
            "type": "object",
            "description": "The RSA signature of the payload.",
            "required": ["orderMD5", "signature", "timeStamp", "nonce"],
            "properties": {
                "orderMD5": text("Lower-case hex MD5 over the sorted values of the listed fields, as transmitted."),
                "signature": text("Base64 RSA PKCS#1 v1.5 over the sorted values of orderMD5, appId, timeStamp, nonce."),
                "timeStamp": text("Opaque for signing."),
                "nonce": text("Any text."),
            },
        },
        "Failure": {
            "type": "object",
            "required": ["errcode", "errmsg"],
            "properties": {
                "errcode": { "type": "integer", "not": { "const": 0 }, "description": "10000, 4340 for transfers, or one per reason by setting." },
                "errmsg": text("The endpoint's prefix, a full-width comma, and the reason."),
                "request": text("The received body, byte for byte, where the call has an echo of failures."),
            },
        },
    })
}
