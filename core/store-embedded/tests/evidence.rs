//! What only one of the log's witnesses knows: the chain of an edit whose checksum was made to fit, and a
//! later record of damage behind a watermark that lags.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/history.rs"]
mod history;
mod segment;

use history::{make, options, read};
use map_store_embedded::{EmbeddedStore, OpenError, verify};
use segment::{FRAME, edit, end_of_record, records, segments};
use std::fs;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Changes a byte of a record's body, and makes its checksum fit: it covers the first 64 bytes and the body.
fn forge(segment: &Path, at: usize, text: &[u8]) {
    edit(segment, |bytes| {
        let end = end_of_record(bytes, at);
        let begin = bytes[at..end].windows(text.len()).position(|found| found == text);
        bytes[at + begin.unwrap()] ^= 1;
        let covered = [&bytes[at..at + 64], &bytes[at + FRAME..end]].concat();
        bytes[at + 64..at + FRAME].copy_from_slice(&xxh3_64(&covered).to_be_bytes());
    });
}

#[test]
fn an_edit_whose_checksum_was_made_to_fit_is_told_by_the_chain() {
    let edited = make(&std::env::temp_dir());
    drop(EmbeddedStore::open(options(edited.path())).unwrap());
    let active = segments(&edited.path().join("log")).pop().unwrap();
    let marks = records(&active);
    assert!(marks.len() > 3);
    // In the middle, and the last one: nothing follows that could tell.
    for at in [marks[0], marks[1], marks[marks.len() - 2]] {
        let before = fs::read(&active).unwrap();
        forge(&active, at, b"balance");
        match EmbeddedStore::open(options(edited.path())).unwrap_err() {
            OpenError::Log(damage) => {
                assert_eq!(damage.offset, u64::try_from(at).unwrap());
                assert!(damage.to_string().contains("edited"), "{damage}");
            }
            other => panic!("{other:?}"),
        }
        let report = verify(edited.path()).unwrap();
        assert!(report.findings[0].to_string().contains("edited"), "{report:?}");
        fs::write(&active, before).unwrap();
    }
    assert!(verify(edited.path()).unwrap().is_sound());
    EmbeddedStore::open(options(edited.path())).unwrap();
}

#[test]
fn damage_before_a_later_record_is_no_torn_end_though_the_watermark_lags() {
    let damaged = make(&std::env::temp_dir());
    let expected = read(&EmbeddedStore::open(options(damaged.path())).unwrap());
    let active = segments(&damaged.path().join("log")).pop().unwrap();
    // As a power cut may leave it: it is written and not synced. The state knows as little.
    let first = make(&std::env::temp_dir());
    let earlier = segments(&first.path().join("log")).pop().unwrap();
    edit(&earlier, |bytes| bytes[records(&earlier)[0]..].fill(0));
    fs::remove_file(first.path().join("watermark")).unwrap();
    fs::remove_dir_all(first.path().join("state")).unwrap();
    drop(EmbeddedStore::open(options(first.path())).unwrap());
    fs::copy(first.path().join("watermark"), damaged.path().join("watermark")).unwrap();
    fs::remove_dir_all(damaged.path().join("state")).unwrap();
    let before = fs::read(&active).unwrap();
    let at = records(&active)[1];
    edit(&active, |bytes| bytes[at + FRAME + 5] ^= 1);
    let report = verify(damaged.path()).unwrap();
    assert_eq!((report.findings.len(), report.torn_bytes), (1, 0), "{report:?}");
    match EmbeddedStore::open(options(damaged.path())).unwrap_err() {
        OpenError::Log(damage) => assert_eq!(damage.offset, u64::try_from(at).unwrap()),
        other => panic!("{other:?}"),
    }
    fs::write(&active, before).unwrap();
    assert!(read(&EmbeddedStore::open(options(damaged.path())).unwrap()) == expected);
}
