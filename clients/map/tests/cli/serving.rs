//! `map serve`: addresses, probes, metrics, the drain, and starts that are refused.

use crate::support::{Served, check, example, get, map};
use std::net::TcpListener;

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

#[test]
fn a_start_that_can_not_work_ends_before_it_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = format!("data_dir={}", folder.path().join("data").display());
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("an address");
    for key in ["core.bind", "admin.bind"] {
        let other = if key == "core.bind" {
            "admin.bind"
        } else {
            "core.bind"
        };
        let (set, free) = (format!("{key}={address}"), format!("{other}=127.0.0.1:0"));
        check(
            map(&["core", "--set", &data, "--set", &free, "--set", &set]),
            1,
            &[key, &address.to_string()],
        );
    }
    assert!(
        !folder.path().join("data").exists(),
        "ports are bound before a ledger is made"
    );

    let broken = folder.path().join("provisioning.toml");
    std::fs::write(&broken, "[[app]]\nid = \"a\"\nnetworks = [\"nowhere\"]\n").expect("written");
    let broken = format!("provisioning_file={}", broken.display());
    let free = [
        "--set",
        "core.bind=127.0.0.1:0",
        "--set",
        "admin.bind=127.0.0.1:0",
    ];
    let mut command = map(&["core", "--set", &data, "--set", &broken]);
    command.args(free);
    check(command, 2, &["app a: networks[0]"]);
}
