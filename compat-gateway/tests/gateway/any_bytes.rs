//! Whatever bytes come, the answer is a documented one; and where a signature covers the call, no
//! change of the bytes changes what the core is asked.

use super::fixture::{Bench, FixedStamps, Reply, app, bench_with, caller, config, listener, payload};
use map_legacy_client::contract::Credential;
use map_legacy_client::generated::ENDPOINTS;
use map_legacy_client::{Algorithm, Endpoint, Signer};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

/// What a parser trips over, if it trips.
const TOKENS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1e309",
    b"1.0",
    b"9223372036854775808",
    b"\\u0000",
    b"\\ud800",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\x00",
    b"\r\n",
    b" ",
    b"\"sum\":1,",
    b"\"app\":{},",
    b"\"order\":null,",
    b"\"tsig\":[],",
    b"\"consumerId\":\"13900000000\",",
    "，".as_bytes(),
    "𠮷".as_bytes(),
];

/// A change of a body; places are parts of its length.
#[derive(Debug, Clone)]
enum Change {
    Byte(u16, u8),
    Cut(u16, u16),
    Copy(u16, u16, u16),
    Insert(u16, usize),
    Nest(u16, u16),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<u16>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place(), 0..3_000u16).prop_map(|(at, length)| Change::Cut(at, length)),
        (place(), 0..3_000u16, place()).prop_map(|(from, length, to)| Change::Copy(from, length, to)),
        (place(), 0..TOKENS.len()).prop_map(|(at, token)| Change::Insert(at, token)),
        (place(), 1..2_000u16).prop_map(|(at, depth)| Change::Nest(at, depth)),
    ]
}

fn place(body: &[u8], part: u16) -> usize {
    body.len() * usize::from(part) / 65_536
}

fn apply(body: &mut Vec<u8>, change: &Change) {
    match *change {
        Change::Byte(at, byte) => {
            let at = place(body, at);
            if let Some(changed) = body.get_mut(at) {
                *changed = byte;
            }
        }
        Change::Cut(at, length) => {
            let from = place(body, at);
            let to = (from + place(body, length)).min(body.len());
            body.drain(from..to);
        }
        Change::Copy(from, length, to) => {
            let from = place(body, from);
            let copied = body[from..(from + place(body, length)).min(body.len())].to_vec();
            let to = place(body, to);
            body.splice(to..to, copied);
        }
        Change::Insert(at, token) => {
            let at = place(body, at);
            body.splice(at..at, TOKENS[token].iter().copied());
        }
        Change::Nest(at, depth) => {
            let at = place(body, at);
            body.splice(at..at, std::iter::repeat_n(b'[', depth.into()));
        }
    }
}

/// Sends a body; an answer is an object with errcode and errmsg, in HTTP 200.
async fn answered(bench: &Bench, endpoint: &Endpoint, body: &[u8]) -> Option<i64> {
    match bench.post(endpoint.path, body).await {
        Reply::Answer(text) => {
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(!json["errmsg"].as_str().unwrap().is_empty(), "{text}");
            Some(json["errcode"].as_i64().unwrap())
        }
        // A changed time stamp may fall outside a freshness window; there is none here.
        Reply::Closed => None,
        Reply::Status(status) => panic!("HTTP {status}"),
    }
}

/// Signs the extended list: the documented one leaves an SMS code open.
fn extended(endpoint: &Endpoint) -> Signer {
    let caller = match endpoint.credential {
        Credential::AppTsig => app(Algorithm::Sha1WithRsa).extended_digest(),
        Credential::App | Credential::Network => caller(endpoint),
    };
    Signer::with_stamps(caller, FixedStamps("TIMESTAMP"))
}

#[test]
fn whatever_bytes_come_the_answer_is_documented_and_a_signed_call_means_what_was_signed() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bench = runtime.block_on(bench_with(
        json!({ "digest": "extended" }),
        json!({}),
        config(),
        &listener(),
    ));
    let signed: Vec<_> = ENDPOINTS
        .iter()
        .map(|endpoint| {
            (
                *endpoint,
                extended(endpoint)
                    .sign_json(endpoint, &payload(endpoint))
                    .unwrap(),
            )
        })
        .collect();
    let original: Vec<_> = signed
        .iter()
        .map(|(endpoint, body)| {
            assert_eq!(
                runtime.block_on(answered(&bench, endpoint, body.as_bytes())),
                Some(0),
                "{}",
                endpoint.name
            );
            bench.core.take_calls().pop().unwrap().message
        })
        .collect();
    let cases = (0..signed.len(), prop::collection::vec(change(), 1..4));
    TestRunner::new(Config {
        cases: 4_000,
        failure_persistence: None,
        ..Config::default()
    })
    .run(&cases, |(which, changes)| {
        let (endpoint, body) = &signed[which];
        let mut body = body.clone().into_bytes();
        changes.iter().for_each(|change| apply(&mut body, change));
        let errcode = runtime.block_on(answered(&bench, endpoint, &body));
        prop_assert!(errcode.is_some(), "no answer although nothing is unknown");
        for call in bench.core.take_calls() {
            if endpoint.credential == Credential::AppTsig {
                prop_assert_eq!(&call.message, &original[which], "{}: another call", endpoint.name);
            }
        }
        Ok(())
    })
    .unwrap();
}
