//! What is refused as a data folder, and with which words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    clippy::print_stderr,
    reason = "a test is blunt: what it did not expect stops it"
)]

use map_store::{Commit, CommitOutcome, Load, PartitionId, Store, Version};
use map_store_embedded::{EmbeddedStore, OpenError, Options};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn create(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open(Options::new(path).create([0xab; 16])).unwrap()
}

/// A folder with a store that holds one commit, closed.
fn store_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    commit_one(&create(folder.path()), 0);
    folder
}

#[tokio::main(flavor = "current_thread")]
async fn commit_one(store: &EmbeddedStore, expected: u64) {
    let commit = Commit {
        partition: PartitionId::Catalogue,
        expected: Version(expected),
        rows: Vec::new(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    };
    assert_eq!(
        store.commit(commit).await,
        Ok(CommitOutcome::Applied(Version(expected + 1)))
    );
}

#[tokio::main(flavor = "current_thread")]
async fn version(store: &EmbeddedStore) -> Version {
    store
        .load(&PartitionId::Catalogue, Load::default())
        .await
        .unwrap()
        .version
}

/// Every file with its content.
fn contents(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(contents(&entry.path()));
        } else {
            files.push((
                entry.path().display().to_string(),
                fs::read(entry.path()).unwrap(),
            ));
        }
    }
    files.sort();
    files
}

/// The folder is refused, with and without leave to create; the text names the folder and
/// `remedy`; nothing in it is changed.
fn check_refused(path: &Path, is_right: impl Fn(&OpenError) -> bool, remedy: &str) {
    let before = if path.is_dir() { contents(path) } else { Vec::new() };
    for options in [Options::new(path), Options::new(path).create([1; 16])] {
        let error = EmbeddedStore::open(options).expect_err("refused");
        let text = error.to_string();
        assert!(is_right(&error), "{error:?}");
        assert!(
            text.contains(&path.display().to_string()),
            "names no folder: {text}"
        );
        assert!(text.contains(remedy), "names no remedy: {text}");
    }
    if path.is_dir() {
        assert_eq!(contents(path), before, "a refused folder was changed");
    }
}

fn edit_manifest(folder: &TempDir, edit: impl Fn(String) -> String) {
    let path = folder.path().join("manifest.toml");
    let text = fs::read_to_string(&path).unwrap();
    let edited = edit(text.clone());
    assert_ne!(text, edited, "the edit found nothing");
    fs::write(path, edited).unwrap();
}

#[test]
fn a_store_is_created_only_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("new/deep")] {
        let error = EmbeddedStore::open(Options::new(&path)).unwrap_err();
        assert!(matches!(error, OpenError::Missing(_)), "{error:?}");
        assert!(error.to_string().contains("Check the path"), "{error}");
    }
    assert_eq!(contents(folder.path()), []);
    let path = folder.path().join("new/deep");
    assert_eq!(create(&path).store_id(), "ab".repeat(16));
    assert!(EmbeddedStore::open(Options::new(&path)).is_ok());
}

#[cfg(unix)]
#[test]
fn what_is_created_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let open = tempfile::tempdir().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let new = open.path().join("new");
    create(&new);
    assert_eq!(mode(&new), 0o700);
    std::fs::set_permissions(open.path(), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::remove_dir_all(&new).unwrap();
    create(open.path());
    assert_eq!(
        (mode(open.path()), mode(&open.path().join("log"))),
        (0o755, 0o700)
    );
}

#[test]
fn a_store_keeps_its_identifier_and_its_commits() {
    let folder = store_folder();
    let store = EmbeddedStore::open(Options::new(folder.path()).create([1; 16])).unwrap();
    assert_eq!(store.store_id(), "ab".repeat(16));
    assert_eq!(version(&store), Version(1));
}

#[test]
fn the_manifest_is_readable_and_complete() {
    let folder = store_folder();
    let text = fs::read_to_string(folder.path().join("manifest.toml")).unwrap();
    let id = "ab".repeat(16);
    let by = env!("CARGO_PKG_VERSION");
    let expected = format!("format = 3\nstore_id = \"{id}\"\ncreated_by = \"{by}\"\ncomplete = true\n");
    assert_eq!(text, expected);
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    for options in [
        Options::new(folder.path()),
        Options::new(folder.path()).create([1; 16]),
    ] {
        let error = EmbeddedStore::open(options).unwrap_err();
        assert!(matches!(error, OpenError::InUse(_)), "{error:?}");
        assert!(error.to_string().contains("Stop that one first"), "{error}");
    }
    commit_one(&store, 0);
    drop(store);
    assert_eq!(
        version(&EmbeddedStore::open(Options::new(folder.path())).unwrap()),
        Version(1)
    );
}

#[test]
fn a_closed_store_lets_go_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit_one(&store, 0);
    store.close();
    store.close();
    assert_eq!(version(&create(folder.path())), Version(1));
}

#[test]
fn a_file_is_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "x").unwrap();
    check_refused(
        &path,
        |error| matches!(error, OpenError::NotAFolder(_)),
        "Give the path of a data folder",
    );
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "x").unwrap();
    check_refused(
        folder.path(),
        |error| matches!(error, OpenError::Foreign { .. }),
        "Give an empty folder",
    );
}

#[test]
fn a_newer_format_is_refused() {
    let folder = store_folder();
    // A newer version may have fields that this one has never heard of.
    edit_manifest(&folder, |text| {
        text.replace("format = 3", "format = 4\nsegments = 3")
    });
    let is_right = |error: &OpenError| {
        matches!(
            error,
            OpenError::NewerFormat {
                found: 4,
                known: 3,
                ..
            }
        )
    };
    check_refused(folder.path(), is_right, "Use the version that wrote it");
}

#[test]
fn a_manifest_that_makes_no_sense_is_refused() {
    let edits: [(&str, &str); 7] = [
        ("format = 3", "format = 0"),
        ("format = 3", "format = \"one\""),
        ("format = 3\n", ""),
        ("complete = true", "complete = true\nunknown = 1"),
        ("complete = true\n", ""),
        ("abab", "xyzz"),
        ("abab", ""),
    ];
    for (from, to) in edits {
        let folder = store_folder();
        edit_manifest(&folder, |text| text.replacen(from, to, 1));
        let is_right = |error: &OpenError| matches!(error, OpenError::BadManifest { .. });
        check_refused(folder.path(), is_right, "from a backup");
    }
    let folder = store_folder();
    fs::write(folder.path().join("manifest.toml"), [0xff, 0]).unwrap();
    check_refused(
        folder.path(),
        |error| matches!(error, OpenError::BadManifest { .. }),
        "from a backup",
    );
    fs::write(folder.path().join("manifest.toml"), "").unwrap();
    check_refused(
        folder.path(),
        |error| matches!(error, OpenError::BadManifest { .. }),
        "from a backup",
    );
}

#[test]
fn data_without_a_manifest_is_refused() {
    let folder = store_folder();
    fs::remove_file(folder.path().join("manifest.toml")).unwrap();
    let is_right = |error: &OpenError| matches!(error, OpenError::NoManifest { .. });
    check_refused(folder.path(), is_right, "Restore the manifest");
}

#[test]
fn a_folder_from_before_the_log_is_refused() {
    let folder = store_folder();
    edit_manifest(&folder, |text| text.replace("format = 3", "format = 1"));
    let is_right = |error: &OpenError| {
        matches!(
            error,
            OpenError::OlderFormat {
                found: 1,
                known: 2,
                ..
            }
        )
    };
    check_refused(folder.path(), is_right, "Open it with the version that wrote it");
}

#[test]
fn a_missing_log_is_refused_and_named() {
    for part in ["log", "log/00000000000000000001.seg"] {
        let folder = store_folder();
        let path = folder.path().join(part);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap()
        } else {
            fs::remove_file(path).unwrap()
        }
        let is_right = |error: &OpenError| matches!(error, OpenError::MissingPart { part, .. } if part.starts_with("log"));
        check_refused(folder.path(), is_right, "Restore the folder from a backup");
    }
}

#[test]
fn missing_tables_are_built_anew_from_the_log() {
    for part in ["state", "state/current", "state/tables/0"] {
        let folder = store_folder();
        let path = folder.path().join(part);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap()
        } else {
            fs::remove_file(path).unwrap()
        }
        let store = EmbeddedStore::open(Options::new(folder.path())).unwrap();
        assert_eq!(version(&store), Version(1), "{part}");
    }
}

#[test]
fn a_mount_point_is_refused_with_what_to_give_instead() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("lost+found")).unwrap();
    let is_right = |error: &OpenError| matches!(error, OpenError::Foreign { .. });
    check_refused(folder.path(), is_right, "give a folder in it");
}

#[test]
fn a_file_that_can_not_be_read_is_named() {
    for part in ["watermark", "log/00000000000000000001.seg"] {
        let folder = store_folder();
        let path = folder.path().join(part);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let is_right = |error: &OpenError| matches!(error, OpenError::Io { .. });
        check_refused(folder.path(), is_right, part);
    }
}

#[test]
fn a_state_of_another_store_is_not_believed() {
    let (ours, theirs) = (store_folder(), tempfile::tempdir().unwrap());
    let other = EmbeddedStore::open(Options::new(theirs.path()).create([9; 16])).unwrap();
    commit_one(&other, 0);
    drop(other);
    fs::remove_dir_all(ours.path().join("state")).unwrap();
    fs::rename(theirs.path().join("state"), ours.path().join("state")).unwrap();
    let store = EmbeddedStore::open(Options::new(ours.path())).unwrap();
    assert!(store.stats().opening.rebuilt.is_some());
    assert_eq!(store.compare_with_log().unwrap().differences, []);
    assert_eq!(version(&store), Version(1));
}

#[test]
fn manifest_and_data_of_different_stores_are_refused() {
    let folder = store_folder();
    edit_manifest(&folder, |text| text.replace("ab", "cd"));
    let error = EmbeddedStore::open(Options::new(folder.path())).unwrap_err();
    assert!(matches!(error, OpenError::Mixed(_)), "{error:?}");
    assert!(error.to_string().contains("from the same backup"), "{error}");
}

#[test]
fn a_creation_that_was_cut_short_is_begun_anew() {
    let whole = tempfile::tempdir().unwrap();
    drop(create(whole.path()));
    edit_manifest(&whole, |text| text.replace("complete = true", "complete = false"));
    let error = EmbeddedStore::open(Options::new(whole.path())).unwrap_err();
    assert!(matches!(error, OpenError::Missing(_)), "{error:?}");
    assert_eq!(version(&create(whole.path())), Version::NONE);
    // Cut before the data, and while the manifest was being written.
    let bare = store_folder();
    edit_manifest(&bare, |text| text.replace("complete = true", "complete = false"));
    fs::remove_dir_all(bare.path().join("log")).unwrap();
    commit_one(&create(bare.path()), 0);
    let draft = tempfile::tempdir().unwrap();
    fs::write(draft.path().join("manifest.toml.tmp"), "form").unwrap();
    fs::write(draft.path().join("lock"), "").unwrap();
    commit_one(&create(draft.path()), 0);
}

/// The manifest may be an old one, or edited: what was acknowledged is in the log.
#[test]
fn an_incomplete_store_that_holds_records_is_refused_and_kept() {
    let folder = store_folder();
    edit_manifest(&folder, |text| {
        text.replace("complete = true", "complete = false")
    });
    let before = contents(folder.path());
    let error = EmbeddedStore::open(Options::new(folder.path()).create([1; 16])).unwrap_err();
    assert!(matches!(error, OpenError::BadManifest { .. }), "{error:?}");
    assert!(error.to_string().contains("records in the log"), "{error}");
    assert_eq!(contents(folder.path()), before);
    edit_manifest(&folder, |text| {
        text.replace("complete = false", "complete = true")
    });
    assert_eq!(version(&create(folder.path())), Version(1));
}

/// Each stop leaves a small table behind, and tables that nobody merges fill what the writer may make.
#[tokio::test]
async fn many_short_lives_leave_a_store_that_takes_commits() {
    let folder = tempfile::tempdir().unwrap();
    for life in 0..40 {
        let store = EmbeddedStore::open(Options::new(folder.path()).create([0xab; 16])).unwrap();
        let commit = Commit {
            partition: PartitionId::Catalogue,
            expected: Version(life),
            rows: Vec::new(),
            claims: Vec::new(),
            index: Vec::new(),
            business_day: None,
        };
        let committed = tokio::time::timeout(std::time::Duration::from_secs(20), store.commit(commit)).await;
        assert_eq!(
            committed.unwrap_or_else(|_| panic!("life {life}: no answer")),
            Ok(CommitOutcome::Applied(Version(life + 1)))
        );
        tokio::task::spawn_blocking(move || drop(store)).await.unwrap();
    }
}
