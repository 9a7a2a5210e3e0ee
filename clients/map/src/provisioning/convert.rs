//! Converts the file's entries to the canonical messages.

use super::file::{CallerEntry, ProductEntry, ProductType, ProvisioningFile, SellerEntry, StoreEntry};
use map_client::proto::catalog::v1::{FuelProduct, Product, Restrictions, Seller, Store, Terminal};
use map_client::proto::common::v1::AccountType;
use map_client::proto::provisioning::v1::{Caller, Document, Role};

pub(super) fn document(file: ProvisioningFile) -> Result<Document, String> {
    let groups = [
        (Role::PosNetwork, file.networks),
        (Role::App, file.apps),
        (Role::Channel, file.channels),
        (Role::Gateway, file.gateways),
        (Role::Operator, file.operators),
    ];
    let mut callers = Vec::new();
    for (role, entries) in groups {
        for entry in entries {
            callers.push(caller(role, entry)?);
        }
    }
    let fuel_products = file.fuel_products.into_iter();
    Ok(Document {
        callers,
        products: file.products.into_iter().map(product).collect(),
        fuel_products: fuel_products
            .map(|entry| FuelProduct {
                fuel_product_id: entry.code,
                name: entry.name,
            })
            .collect(),
        sellers: file.sellers.into_iter().map(seller).collect(),
        default_product_id: file.default_product,
        region_code: file.region,
    })
}

fn caller(role: Role, entry: CallerEntry) -> Result<Caller, String> {
    let edge_settings_json = match &entry.edge {
        None => String::new(),
        // A datetime is the one TOML value that JSON does not have.
        Some(table) => serde_json::to_string(table)
            .map_err(|_| format!("the edge settings of {} hold a value that JSON can't", entry.id))?,
    };
    Ok(Caller {
        caller_id: entry.id,
        role: role.into(),
        name: entry.name,
        active: entry.active,
        bearer_key_sha256: entry.bearer_key_sha256,
        network_ids: entry.networks,
        may_omit_payment_code: entry.may_omit_payment_code,
        edge_settings_json,
        ignore_transfer_sms_code: entry.ignore_transfer_sms_code,
    })
}

fn product(entry: ProductEntry) -> Product {
    let account_type = match entry.kind {
        ProductType::Instalment => AccountType::Instalment,
        ProductType::Discount => AccountType::Discount,
    };
    let short_name = if entry.short_name.is_empty() {
        entry.name.clone()
    } else {
        entry.short_name
    };
    Product {
        product_id: entry.id,
        name: entry.name,
        short_name,
        account_type: account_type.into(),
        number_prefix: entry.number_prefix,
        price_fen: entry.price_fen,
        face_value_fen: entry.face_value_fen,
        total_stages: entry.stages,
        first_release_fen: entry.first_release_fen,
        stage_fen: entry.stage_fen,
        validity_months: entry.validity_months,
        restrictions: Some(Restrictions {
            seller_ids: entry.restrictions.sellers,
            terminal_ids: entry.restrictions.terminals,
            fuel_product_ids: entry.restrictions.fuel_products,
            hours: entry.restrictions.hours,
        }),
        remark: entry.remark,
        active: entry.active,
    }
}

fn seller(entry: SellerEntry) -> Seller {
    Seller {
        seller_id: entry.id,
        name: entry.name,
        active: entry.active,
        stores: entry.stores.into_iter().map(store).collect(),
    }
}

fn store(entry: StoreEntry) -> Store {
    let terminals = entry.terminals.into_iter();
    Store {
        store_id: entry.id,
        name: entry.name,
        terminals: terminals
            .map(|entry| Terminal {
                terminal_id: entry.id,
                network_id: entry.network,
                active: entry.active,
                generation: 0,
            })
            .collect(),
    }
}
