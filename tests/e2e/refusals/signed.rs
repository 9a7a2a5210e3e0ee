//! Each signed value changed after signing, and each that is signed when present added after signing:
//! refused, no change. What no list covers may differ.

use super::bench::Bench;
use crate::harness::*;

fn check(id: &str) {
    let bench = Bench::new();
    let endpoint = endpoint(id);
    let mut cases = 0;
    for name in &endpoint.order_md5 {
        let path = endpoint.field(name);
        let call = bench.good(id);
        let mut body = call.sealed();
        let (case, changed) = match body.at(&path) {
            None | Some(Json::Null) => ("added", Json::from("1")),
            Some(Json::Number(lexeme)) => ("changed", Json::Number(format!("{lexeme}0"))),
            // A blank value takes no part in the digest; a value in its place does.
            Some(Json::Text(text)) if text.trim().is_empty() => ("filled", Json::from("1")),
            Some(Json::Text(text)) => ("changed", Json::Text(different(text))),
            other => panic!("{path}: {other:?}"),
        };
        body.set(&path, changed);
        bench.refused(&format!("{path} {case} after signing"), &call, &body.to_string());
        cases += 1;
        if let Some(Json::Text(text)) = call.sealed().at(&path)
            && !text.trim().is_empty()
            && !endpoint.required.contains(&path)
        {
            let mut body = call.sealed();
            body.remove(&path);
            bench.refused(&format!("{path} removed after signing"), &call, &body.to_string());
            cases += 1;
        }
    }
    for path in ["app.appId", "app.nonce", "app.timeStamp", "app.signature"] {
        let call = bench.good(id);
        let mut body = call.sealed();
        body.set(path, different(body.text(path)));
        bench.refused(&format!("{path} changed"), &call, &body.to_string());
        cases += 1;
    }
    if endpoint.credential == Credential::AppTsig {
        for path in ["tsig.orderMD5", "tsig.signature", "tsig.timeStamp", "tsig.nonce"] {
            let call = bench.good(id);
            let mut body = call.sealed();
            body.set(path, different(body.text(path)));
            bench.refused(&format!("{path} changed"), &call, &body.to_string());
            cases += 1;
        }
    }
    bench.accepted("as signed", &bench.good(id));
    eprintln!("{id}: {cases} tampered calls refused");
}

/// Another text of the same length and kind: the first character becomes another one.
fn different(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().expect("not empty");
    let other = match first {
        '1' => '2',
        digit if digit.is_ascii_digit() => '1',
        'a' => 'b',
        _ => 'a',
    };
    format!("{other}{}", characters.as_str())
}

macro_rules! signed {
    ($($name:ident: $id:literal;)*) => {$(
        #[test]
        fn $name() {
            check($id);
        }
    )*};
}

signed! {
    gw_pay_with_a_changed_value_is_refused: "gw.offline.pay";
    gw_pay_cancel_with_a_changed_value_is_refused: "gw.offline.pay_cancel";
    gw_pay_undo_with_a_changed_value_is_refused: "gw.offline.pay_undo";
    gw_get_account_info_with_a_changed_signature_is_refused: "gw.offline.get_account_info";
    open_online_with_a_changed_value_is_refused: "gw.oilcard.open_online";
    transfer_with_a_changed_value_is_refused: "gw.oilcard.transfer_to_cashAccount";
    oilcard_get_with_a_changed_signature_is_refused: "front.oilcard.get";
}

#[test]
fn a_field_outside_the_documented_list_is_not_signed_over() {
    let bench = Bench::new();
    // smsCode is on the extended list only (decision 11): a wrong code is refused for what it is.
    let call = bench.good("gw.oilcard.open_online");
    let mut body = call.sealed();
    let wrong = different(body.text("order.smsCode"));
    body.set("order.smsCode", wrong);
    let reason = bench.refused("another smsCode", &call, &body.to_string());
    assert!(reason.contains("验证码"), "{reason}");
    // An unknown field is ignored.
    let mut body = call.sealed();
    body.set("order.unknown", "1");
    assert!(
        call.post(&bench.server, body.to_string().as_bytes())
            .answer()
            .succeeded()
    );
}

#[test]
fn the_extended_list_covers_the_sms_code_too() {
    let bench = Bench::new();
    let mobile = people::new_mobile();
    let call = bench
        .good("gw.oilcard.open_online")
        .app("extended")
        .with("mobileNum", &mobile);
    let call = call.with("smsCode", bench.server.sms_code("extended", &mobile));
    bench.refused("the documented list", &call, &call.text());
    let mut body = call.sealed();
    let list = call
        .endpoint
        .order_md5
        .iter()
        .map(String::as_str)
        .chain(["smsCode"]);
    let values: Vec<String> = list
        .filter_map(|name| body.at(&call.endpoint.field(name))?.lexeme())
        .collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let digest = call::md5(&values, map_legacy_crypto::Charset::Utf8);
    let (time, nonce) = (
        body.text("tsig.timeStamp").to_owned(),
        body.text("tsig.nonce").to_owned(),
    );
    body.set("tsig.orderMD5", digest.as_str());
    body.set("tsig.signature", call::tsig(call.app, &digest, &time, &nonce));
    let answer = call.post(&bench.server, body.to_string().as_bytes()).answer();
    assert!(answer.succeeded(), "{}", answer.json);
}
