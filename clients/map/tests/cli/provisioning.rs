//! `map provision --check`.

use crate::support::{check, example, map};

#[test]
fn the_commented_example_is_valid() {
    let mut command = map(&["provision", "--check"]);
    command.arg(example());
    check(command, 0, &["is valid", "3 products", "4 terminals"]);
}

#[test]
fn a_broken_file_ends_with_2_and_names_every_error() {
    let text = std::fs::read_to_string(example()).expect("the example");
    let refused = |changes: &[(&str, &str)], parts: &[&str]| {
        let mut broken = text.clone();
        for (from, to) in changes {
            assert!(broken.contains(from), "{from}");
            broken = broken.replace(from, to);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("provisioning.toml");
        std::fs::write(&path, broken).expect("written");
        let mut command = map(&["provision", "--check"]);
        command.arg(&path);
        let ended = check(command, 2, parts);
        assert!(!ended.err.contains("Wq7!x2"), "a key is shown: {}", ended.err);
    };
    refused(&[("[[app]]", "[[ap]]")], &["did you mean `app`?"]);
    refused(&[("app_key", "ap_key")], &["app zjhtwallet: edge", "ap_key"]);
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
            "network posp1: edge",
            "app zjhtwallet: networks[0]",
            "product 2610",
            "default_product_id",
        ],
    );
    check(
        map(&["provision", "--check", "/nowhere.toml"]),
        2,
        &["/nowhere.toml"],
    );
    let mut command = map(&["provision"]);
    command.arg(example());
    check(command, 2, &["MAP_KEY"]);
}
