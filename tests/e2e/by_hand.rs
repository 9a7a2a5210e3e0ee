//! A request made by hand, with nothing but openssl and curl, is answered (`docs/by-hand/signed-pay.sh`).

use crate::harness::*;
use std::process::Command;

#[test]
fn a_payment_signed_with_openssl_and_sent_with_curl_is_paid() {
    let server = Server::start(Setup::default());
    let customer = server.customer(10_000);
    let app = world::app("zjhtwallet");
    let (key, door) = (server.path("app.pem"), server.door(Door::Apps));
    std::fs::write(&key, app.rsa.private_pem()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/by-hand/signed-pay.sh");
    let run = |pin: &str, serial: &str| {
        let mut bash = Command::new("bash");
        bash.arg(script)
            .arg(format!("http://{}", door))
            .arg(&key)
            .arg(serial);
        bash.env("APP_KEY", &app.key)
            .env("MOBILE", &customer.mobile)
            .env("PIN", pin);
        let output = bash
            .env("POSP_KEY", world::POSP1_KEY)
            .output()
            .expect("bash runs");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            said(&output.stdout),
            said(&output.stderr),
        )
    };
    let send = |pin: &str| {
        let (paid, said, why) = run(pin, "000001");
        assert!(paid, "{said}{why}");
        Json::parse(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"))
    };
    let paid = send(&customer.pin);
    assert_eq!(paid.text("errmsg"), "线下支付成功", "{paid}");
    assert_eq!(server.balance(&customer), 5000);
    // By hand again, signed anew: the same payment.
    assert_eq!(send(&customer.pin).at("order.orderId"), paid.at("order.orderId"));
    assert_eq!(server.balance(&customer), 5000);
    // A refusal is no success, and said to be one.
    let (paid, said, why) = run("000000", "000002");
    assert!(
        !paid && said.contains("支付密码错误") && why.contains("refused"),
        "{said}{why}"
    );
    server.kill();
    let (paid, _, why) = run(&customer.pin, "000002");
    assert!(!paid && why.contains("no answer"), "{why}");
}
