//! Decision 18: mobile numbers, ID numbers, account numbers.

use super::server;
use crate::harness::people::{new_id_number, new_mobile, order_number};
use crate::harness::*;

#[test]
fn a_consumer_is_a_mobile_number_of_11_digits_or_an_account_number_of_16() {
    let server = server();
    let customer = server.customer(1000);
    for consumer in [
        "1391234567",
        "139123456789",
        "23912345678",
        "03912345678",
        "+13912345678",
        "139 1234 5678",
        "1391234567x",
        "123412341234123",
        "12341234123412345",
        "1234-1234-1234-1234",
        "１３９１２３４５６７８",
        "abc",
    ] {
        for call in [
            front_pay(&customer, &Pos::new(), 100),
            gw_pay(&customer, &Pos::new(), 100),
        ] {
            let call = call.with("consumerId", consumer);
            let answer = call.send(&server).answer();
            call.endpoint.refusal(&answer);
        }
    }
    let account = server.cash(&customer.mobile).account_number;
    assert_eq!(account.len(), 16);
    let paid = front_pay(&customer, &Pos::new(), 100)
        .with("consumerId", &account)
        .send(&server)
        .answer();
    assert_eq!(paid.success("支付成功").json.text("order.consumerId"), account);
    let balance = Call::sample("gw.offline.get_account_info")
        .at(&Pos::new())
        .with("consumerId", &account);
    let balance = balance.send(&server).answer().success("查询余额成功");
    assert_eq!(
        (
            balance.json.text("card.accountId"),
            balance.json.int("card.balance")
        ),
        (account.as_str(), 900)
    );
}

#[test]
fn the_type_comes_from_the_stored_account_and_not_from_its_prefix() {
    let server = server();
    let customer = server.customer(1000);
    // A number with the prefix of a cash account that is nobody's: declined, whatever its prefix says.
    let pos = Pos::new();
    let call = front_pay(&customer, &pos, 100).with("consumerId", "9501888000000000");
    call.send(&server).answer().failure(10_000, "支付失败");
    assert_eq!(server.balance(&customer), 1000);
}

fn open(server: &Server, app: &str, id_number: &str) -> Answer {
    let mobile = new_mobile();
    let call = Call::sample("gw.oilcard.open_online")
        .app(app)
        .with("ID", id_number)
        .with("mobileNum", &mobile);
    let call = call
        .with("smsCode", server.sms_code(app, &mobile))
        .with("appOrderId", order_number());
    call.send(server).answer()
}

#[test]
fn an_id_number_has_15_or_18_characters() {
    let server = server();
    for id_number in [
        "515411244445444444X",
        "5154112444454444",
        "44030019900101123",
        "4403001990010112345",
        "X40300199001011234",
        "abc",
        "44030019900101X234",
    ] {
        open(&server, "wallet", id_number).failure(10_000, "用户开卡失败");
    }
    for id_number in [new_id_number(), "440300900101123".to_owned()] {
        open(&server, "wallet", &id_number).success("用户开卡成功");
    }
}

#[test]
fn the_check_digit_of_18_is_verified_where_it_is_set() {
    let server = server();
    let good = new_id_number();
    let last = if good.ends_with('1') { "2" } else { "1" };
    let bad = format!("{}{last}", &good[..17]);
    open(&server, "wallet", &bad).success("用户开卡成功");
    open(&server, "strict", &bad).failure(10_000, "用户开卡失败");
    open(&server, "strict", &good).success("用户开卡成功");
    // An X of either case.
    open(&server, "strict", "11010519491231002x").success("用户开卡成功");
}

#[test]
fn a_mobile_number_in_an_opening_has_11_digits_beginning_with_1() {
    let server = server();
    for mobile in ["1391234567", "139123456789", "23912345678", "1391234567X"] {
        let call = Call::sample("gw.oilcard.open_online")
            .with("ID", new_id_number())
            .with("mobileNum", mobile);
        call.with("appOrderId", order_number())
            .send(&server)
            .answer()
            .failure(10_000, "用户开卡失败");
    }
}

#[test]
fn an_account_named_beside_a_mobile_number_must_belong_to_it() {
    let server = server();
    let (owner, other) = (new_mobile(), new_mobile());
    let card = server.open_card(&owner, "1099");
    server.top_up(&other, 1000);
    let transfer = |mobile: &str| {
        Call::sample("gw.oilcard.transfer_to_cashAccount")
            .with("mobileNum", mobile)
            .with("accountId", &card)
            .with("sum", 100)
            .with("appOrderId", order_number())
            .without("accountCode")
            .without("paymentCodeMD5")
            .send(&server)
            .answer()
    };
    transfer(&other).failure(4340, "从分期卡账户转账到现金账户失败");
    assert_eq!(
        (
            server.cash(&owner).available_fen,
            server.cash(&other).available_fen
        ),
        (0, 1000)
    );
    transfer(&owner).success("从分期卡账户转账到现金账户成功");
}
