//! Encryption by the caller's settings.

use super::fixture::{
    APP, APP_KEY, Bench, CARD, FixedStamps, MOBILE, PIN, POSP_KEY, Reply, app, bench, bench_with, config,
    endpoint, listener, payload,
};
use map_legacy_client::{Algorithm, Caller, KeyMode, Signer};
use map_proto::common::v1::payment_code::Form;
use map_proto::payment::v1::PayRequest;
use serde_json::{Value, json};

/// Pays over `/gw` as `caller` with this code; the form that reached the core, or the refusal.
async fn form(bench: &Bench, caller: Caller, consumer: &str, code: Value) -> Result<Form, String> {
    let pay = endpoint("gw_pay");
    let mut payload = payload(pay);
    payload.insert("consumerId".into(), json!(consumer));
    payload.insert("paymentCodeDES".into(), code);
    let body = Signer::with_stamps(caller, FixedStamps("1"))
        .sign_json(pay, &payload)
        .unwrap();
    let reply = bench.post(pay.path, body).await;
    match bench.core.take_calls().first() {
        Some(call) => Ok(call.decode::<PayRequest>().payment_code.unwrap().form.unwrap()),
        None if reply == Reply::Closed => Err("no answer".to_owned()),
        None => Err(reply.errmsg()),
    }
}

#[tokio::test]
async fn an_app_may_send_its_payment_codes_with_des() {
    let bench = bench_with(json!({ "payment_code": "des" }), json!({}), config(), &listener()).await;
    let des = || app(Algorithm::Sha1WithRsa).des();
    assert_eq!(
        form(&bench, des(), MOBILE, json!(PIN)).await,
        Ok(Form::Digits(PIN.into()))
    );
    let refused = Err("线下支付失败，参数paymentCodeDES解密失败".to_owned());
    for damaged in ["AAAA", "AAAAAAAAAAA=", "not base64"] {
        assert_eq!(form(&bench, des(), MOBILE, json!(damaged)).await, refused);
    }
    // Right padding around something that is no payment code.
    let key = map_legacy_crypto::single_des::Key::from_text(APP_KEY).unwrap();
    for plain in ["12345", "1234567", "12345a", "１２３４５６"] {
        let sealed = key.encrypt(map_legacy_crypto::single_des::Mode::Ecb, plain);
        assert_eq!(
            form(&bench, des(), MOBILE, json!(sealed)).await,
            refused,
            "{plain}"
        );
    }
}

#[tokio::test]
async fn the_core_may_try_the_cards_number_on_a_block_only_where_the_setting_allows_it() {
    let caller = || app(Algorithm::Sha1WithRsa);
    let by_card = json!({ "code": PIN, "account": CARD });
    let by_mobile = json!({ "code": PIN, "account": MOBILE });
    let plain = bench().await;
    let form_of =
        async |bench: &Bench, code: &Value| form(bench, caller(), CARD, code.clone()).await.unwrap();
    assert!(matches!(form_of(&plain, &by_card).await, Form::PinBlockHex(_)));
    let both = bench_with(
        json!({ "pin_account": "mobile_or_card" }),
        json!({}),
        config(),
        &listener(),
    )
    .await;
    for code in [&by_card, &by_mobile] {
        assert!(matches!(form_of(&both, code).await, Form::CardPinBlockHex(_)));
    }
}

#[tokio::test]
async fn an_apps_own_posp_key_comes_before_that_of_its_network() {
    let own = "00112233445566778899AABBCCDDEEFF";
    let bench = bench_with(json!({ "posp_key": own }), json!({}), config(), &listener()).await;
    let caller = Caller::app(APP, APP_KEY).unwrap();
    let key = include_str!("../keys/app.private.pem");
    let caller = caller.private_key(key, Algorithm::Sha1WithRsa).unwrap();
    let with_own = form(
        &bench,
        caller.clone().pin_blocks(own).unwrap(),
        MOBILE,
        json!(PIN),
    )
    .await
    .unwrap();
    let with_networks = form(&bench, caller.pin_blocks(POSP_KEY).unwrap(), MOBILE, json!(PIN))
        .await
        .unwrap();
    assert_ne!(with_own, with_networks);
    let Form::PinBlockHex(block) = with_own else {
        panic!("no PIN block")
    };
    assert!(
        block.starts_with("0624"),
        "the block opened under the app's own key"
    );
}

/// Whose key a block is under is not guessed: under another it opens, too, as another code. Without a key nobody
/// is told "no": the same payment may have been made while there was one.
#[tokio::test]
async fn an_app_of_two_networks_has_no_posp_key_but_its_own() {
    let bench = bench().await;
    let caller = Caller::app("of-two", APP_KEY).unwrap();
    let key = include_str!("../keys/app.private.pem");
    let caller = caller.private_key(key, Algorithm::Sha1WithRsa).unwrap();
    assert_eq!(
        form(&bench, caller.pin_blocks(POSP_KEY).unwrap(), MOBILE, json!(PIN)).await,
        Err("no answer".to_owned())
    );
}

#[tokio::test]
async fn a_short_app_key_makes_the_3des_key_that_the_app_means() {
    let short = "appKey08appKey16";
    for (setting, read) in [("zero_padded", KeyMode::ZeroPadded), ("two_key", KeyMode::TwoKey)] {
        let app = json!({ "app_key": short, "triple_des_key": setting });
        let bench = bench_with(app, json!({}), config(), &listener()).await;
        for sent in [KeyMode::ZeroPadded, KeyMode::TwoKey] {
            let caller = Caller::app(APP, short).unwrap();
            let caller = caller
                .private_key(include_str!("../keys/app.private.pem"), Algorithm::Sha1WithRsa)
                .unwrap();
            let signer = Signer::with_stamps(caller.triple_des_key(sent).unwrap(), FixedStamps("1"));
            let open = endpoint("oilcard_open_online");
            let reply = bench
                .post(open.path, signer.sign_json(open, &payload(open)).unwrap())
                .await;
            assert_eq!(reply.errcode() == 0, sent == read, "{setting} {sent:?}");
        }
    }
}
