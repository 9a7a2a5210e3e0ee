//! What an error of the tables says of them, and what they hold.

#![allow(
    clippy::unwrap_used,
    reason = "a test is blunt: what it did not expect stops it"
)]

use super::{Tables, TablesError};
use bytes::Bytes;
use map_store::StoreError;
use std::collections::BTreeMap;
use std::{fs, io};

#[test]
fn a_table_that_vanishes_while_the_store_is_open_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 64 * 1024).unwrap();
    for record in 1..=200_u8 {
        let value = Bytes::from(vec![record; 1000]);
        tables.apply(BTreeMap::from([(vec![record], value)]), record.into());
    }
    tables.seal();
    tables.flush().unwrap();
    assert!(fs::read_dir(folder.path().join("tables")).unwrap().count() > 0);
    // Nobody has read it yet, so that nobody holds it open.
    fs::remove_dir_all(folder.path().join("tables")).unwrap();
    let read = tables.get(&[100]);
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
}

#[test]
fn an_error_of_the_disk_is_no_damage_and_a_file_that_is_not_as_it_was_is() {
    let check = |kind: io::ErrorKind, is_damage: bool| {
        let error = TablesError::from(lsm_tree::Error::Io(io::Error::from(kind)));
        assert_eq!(matches!(error, TablesError::Damaged(_)), is_damage, "{kind:?}");
    };
    for damage in [
        io::ErrorKind::NotFound,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::InvalidData,
        io::ErrorKind::IsADirectory,
        io::ErrorKind::NotADirectory,
    ] {
        check(damage, true);
    }
    for disk in [
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::StorageFull,
        io::ErrorKind::Interrupted,
        io::ErrorKind::TimedOut,
        io::ErrorKind::Other,
    ] {
        check(disk, false);
    }
    let checksum = TablesError::from(lsm_tree::Error::Unrecoverable);
    assert!(matches!(checksum, TablesError::Damaged(_)));
}

#[test]
fn what_was_sealed_is_taken_apart_once_it_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1024 * 1024).unwrap();
    for record in 1..=10_u64 {
        let cells = BTreeMap::from([(record.to_be_bytes().to_vec(), Bytes::from_static(b"value"))]);
        tables.apply(cells, record);
        tables.seal();
        tables.flush().unwrap();
        tables.compact().unwrap();
        assert!(tables.past.lock().unwrap().is_empty(), "{record}");
        assert_eq!(tables.on_disk(), record);
    }
}
