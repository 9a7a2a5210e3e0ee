//! Who may call, and with what signature.

use super::declared::declared;
use super::fixture::{
    APP, APP_KEY, Bench, FixedStamps, NOW, POSP_KEY, Reply, app, bench, bench_with, config, endpoint,
    listener, payload, signer,
};
use map_gateway::{ListenerConfig, ListenerContext};
use map_gateway_codegen::model::Effect;
use map_legacy_client::contract::Credential;
use map_legacy_client::{Algorithm, Caller, Charset, Endpoint, Signer};
use serde_json::{Value, json};

async fn with_app(settings: Value) -> Bench {
    bench_with(settings, json!({}), config(), &listener()).await
}

/// Sends a sample as `caller` with a time stamp.
async fn reply(bench: &Bench, endpoint: &'static Endpoint, caller: Caller, stamp: &'static str) -> Reply {
    let body = Signer::with_stamps(caller, FixedStamps(stamp))
        .sign_json(endpoint, &payload(endpoint))
        .unwrap();
    bench.post(endpoint.path, body).await
}

/// The same; errmsg of the answer.
async fn sent(bench: &Bench, endpoint: &'static Endpoint, caller: Caller, stamp: &'static str) -> String {
    let message = reply(bench, endpoint, caller, stamp).await.errmsg();
    let asked = !bench.core.take_calls().is_empty();
    assert_eq!(
        asked,
        !message.contains('，'),
        "the core is asked exactly for what is not refused: {message}"
    );
    message
}

fn vouched_by(credential: Credential) -> impl Iterator<Item = &'static Endpoint> {
    let all = map_legacy_client::generated::ENDPOINTS.iter().copied();
    all.filter(move |endpoint| endpoint.credential == credential)
}

async fn tampered(bench: &Bench, endpoint: &'static Endpoint, change: impl FnOnce(&mut Value)) -> String {
    let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
    let mut json: Value = serde_json::from_str(&body).unwrap();
    change(&mut json);
    let message = bench.post(endpoint.path, json.to_string()).await.errmsg();
    assert_eq!(bench.core.take_calls().is_empty(), message.contains('，'));
    message
}

#[tokio::test]
async fn only_known_active_apps_with_a_key_may_call() {
    let bench = bench().await;
    for endpoint in [endpoint("gw_get_account_info"), endpoint("gw_pay")] {
        for (id, reason) in [
            ("nobody", "，应用不存在或未启用"),
            ("asleep", "，应用不存在或未启用"),
            ("grpc-only", "，应用不存在或未启用"),
        ] {
            let message = tampered(&bench, endpoint, |json| json["app"]["appId"] = json!(id)).await;
            assert!(message.ends_with(reason), "{id}: {message}");
        }
    }
}

/// Decision 17.
#[tokio::test]
async fn a_deactivated_app_gives_payments_back_and_does_nothing_else() {
    let bench = bench().await;
    let asleep = || {
        let app = Caller::app("asleep", APP_KEY).unwrap();
        let key = include_str!("../keys/app.private.pem");
        let app = app.private_key(key, Algorithm::Sha1WithRsa).unwrap();
        app.pin_blocks(POSP_KEY).unwrap()
    };
    for endpoint in vouched_by(Credential::App).chain(vouched_by(Credential::AppTsig)) {
        let message = sent(&bench, endpoint, asleep(), "1").await;
        if declared(endpoint).effect == Effect::GiveBack {
            assert_eq!(message, declared(endpoint).success, "{}", endpoint.name);
        } else {
            assert!(message.ends_with("，应用不存在或未启用"), "{}", endpoint.name);
        }
    }
}

#[tokio::test]
async fn a_caller_whose_settings_are_broken_gets_no_decision() {
    let bench = bench().await;
    let endpoint = endpoint("gw_pay");
    let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
    let reply = bench.post(endpoint.path, body.replace(APP, "broken")).await;
    assert_eq!(reply, Reply::Closed);
}

#[tokio::test]
async fn app_signature_is_verified_where_it_is_the_only_credential() {
    let bench = bench().await;
    for endpoint in vouched_by(Credential::App) {
        let name = endpoint.name;
        for member in ["timeStamp", "nonce", "signature"] {
            let message = tampered(&bench, endpoint, |json| json["app"][member] = json!("x")).await;
            assert!(message.ends_with("，应用签名错误"), "{name} {member}: {message}");
        }
        let wrong = Caller::app(APP, "another key").unwrap();
        assert!(
            sent(&bench, endpoint, wrong, "1")
                .await
                .ends_with("，应用签名错误")
        );
    }
}

#[tokio::test]
async fn beside_tsig_a_present_app_signature_is_verified_unless_the_app_says_it_is_junk() {
    let endpoint = endpoint("gw_pay");
    let strict = bench().await;
    let lenient = with_app(json!({ "app_signature": "ignore" })).await;
    for (signature, verified) in [(json!("junk"), false), (Value::Null, true), (json!(""), true)] {
        let message = tampered(&strict, endpoint, |json| {
            json["app"]["signature"] = signature.clone()
        })
        .await;
        assert_eq!(message == "线下支付成功", verified, "{signature}: {message}");
        let message = tampered(&lenient, endpoint, |json| json["app"]["signature"] = signature).await;
        assert_eq!(message, "线下支付成功");
    }
    // Where it is the only credential the setting means nothing.
    let only = super::fixture::endpoint("oilcard_get");
    let message = tampered(&lenient, only, |json| json["app"]["signature"] = json!("junk")).await;
    assert!(message.ends_with("，应用签名错误"));
}

#[tokio::test]
async fn each_signed_value_of_tsig_counts() {
    let bench = bench().await;
    for endpoint in vouched_by(Credential::AppTsig) {
        let name = endpoint.name;
        for (member, value) in [
            ("timeStamp", "other"),
            ("nonce", "other"),
            ("signature", "AAAA"),
            ("signature", "不是base64"),
        ] {
            let message = tampered(&bench, endpoint, |json| json["tsig"][member] = json!(value)).await;
            assert!(message.ends_with("，交易签名错误"), "{name} {member}: {message}");
        }
    }
}

#[tokio::test]
async fn upper_case_hex_is_the_same_digest() {
    let bench = bench().await;
    let endpoint = endpoint("gw_get_account_info");
    let upper = |json: &mut Value| {
        let signature = json["app"]["signature"].as_str().unwrap().to_ascii_uppercase();
        json["app"]["signature"] = json!(signature);
    };
    assert_eq!(tampered(&bench, endpoint, upper).await, "查询余额成功");
}

/// As the partners' code reads the document: a blank value is none.
#[tokio::test]
async fn a_blank_value_takes_no_part_in_the_digest() {
    let bench = bench().await;
    let pay = endpoint("gw_pay");
    for (blank, expect) in [
        ("", "线下支付成功"),
        (" \t", "线下支付成功"),
        ("x", "线下支付失败，订单摘要orderMD5错误"),
    ] {
        let mut without = payload(pay);
        without.remove("remark");
        let body = signer(pay).sign_json(pay, &without).unwrap();
        let mut json: Value = serde_json::from_str(&body).unwrap();
        let fields = json.as_object_mut().unwrap().values_mut();
        let with_serial = |value: &&mut Value| value.get("terminalOrderId").is_some();
        let order = fields.filter_map(|value| Some(value).filter(with_serial)).next();
        order.unwrap()["remark"] = json!(blank);
        assert_eq!(
            bench.post(pay.path, json.to_string()).await.errmsg(),
            expect,
            "{blank:?}"
        );
    }
}

#[tokio::test]
async fn an_unkeyed_digest_never_stands_in_for_a_signature() {
    let bench = with_app(json!({ "rsa_public_key": null })).await;
    assert!(
        sent(&bench, endpoint("gw_pay"), app(Algorithm::Sha1WithRsa), "1")
            .await
            .ends_with("，交易签名错误")
    );
}

#[tokio::test]
async fn the_algorithm_is_the_apps_and_no_other() {
    for (setting, algorithm) in [
        ("sha1", Algorithm::Sha1WithRsa),
        ("sha256", Algorithm::Sha256WithRsa),
        ("md5", Algorithm::Md5WithRsa),
    ] {
        let bench = with_app(json!({ "tsig_algorithm": setting })).await;
        for signed in Algorithm::ALL {
            let message = sent(&bench, endpoint("gw_pay"), app(signed), "1").await;
            assert_eq!(
                message == "线下支付成功",
                signed == algorithm,
                "{setting} {signed:?}: {message}"
            );
        }
    }
}

#[tokio::test]
async fn digests_are_over_gbk_bytes_where_the_app_says_so() {
    let endpoint = endpoint("gw_pay");
    let gbk = || app(Algorithm::Sha1WithRsa).charset(Charset::Gbk);
    let bench = with_app(json!({ "charset": "gbk" })).await;
    assert_eq!(sent(&bench, endpoint, gbk(), "1").await, "线下支付成功");
    assert!(
        sent(&bench, endpoint, app(Algorithm::Sha1WithRsa), "1")
            .await
            .ends_with("，订单摘要orderMD5错误")
    );
    let utf8 = super::fixture::bench().await;
    assert!(
        sent(&utf8, endpoint, gbk(), "1")
            .await
            .ends_with("，订单摘要orderMD5错误")
    );
}

/// The same bytes may have been paid while they were fresh, or be paid once they are: only where a "no" is
/// no decision may one be told.
#[tokio::test]
async fn outside_the_freshness_window_reads_are_refused_changes_unanswered_undo_and_cancel_served() {
    let bench = with_app(json!({ "freshness_window_s": 300 })).await;
    let apps = || vouched_by(Credential::App).chain(vouched_by(Credential::AppTsig));
    let effect = |endpoint: &Endpoint| declared(endpoint).effect;
    for endpoint in apps().filter(|endpoint| effect(endpoint) != Effect::GiveBack) {
        let (name, told) = (endpoint.name, effect(endpoint) == Effect::Read);
        for (stamp, fresh) in [
            ("1420171920", true),
            ("1420172220", true),
            ("1420172221", false),
            ("1420171619", false),
            ("20150102121200", true),
            ("TIMESTAMP", false),
        ] {
            let reply = reply(&bench, endpoint, app(Algorithm::Sha1WithRsa), stamp).await;
            assert_eq!(!bench.core.take_calls().is_empty(), fresh, "{name} {stamp}");
            match (fresh, told) {
                (true, _) => assert_eq!(reply.errcode(), 0, "{name} {stamp}"),
                (false, true) => assert!(reply.errmsg().ends_with("，时间戳已失效"), "{name} {stamp}"),
                (false, false) => assert_eq!(reply, Reply::Closed, "{name} {stamp}"),
            }
        }
    }
    for endpoint in apps().filter(|endpoint| effect(endpoint) == Effect::GiveBack) {
        let message = sent(&bench, endpoint, app(Algorithm::Sha1WithRsa), "1").await;
        assert_eq!(message, declared(endpoint).success, "{}", endpoint.name);
    }
    assert_eq!(NOW, 1_420_171_920);
}

#[tokio::test]
async fn an_app_may_be_bound_to_addresses() {
    for (ranges, allowed) in [
        (json!(["10.0.0.0/8"]), true),
        (json!(["10.1.2.3/32", "::1/128"]), true),
        (json!(["192.168.0.0/16"]), false),
    ] {
        let bench = with_app(json!({ "addresses": ranges })).await;
        let message = sent(&bench, endpoint("oilcard_get"), app(Algorithm::Sha1WithRsa), "1").await;
        assert_eq!(!message.ends_with("，来源地址未授权"), allowed, "{message}");
    }
}

#[tokio::test]
async fn calls_without_credential_belong_to_the_listeners_network() {
    let mut bench = bench().await;
    let endpoint = endpoint("front_pay");
    let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
    for (network, allowed) in [
        (Some("zjht"), true),
        (None, false),
        (Some("asleep"), false),
        (Some("nobody"), false),
    ] {
        let config = ListenerConfig {
            network: network.map(str::to_owned),
            ..listener()
        };
        bench.context = ListenerContext::detached(&config, super::fixture::PEER);
        let reply = bench.post(endpoint.path, body.clone()).await;
        assert_eq!(reply.errcode() == 0, allowed, "{network:?}");
        if !allowed {
            assert_eq!(reply.errmsg(), "支付失败，该地址不提供此接口");
            assert_eq!(reply.json()["request"], json!(body));
        }
    }
}

#[tokio::test]
async fn the_key_of_an_app_reaches_no_answer() {
    let bench = bench().await;
    for endpoint in map_legacy_client::generated::ENDPOINTS {
        let reply = bench.call(endpoint, &payload(endpoint)).await;
        assert!(!reply.text().contains(APP_KEY));
    }
}

/// The proofs that the core was told of since the last time; empty: of none.
fn proofs(bench: &Bench) -> Vec<String> {
    let calls = bench.core.take_calls();
    calls
        .iter()
        .map(|call| call.header("map-proof-digest").to_owned())
        .collect()
}

#[tokio::test]
async fn the_core_is_told_what_was_signed_however_the_signature_is_written() {
    let bench = bench().await;
    for endpoint in vouched_by(Credential::AppTsig) {
        for stamp in ["TIMESTAMP", "1435732245123"] {
            reply(&bench, endpoint, app(Algorithm::Sha1WithRsa), stamp).await;
        }
        let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
        let mut json: Value = serde_json::from_str(&body).unwrap();
        let signature = json["tsig"]["signature"].as_str().unwrap().to_owned();
        json["tsig"]["signature"] = json!(format!(" {signature}\n"));
        json["ignored"] = json!(1);
        bench.post(endpoint.path, json.to_string()).await;
        let told = proofs(&bench);
        assert_eq!(told.len(), 3, "{}: {told:?}", endpoint.name);
        assert!(told.iter().all(|proof| proof.len() == 64), "{told:?}");
        assert_eq!(told[0], told[2], "{}: the same text was signed", endpoint.name);
        assert_ne!(told[0], told[1], "{}: another text", endpoint.name);
    }
}

#[tokio::test]
async fn the_core_is_told_of_no_proof_where_there_is_none_or_it_is_set_so() {
    let bench = bench().await;
    for endpoint in vouched_by(Credential::App).chain(vouched_by(Credential::Network)) {
        let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
        bench.post(endpoint.path, body).await;
        assert!(proofs(&bench).iter().all(String::is_empty), "{}", endpoint.name);
    }
    let free = with_app(json!({"bind_signatures": "off"})).await;
    for endpoint in vouched_by(Credential::AppTsig) {
        reply(&free, endpoint, app(Algorithm::Sha1WithRsa), "TIMESTAMP").await;
        assert_eq!(proofs(&free), [""], "{}", endpoint.name);
    }
}
