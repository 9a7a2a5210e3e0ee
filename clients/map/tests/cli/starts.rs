//! Starts: what is refused, what a refusal leaves behind (nothing), and what is said of a start that goes on.

use crate::support::{Served, check, example, get, map};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `map core` or `map serve` with a folder of its own.
struct Start {
    folder: tempfile::TempDir,
}

impl Start {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Left behind by a process that was killed.
        std::fs::write(folder.path().join("ready"), "{\"pid\": 1}").expect("written");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.folder.path().join(name), text).expect("written");
        self.path(name)
    }

    /// Ends with this code, says these parts, and changes nothing.
    fn refused(&self, command: &str, sets: &[&str], code: i32, parts: &[&str]) {
        let data = format!("data_dir={}", self.path("data"));
        let mut arguments = vec![command, "--set", &data];
        // Later ones win: a test may take an address that is in use.
        for set in ["core.bind=127.0.0.1:0", "admin.bind=127.0.0.1:0"]
            .iter()
            .chain(sets)
        {
            arguments.extend(["--set", set]);
        }
        let ready = self.path("ready");
        arguments.extend(["--ready-file", &ready]);
        let ended = check(map(&arguments), code, parts);
        assert!(!ended.out.contains("MAP serves"), "{}", ended.out);
        for made in ["data", "data.secret", "ready"] {
            assert!(!Path::new(&self.path(made)).exists(), "{made}: {sets:?}");
        }
    }
}

#[test]
fn an_address_in_use_ends_with_1() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("an address").to_string();
    for key in ["core.bind", "admin.bind"] {
        let set = format!("{key}={address}");
        Start::new().refused("core", &[&set], 1, &[key, &address]);
    }
    let listeners = format!("gateway.listeners=[{{ bind = \"{address}\" }}]");
    Start::new().refused(
        "serve",
        &[&listeners],
        1,
        &["gateway.listeners[0].bind", &address],
    );
}

#[test]
fn a_file_that_can_not_be_used_ends_with_2_before_anything_is_made() {
    let start = Start::new();
    let missing = start.path("missing");
    let broken = start.write("broken.toml", "[[app]]\nid = \"a\"\nnetworks = [\"nowhere\"]\n");
    for (file, part) in [
        (&missing, "missing"),
        (&broken, "line 3: app[0].networks[0] (a): "),
    ] {
        Start::new().refused("core", &[&format!("provisioning_file={file}")], 2, &[part]);
    }
    let empty = start.write("empty.pem", "");
    for (cert, key) in [(&missing, &missing), (&empty, &empty)] {
        let tls = format!("{{ cert_file = \"{cert}\", key_file = \"{key}\" }}");
        Start::new().refused("core", &[&format!("core.tls={tls}")], 2, &["core.tls: ", cert]);
        let listeners = format!("gateway.listeners=[{{ bind = \"127.0.0.1:0\", tls = {tls} }}]");
        Start::new().refused("serve", &[&listeners], 2, &["gateway.listeners[0].tls: ", cert]);
    }
    let webhook = format!(
        "core.sms={{ adapter = \"webhook\", url = \"http://127.0.0.1:1/\", key_file = \"{missing}\" }}"
    );
    Start::new().refused("core", &[&webhook], 2, &["sms.key_file", &missing]);
}

#[test]
fn a_secret_file_that_others_may_read_is_refused_before_a_ledger_is_made() {
    let start = Start::new();
    let secret = start.write("secret", "0123456789abcdef0123456789abcdef");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o644)).expect("set");
    let set = format!("core.secret_file={secret}");
    start.refused("core", &[&set], 1, &["chmod 600"]);
}

#[test]
fn what_everybody_may_read_and_only_its_owner_should_is_told_once() {
    let start = Start::new();
    let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("signed");
    let cert = start.write("cert.pem", &certificate.cert.pem());
    let key = start.write("key.pem", &certificate.signing_key.serialize_pem());
    let sms = start.write("sms.key", "0123456789abcdef");
    let set = [
        format!("data_dir={}", start.path("data")),
        format!("core.tls={{ cert_file = \"{cert}\", key_file = \"{key}\" }}"),
        format!(
            "gateway.listeners=[{{ bind = \"127.0.0.1:0\", tls = {{ cert_file = \"{cert}\", key_file = \"{key}\" }} }}]"
        ),
        "core.bind=127.0.0.1:0".to_owned(),
        format!("core.sms={{ adapter = \"webhook\", url = \"http://127.0.0.1:1/\", key_file = \"{sms}\" }}"),
    ];
    let mut arguments = vec!["serve"];
    set.iter().for_each(|set| arguments.extend(["--set", set]));
    let mode = |name: &str, mode: u32| {
        std::fs::set_permissions(start.path(name), PermissionsExt::from_mode(mode)).expect("set");
    };
    let warnings = |arguments: &[&str]| {
        let (served, mut log) = Served::start_with_log(start.folder.path(), arguments);
        assert!(served.stop().success());
        let mut text = String::new();
        log.read_to_string(&mut text).expect("UTF-8");
        let told = text.lines().filter(|line| line.contains("everybody may "));
        told.map(str::to_owned).collect::<Vec<_>>()
    };
    mode("key.pem", 0o644);
    mode("sms.key", 0o604);
    let told = warnings(&arguments);
    assert!(told.len() == 2 && told[1].contains(&sms), "{told:?}");
    mode("sms.key", 0o600);
    let told = warnings(&arguments);
    assert!(
        told.len() == 1 && told[0].contains(&key) && told[0].contains("chmod 600"),
        "{told:?}"
    );
    let made = std::fs::metadata(start.path("data"))
        .expect("made")
        .permissions()
        .mode();
    assert_eq!(made & 0o777, 0o700, "a new folder is its owner's");
    mode("key.pem", 0o640);
    assert_eq!(warnings(&arguments), Vec::<String>::new());
    mode("data", 0o755);
    let told = warnings(&arguments);
    let data = start.path("data");
    assert!(
        told.len() == 1 && told[0].contains(&data) && told[0].contains("chmod 700"),
        "{told:?}"
    );
    mode("data", 0o700);
    mode("key.pem", 0o600);
    // Keys of apps and POS networks; what has none may be read.
    let keys = std::fs::read_to_string(example()).expect("the example");
    let provisioning = start.write("provisioning.toml", &keys);
    let set = format!("provisioning_file={provisioning}");
    arguments.extend(["--set", &set]);
    mode("provisioning.toml", 0o644);
    let told = warnings(&arguments);
    assert!(
        told.len() == 1
            && told[0].contains("keys of apps")
            && told[0].contains(&format!("chmod 600 {provisioning}")),
        "{told:?}"
    );
    check(
        map(&["provision", "--check", &provisioning]),
        0,
        &["everybody may read the keys of apps", "is valid"],
    );
    start.write("provisioning.toml", "[[channel]]\nid = \"C001\"\n");
    assert_eq!(warnings(&arguments), Vec::<String>::new());
    // A bearer key in a file, of a gateway or an operator; the gateway's may stand in its configuration.
    let bearer = start.write("bearer.key", "a-key");
    mode("bearer.key", 0o644);
    let gateway = map(&["gateway", "--core", "127.0.0.1:1", "--key-file", &bearer]);
    let mut provision = map(&["provision", "--core", "127.0.0.1:1", "--reason", "r"]);
    provision.args(["--key-file", &bearer]).arg(example());
    let config = start.write("gateway.toml", "[gateway]\ncore_key = \"a-key\"\n");
    mode("gateway.toml", 0o644);
    let configured = map(&["gateway", "--core", "127.0.0.1:1", "--config", &config]);
    for (command, file) in [(gateway, &bearer), (provision, &bearer), (configured, &config)] {
        check(
            command,
            2,
            &["everybody may use the key in", file, "--core 127.0.0.1:1"],
        );
    }
}

#[test]
fn a_secret_file_that_can_not_be_made_is_refused_before_a_ledger_is_made() {
    let start = Start::new();
    let set = format!("core.secret_file={}", start.path("not-mounted/secret"));
    start.refused(
        "core",
        &[&set],
        1,
        &["not-mounted/secret", "can't be made", "mounted"],
    );
}

#[test]
fn a_ready_file_is_there_while_its_process_serves_and_only_then() {
    let start = Start::new();
    // Even a configuration that can't be read leaves no ready file of another process.
    check(
        map(&[
            "core",
            "--config",
            "/nowhere",
            "--ready-file",
            &start.path("ready"),
        ]),
        2,
        &["/nowhere"],
    );
    assert!(!Path::new(&start.path("ready")).exists());

    let data = format!("data_dir={}", start.path("data"));
    let arguments = ["core", "--set", &data, "--set", "core.bind=127.0.0.1:0"];
    let served = Served::start(start.folder.path(), &arguments);
    let file = start.path("core.ready");
    assert!(Path::new(&file).exists());
    check(
        map(&["core", "--ready-file", &file]),
        2,
        &["a process that serves"],
    );
    assert!(Path::new(&file).exists(), "it is the other's");
    assert!(served.stop().success());
    assert!(!Path::new(&file).exists());

    check(
        map(&["core", "--ready-file", &start.path("nowhere/ready")]),
        2,
        &["--ready-file"],
    );
    let precious = start.write("precious", "no ready file");
    check(
        map(&["core", "--ready-file", &precious]),
        2,
        &["is no ready file"],
    );
    assert!(Path::new(&precious).exists());
}

#[test]
fn the_log_names_a_listener_whose_network_is_unknown_and_no_refresh_without_news() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = format!("data_dir={}", folder.path().join("data").display());
    let provisioning = format!("provisioning_file={}", example().display());
    let listeners = "gateway.listeners=[{ bind = \"127.0.0.1:0\", network = \"posp1\" }, { bind = \"127.0.0.1:0\", network = \"pops1\" }]";
    let mut arguments = vec!["serve"];
    for set in [
        &data,
        &provisioning,
        listeners,
        "core.bind=127.0.0.1:0",
        "gateway.directory_refresh_ms=5",
    ] {
        arguments.extend(["--set", set]);
    }
    let (served, mut log) = Served::start_with_log(folder.path(), &arguments);
    let refreshed = |metrics: &str| {
        let line = metrics
            .lines()
            .find(|line| line.contains("GetDirectory") && line.contains("calls_total"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let often = (0..100_000).any(|_| refreshed(&get(served.address("/admin"), "/metrics").1) > 3);
    assert!(often, "the directory was refreshed");
    assert!(served.stop().success());
    let mut text = String::new();
    log.read_to_string(&mut text).expect("UTF-8");
    assert!(
        text.contains("listener=1 network=\"pops1\"") && text.contains("is not provisioned"),
        "{text}"
    );
    assert!(
        !text.contains("listener=0") && !text.contains("network=\"posp1\""),
        "{text}"
    );
    assert!(
        text.contains("directory loaded") && !text.contains("GetDirectory"),
        "{text}"
    );
}

#[test]
fn a_ledger_is_not_served_with_the_secret_file_of_another() {
    let start = Start::new();
    let data = format!("data_dir={}", start.path("data"));
    let core = ["core", "--set", &data, "--set", "core.bind=127.0.0.1:0"];
    assert!(Served::start(start.folder.path(), &core).stop().success());
    let secret = start.path("data.secret");
    let own = std::fs::read(&secret).expect("its secret");
    std::fs::write(&secret, [7; 32]).expect("written");
    for command in ["core", "serve"] {
        let admin = "admin.bind=127.0.0.1:0";
        let arguments = [
            command,
            "--set",
            &data,
            "--set",
            "core.bind=127.0.0.1:0",
            "--set",
            admin,
        ];
        check(map(&arguments), 1, &["secret file", "restore"]);
    }
    std::fs::write(&secret, own).expect("written");
    assert!(Served::start(start.folder.path(), &core).stop().success());
}

#[test]
fn a_ledger_that_is_new_is_told_for_a_path_may_be_mistyped() {
    let start = Start::new();
    let data = format!("data_dir={}", start.path("data"));
    let core = ["core", "--set", &data, "--set", "core.bind=127.0.0.1:0"];
    for is_new in [true, false] {
        let (served, mut log) = Served::start_with_log(start.folder.path(), &core);
        assert!(served.stop().success());
        let mut text = String::new();
        log.read_to_string(&mut text).expect("UTF-8");
        assert_eq!(text.contains("the ledger is new"), is_new, "{text}");
    }
}

#[test]
fn a_folder_that_is_no_ledger_is_not_advised_about() {
    let start = Start::new();
    std::fs::create_dir(start.path("docs")).expect("made");
    let page = start.write("docs/page.md", "not ours");
    for other in [start.path("docs"), page] {
        std::fs::set_permissions(&other, PermissionsExt::from_mode(0o755)).expect("set");
        let set = format!("data_dir={other}");
        let ended = check(
            map(&[
                "core",
                "--set",
                &set,
                "--set",
                "core.bind=127.0.0.1:0",
                "--set",
                "admin.bind=127.0.0.1:0",
            ]),
            1,
            &[&other],
        );
        assert!(!ended.err.contains("chmod"), "{}", ended.err);
    }
}

#[test]
fn what_is_only_good_for_trying_things_out_is_told() {
    let start = Start::new();
    let data = format!("data_dir={}", start.path("data"));
    let provisioning = format!("provisioning_file={}", example().display());
    let warnings = |more: &[&str]| {
        let mut arguments = vec!["core", "--set", &data, "--set", "core.bind=127.0.0.1:0"];
        more.iter().for_each(|set| arguments.extend(["--set", set]));
        let (served, mut log) = Served::start_with_log(start.folder.path(), &arguments);
        assert!(served.stop().success());
        let mut text = String::new();
        log.read_to_string(&mut text).expect("UTF-8");
        let told = text
            .lines()
            .filter(|line| line.contains(" WARN map::runtime::exposure:"));
        told.map(str::to_owned).collect::<Vec<_>>()
    };
    let check = |more: &[&str], expect: &[&str]| {
        let told = warnings(more);
        assert_eq!(told.len(), expect.len(), "{told:#?}");
        for (told, expect) in told.iter().zip(expect) {
            assert!(told.contains(expect), "{told}");
        }
    };
    let (sms, nobody) = ("core.sms.adapter = outbox", "nobody is provisioned");
    check(&[], &[sms, nobody]);
    check(&[&provisioning], &[sms, "let anybody call as app/"]);
    // The ledger knows them now, whether the file is named or not.
    check(&[], &[sms, "let anybody call as app/"]);
}
