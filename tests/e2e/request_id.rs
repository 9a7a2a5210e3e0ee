//! One name for a request: in the answer's header, in the gateway's log and in the core's.

use crate::harness::*;
use std::fs;

/// Whether a line of this log is about this request.
fn tells(server: &Server, log: &str, line: &str, id: &str) -> bool {
    let log = fs::read_to_string(server.path(log)).expect("a log");
    log.lines().any(|told| told.contains(line) && told.contains(id))
}

#[test]
fn a_request_has_one_id_in_the_answer_and_in_the_logs_of_gateway_and_core() {
    for (mode, gateway, core) in [
        (Mode::Together, "serve.log", "serve.log"),
        (Mode::Apart, "gateway.log", "core.log"),
    ] {
        let server = Server::start(Setup {
            mode,
            ..Setup::default()
        });
        let customer = server.customer(1000);
        let pay = front_pay(&customer, &Pos::new(), 100);
        let [first, again] = [0; 2].map(|_| pay.send(&server).answer().success("支付成功").request_id);
        assert_ne!(first, again, "{mode:?}: a repeat is a request of its own");
        for id in [&first, &again] {
            assert!(!id.is_empty(), "{mode:?}");
            eventually("both tell the request", || {
                let told = tells(&server, gateway, "legacy call", &format!("request_id=\"{id}\""))
                    && tells(
                        &server,
                        core,
                        "PaymentService/Pay",
                        &format!("request_id=\"{id}\""),
                    );
                told.then_some(())
            });
        }
    }
}
