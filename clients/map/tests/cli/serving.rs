//! `map serve`: addresses, probes, metrics, the drain, and starts that are refused.

use crate::support::{Served, check, example, get, map};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn serve_says_where_it_listens_answers_probes_and_drains() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = |key: &str, value: &str| format!("{key}={value}");
    let data = set("data_dir", folder.path().join("data").to_str().expect("UTF-8"));
    let provisioning = set("provisioning_file", example().to_str().expect("UTF-8"));
    let listeners =
        "gateway.listeners=[{ bind = \"127.0.0.1:0\", network = \"posp1\" }, { bind = \"127.0.0.1:0\" }]";
    let arguments = [
        "serve",
        "--set",
        &data,
        "--set",
        &provisioning,
        "--set",
        "core.bind=127.0.0.1:0",
        "--set",
        listeners,
    ];
    // Twice: the second start finds the ledger and provisions it again.
    for start in 1..=2 {
        let served = Served::start(folder.path(), &arguments);
        let admin = served.address("/admin");
        assert_eq!(get(admin, "/healthz"), (200, "ok\n".to_owned()));
        assert_eq!(get(admin, "/readyz"), (200, "ready\n".to_owned()));
        for (path, status) in [("/", 200), ("/metric", 404)] {
            let (told, page) = get(admin, path);
            assert_eq!(told, status, "{path}: {page}");
            for there in ["/metrics", "/healthz", "/readyz"] {
                assert!(page.contains(there), "{path}: {page}");
            }
        }
        let url = format!("http://{}", served.address("/gateway/0/address"));
        let fields = [
            "sellerId=SH12345",
            "storeId=ST12345",
            "terminalId=ZJ000001",
            "batchNo=1",
            "terminalOrderId=1",
        ];
        let mut call = map(&["call", "/front/offline/download_product", "--url", &url]);
        call.args(fields);
        check(call, 0, &["\"errcode\":0", "乐驾包4000"]);
        let metrics = get(admin, "/metrics").1;
        let counted = metrics
            .lines()
            .any(|line| line.starts_with("map_core_calls_total{") && line.contains("ListProducts"));
        assert!(counted && metrics.contains("map_store_groups_total"), "{metrics}");
        assert_eq!(served.ready["gateway"][0]["network"], "posp1");
        // The other listener belongs to no network.
        let url = format!("http://{}", served.address("/gateway/1/address"));
        let mut call = map(&["call", "/front/offline/download_product", "--url", &url]);
        call.args(fields);
        check(call, 1, &["\"errcode\":"]);
        assert!(served.stop().success(), "start {start}");
    }
}

/// The metrics that the page for operators names, each in a table line of its own.
fn documented() -> BTreeSet<String> {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let page = std::fs::read_to_string(page).expect("the page for operators");
    let names = page.lines().filter_map(|line| line.strip_prefix("| `map_"));
    names
        .filter_map(|rest| rest.split_once('`'))
        .map(|(name, _)| format!("map_{name}"))
        .collect()
}

#[test]
fn every_metric_is_there_from_the_start_and_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = |key: &str, value: &str| format!("{key}={value}");
    let data = set("data_dir", folder.path().join("data").to_str().expect("UTF-8"));
    let provisioning = set("provisioning_file", example().to_str().expect("UTF-8"));
    let listeners = "gateway.listeners=[{ bind = \"127.0.0.1:0\" }]";
    let core = "core.bind=127.0.0.1:0";
    let arguments = [
        "serve",
        "--set",
        &data,
        "--set",
        &provisioning,
        "--set",
        core,
        "--set",
        listeners,
    ];
    let served = Served::start(folder.path(), &arguments);
    let text = get(served.address("/admin"), "/metrics").1;
    let told = |prefix: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
        lines
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(told("# TYPE "), documented());
    assert_eq!(told("# HELP "), documented(), "what each is");
    for line in [
        "map_store_unknown_groups_total 0",
        "map_core_outcomes_unknown_total 0",
        "map_core_store_healthy 1",
        "map_gateway_unreadable_pin_blocks_total{caller=\"zjhtwallet\"} 0",
        "map_gateway_no_answers_total{endpoint=\"none\"} 0",
    ] {
        assert!(
            text.lines().any(|told| told == line),
            "{line} is missing in\n{text}"
        );
    }
    assert!(served.stop().success());
}

fn data_in(folder: &std::path::Path) -> String {
    format!("data_dir={}", folder.join("data").display())
}

/// The arguments of a server of no POS network, with this `data_dir=…`.
fn empty(data: &str) -> [&str; 7] {
    let listeners = "gateway.listeners=[{ bind = \"127.0.0.1:0\" }]";
    [
        "serve",
        "--set",
        data,
        "--set",
        "core.bind=127.0.0.1:0",
        "--set",
        listeners,
    ]
}

/// A connection is a descriptor, and so is a file of the ledger; what the system gives at first is few.
#[test]
fn a_server_takes_as_many_file_descriptors_as_it_may_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_in(folder.path());
    let served = Served::start_with_descriptors(folder.path(), &empty(&data), 200);
    let limits = served.told_by_the_system("limits");
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .expect("a limit");
    let [.., soft, hard, _unit] = files.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{files}")
    };
    assert_eq!(soft, hard, "{files}");
    assert!(served.stop().success());
}

/// Whoever may connect to the admin port of a machine takes no descriptors that the ledger needs.
#[test]
fn the_admin_port_has_few_connections() {
    let folder = tempfile::tempdir().expect("a folder");
    let served = serve_empty(folder.path());
    let admin = served.address("/admin");
    let mut open: Vec<_> = (0..33)
        .map(|_| {
            let mut stream = TcpStream::connect(admin).expect("it listens");
            stream.write_all(b"GET /metrics HTTP/1.1\r\nX: ").expect("sent");
            stream
        })
        .collect();
    let mut last = open.pop().expect("one too many");
    // Less than a connection has that asks nothing.
    last.set_read_timeout(Some(std::time::Duration::from_secs(4)))
        .expect("a socket");
    let read = last.read(&mut [0]);
    let closed = match &read {
        Ok(bytes) => *bytes == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    assert!(closed, "{read:?}");
    drop(open);
    assert!(served.stop().success());
}

/// A call whose body has not come yet: the server waits for it.
fn half_a_call(address: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "POST /front/offline/download_product HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    // "HTTP/1.1 100 Continue" comes once the body is asked for: the call is under way.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).expect("an interim answer");
    assert!(asked.starts_with(b"HTTP/1.1 100 "), "{asked:?}");
    stream
}

/// Says that it drains. Nothing but the signal can make it say so.
fn drains(served: &Served) {
    let admin = served.address("/admin").to_owned();
    served.terminate();
    let seen = (0..100_000).any(|_| get(&admin, "/readyz") == (503, "draining\n".to_owned()));
    assert!(seen, "the signal was not heard");
}

fn serve_empty(folder: &std::path::Path) -> Served {
    let (served, mut log) = serve_empty_with_log(folder);
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    served
}

fn serve_empty_with_log(folder: &std::path::Path) -> (Served, std::process::ChildStderr) {
    Served::start_with_log(folder, &empty(&data_in(folder)))
}

#[test]
fn a_log_that_nobody_reads_any_more_stops_no_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let (served, log) = serve_empty_with_log(folder.path());
    drop(log);
    let url = format!("http://{}", served.address("/gateway/0/address"));
    let mut call = map(&["call", "/front/offline/download_product", "--url", &url]);
    call.args([
        "sellerId=S",
        "storeId=S",
        "terminalId=T",
        "batchNo=1",
        "terminalOrderId=1",
    ]);
    check(call, 1, &["\"errcode\":10000"]);
    assert!(served.stop().success());
}

#[test]
fn the_first_signal_lets_a_call_finish() {
    let folder = tempfile::tempdir().expect("a folder");
    let served = serve_empty(folder.path());
    let mut call = half_a_call(served.address("/gateway/0/address"), "{}");
    drains(&served);
    write!(call, "{{}}").expect("the connection is open");
    let mut answer = String::new();
    call.read_to_string(&mut answer).expect("UTF-8");
    assert!(
        answer.contains("200 OK") && answer.contains("\"errcode\":"),
        "{answer}"
    );
    assert!(served.ended().success());
}

#[test]
fn the_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let served = serve_empty(folder.path());
    let mut call = half_a_call(served.address("/gateway/0/address"), "{}");
    drains(&served);
    served.terminate();
    assert_eq!(served.ended().code(), Some(1));
    let mut answer = String::new();
    let _ = call.read_to_string(&mut answer);
    assert_eq!(answer, "", "the call was cut off");
}
