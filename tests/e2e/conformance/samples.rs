//! The samples of each endpoint, one after the other as a partner would try them.

use super::count;
use super::shape::{check, repeats};
use crate::harness::people::{new_id_number, new_mobile};
use crate::harness::*;

/// The customer of the samples.
const MOBILE: &str = "13912345678";
/// The batch of the samples.
const BATCH: &str = "123123123122132";
/// What a pay's answer repeats of its request.
const PAID: [&str; 11] = [
    "consumerId",
    "sum",
    "sellerId",
    "storeId",
    "terminalId",
    "operatorId",
    "batchNo",
    "terminalOrderId",
    "productName",
    "productPrice",
    "productQuantity",
];
/// What a cancel's answer repeats of its request.
const CANCELLED: [&str; 7] = [
    "sellerId",
    "storeId",
    "terminalId",
    "operatorId",
    "batchNo",
    "terminalOrderId",
    "remark",
];

fn server(mode: Mode) -> Server {
    Server::start(Setup {
        mode,
        ..Setup::default()
    })
}

fn the_customer(server: &Server) -> Customer {
    let customer = Customer {
        mobile: MOBILE.to_owned(),
        pin: "231435".to_owned(),
    };
    server.top_up(MOBILE, 100_000);
    server.set_code(&customer);
    customer
}

fn pos(seller: &str, store: &str, terminal: &str, serial: &str) -> Pos {
    Pos {
        batch: BATCH.to_owned(),
        serial: serial.to_owned(),
        ..Pos::of("posp1", seller, store, terminal)
    }
}

/// The sample by the app of the documents.
fn sample(id: &str) -> Call {
    Call::sample(id).app("zjhtwallet")
}

fn front(mode: Mode) {
    let server = server(mode);
    let customer = the_customer(&server);

    let call = sample("front.offline.pay").by(&customer);
    let paid = call.send(&server).answer();
    check(call.endpoint, &paid);
    repeats(&call.body, &paid.json, &PAID);
    assert_eq!(paid.json.text("order.remark"), "");
    assert_eq!(paid.json.text("request"), call.text());

    // The payment that the cancel's sample names.
    let original = pos("SH12345", "ST12345", "ZJ000001", "12345678900987654321");
    front_pay(&customer, &original, 700)
        .send(&server)
        .answer()
        .success("支付成功");
    let call = sample("front.offline.pay_cancel");
    let cancelled = call.send(&server).answer();
    check(call.endpoint, &cancelled);
    repeats(&call.body, &cancelled.json, &CANCELLED);
    assert_eq!(cancelled.json.text("request"), call.text());

    // The payment that the undo's sample names.
    let original = pos("GM01", "ST01", "POS12345", "1234567890");
    let payment = front_pay(&customer, &original, 5000);
    payment.send(&server).answer().success("支付成功");
    let call = sample("front.offline.pay_undo");
    let undone = call.send(&server).answer();
    check(call.endpoint, &undone);
    repeats(&payment.body, &undone.json, &PAID);
    assert_eq!(undone.json.text("request"), call.text());

    let call = sample("front.offline.get_account_info").by(&customer);
    let balance = call.send(&server).answer();
    check(call.endpoint, &balance);
    assert_eq!(balance.json.int("card.balance"), 100_000 - 5000);
    assert_eq!(
        balance.json.text("card.accountId"),
        server.cash(MOBILE).account_number
    );
    assert_eq!(balance.json.text("request"), call.text());

    let call = sample("front.offline.download_product@003");
    let products = call.send(&server).answer();
    check(call.endpoint, &products);
    assert_eq!(products.json.text("request"), call.text());
    check_products(&products.json);
    count("front samples", 5);
}

fn check_products(answer: &Json) {
    let products = answer.at("product").expect("product").elements();
    let ids: Vec<_> = products.iter().map(|product| product.text("productId")).collect();
    // Whether a card that is spent at one seller only is sold at another, the documents don't say.
    let ids: Vec<_> = ids.into_iter().filter(|id| *id != "2610").collect();
    assert_eq!(
        ids,
        ["10", "1010", "1013", "1099", "2611", "2613"],
        "what is on sale, by identifier"
    );
    assert_eq!(products[1].text("productName"), "卡1010");
    assert_eq!(products[1].int("productPrice"), 350_000);
}

fn gw(mode: Mode) {
    let server = server(mode);
    let customer = the_customer(&server);

    let call = sample("gw.offline.pay").by(&customer);
    let paid = call.send(&server).answer();
    check(call.endpoint, &paid);
    repeats(&call.body, &paid.json, &PAID);
    assert_eq!(paid.json.text("order.remark"), "");
    assert_eq!(paid.json.int("account.balance"), 95_000);
    assert_eq!(
        paid.json.text("account.accountId"),
        server.cash(MOBILE).account_number
    );

    let original = pos("SH12345", "ST12345", "ZJ000001", "12345678900987654321");
    gw_pay(&customer, &original, 700)
        .send(&server)
        .answer()
        .success("线下支付成功");
    let call = sample("gw.offline.pay_cancel");
    let cancelled = call.send(&server).answer();
    check(call.endpoint, &cancelled);
    repeats(&call.body, &cancelled.json, &CANCELLED);
    assert_eq!(cancelled.json.text("order.consumerId"), MOBILE);
    assert_eq!(cancelled.json.int("order.sum"), 700);
    assert_eq!(cancelled.json.int("card.balance"), 95_000);

    let original = pos("GM01", "ST01", "POS12345", "1234567890");
    let payment = gw_pay(&customer, &original, 5000).with("appOrderId", "123456789");
    payment.send(&server).answer().success("线下支付成功");
    let call = sample("gw.offline.pay_undo");
    let undone = call.send(&server).answer();
    check(call.endpoint, &undone);
    repeats(&payment.body, &undone.json, &PAID);
    assert_eq!(undone.json.text("order.appOrderId"), "123456789");
    assert_eq!(undone.json.int("card.balance"), 95_000);

    let call = sample("gw.offline.get_account_info").by(&customer);
    let balance = call.send(&server).answer();
    check(call.endpoint, &balance);
    assert_eq!(balance.json.int("card.balance"), 95_000);
    assert_eq!(balance.json.text("card.endTime"), "", "a cash account has no end");

    let call = sample("front.offline.download_product@002");
    let products = call.clone();
    let body = products.text();
    let answer = products.post(&server, body.as_bytes()).answer();
    // Both shapes carry productShortName.
    check(endpoint("front.offline.download_product@003"), &answer);
    assert_eq!(answer.json.text("request"), body);
    check_products(&answer.json);
    count("gw samples", 5);
}

/// The plan of the sample: 100000 at once and three times 100000 (decision 25).
fn check_card(card: &Json) {
    assert_eq!(
        [
            "amount",
            "restAmount",
            "balance",
            "totalStages",
            "restStages",
            "returnSum"
        ]
        .map(|field| card.int(field)),
        [400_000, 300_000, 100_000, 3, 3, 100_000],
        "{card}"
    );
    assert!(card.text("accountId").starts_with("2001888"), "{card}");
    assert!(card.text("startTime").ends_with(" 00:00:00"), "{card}");
    assert!(card.text("endTime").ends_with(" 24:00:00"), "{card}");
}

fn oilcard(mode: Mode) {
    let server = server(mode);
    // The owner of the transfer's card: its SMS pause runs while the other samples are tried.
    let card = server.open_card(MOBILE, "1099");

    let mobile = new_mobile();
    let open = |order: &str, mobile: &str| {
        let call = sample("gw.oilcard.open_online")
            .with("ID", new_id_number())
            .with("mobileNum", mobile);
        call.with("smsCode", server.sms_code("zjhtwallet", mobile))
            .with("appOrderId", order)
    };
    let call = open("123456789", &mobile);
    let opened = call.send(&server).answer();
    check(call.endpoint, &opened);
    check_card(opened.json.at("card").unwrap());

    let other = open("1234567890", &new_mobile())
        .send(&server)
        .answer()
        .success("用户开卡成功");
    let call = sample("front.oilcard.get");
    for path in ["/front/oilcard/get", "/gw/oilcard/get"] {
        let found = Call {
            path: path.to_owned(),
            ..call.clone()
        }
        .send(&server)
        .answer();
        check(call.endpoint, &found);
        assert_eq!(found.json.at("card"), other.json.at("card"));
        assert_eq!(found.json.at("orderId"), other.json.at("orderId"));
    }

    server.set_code(&Customer {
        mobile: MOBILE.to_owned(),
        pin: "231435".to_owned(),
    });
    // `accountCode` stays as it is: the app's setting says that it is ignored.
    let call = sample("gw.oilcard.transfer_to_cashAccount")
        .with("accountId", &card)
        .with(
            "paymentCodeMD5",
            call::md5(&["231435"], map_legacy_crypto::Charset::Utf8),
        );
    let transferred = call.send(&server).answer();
    check(call.endpoint, &transferred);
    assert_eq!(transferred.json.text("card.accountId"), card);
    assert_eq!(transferred.json.int("card.balance"), 500_000);
    assert_eq!(transferred.json.int("account.balance"), 500_000);
    assert_eq!(
        transferred.json.text("account.accountId"),
        server.cash(MOBILE).account_number
    );
    count("card samples", 4);
}

#[test]
fn front_samples_together() {
    front(Mode::Together);
}

#[test]
fn front_samples_apart() {
    front(Mode::Apart);
}

#[test]
fn gw_samples_together() {
    gw(Mode::Together);
}

#[test]
fn gw_samples_apart() {
    gw(Mode::Apart);
}

/// At once, since each waits for the pause between two SMS codes of one number.
#[test]
fn card_samples_together_and_apart() {
    std::thread::scope(|scope| {
        scope.spawn(|| oilcard(Mode::Together));
        scope.spawn(|| oilcard(Mode::Apart));
    });
}

#[test]
fn every_documented_endpoint_has_a_sample_above() {
    let source = include_str!("samples.rs");
    for endpoint in endpoints() {
        assert!(
            source.contains(&format!("sample(\"{}\")", endpoint.id)),
            "{} ({})",
            endpoint.id,
            endpoint.source
        );
    }
}
