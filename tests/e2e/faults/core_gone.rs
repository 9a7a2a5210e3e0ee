//! A gateway whose core is gone: the outcome of a money call is unknown, so there is no answer, and none to
//! the question about an opening either; another read gets the documented failure.

use crate::harness::*;

#[test]
fn without_a_core_money_calls_get_no_answer_and_reads_a_documented_failure() {
    let server = Server::start(Setup {
        mode: Mode::Apart,
        ..Setup::default()
    });
    let customer = server.customer(1000);
    let pos = Pos::new();
    let pay = front_pay(&customer, &pos, 100);
    let undo = front_undo(&Pos::new());
    pay.send(&server).answer().success("支付成功");
    server.kill_core();
    let gateway = server.admins()[1];
    eventually("the gateway is not ready", || {
        let (status, why) = http::get(gateway, "/readyz");
        (status == 503 && why.contains("the core does not answer")).then_some(())
    });
    for call in [
        &pay,
        &undo,
        &front_pay(&customer, &Pos::new(), 100),
        &gw_pay(&customer, &Pos::new(), 100),
        &Call::sample("front.oilcard.get"),
    ] {
        let reply = call.send(&server);
        assert!(matches!(reply, Reply::Closed), "{}: {reply:?}", call.endpoint.id);
    }
    let balance = Call::sample("gw.offline.get_account_info")
        .by(&customer)
        .at(&Pos::new());
    balance.send(&server).answer().failure(10_000, "查询余额失败");
    // What the gateway knows by itself it still says: these bytes can never succeed.
    pay.with("sum", 0)
        .send(&server)
        .answer()
        .failure(10_000, "支付失败");
}
