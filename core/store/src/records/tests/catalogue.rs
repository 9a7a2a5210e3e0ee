//! The catalogue and its items.

use super::*;

#[tokio::test]
async fn the_catalogue_is_loaded_as_it_was_committed() {
    let store = MemoryStore::new();
    let items = [
        CatalogueItem::Product(samples::product()),
        CatalogueItem::FuelProduct(samples::fuel_product()),
        CatalogueItem::Seller(samples::seller()),
        CatalogueItem::Caller(samples::caller_record()),
        CatalogueItem::Settings(samples::settings()),
    ];
    let commit = Commit {
        partition: PartitionId::Catalogue,
        expected: Version::NONE,
        rows: items.iter().map(CatalogueItem::write).collect(),
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    };
    applied(&store, commit).await;
    let loaded = store
        .load(&PartitionId::Catalogue, load_catalogue())
        .await
        .unwrap();
    let records = CatalogueRecords {
        revision: 1,
        products: vec![samples::product()],
        fuel_products: vec![samples::fuel_product()],
        sellers: vec![samples::seller()],
        callers: vec![samples::caller_record()],
        settings: samples::settings(),
    };
    assert_eq!(decode_catalogue(&loaded), Ok(records));
    assert_eq!(samples::product().restrictions, restrictions());
}

#[test]
fn an_item_in_another_items_row_is_damage() {
    let RowWrite::Put(row) = CatalogueItem::Product(samples::product()).write() else {
        panic!("a put")
    };
    for name in ["product/other", "seller/P100", "unknown/P100"] {
        let row = Row {
            key: RowKey::new(RowKind::Item, name),
            body: row.body.clone(),
        };
        assert!(
            matches!(CatalogueItem::read(&row), Err(StoreError::Damaged(_))),
            "{name}"
        );
    }
}

#[test]
fn a_caller_is_printed_without_keys_and_settings() {
    let text = format!("{:?}", samples::caller_record());
    assert!(!text.contains("bearer") && !text.contains("edge"), "{text}");
}
