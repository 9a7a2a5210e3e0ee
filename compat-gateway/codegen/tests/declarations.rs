//! Committed files are what would be generated, and wrong declarations are refused with rpc and field.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops where it fails"
)]

use map_gateway_codegen::{lock, openapi, read, stale};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn committed_files_are_fresh() {
    let stale = stale(&root()).unwrap();
    assert!(
        stale.is_empty(),
        "run `cargo run -p map-gateway-codegen`: {stale:?}"
    );
}

/// A repository's protos, changed in one place.
fn changed(file: &str, from: &str, to: &str) -> Result<map_gateway_codegen::Contract, String> {
    let dir = tempfile::tempdir().unwrap();
    for part in ["proto", "compat-gateway/proto"] {
        copy(&root().join(part).join("map"), &dir.path().join(part).join("map"));
    }
    let path = dir.path().join("compat-gateway/proto/map/legacy/v1").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    read(dir.path()).map_err(|error| error.to_string())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn check(file: &str, from: &str, to: &str, complaint: &str) {
    let error = changed(file, from, to).expect_err(to);
    assert!(error.contains(complaint), "{to}: {error}");
}

#[test]
fn a_wrong_endpoint_is_refused_by_name() {
    let file = "front_offline.proto";
    for (from, to, complaint) in [
        (
            "core: \"map.payment.v1.PaymentService.Pay\"",
            "core: \"map.payment.v1.Pay\"",
            "FrontPay: core",
        ),
        ("PaymentService.Pay\"", "PaymentService.Play\"", "FrontPay: core"),
        ("credential: CREDENTIAL_NETWORK", "", "FrontPay: credential"),
        ("effect: EFFECT_CHANGE", "", "FrontPay: effect"),
        ("failure: \"支付失败\"", "", "FrontPay: failure"),
        ("paths: \"/front/offline/pay\"", "", "FrontPay: needs one path"),
        (
            "paths: \"/front/offline/pay\"",
            "paths: \"front/offline/pay\"",
            "FrontPay: needs one path",
        ),
        (
            "paths: \"/front/offline/pay_cancel\"",
            "paths: \"/front/offline/pay\"",
            "FrontPayCancel: /front",
        ),
        (
            "CREDENTIAL_NETWORK",
            "CREDENTIAL_APP_TSIG",
            "FrontPay.consumerId: has a digest exactly where",
        ),
        (
            "\"PAYMENT_UNKNOWN_KEY_CLOSED\"",
            "\"NO_SUCH_REASON\"",
            "FrontPayUndo: \"NO_SUCH_REASON\"",
        ),
        (
            "shape: \"download\"\n      credential: CREDENTIAL_APP\n      payload: \"download\"\n      core: \"map.catalog.v1.CatalogService.ListProducts\"\n      effect: EFFECT_READ",
            "shape: \"download\" credential: CREDENTIAL_APP payload: \"download\" core: \"map.catalog.v1.CatalogService.ListProducts\" effect: EFFECT_CHANGE",
            "AppDownloadProduct: /front/offline/download_product has another endpoint of another effect",
        ),
        (
            "echo: ECHO_ALWAYS",
            "echo: ECHO_SOMETIMES",
            "front_offline.proto:",
        ),
    ] {
        check(file, from, to, complaint);
    }
}

#[test]
fn a_wrong_request_field_is_refused_by_name() {
    let file = "front_offline.proto";
    for (from, to, complaint) in [
        (
            "core: \"key.seller_id\"",
            "core: \"key.seller\"",
            "FrontPay.sellerId: canonical path",
        ),
        (
            "core: \"key.seller_id\"",
            "core: \"key.seller_id.x\"",
            "FrontPay.sellerId: canonical path",
        ),
        (
            "core: \"key.seller_id\"",
            "core: \"store_id\"",
            "FrontPay.storeId: canonical path \"store_id\" is bound twice",
        ),
        (
            "codec: \"fen\"",
            "codec: \"yuan\"",
            "FrontPay.sum: unknown codec \"yuan\"; there are text, fen",
        ),
        (
            "codec: \"fen\"",
            "codec: \"text\"",
            "FrontPay.sum: codec text needs a facade field of type",
        ),
        (
            "core: \"amount_fen\"",
            "core: \"consumer\"",
            "FrontPay.sum: codec fen is for",
        ),
        ("core: \"consumer\", ", "", "FrontPay.consumerId: needs `core`"),
        (
            "core: \"consumer\", ",
            "core: \"consumer\", unbound: true, ",
            "FrontPay.consumerId: has both",
        ),
        (
            "encryption: ENCRYPTION_PAYMENT_CODE, ",
            "",
            "FrontPay.paymentCodeDES: codec payment_code",
        ),
        (
            "encryption: ENCRYPTION_PAYMENT_CODE",
            "encryption: ENCRYPTION_TRIPLE_DES",
            "FrontPay.paymentCodeDES",
        ),
        (
            ", (request) = {codec: \"fen\", core: \"amount_fen\", required: true, example: \"5000\"}",
            "",
            "FrontPay.sum: has no (request)",
        ),
        (
            "core: \"amount_fen\", required: true, example: \"5000\"",
            "core: \"amount_fen\", required: true",
            "FrontPay.sum: needs an example",
        ),
    ] {
        check(file, from, to, complaint);
    }
}

#[test]
fn a_wrong_answer_field_is_refused_by_name() {
    let place = "FrontPay.order.orderId";
    let source = "core: \"payment.order_number\", ";
    for (to, complaint) in [
        ("", "has no source"),
        ("core: \"payment.number\", ", "canonical path"),
        ("core: \"payment\", ", "codec text is for String"),
        ("core: \"payment.life\", ", "codec text is for String"),
        (
            "core: \"payment.order_number\", request: \"sum\", ",
            "more than one",
        ),
        ("request: \"nothing\", ", "has no request field \"nothing\""),
        ("request: \"paymentCodeDES\", ", "which is encrypted"),
        ("request: \"sum\", ", "which is a text here and a number there"),
    ] {
        check("answers.proto", source, to, &format!("{place}: "));
        check("answers.proto", source, to, complaint);
    }
    let number = "(answer) = {codec: \"fen\", core: \"payment.amount_fen\", ";
    for (to, complaint) in [
        (
            "(answer) = {codec: \"fen\", request: \"productPrice\", ",
            "needs omit_empty",
        ),
        (
            "(answer) = {codec: \"fen\", constant: {text: \"1\"}, ",
            "a constant is a text",
        ),
    ] {
        check("answers.proto", number, to, complaint);
    }
    // What no signature covered, nobody vouched for.
    check(
        "gw_offline.proto",
        "codec: \"consumer\", core: \"consumer\", required: true, digest: DIGEST_DOCUMENTED",
        "codec: \"consumer\", core: \"consumer\", required: true",
        "GwPay.consumerId: has a digest exactly where",
    );
    let list = "(answer) = {core: \"products\"}";
    check(
        "front_offline.proto",
        list,
        "(answer) = {core: \"products.name\"}",
        "FrontDownloadProduct.product: ",
    );
    check(
        "gw_offline.proto",
        "(answer) = {core: \"account\"}",
        "(answer) = {core: \"account.status\"}",
        "at a message",
    );
}

/// The example that people copy from, in the place of the file it is taken from.
#[test]
fn the_declaration_in_the_readme_is_one() {
    let readme = fs::read_to_string(root().join("compat-gateway/README.md")).unwrap();
    let (_, example) = readme.split_once("```proto\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let (rpc, messages) = example.split_once("\n\n").unwrap();
    let imports = "import \"map/legacy/v1/answers.proto\";\nimport \"map/legacy/v1/options.proto\";";
    let file = format!(
        "syntax = \"proto3\";\npackage map.legacy.v1;\n{imports}\nservice Example {{\n{rpc}\n}}\n{messages}"
    );
    let whole = fs::read_to_string(root().join("compat-gateway/proto/map/legacy/v1/oilcard.proto")).unwrap();
    let contract = changed("oilcard.proto", &whole, &file).unwrap();
    let last = contract.endpoints.last().unwrap();
    assert_eq!(last.name, "OilcardGet");
    assert_eq!(last.answer.len(), 2);
}

#[test]
fn an_endpoint_is_added_with_one_rpc_and_two_messages() {
    let added = "
  // Added by a test.
  rpc Added(AddedRequest) returns (AddedResponse) {
    option (endpoint) = {
      paths: \"/added\" credential: CREDENTIAL_APP effect: EFFECT_READ
      core: \"map.catalog.v1.CatalogService.GetProduct\"
      success: \"成功\" failure: \"失败\" source: \"a test\"
    };
  }
}

// Asks.
message AddedRequest {
  // The product.
  string product_id = 1 [json_name = \"productId\", (request) = {codec: \"text\", core: \"product_id\", required: true}];
}

// Answers.
message AddedResponse {
  // Its name.
  string name = 1 [json_name = \"name\", (answer) = {codec: \"text\", core: \"product.name\"}];
}

// Opens a card.
message OilcardOpenOnlineRequest {";
    let from = "}\n\n// Opens a card.\nmessage OilcardOpenOnlineRequest {";
    let contract = changed("oilcard.proto", from, added).unwrap();
    assert_eq!(contract.endpoints.last().unwrap().name, "Added");
    assert!(
        lock::generate(&contract).contains("Added request productId codec=text core=product_id required")
    );
    assert!(openapi::generate(&contract).unwrap().contains("\"/added\""));
    let rust = map_gateway_codegen::gateway::generate(&contract).unwrap();
    assert!(rust.contains("product_id: codec::text::read(values.required(0usize)?)?"));
    assert!(
        map_gateway_codegen::client::generate(&contract)
            .unwrap()
            .contains("pub struct AddedRequest")
    );
}
