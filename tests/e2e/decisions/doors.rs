//! Decision 17: the listener of a POS network, its address list, mTLS; seller, store and terminal.

use super::server;
use crate::harness::*;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

#[test]
fn a_listener_serves_only_the_addresses_of_its_list() {
    let server = server();
    let customer = server.customer(1000);
    let pos = Pos::new();
    let reply = front_pay(&customer, &pos, 100)
        .through(Door::Forbidden)
        .send(&server);
    assert!(matches!(reply, Reply::Closed), "{reply:?}");
    assert_eq!(server.payment(&pos), None);
    assert_eq!(server.balance(&customer), 1000);
}

#[test]
fn a_listener_with_mtls_serves_only_who_has_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let setup = Setup {
        certificates: Some(folder.path().to_owned()),
        ..Setup::default()
    };
    let server = Server::start(setup);
    let customer = server.customer(1000);
    let url = format!(
        "https://localhost:{}/front/offline/pay",
        server.door(Door::Certified).port()
    );
    let body = front_pay(&customer, &Pos::new(), 100).text();
    let curl = |more: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args([
            "-sS",
            "--max-time",
            "20",
            "--cacert",
            "ca.pem",
            "--data-binary",
            &body,
            &url,
        ])
        .args(more);
        let output = curl.current_dir(&folder).output().expect("curl runs");
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(curl(&[]).0, "", "no certificate");
    assert_eq!(
        curl(&["--cert", "stranger.pem", "--key", "stranger.key"]).0,
        "",
        "somebody else's certificate"
    );
    assert_eq!(server.balance(&customer), 1000);
    let (answer, said) = curl(&["--cert", "client.pem", "--key", "client.key"]);
    assert!(answer.contains("支付成功"), "{answer}{said}");
    assert_eq!(server.balance(&customer), 900);
}

/// An authority with a server's and a client's certificate, and a stranger's client certificate.
fn certificates(folder: &std::path::Path) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let authority = |name: &str| {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
    };
    let (own, other) = (authority("own authority"), authority("another authority"));
    for (name, issuer) in [("server", &own), ("client", &own), ("stranger", &other)] {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.signed_by(&key, issuer).unwrap();
        write(&format!("{name}.pem"), certificate.pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    write("ca.pem", own.pem());
}

#[test]
fn seller_store_and_terminal_must_be_known_and_belong_together() {
    let server = server();
    let customer = server.customer(1000);
    for (case, seller, store, terminal) in [
        ("an unknown seller", "NOBODY", "ST12345", "ZJ000001"),
        ("an unknown store", "SH12345", "NOWHERE", "ZJ000001"),
        ("an unknown terminal", "SH12345", "ST12345", "NOTHING"),
        ("a terminal of another store", "SH12345", "ST12345", "ZJ000003"),
        ("a store of another seller", "SH12345", "ST01", "POS12345"),
        ("a terminal of another seller", "SH12345", "ST12345", "POS12345"),
        ("another case", "sh12345", "ST12345", "ZJ000001"),
    ] {
        let pos = Pos::of("posp1", seller, store, terminal);
        let balance = Call::sample("front.offline.get_account_info").by(&customer);
        for call in [
            front_pay(&customer, &pos, 100),
            gw_pay(&customer, &pos, 100),
            balance.at(&pos),
            Call::sample("gw.offline.get_account_info").by(&customer).at(&pos),
            Call::sample("front.offline.download_product@003").at(&pos),
            Call::sample("front.offline.download_product@002").at(&pos),
        ] {
            let answer = call.send(&server).answer();
            assert!(
                !answer.succeeded(),
                "{case}, {}: {}",
                call.endpoint.id,
                answer.json
            );
        }
    }
    assert_eq!(server.balance(&customer), 1000);
    front_pay(&customer, &Pos::new(), 100)
        .send(&server)
        .answer()
        .success("支付成功");
}

#[test]
fn load_limits_refuse_payments_without_an_answer_and_never_undo_or_cancel() {
    let setup = Setup {
        listener: "concurrency = 1\nreserved = 2\n",
        ..Setup::default()
    };
    let server = Server::start(setup);
    let customer = server.customer(100_000);
    let (first, second) = (Pos::new(), Pos::new());
    for pos in [&first, &second] {
        front_pay(&customer, pos, 100)
            .send(&server)
            .answer()
            .success("支付成功");
    }
    let (stop, paid) = (AtomicBool::new(false), AtomicI64::new(0));
    let refused = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..500 {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let pos = Pos::new();
                    match front_pay(&customer, &pos, 1).send(&server).answered() {
                        Some(answer) => {
                            answer.clone().success("支付成功");
                            paid.fetch_add(1, Ordering::Relaxed);
                        }
                        None => refused.lock().unwrap().push(pos),
                    }
                }
            });
        }
        eventually("a payment is refused for load", || {
            (!refused.lock().unwrap().is_empty()).then_some(())
        });
        // In the middle of it.
        front_undo(&first).send(&server).answer().success("消费冲正成功");
        front_cancel(&second.next(), &second.serial)
            .send(&server)
            .answer()
            .success("交易撤销成功");
        stop.store(true, Ordering::Relaxed);
    });
    // What got no answer may be sent again, and happens once.
    let refused = refused.into_inner().unwrap();
    for pos in &refused {
        front_pay(&customer, pos, 1)
            .send(&server)
            .answer()
            .success("支付成功");
    }
    let all = paid.into_inner() + i64::try_from(refused.len()).unwrap();
    assert_eq!(server.balance(&customer), 100_000 - all);
}
