//! Disk full: money calls end without an answer (legacy) or as UNAVAILABLE with RetryInfo (gRPC), reads go on,
//! and when there is space again the same process works on; nothing acknowledged is lost, nothing happens
//! twice. Needs to mount a small tmpfs, so root.

use crate::harness::people::digits;
use crate::harness::{self, *};
use map_client::proto::payment::v1::PayRequest;
use map_client::proto::payment::v1::payment_service_client::PaymentServiceClient;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// A small file system of its own; unmounted when dropped.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// `None`, said aloud: this user can't mount.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "map-test"])
            .arg(folder.path());
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self { folder }),
            other => {
                crate::harness::keys::say(&format!(
                    "NOT TESTED: no tmpfs can be mounted here, so no disk can be filled: {other:?}"
                ));
                None
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        let mut filler = File::options()
            .create(true)
            .append(true)
            .open(self.path("filler"))
            .expect("a file");
        for size in [1 << 20, 4096, 1] {
            let block = vec![0; size];
            while filler.write_all(&block).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.path("filler")).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.folder.path()).status();
        assert!(
            unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(),
            "umount"
        );
    }
}

/// A payment over gRPC by a client that does nothing of its own accord.
fn bare_pay(server: &Server, customer: &Customer, pos: &Pos) -> Result<String, Status> {
    let request = PayRequest {
        key: Some(pos.key()),
        consumer: customer.mobile.clone(),
        payment_code: Some(digits(&customer.pin)),
        amount_fen: 100,
        store_id: pos.store.clone(),
        ..PayRequest::default()
    };
    wait(async {
        let endpoint = tonic::transport::Endpoint::from_shared(server.core_url()).expect("a URL");
        let mut client = PaymentServiceClient::new(endpoint.connect().await.expect("the core listens"));
        let mut request = Request::new(request);
        let bearer = format!("Bearer {}", world::secrets().network1);
        request
            .metadata_mut()
            .insert("authorization", bearer.parse().expect("ASCII"));
        let paid = client.pay(request).await?.into_inner();
        Ok(paid.payment.expect("a payment").order_number)
    })
}

/// Asks for its readiness until it is this.
fn probed(server: &Server, status: u16, part: &str) {
    eventually(part, || {
        let (told, text) = http::get(server.admins()[0], "/readyz");
        (told == status && text.contains(part)).then_some(())
    });
}

#[test]
fn on_a_full_disk_money_calls_are_unavailable_reads_go_on_and_nothing_is_lost_or_doubled() {
    let Some(disk) = Disk::mount("256m") else { return };
    let setup = Setup {
        data_dir: Some(disk.path("data")),
        tables: "[core.ledger]\nsettle_ms = 400\n",
        ..Setup::default()
    };
    let server = Server::start(setup);
    let customer = server.customer(100_000);
    let mut acknowledged: Vec<(Call, Answer)> = (0..20)
        .map(|_| {
            let call = front_pay(&customer, &Pos::new(), 100);
            let answer = call.send(&server).answer().success("支付成功");
            (call, answer)
        })
        .collect();
    let reversible = Pos::new();
    front_pay(&customer, &reversible, 100)
        .send(&server)
        .answer()
        .success("支付成功");

    disk.fill();
    // Nobody has to be refused first.
    probed(&server, 503, "disk is full");
    // Space that was allocated before may still take some payments: they count as any other.
    let mut open = Vec::new();
    eventually("the disk is full for the ledger too", || {
        let call = front_pay(&customer, &Pos::new(), 100);
        match call.send(&server) {
            Reply::Answer(answer) => acknowledged.push((call, answer.success("支付成功"))),
            Reply::Closed | Reply::Refused => open.push(call),
        }
        disk.fill();
        (!open.is_empty()).then_some(())
    });
    let front = front_pay(&customer, &Pos::new(), 100);
    let gw = gw_pay(&customer, &Pos::new(), 100);
    let undo = front_undo(&reversible);
    for call in [&front, &gw, &undo] {
        let reply = call.send(&server);
        assert!(matches!(reply, Reply::Closed), "{}: {reply:?}", call.endpoint.id);
    }
    let grpc = Pos::new();
    let status = bare_pay(&server, &customer, &grpc).expect_err("unavailable");
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
    // An app may be set to get 503 in the place of a closed connection.
    let told = gw_pay(&customer, &Pos::new(), 100)
        .app("says503")
        .send(&server)
        .answer();
    assert_eq!(told.status, 503);

    // Reads go on.
    let balance = Call::sample("gw.offline.get_account_info")
        .by(&customer)
        .at(&Pos::new());
    assert!(balance.send(&server).answer().succeeded());
    assert!(
        Call::sample("front.offline.download_product@003")
            .send(&server)
            .answer()
            .succeeded()
    );
    server.accounts(&customer.mobile);
    server.trial_balance();

    disk.free();
    probed(&server, 200, "ready");
    let again = front_pay(&customer, &Pos::new(), 100);
    eventually("payments work again in the same process", || {
        again
            .send(&server)
            .answered()
            .map(|answer| answer.clone().success("支付成功"))
    });
    for (call, answer) in &acknowledged {
        assert_eq!(
            call.send(&server).answer().json,
            answer.json,
            "an acknowledged payment"
        );
    }
    open.extend([front, gw]);
    for call in &open {
        let first = call.send(&server).answer();
        assert!(first.succeeded(), "{}", first.json);
        assert_eq!(call.send(&server).answer().json, first.json);
    }
    undo.send(&server).answer().success("消费冲正成功");
    bare_pay(&server, &customer, &grpc).expect("paid at last");
    let payments = acknowledged.len() + open.len() + 2;
    let spent = 100 * i64::try_from(payments).unwrap();
    let balance = server.balance(&customer);
    // The payment that got 503 may have happened; it alone.
    assert!(
        [100_000 - spent, 100_000 - spent - 100].contains(&balance),
        "{balance}, {payments} payments"
    );
    server.trial_balance();
    server.stop();
    server.clean().expect("clean");
    drop(server);
}

#[test]
fn a_ledger_on_a_full_disk_is_opened_and_read_after_a_kill() {
    let Some(disk) = Disk::mount("256m") else { return };
    let setup = Setup {
        data_dir: Some(disk.path("data")),
        ..Setup::default()
    };
    let server = Server::start(setup);
    let customer = server.customer(1000);
    eventually("the disk is full for the ledger too", || {
        disk.fill();
        bare_pay(&server, &customer, &Pos::new()).err()
    });
    let balance = server.balance(&customer);
    server.kill();
    // The provisioning file is as it was, so nothing has to be written.
    server.launch_until(503);
    assert!([balance, balance - 100].contains(&server.balance(&customer)));
    disk.free();
    eventually("payments work again", || {
        bare_pay(&server, &customer, &Pos::new()).ok()
    });
    server.stop();
    server.clean().expect("clean");
}

#[test]
fn a_check_that_finds_no_room_for_its_copy_names_the_way_without_one() {
    let Some(disk) = Disk::mount("256m") else { return };
    let setup = Setup {
        data_dir: Some(disk.path("data")),
        ..Setup::default()
    };
    let server = Server::start(setup);
    server.customer(1000);
    server.stop();
    // The copy has the newest segment, which takes its 64 MiB at once.
    disk.fill();
    let filler = File::options()
        .write(true)
        .open(disk.path("filler"))
        .expect("the filler");
    let size = filler.metadata().expect("a size").len();
    filler.set_len(size - (40 << 20)).expect("shorter");
    let data = folder(&disk.path("data"));
    let check = |arguments: &[&str]| {
        let output = harness::server::run(&[&["check", &data], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let (code, said) = check(&[]);
    assert!(code == Some(1) && said.contains("--in-place"), "{code:?} {said}");
    assert_eq!(check(&["--in-place"]).0, Some(0));
    // Not a page is left: what to do is told.
    disk.fill();
    let (code, said) = check(&["--in-place"]);
    assert!(
        code == Some(1) && said.contains("can't be compared") && said.contains("another disk"),
        "{code:?} {said}"
    );
}

#[test]
fn a_ledger_that_cant_be_written_is_refused_at_the_start_and_says_where() {
    let Some(disk) = Disk::mount("256m") else { return };
    let setup = Setup {
        data_dir: Some(disk.path("data")),
        ..Setup::default()
    };
    let server = Server::start(setup);
    let customer = server.customer(1000);
    server.stop();
    let remount = |flag: &str| {
        let status = Command::new("mount")
            .args(["-o", &format!("remount,{flag}")])
            .arg(disk.folder.path())
            .status();
        assert!(status.expect("mount").success());
    };
    remount("ro");
    let output = server.try_serve();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains(&*folder(&disk.path("data"))),
        "{said}"
    );
    remount("rw");
    server.launch();
    assert_eq!(server.balance(&customer), 1000);
}

fn folder(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
