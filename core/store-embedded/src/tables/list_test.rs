use super::*;
use crate::tables::Tables;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use tempfile::TempDir;

type Cells = BTreeMap<Vec<u8>, Bytes>;

/// Records in tables by the list before the last one, and by the last one.
const BEFORE: u64 = 12;
const LAST: u64 = 13;

fn open(folder: &Path) -> Result<Tables, TablesError> {
    Tables::open(folder, 1 << 20)
}

fn cells(tables: &Tables) -> Cells {
    let all = (Bound::Unbounded, Bound::Unbounded);
    let cells = tables.snapshot().range(all, false, usize::MAX).unwrap();
    cells
        .into_iter()
        .map(|(key, value)| (key.to_vec(), value))
        .collect()
}

/// Tables in several levels, some of which overlap; and what they hold by the list before the last one.
fn make() -> (TempDir, Cells) {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).unwrap();
    let mut before = Cells::new();
    for record in 1..=LAST {
        let own = |name: &str| {
            (
                name.as_bytes().to_vec(),
                Bytes::from(vec![record.to_be_bytes()[7]; 90]),
            )
        };
        tables.apply([own("same"), own(&format!("key {record}"))], record);
        tables.seal();
        tables.flush().unwrap();
        if record == 9 {
            tables.compact().unwrap();
        }
        if record == BEFORE {
            before = cells(&tables);
        }
    }
    let list = fs::read(in_force(folder.path(), 1)).unwrap();
    assert_eq!(
        entries(&list).unwrap().len(),
        4,
        "three over those that were merged"
    );
    (folder, before)
}

/// The file of the list that came so many before the one in force.
fn in_force(folder: &Path, before: u64) -> PathBuf {
    let current = Current::read(folder).unwrap().unwrap();
    folder.join(file_name(current.number.checked_sub(before).unwrap()))
}

/// As a change leaves it that fails and is begun again.
fn cut_short(folder: &Path) {
    fs::write(in_force(folder, 0), b"begun").unwrap();
    assert!(matches!(open(folder), Err(TablesError::Damaged(_))));
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let folders = [folder.to_owned(), folder.join(TABLES)];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn where_the_list_in_force_was_cut_short_the_one_before_it_counts() {
    let (folder, before) = make();
    cut_short(folder.path());
    assert!(Tables::fall_back(folder.path(), BEFORE).unwrap());
    let tables = open(folder.path()).unwrap();
    assert_eq!(tables.applied(), BEFORE);
    assert!(cells(&tables) == before);
    tables.apply([(b"more".to_vec(), Bytes::from_static(b"more"))], LAST);
    tables.seal();
    tables.flush().unwrap();
    tables.compact().unwrap();
    drop(tables);
    assert_eq!(open(folder.path()).unwrap().applied(), LAST);
}

#[test]
fn a_table_that_was_given_up_is_not_missed() {
    let (folder, before) = make();
    let names = |before| entries(&fs::read(in_force(folder.path(), before)).unwrap()).unwrap();
    let newest = names(0).into_iter().find(|entry| !names(1).contains(entry));
    let newest = folder.path().join(TABLES).join(newest.unwrap().id.to_string());
    fs::remove_file(newest).unwrap();
    assert!(matches!(open(folder.path()), Err(TablesError::Damaged(_))));
    assert!(Tables::fall_back(folder.path(), BEFORE).unwrap());
    assert!(cells(&open(folder.path()).unwrap()) == before);
}

#[test]
fn tables_that_do_not_reach_to_where_the_log_begins_stay_as_they_are() {
    let (folder, _) = make();
    cut_short(folder.path());
    let whole = files(folder.path());
    assert!(!Tables::fall_back(folder.path(), LAST).unwrap());
    assert!(files(folder.path()) == whole);
}

#[test]
fn nothing_is_fallen_back_on_where_it_is_not_known_what_was_in_force() {
    let (folder, _) = make();
    let current = folder.path().join(CURRENT);
    let bytes = fs::read(&current).unwrap();
    for damaged in [&bytes[..24], &[], &[&bytes[..24], &[1]].concat()] {
        fs::write(&current, damaged).unwrap();
        assert!(!Tables::fall_back(folder.path(), 0).unwrap(), "{damaged:?}");
    }
    fs::remove_file(&current).unwrap();
    assert!(!Tables::fall_back(folder.path(), 0).unwrap());
    let new = tempfile::tempdir().unwrap();
    drop(open(new.path()).unwrap());
    assert!(
        !Tables::fall_back(new.path(), 0).unwrap(),
        "before the first list there is none"
    );
}

/// What can be damaged: every byte of the list, and some of the tables.
#[test]
fn a_list_that_is_damaged_is_not_fallen_back_on() {
    let (folder, before) = make();
    cut_short(folder.path());
    let path = in_force(folder.path(), 1);
    let whole = files(folder.path());
    let mut fallen_back = 0;
    for (path, bytes) in whole
        .iter()
        .filter(|(file, _)| **file == path || file.starts_with(folder.path().join(TABLES)))
    {
        let is_list = path.parent() == Some(folder.path());
        for at in (0..bytes.len()).step_by(if is_list { 1 } else { 23 }) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            for damaged in [&flipped[..], &bytes[..at]] {
                fs::write(path, damaged).unwrap();
                if !Tables::fall_back(folder.path(), BEFORE).unwrap() {
                    continue;
                }
                fallen_back += 1;
                let tables = open(folder.path());
                let is_same = tables.is_ok_and(|tables| cells(&tables) == before);
                assert!(is_same, "{} at {at}", path.display());
                for (path, bytes) in &whole {
                    fs::write(path, bytes).unwrap();
                }
            }
            fs::write(path, bytes).unwrap();
        }
    }
    // What nobody reads: which version wrote it, and the table that the list does not name.
    assert!(fallen_back > 0, "{fallen_back}");
}
