//! What the tables promise of each field, for every endpoint at once.

use super::declared::declared;
use super::fixture::{Bench, bench, endpoint, payload, signer};
use map_gateway_codegen::model::Echo;
use map_legacy_client::contract::{Credential, Digest, Kind};
use map_legacy_client::generated::ENDPOINTS;
use map_legacy_client::{Endpoint, contract::Field};
use map_proto::common::v1::payment_code::Form;
use map_proto::payment::v1::PayRequest;
use serde_json::{Map, Value, json};

/// Sends a body and expects the documented failure with this reason, and no call of the core.
async fn refused(bench: &Bench, endpoint: &'static Endpoint, body: String, reason: &str) {
    let reply = bench.post(endpoint.path, body.clone()).await;
    let table = declared(endpoint);
    let mut expected = json!({
        "errcode": table.errcode,
        "errmsg": format!("{}，{reason}", table.failure),
    });
    if table.echo == Echo::Always {
        expected["request"] = json!(body);
    }
    assert_eq!(reply.json(), expected, "{}", endpoint.name);
    assert!(
        bench.core.take_calls().is_empty(),
        "{}: the core was asked",
        endpoint.name
    );
}

async fn changed(
    bench: &Bench,
    endpoint: &'static Endpoint,
    change: impl FnOnce(&mut Map<String, Value>),
    reason: &str,
) {
    let mut payload = payload(endpoint);
    change(&mut payload);
    let body = signer(endpoint).sign_json(endpoint, &payload).unwrap();
    refused(bench, endpoint, body, reason).await;
}

fn fields(wanted: impl Fn(&Field) -> bool) -> Vec<(&'static Endpoint, &'static Field)> {
    let pairs = ENDPOINTS
        .iter()
        .flat_map(|endpoint| endpoint.fields.iter().map(|field| (*endpoint, field)));
    pairs.filter(|(_, field)| wanted(field)).collect()
}

#[tokio::test]
async fn a_required_field_that_is_missing_null_or_blank_is_refused() {
    let bench = bench().await;
    let required = fields(|field| field.required);
    assert!(required.len() > 80, "{}", required.len());
    for (endpoint, field) in required {
        let reason = format!("缺少参数{}", field.name);
        changed(
            &bench,
            endpoint,
            |payload| drop(payload.remove(field.name)),
            &reason,
        )
        .await;
        if field.kind == Kind::Text && !may_be_blank(endpoint, field) {
            changed(
                &bench,
                endpoint,
                |payload| drop(payload.insert(field.name.into(), json!(" \t"))),
                &reason,
            )
            .await;
        }
    }
}

fn may_be_blank(endpoint: &Endpoint, field: &Field) -> bool {
    let declared = declared(endpoint).fields.iter();
    declared
        .clone()
        .any(|known| known.name == field.name && known.may_be_blank)
}

/// Java's white space: were a value absent here and there for the digest, or the other way round, what was signed
/// would not be what is done.
#[tokio::test]
async fn blank_is_what_the_digest_leaves_out_and_nothing_else() {
    let bench = bench().await;
    let pay = endpoint("gw_pay");
    let separators = |payload: &mut Map<String, Value>| {
        payload.insert("batchNo".into(), json!("\u{1c}\u{1f}\u{3000}"));
    };
    changed(&bench, pay, separators, "缺少参数batchNo").await;
    let mut payload = payload(pay);
    payload.insert("productName".into(), json!("\u{a0}"));
    assert_eq!(bench.call(pay, &payload).await.errcode(), 0);
    let asked: PayRequest = bench.core.take_calls()[0].decode();
    assert_eq!(asked.purchase.unwrap().product_name, "\u{a0}");
}

#[tokio::test]
async fn null_is_absent() {
    let bench = bench().await;
    let endpoint = endpoint("front_pay");
    let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
    refused(
        &bench,
        endpoint,
        body.replace("\"SH12345\"", "null"),
        "缺少参数sellerId",
    )
    .await;
    let reply = bench
        .post(endpoint.path, body.replace("\"0号柴油\"", "null"))
        .await;
    assert_eq!(reply.errcode(), 0);
}

#[tokio::test]
async fn an_optional_field_may_be_left_out() {
    let bench = bench().await;
    for (endpoint, field) in fields(|field| !field.required) {
        let mut payload = payload(endpoint);
        payload.remove(field.name);
        assert_eq!(
            bench.call(endpoint, &payload).await.errcode(),
            0,
            "{} {}",
            endpoint.name,
            field.name
        );
    }
}

#[tokio::test]
async fn a_changed_value_under_order_md5_is_refused() {
    let bench = bench().await;
    let covered = fields(|field| field.digest == Digest::Documented);
    assert!(covered.len() > 40, "{}", covered.len());
    for (endpoint, field) in covered {
        let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
        let mut json: Value = serde_json::from_str(&body).unwrap();
        let value = &mut json[endpoint.payload.unwrap()][field.name];
        *value = match &*value {
            Value::Number(number) => json!(number.as_i64().unwrap() + 1),
            other => json!(format!("{}1", other.as_str().unwrap())),
        };
        refused(&bench, endpoint, json.to_string(), "订单摘要orderMD5错误").await;
    }
}

#[tokio::test]
async fn a_field_under_the_extended_list_only_counts_with_that_setting() {
    let (endpoint, field) = (endpoint("oilcard_open_online"), "smsCode");
    let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
    let tampered = body.replace("\"4567\"", "\"9999\"");
    let documented = bench().await;
    assert_eq!(
        documented.post(endpoint.path, tampered).await.errcode(),
        0,
        "{field} is not covered"
    );

    let app = json!({ "digest": "extended" });
    let extended = super::fixture::bench_with(
        app,
        json!({}),
        super::fixture::config(),
        &super::fixture::listener(),
    )
    .await;
    refused(&extended, endpoint, body, "订单摘要orderMD5错误").await;
    let caller = super::fixture::caller(endpoint).extended_digest();
    let signer = map_legacy_client::Signer::with_stamps(caller, super::fixture::FixedStamps("1"));
    let body = signer.sign_json(endpoint, &payload(endpoint)).unwrap();
    assert_eq!(extended.post(endpoint.path, body.clone()).await.errcode(), 0);
    refused_any(&extended, endpoint, &body.replace("\"4567\"", "\"9999\"")).await;
}

async fn refused_any(bench: &Bench, endpoint: &Endpoint, body: &str) {
    bench.core.take_calls();
    assert_ne!(bench.post(endpoint.path, body).await.errcode(), 0);
    assert!(bench.core.take_calls().is_empty());
}

#[tokio::test]
async fn a_damaged_encrypted_field_is_refused() {
    let bench = bench().await;
    for (endpoint, field) in fields(|field| field.kind == Kind::TripleDes) {
        let reason = format!("参数{}解密失败", field.name);
        // Not base64, no whole blocks, wrong padding, padding of an empty text.
        for sealed in ["***", "AAAA", "AAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAA=="] {
            let put = |payload: &mut Map<String, Value>| {
                payload.insert(field.name.into(), json!({ "sealed": sealed }));
            };
            changed(&bench, endpoint, put, &reason).await;
        }
    }
    for (endpoint, field) in fields(|field| field.kind == Kind::PaymentCode) {
        let reason = format!("参数{}解密失败", field.name);
        for code in [
            "231EEREWQR",
            "0123456789ABCDE",
            "0123456789ABCDEFF",
            "0123456789ABCDEG",
        ] {
            let put = |payload: &mut Map<String, Value>| {
                payload.insert(field.name.into(), json!(code));
            };
            changed(&bench, endpoint, put, &reason).await;
        }
    }
}

#[tokio::test]
async fn an_encrypted_value_of_the_wrong_form_reads_like_a_damaged_one() {
    let bench = bench().await;
    let endpoint = endpoint("oilcard_open_online");
    for (name, value) in [
        ("ID", "515411244445444444X"),
        ("ID", "abc"),
        ("mobileNum", "23912345678"),
        ("mobileNum", "1391234567"),
    ] {
        let reason = format!("参数{name}解密失败");
        changed(
            &bench,
            endpoint,
            |payload| drop(payload.insert(name.into(), json!(value))),
            &reason,
        )
        .await;
    }
}

/// Clients that fill in templates send a number they don't have as `""`.
#[tokio::test]
async fn a_number_that_is_blank_is_absent() {
    let bench = bench().await;
    let pay = endpoint("gw_pay");
    for blank in ["\"\"", "\" \"", "null"] {
        for (field, errcode) in [("productPrice", 0), ("sum", 10000)] {
            let mut payload = payload(pay);
            payload.remove(field);
            let body = signer(pay).sign_json(pay, &payload).unwrap();
            let body = body.replace("\"batchNo\":", &format!("\"{field}\":{blank},\"batchNo\":"));
            assert!(body.contains(blank));
            let reply = bench.post(pay.path, body).await;
            assert_eq!(reply.errcode(), errcode, "{field} {blank}: {}", reply.errmsg());
            assert!(
                errcode == 0 || reply.errmsg().ends_with("缺少参数sum"),
                "{}",
                reply.errmsg()
            );
            assert_eq!(
                bench.core.take_calls().is_empty(),
                errcode != 0,
                "{field} {blank}"
            );
        }
    }
}

#[tokio::test]
async fn values_of_the_wrong_type_or_form_are_refused() {
    let bench = bench().await;
    let pay = endpoint("front_pay");
    for (field, lexeme) in [
        ("sum", "0"),
        ("sum", "-1"),
        ("sum", "1.0"),
        ("sum", "1e3"),
        ("sum", "9223372036854775808"),
        ("sum", "\"5000\""),
        ("sum", "true"),
        ("sum", "[5000]"),
        ("productPrice", "-1"),
        ("productPrice", "5.00"),
        ("productQuantity", "1.55"),
        ("sellerId", "12345"),
        ("sellerId", "{}"),
        ("consumerId", "\"139123456780\""),
        ("consumerId", "\"29912345678\""),
        ("consumerId", "\"201088812341234\""),
        ("consumerId", "\"1391234567８\""),
    ] {
        let mut payload = payload(pay);
        payload.insert(field.into(), json!("@@"));
        if field == "sum" || field == "productPrice" {
            payload.insert(field.into(), json!(987_654_321));
        }
        let body = signer(pay).sign_json(pay, &payload).unwrap();
        let body = body.replace("\"@@\"", lexeme).replace("987654321", lexeme);
        refused(&bench, pay, body, &format!("参数{field}格式错误")).await;
    }
    let transfer = endpoint("oilcard_transfer_to_cash_account");
    for (field, value) in [
        ("accountId", "123"),
        ("mobileNum", "139"),
        ("paymentCodeMD5", "w344dioeorreeoocWRT"),
    ] {
        let reason = format!("参数{field}格式错误");
        changed(
            &bench,
            transfer,
            |payload| drop(payload.insert(field.into(), json!(value))),
            &reason,
        )
        .await;
    }
}

#[tokio::test]
async fn a_text_is_as_long_as_documented_and_no_longer() {
    let bench = bench().await;
    let mut bounded = 0;
    for endpoint in ENDPOINTS {
        for field in declared(endpoint)
            .fields
            .iter()
            .filter(|field| field.max_chars > 0)
        {
            bounded += 1;
            let longest = usize::try_from(field.max_chars).unwrap();
            let mut payload = payload(endpoint);
            payload.insert(field.name.clone(), json!("单".repeat(longest)));
            let reply = bench.call(endpoint, &payload).await;
            assert_eq!(reply.errcode(), 0, "{} {}", endpoint.name, field.name);
            bench.core.take_calls();
            let longer = |payload: &mut Map<String, Value>| {
                payload.insert(field.name.clone(), json!("单".repeat(longest + 1)));
            };
            changed(&bench, endpoint, longer, &format!("参数{}过长", field.name)).await;
        }
    }
    assert!(bounded >= 6, "{bounded}: every appOrderId has 128 characters");
}

#[tokio::test]
async fn a_missing_part_of_the_envelope_is_refused() {
    let bench = bench().await;
    for endpoint in ENDPOINTS {
        let body = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
        let mut parts: Vec<_> = endpoint.payload.into_iter().collect();
        match endpoint.credential {
            Credential::Network => {}
            Credential::App => parts.extend(["app", "app.appId", "app.signature"]),
            Credential::AppTsig => parts.extend([
                "app",
                "app.appId",
                "tsig",
                "tsig.orderMD5",
                "tsig.signature",
                "tsig.timeStamp",
                "tsig.nonce",
            ]),
        }
        for part in parts {
            let mut json: Value = serde_json::from_str(&body).unwrap();
            let shown = match part.split_once('.') {
                None => json.as_object_mut().unwrap().remove(part).map(|_| part),
                Some((object, name)) => json[object]
                    .as_object_mut()
                    .unwrap()
                    .remove(name)
                    .map(|_| if object == "tsig" { part } else { name }),
            };
            refused(
                &bench,
                endpoint,
                json.to_string(),
                &format!("缺少参数{}", shown.unwrap()),
            )
            .await;
        }
    }
}

#[tokio::test]
async fn payment_codes_reach_the_core_in_the_form_of_the_caller() {
    let bench = bench().await;
    let front = endpoint("front_pay");
    bench.call(front, &payload(front)).await;
    let request: PayRequest = bench.core.take_calls()[0].decode();
    let Some(Form::PinBlockHex(block)) = request.payment_code.unwrap().form else {
        panic!("no PIN block")
    };
    // 06 246810 FFFFFFFF, XOR 0000 and the right twelve digits without the last of 13912345678.
    assert_eq!(block, xor("06246810FFFFFFFF", "0000001391234567"));

    let transfer = endpoint("oilcard_transfer_to_cash_account");
    bench.call(transfer, &payload(transfer)).await;
    let request: map_proto::transfer::v1::TransferToCashRequest = bench.core.take_calls()[0].decode();
    let form = request.payment_code.unwrap().form;
    assert!(matches!(form, Some(Form::Md5Hex(md5)) if md5.len() == 32));
}

fn xor(left: &str, right: &str) -> String {
    let number = |text| u64::from_str_radix(text, 16).unwrap();
    format!("{:016X}", number(left) ^ number(right))
}
