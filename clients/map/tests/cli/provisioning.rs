//! `map provision`: validated here, and applied to a core.

use crate::support::{Served, check, example, map};

#[test]
fn the_commented_example_is_valid() {
    let mut command = map(&["provision", "--check"]);
    command.arg(example());
    check(command, 0, &["is valid", "3 products", "4 terminals"]);
}

/// The number of the line where this begins.
fn line_of(text: &str, part: &str) -> usize {
    let (before, _) = text.split_once(part).expect(part);
    before.lines().count().saturating_add(1)
}

#[test]
fn a_broken_file_ends_with_2_and_names_every_error() {
    let text = std::fs::read_to_string(example()).expect("the example");
    // Each finding: what stands in the line that it names, and what it says of it.
    let refused = |changes: &[(&str, &str)], findings: &[(&str, &str)]| {
        let mut broken = text.clone();
        for (from, to) in changes {
            assert!(broken.contains(from), "{from}");
            broken = broken.replace(from, to);
        }
        let findings: Vec<_> = findings
            .iter()
            .map(|(place, says)| format!("line {}: {says}", line_of(&broken, place)))
            .collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("provisioning.toml");
        std::fs::write(&path, broken).expect("written");
        let mut command = map(&["provision", "--check"]);
        command.arg(&path);
        let parts: Vec<_> = findings.iter().map(String::as_str).collect();
        let ended = check(command, 2, &parts);
        assert!(!ended.err.contains("Wq7!x2"), "a key is shown: {}", ended.err);
    };
    refused(
        &[
            ("[[app]]", "[[ap]]"),
            ("face_value_fen = 500000", "face_value = 500000"),
        ],
        &[
            ("[[ap]]", "ap: unknown key; did you mean `app`?"),
            (
                "face_value = 500000",
                "product[2].face_value: unknown key; did you mean `face_value_fen`?",
            ),
            (
                "[[product]]\nid = \"2610\"",
                "product[2].face_value_fen: is missing",
            ),
        ],
    );
    // Settings of the gateway: all at once, each by its name, none with its value.
    refused(
        &[
            ("app_key", "ap_key"),
            ("tsig_algorithm = \"sha1\"", "tsig_algorithm = \"Wq7!x2\""),
            (
                "posp_key = \"0123456789ABCDEFFEDCBA9876543210\"",
                "pospkey = \"0123\"\nfreshness_window_s = \"Wq7!x2\"",
            ),
            ("may_omit_payment_code = false", "may_omit_payment_cod = false"),
        ],
        &[
            (
                "ap_key = \"",
                "app[0].edge.ap_key: unknown key; did you mean `app_key`?",
            ),
            (
                "tsig_algorithm = ",
                "app[0].edge.tsig_algorithm: expected one of \"sha1\", \"sha256\", \"md5\"",
            ),
            (
                "pospkey = ",
                "network[0].edge.pospkey: unknown key; did you mean `posp_key`?",
            ),
            (
                "freshness_window_s = ",
                "network[0].edge.freshness_window_s: expected a whole number",
            ),
            (
                "may_omit_payment_cod = ",
                "app[0].may_omit_payment_cod: unknown key; did you mean `may_omit_payment_code`?",
            ),
        ],
    );
    refused(
        &[
            (
                "posp_key = \"0123456789ABCDEFFEDCBA9876543210\"",
                "posp_key = \"0123\"\nlegacy_key = true\ndigest = \"extended\"",
            ),
            ("\"::1/128\"", "\"::1/1280\""),
            ("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", "MIIB"),
            ("networks = [\"posp1\"]", "networks = [\"posp2\"]"),
        ],
        &[
            ("posp_key = \"0123\"", "network[0].edge.posp_key (posp1): "),
            (
                "legacy_key = true",
                "network[0].edge.legacy_key (posp1): not for POS networks",
            ),
            (
                "digest = \"extended\"",
                "network[0].edge.digest (posp1): not for POS networks",
            ),
            ("addresses = [", "network[0].edge.addresses (posp1): "),
            ("rsa_public_key = ", "app[0].edge.rsa_public_key (zjhtwallet): "),
            ("networks = [\"posp2\"]", "app[0].networks[0] (zjhtwallet): "),
        ],
    );
    refused(
        &[
            (
                "posp_key = \"0123456789ABCDEFFEDCBA9876543210\"",
                "posp_key = \"0123\"",
            ),
            ("networks = [\"posp1\"]", "networks = [\"posp2\"]"),
            ("face_value_fen = 500000", "face_value_fen = 0"),
            ("default_product = \"1010\"", "default_product = \"1012\""),
        ],
        &[
            ("posp_key = \"0123\"", "network[0].edge.posp_key (posp1): "),
            ("networks = [\"posp2\"]", "app[0].networks[0] (zjhtwallet): "),
            ("face_value_fen = 0", "product[2].face_value_fen (2610): "),
            ("default_product = \"1012\"", "default_product: "),
        ],
    );
    check(
        map(&["provision", "--check", "/nowhere.toml"]),
        2,
        &["/nowhere.toml"],
    );
    let mut command = map(&["provision", "--reason", "why not"]);
    command.arg(example());
    check(command, 2, &["MAP_KEY"]);
    let mut command = map(&["provision"]);
    command.arg(example());
    check(command, 2, &["--reason"]);
    for url in ["127.0.0.1:7001", "ftp://127.0.0.1:7001", "core"] {
        let mut command = map(&["provision", "--reason", "why not", "--key", "k", "--core", url]);
        command.arg(example());
        check(
            command,
            2,
            &[&format!(
                "--core {url}: expected a URL such as http://127.0.0.1:50051"
            )],
        );
    }
    let mut command = map(&[
        "provision",
        "--reason",
        "why not",
        "--key",
        "k",
        "--core",
        "https://127.0.0.1:1",
    ]);
    command.arg(example());
    check(command, 2, &["core_client.ca_file"]);
}

#[test]
fn a_file_is_applied_with_a_reason_and_over_nobodys_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = format!("data_dir={}", folder.path().join("data").display());
    let provisioning = format!("provisioning_file={}", example().display());
    let arguments = [
        "core",
        "--set",
        &data,
        "--set",
        &provisioning,
        "--set",
        "core.bind=127.0.0.1:0",
    ];
    let core = Served::start(folder.path(), &arguments);
    let url = format!("http://{}", core.address("/core"));
    let text = std::fs::read_to_string(example()).expect("the example");
    let other = folder.path().join("other.toml");
    let renamed = text.replacen("乐驾包4000", "乐驾包四千", 1);
    assert_ne!(text, renamed);
    std::fs::write(&other, renamed).expect("written");
    let provision = |file: &std::path::Path, arguments: &[&str]| {
        let mut command = map(&[
            "provision",
            "--core",
            &url,
            "--key",
            "operator-key-for-trying-out",
        ]);
        command.args(arguments).arg(file);
        command
    };
    let reason = ["--reason", "a new name", "--expected-revision"];
    check(
        provision(&example(), &["--dry-run"]),
        0,
        &["nothing to change; revision 1"],
    );
    check(
        provision(&other, &["--dry-run"]),
        0,
        &["product 1010: changed", "not applied", "revision 1"],
    );
    let stale = [&reason[..], &["0"]].concat();
    check(
        provision(&other, &stale),
        1,
        &["the catalogue has revision 1, not 0", "nothing was applied"],
    );
    let current = [&reason[..], &["1"]].concat();
    for told in ["1 change applied; revision 2", "nothing to change; revision 2"] {
        check(provision(&other, &current), 0, &[told]);
    }
    check(
        provision(&other, &["--reason", ""]),
        1,
        &["reason: expected 1 to 512 bytes"],
    );
}
