//! `map core` and `map gateway`: the same, over TCP, with and without TLS.

use crate::support::{Served, check, example, get, map};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::io::Read;
use std::path::Path;

/// An authority, and certificates of core and gateway that it vouches for.
fn certificates(folder: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("signed");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
    write("ca.pem", &authority.pem());
    for name in ["core", "gateway"] {
        let key = KeyPair::generate().expect("a key");
        let names = vec![format!("{name}.test"), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .expect("parameters")
            .signed_by(&key, &authority)
            .expect("signed");
        write(&format!("{name}.pem"), &certificate.pem());
        write(&format!("{name}.crt.key"), &key.serialize_pem());
    }
}

fn apart(tls: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let key = "gateway-key-of-this-test";
    std::fs::write(folder.path().join("gateway.key"), format!("{key}\n")).expect("written");
    let mut hash = map(&["key", "--of-stdin"]);
    hash.stdin(std::fs::File::open(folder.path().join("gateway.key")).expect("opened"));
    let hash = check(hash, 0, &[]).out;
    let text = std::fs::read_to_string(example()).expect("the example");
    let gateway = format!(
        "\n[[gateway]]\nid = \"g1\"\nbearer_key_sha256 = [\"{}\"]\n",
        hash.trim()
    );
    std::fs::write(folder.path().join("p.toml"), text + &gateway).expect("written");

    let mut settings = vec![
        format!("data_dir={}", path("data")),
        format!("provisioning_file={}", path("p.toml")),
    ];
    if tls {
        certificates(folder.path());
        for (key, file) in [
            ("cert_file", "core.pem"),
            ("key_file", "core.crt.key"),
            ("client_ca_file", "ca.pem"),
        ] {
            settings.push(format!("core.tls.{key}={}", path(file)));
        }
    }
    let start_core = |address: &str| {
        let bind = format!("core.bind={address}");
        let mut arguments = vec!["core", "--set", &bind];
        settings
            .iter()
            .for_each(|setting| arguments.extend(["--set", setting]));
        Served::start(folder.path(), &arguments)
    };
    let core = start_core("127.0.0.1:0");

    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{}", core.address("/core"));
    let key_file = path("gateway.key");
    let client: Vec<String> = [
        ("ca_file", "ca.pem"),
        ("cert_file", "gateway.pem"),
        ("key_file", "gateway.crt.key"),
    ]
    .map(|(key, file)| format!("core_client.{key}={}", path(file)))
    .into();
    let listeners = "gateway.listeners=[{ bind = \"127.0.0.1:0\", network = \"posp1\" }]";
    let mut arguments = vec![
        "gateway",
        "--core",
        &url,
        "--key-file",
        &key_file,
        "--set",
        listeners,
        // A first question that came too early, or took too long, is soon asked again.
        "--set",
        "gateway.directory_refresh_ms=20",
    ];
    if tls {
        client
            .iter()
            .for_each(|setting| arguments.extend(["--set", setting]));
    }
    let (gateway, mut log) = Served::start_with_log(folder.path(), &arguments);
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).map(|_| text)
    });
    // The gateway asks for its directory in the background: until then calls get no answer.
    probed(&gateway, 200, "ready");
    let listener = format!("http://{}", gateway.address("/gateway/0/address"));
    let mut call = map(&["call", "/front/offline/download_product", "--url", &listener]);
    call.args([
        "sellerId=SH12345",
        "storeId=ST12345",
        "terminalId=ZJ000001",
        "batchNo=1",
        "terminalOrderId=1",
    ]);
    check(call, 0, &["\"errcode\":0", "乐驾包4000"]);

    let file = path("p.toml");
    let mut again = map(&["provision", &file, "--core", &url, "--reason", "again"]);
    again.env("MAP_KEY", "operator-key-for-trying-out");
    if tls {
        client.iter().for_each(|setting| {
            again.args(["--set", setting]);
        });
    }
    check(again, 0, &["nothing to change"]);
    if !tls {
        let mut dry = map(&["provision", "--dry-run", "--core", &url]);
        dry.arg(example()).env("MAP_KEY", "operator-key-for-trying-out");
        check(dry, 0, &["not applied", "g1"]);
        let mut wrong = map(&["provision", "--core", &url, "--reason", "why not"]);
        wrong.arg(example()).env("MAP_KEY", "nobody");
        check(wrong, 1, &["UNAUTHENTICATED"]);
    }
    // Nothing of these is a core whom this may trust; what it is instead is told.
    let secure = url.replace("http:", "https:");
    let stranger = path("stranger.pem");
    let wrongly = |core: &str, part: &str| {
        let mut provision = map(&["provision", &file, "--core", core, "--reason", "r", "--set"]);
        provision.env("MAP_KEY", "operator-key-for-trying-out");
        provision.arg(format!("core_client.ca_file={stranger}"));
        check(provision, 1, &[part]);
    };
    let strange = rcgen::generate_simple_self_signed(["core.test".to_owned()]).expect("signed");
    std::fs::write(&stranger, strange.cert.pem()).expect("written");
    wrongly(&listener, "is no core's gRPC port");
    wrongly(
        &format!("http://{}", gateway.address("/admin")),
        "is no core's gRPC port",
    );
    wrongly(
        &secure,
        if tls {
            "(Unavailable: invalid peer certificate: "
        } else {
            "InvalidContentType"
        },
    );
    wrongly("http://127.0.0.1:1", "refused");
    // Without its core a gateway is not ready, and with it is again; on the same port, as after a restart.
    let again = core.address("/core").to_owned();
    drop(core);
    probed(&gateway, 503, "the core does not answer");
    let core = start_core(&again);
    probed(&gateway, 200, "ready");
    // A core that drains says that it is not serving, and then nothing at all: one outage.
    assert!(core.stop().success());
    probed(&gateway, 503, "the core does not answer");
    let core = start_core(&again);
    probed(&gateway, 200, "ready");
    assert!(gateway.stop().success());
    assert!(core.stop().success());
    let log = log.join().expect("read").expect("UTF-8");
    let count = |level: &str, part: &str| {
        let lines = log.lines().filter(|line| !line.contains("everybody may "));
        lines
            .filter(|line| line.contains(level) && line.contains(part))
            .count()
    };
    let begun = count(" WARN ", "until the core takes calls again");
    // There may be more than these two: a machine that is busy enough keeps answers late.
    assert!(begun >= 2, "{log}");
    assert_eq!(count(" INFO ", "the core takes calls again"), begun, "{log}");
    assert_eq!(count(" WARN ", ""), begun, "{log}");
    assert_eq!(count(" INFO ", "drained"), 1, "{log}");
}

/// Asks for its readiness until it is this.
fn probed(served: &Served, status: u16, part: &str) {
    let admin = served.address("/admin");
    let seen = (0..100_000).any(|_| {
        let (told, text) = get(admin, "/readyz");
        told == status && text.contains(part)
    });
    assert!(seen, "never {status} {part}: {:?}", get(admin, "/readyz"));
}

#[test]
fn core_and_gateway_work_apart() {
    apart(false);
}

#[test]
fn core_and_gateway_work_apart_with_certificates_on_both_sides() {
    apart(true);
}
