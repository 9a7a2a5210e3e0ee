//! Writes a provisioning document as the file a person would write.

use super::json::{Json, quoted};
use map_client::proto::catalog::v1::{Product, Restrictions, Seller};
use map_client::proto::common::v1::AccountType;
use map_client::proto::provisioning::v1::{Caller, Document, Role};
use std::fmt::Write as _;

/// The provisioning file of a document.
pub fn provisioning(document: &Document) -> String {
    let mut file = String::new();
    let _ = writeln!(file, "region = {}", quoted(&document.region_code));
    let _ = writeln!(file, "default_product = {}", quoted(&document.default_product_id));
    for caller in &document.callers {
        write_caller(&mut file, caller);
    }
    for product in &document.products {
        write_product(&mut file, product);
    }
    for fuel in &document.fuel_products {
        let (code, name) = (quoted(&fuel.fuel_product_id), quoted(&fuel.name));
        let _ = writeln!(file, "\n[[fuel_product]]\ncode = {code}\nname = {name}");
    }
    for seller in &document.sellers {
        write_seller(&mut file, seller);
    }
    file
}

fn list(texts: &[String]) -> String {
    format!(
        "[{}]",
        texts
            .iter()
            .map(|text| quoted(text))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn write_caller(file: &mut String, caller: &Caller) {
    let (table, is_app) = match caller.role() {
        Role::App => ("app", true),
        Role::Channel => ("channel", false),
        Role::PosNetwork => ("network", false),
        Role::Gateway => ("gateway", false),
        Role::Operator => ("operator", false),
        Role::Unspecified => panic!("a caller without a role"),
    };
    let _ = writeln!(
        file,
        "\n[[{table}]]\nid = {}\nname = {}",
        quoted(&caller.caller_id),
        quoted(&caller.name)
    );
    let _ = writeln!(
        file,
        "active = {}\nbearer_key_sha256 = {}",
        caller.active,
        list(&caller.bearer_key_sha256)
    );
    if is_app {
        let _ = writeln!(file, "networks = {}", list(&caller.network_ids));
        let _ = writeln!(file, "may_omit_payment_code = {}", caller.may_omit_payment_code);
        let _ = writeln!(
            file,
            "ignore_transfer_sms_code = {}",
            caller.ignore_transfer_sms_code
        );
    }
    if !caller.edge_settings_json.is_empty() {
        let _ = writeln!(file, "[{table}.edge]");
        for (key, value) in Json::parse(&caller.edge_settings_json)
            .expect("edge settings")
            .members()
        {
            // Texts, numbers and lists of texts are written alike in JSON and TOML.
            let _ = writeln!(file, "{key} = {value}");
        }
    }
}

fn write_product(file: &mut String, product: &Product) {
    let kind = match product.account_type() {
        AccountType::Instalment => "instalment",
        AccountType::Discount => "discount",
        other => panic!("no product is of type {other:?}"),
    };
    let _ = writeln!(
        file,
        "\n[[product]]\nid = {}\nname = {}\nshort_name = {}\ntype = \"{kind}\"\nnumber_prefix = {}",
        quoted(&product.product_id),
        quoted(&product.name),
        quoted(&product.short_name),
        quoted(&product.number_prefix)
    );
    for (key, value) in [
        ("price_fen", product.price_fen),
        ("face_value_fen", product.face_value_fen),
        ("stages", i64::from(product.total_stages)),
        ("first_release_fen", product.first_release_fen),
        ("stage_fen", product.stage_fen),
        ("validity_months", i64::from(product.validity_months)),
    ] {
        let _ = writeln!(file, "{key} = {value}");
    }
    let _ = writeln!(file, "active = {}", product.active);
    let Restrictions {
        seller_ids,
        terminal_ids,
        fuel_product_ids,
        hours,
    } = product.restrictions.clone().unwrap_or_default();
    let _ = writeln!(file, "[product.restrictions]\nsellers = {}", list(&seller_ids));
    let _ = writeln!(file, "terminals = {}", list(&terminal_ids));
    let _ = writeln!(
        file,
        "fuel_products = {}\nhours = {}",
        list(&fuel_product_ids),
        list(&hours)
    );
}

fn write_seller(file: &mut String, seller: &Seller) {
    let (id, name) = (quoted(&seller.seller_id), quoted(&seller.name));
    let _ = writeln!(
        file,
        "\n[[seller]]\nid = {id}\nname = {name}\nactive = {}",
        seller.active
    );
    for store in &seller.stores {
        let (id, name) = (quoted(&store.store_id), quoted(&store.name));
        let _ = writeln!(file, "[[seller.store]]\nid = {id}\nname = {name}");
        for terminal in &store.terminals {
            let (id, network) = (quoted(&terminal.terminal_id), quoted(&terminal.network_id));
            let _ = writeln!(
                file,
                "[[seller.store.terminal]]\nid = {id}\nnetwork = {network}\nactive = {}",
                terminal.active
            );
        }
    }
}
