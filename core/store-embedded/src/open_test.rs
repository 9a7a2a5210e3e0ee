//! Opening what an earlier version wrote.

use super::*;
use crate::group::IMPORTED;
use crate::store::EmbeddedStore;
use map_domain::CustomerId;
use map_store::{BulkRow, Load, PartitionId, Row, RowKey, RowKind, Store, Version};

const ID: [u8; 16] = [1; 16];

fn customer() -> PartitionId {
    PartitionId::Customer(CustomerId::new([2; 16]))
}

fn account() -> Row {
    Row {
        key: RowKey::new(RowKind::Account, "a"),
        body: vec![7; 3000].into(),
    }
}

/// A folder of format 2 with an account that was imported, and not its partition.
async fn make_older(path: &Path) -> Options {
    let options = Options {
        segment_bytes: 8192,
        ..Options::new(path).create(ID)
    };
    let store = EmbeddedStore::open(options.clone()).unwrap();
    let row = || BulkRow::Row {
        partition: customer(),
        row: account(),
    };
    for _ in 0..3 {
        store.import(vec![row()]).await.unwrap();
    }
    store.close();
    let folder = options.folder();
    folder.remove(&folder.tables()).unwrap();
    let tables = Tables::open(&folder.tables(), 1 << 20).unwrap();
    let cells = [
        (layout::store_id(), ID.to_vec().into()),
        (layout::row(&customer(), &account().key), account().body),
        (layout::origin(), Bytes::from_static(IMPORTED)),
    ];
    tables.apply(cells, 3);
    tables.seal();
    tables.flush().unwrap();
    let mut manifest = Manifest::read(&folder).unwrap().unwrap();
    manifest.format = 2;
    manifest.write(&folder).unwrap();
    options
}

#[tokio::test]
async fn an_import_that_an_earlier_version_began_is_gone_on_with_and_hides_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(make_older(folder.path()).await).unwrap();
    let rebuilt = store.stats().opening.rebuilt.unwrap();
    assert!(
        rebuilt.to_string().contains("accounts before their partitions"),
        "{rebuilt}"
    );
    let partition = BulkRow::Partition {
        id: customer(),
        version: Version(3),
    };
    store.import(vec![partition]).await.unwrap();
    let accounts = Load {
        kinds: vec![RowKind::Account],
        keys: Vec::new(),
    };
    let loaded = store.load(&customer(), accounts).await.unwrap();
    assert_eq!((loaded.version, loaded.rows), (Version(3), vec![account()]));
}

#[tokio::test]
async fn where_the_log_can_not_name_its_accounts_such_a_folder_is_refused_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = make_older(folder.path()).await;
    let shelf = Shelf::open(&options.folder().log()).unwrap();
    fs::remove_file(&shelf.all()[0].path).unwrap();
    for _ in 0..2 {
        let error = EmbeddedStore::open(options.clone()).unwrap_err();
        assert!(matches!(error, OpenError::TablesLost { .. }), "{error}");
        assert!(Manifest::read(&options.folder()).unwrap().unwrap().is_older());
    }
}
