//! What a comparison takes for a difference in the names of accounts.

use super::*;
use map_domain::CustomerId;
use map_store::Version;

#[test]
fn headers_that_name_other_accounts_than_there_are_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(folder.path(), 1 << 20).unwrap();
    let put = |number: u8, named: Option<&[&'static str]>, there: &[&'static str]| {
        let partition = PartitionId::Customer(CustomerId::new([number; 16]));
        let mut header = Header::default();
        match named {
            Some(keys) => keys
                .iter()
                .for_each(|key| header.accounts.add(&Bytes::from(*key))),
            None => header.accounts = Accounts::UNKNOWN,
        }
        let row = |key: &&'static str| {
            let key = RowKey::new(RowKind::Account, *key);
            (layout::row(&partition, &key), Bytes::from_static(b"body"))
        };
        let order = RowKey::new(RowKind::Order, "a");
        let mut cells = vec![(layout::header(&partition), header.encode())];
        cells.push((layout::row(&partition, &order), Bytes::from_static(b"body")));
        cells.extend(there.iter().map(row));
        tables.apply(cells, number.into());
    };
    put(1, Some(&[]), &[]);
    put(2, Some(&["a", "b"]), &["a", "b"]);
    put(3, None, &["a"]);
    put(4, Some(&["a"]), &["a", "b"]);
    put(5, Some(&["a", "b"]), &["a"]);
    put(6, Some(&[]), &["a"]);
    let at = tables.snapshot();
    let mut comparison = Comparison::default();
    let read = |start| at.range((start, Bound::Unbounded), false, 2);
    compare_names(Cells::new(read), &mut comparison).unwrap();
    let places: Vec<_> = comparison.differences.iter().map(|found| &found.place).collect();
    let names = |number: &str| places.iter().filter(|place| place.contains(number)).count();
    assert_eq!(places.len(), 3, "{places:?}");
    for wrong in ["0404", "0505", "0606"] {
        assert_eq!(names(wrong), 1, "{places:?}");
    }
}

fn header(version: u64, accounts: Accounts) -> Bytes {
    let header = Header {
        version: Version(version),
        accounts,
        body: None,
    };
    header.encode()
}

fn named(keys: &'static str) -> Accounts {
    let mut accounts = Header::default().accounts;
    for at in 0..keys.len() {
        accounts.add(&Bytes::from_static(&keys.as_bytes()[at..=at]));
    }
    accounts
}

/// Those that are not named would not be loaded.
#[test]
fn only_a_header_that_names_no_accounts_may_say_less_than_the_log() {
    let partition = PartitionId::Customer(CustomerId::new([1; 16]));
    let cell = Bytes::from(layout::header(&partition));
    let same = |is, should| says_the_same(&cell, &header(1, is), &header(1, should));
    assert!(same(named("ab"), named("ab")));
    assert!(same(Accounts::UNKNOWN, named("ab")));
    assert!(!same(named("a"), named("ab")));
    assert!(!same(named(""), named("a")));
    assert!(!same(named("abc"), named("ab")));
    assert!(!same(named("abcdefgh"), named("abcdefghi")));
    let older = header(1, Accounts::UNKNOWN);
    assert!(!says_the_same(&cell, &older, &header(2, named("a"))));
    let row = layout::row(
        &partition,
        &map_store::RowKey::new(map_store::RowKind::Account, "a"),
    );
    assert!(!says_the_same(&row.into(), &older, &header(1, named("a"))));
}
