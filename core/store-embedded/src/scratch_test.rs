//! Who may look into a scratch folder, and when one goes.

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_scratch_folder_is_its_owners_alone_and_goes_with_its_owner() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    for scratch in [Scratch::beside(&data).unwrap(), Scratch::within(&data).unwrap()] {
        let path = scratch.path().to_owned();
        assert_eq!(mode(&path), 0o700);
        make_folder(&path.join("log")).unwrap();
        assert_eq!(mode(&path.join("log")), 0o700);
        drop(scratch);
        assert!(!path.exists());
    }
}

#[test]
fn what_a_dead_process_left_is_cleared_and_what_lives_or_is_another_s_is_not() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    let lives = (Scratch::beside(&data).unwrap(), Scratch::within(&data).unwrap());
    let left = [
        place.path().join(".map-check-aB3dE9"),
        place.path().join(".map-check-aB3dE8.going"),
        data.join("compare-aB3dE9"),
    ];
    let others = [
        place.path().join(".map-check-mine"),
        place.path().join("map-check-aB3dE9"),
        place.path().join("compare-aB3dE9"),
        data.join("compare-2026-11"),
    ];
    for folder in left.iter().chain(&others) {
        fs::create_dir_all(folder.join("log")).unwrap();
        fs::write(folder.join("log/1.seg"), "numbers").unwrap();
    }
    // A name of ours for something that is no folder of ours.
    let link = place.path().join(".map-check-aaaaaa");
    std::os::unix::fs::symlink(&others[0], &link).unwrap();
    clear_beside(&data);
    clear_within(&data);
    for folder in &left {
        assert!(!folder.exists(), "{folder:?}");
    }
    for folder in &others {
        assert!(folder.join("log/1.seg").exists(), "{folder:?}");
    }
    assert!(link.exists());
    assert!(lives.0.path().exists() && lives.1.path().exists());
}

#[test]
fn what_is_removed_while_it_is_written_to_takes_nothing_more() {
    let place = tempfile::tempdir().unwrap();
    let scratch = Scratch::within(place.path()).unwrap();
    fs::write(scratch.path().join("one"), "").unwrap();
    scratch.remove().unwrap();
    assert!(fs::write(scratch.path().join("two"), "").is_err());
    fs::create_dir_all(scratch.path().join("tables")).unwrap();
    scratch.remove().unwrap();
    scratch.remove().unwrap();
    drop(scratch);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}
