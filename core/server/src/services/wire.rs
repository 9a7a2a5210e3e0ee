//! Values of the domain as the protos write them.

use map_domain::catalogue::{FuelProduct, Product, Seller, Terminal};
use map_domain::{AccountType, Restrictions, Timestamp};
use map_proto::catalog::v1 as wire;
use map_proto::common::v1 as common;

/// A time.
pub(super) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let ms = at.as_millis();
    prost_types::Timestamp {
        seconds: ms.div_euclid(1000),
        nanos: i32::try_from(ms.rem_euclid(1000).saturating_mul(1_000_000)).unwrap_or_default(),
    }
}

/// The type of an account.
pub(super) const fn account_type(kind: AccountType) -> common::AccountType {
    match kind {
        AccountType::Instalment => common::AccountType::Instalment,
        AccountType::Discount => common::AccountType::Discount,
        AccountType::Cash => common::AccountType::Cash,
        AccountType::Investment => common::AccountType::Investment,
    }
}

/// A count; beyond 2^31 it shows as that.
pub(super) fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A revision of the catalogue; beyond 2^63 it shows as that.
pub(super) fn revision(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A card product.
pub(super) fn product(product: &Product) -> wire::Product {
    let (first, stage) = product
        .uneven
        .map_or((0, 0), |(first, stage)| (first.get(), stage.get()));
    wire::Product {
        product_id: product.id.to_string(),
        name: product.name.clone(),
        short_name: product.short_name.clone(),
        account_type: account_type(product.kind).into(),
        number_prefix: product.number_prefix.clone(),
        price_fen: product.price.get(),
        face_value_fen: product.face_value.get(),
        total_stages: count(product.stages),
        first_release_fen: first,
        stage_fen: stage,
        validity_months: count(product.validity_months),
        restrictions: Some(restrictions(&product.restrictions)),
        remark: product.remark.clone(),
        active: product.active,
    }
}

fn restrictions(restrictions: &Restrictions) -> wire::Restrictions {
    wire::Restrictions {
        seller_ids: restrictions.sellers.iter().map(ToString::to_string).collect(),
        terminal_ids: restrictions.terminals.iter().map(ToString::to_string).collect(),
        fuel_product_ids: restrictions
            .fuel_products
            .iter()
            .map(|(code, _)| code.clone())
            .collect(),
        hours: restrictions
            .hours
            .iter()
            .map(|(from, to)| format!("{from}-{to}"))
            .collect(),
    }
}

/// A fuel product.
pub(super) fn fuel_product(fuel: &FuelProduct) -> wire::FuelProduct {
    wire::FuelProduct {
        fuel_product_id: fuel.code.clone(),
        name: fuel.name.clone(),
    }
}

/// A seller with those of its terminals that are to be shown.
pub(super) fn seller(seller: &Seller, shown: impl Fn(&Terminal) -> bool) -> wire::Seller {
    let stores = seller.stores.iter().map(|store| wire::Store {
        store_id: store.id.to_string(),
        name: store.name.clone(),
        terminals: store
            .terminals
            .iter()
            .filter(|t| shown(t))
            .map(terminal)
            .collect(),
    });
    wire::Seller {
        seller_id: seller.id.to_string(),
        name: seller.name.clone(),
        active: seller.active,
        stores: stores.collect(),
    }
}

/// A terminal.
pub(super) fn terminal(terminal: &Terminal) -> wire::Terminal {
    wire::Terminal {
        terminal_id: terminal.id.to_string(),
        network_id: terminal.network.to_string(),
        active: terminal.active,
        generation: count(terminal.generation),
    }
}
