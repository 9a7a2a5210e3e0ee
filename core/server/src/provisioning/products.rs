//! The card and fuel products of a document. Whether a plan makes sense is the domain's to say.

use super::errors::Errors;
use map_domain::catalogue::{FuelProduct, Product};
use map_domain::{AccountType, Fen, ProductId, Restrictions, SellerId, TerminalId};
use map_proto::catalog::v1 as wire;
use map_proto::common::v1 as common;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of a terminal's small display: six Chinese characters, two columns each.
const DISPLAY_COLUMNS: usize = 12;

/// What restrictions may refer to.
pub(super) struct Known<'a> {
    pub(super) sellers: BTreeSet<&'a str>,
    pub(super) terminals: BTreeSet<&'a str>,
    /// Names of fuel products by code.
    pub(super) fuels: BTreeMap<&'a str, &'a str>,
}

/// The fuel products.
pub(super) fn fuel_products(fuels: &[wire::FuelProduct], errors: &mut Errors) -> Vec<FuelProduct> {
    let at = |n: usize| format!("fuel_products[{n}]");
    let codes = fuels
        .iter()
        .enumerate()
        .map(|(n, fuel)| (at(n), &fuel.fuel_product_id));
    errors.unique(codes, "the same code");
    let mut read = Vec::new();
    for (n, fuel) in fuels.iter().enumerate() {
        // A code has the form of every other identifier of the catalogue.
        let _ = errors.id(
            &format!("{}.fuel_product_id", at(n)),
            &fuel.fuel_product_id,
            ProductId::parse,
        );
        errors.text(&format!("{}.name", at(n)), &fuel.name, true);
        read.push(FuelProduct {
            code: fuel.fuel_product_id.clone(),
            name: fuel.name.clone(),
        });
    }
    read
}

/// The card products.
pub(super) fn products(products: &[wire::Product], known: &Known<'_>, errors: &mut Errors) -> Vec<Product> {
    let ids = products
        .iter()
        .enumerate()
        .map(|(n, product)| (format!("products[{n}]"), &product.product_id));
    errors.unique(ids, "the same identifier");
    let read = |(n, product): (usize, &wire::Product)| one(&format!("products[{n}]"), product, known, errors);
    products.iter().enumerate().filter_map(read).collect()
}

fn one(at: &str, product: &wire::Product, known: &Known<'_>, errors: &mut Errors) -> Option<Product> {
    let id = errors.id(&format!("{at}.product_id"), &product.product_id, ProductId::parse);
    errors.text(&format!("{at}.name"), &product.name, false);
    errors.text(&format!("{at}.short_name"), &product.short_name, false);
    errors.require(
        columns(&product.short_name) <= DISPLAY_COLUMNS,
        &format!("{at}.short_name"),
        "expected at most 6 Chinese characters",
    );
    errors.text(&format!("{at}.remark"), &product.remark, false);
    let kind = match product.account_type() {
        common::AccountType::Instalment => Some(AccountType::Instalment),
        common::AccountType::Discount => Some(AccountType::Discount),
        common::AccountType::Unspecified | common::AccountType::Cash | common::AccountType::Investment => {
            None
        }
    };
    errors.require(
        kind.is_some(),
        &format!("{at}.account_type"),
        "expected instalment or discount",
    );
    let stages = count(&format!("{at}.total_stages"), product.total_stages, errors);
    let validity_months = count(&format!("{at}.validity_months"), product.validity_months, errors);
    let uneven = match (product.first_release_fen, product.stage_fen) {
        (0, 0) => None,
        (first, stage) => Some((Fen::new(first), Fen::new(stage))),
    };
    let restrictions = restrictions(
        &format!("{at}.restrictions"),
        product.restrictions.as_ref(),
        known,
        errors,
    );
    let read = Product {
        id: id?,
        name: product.name.clone(),
        short_name: product.short_name.clone(),
        kind: kind?,
        number_prefix: product.number_prefix.clone(),
        price: Fen::new(product.price_fen),
        face_value: Fen::new(product.face_value_fen),
        stages: stages?,
        uneven,
        validity_months: validity_months?,
        restrictions,
        remark: product.remark.clone(),
        active: product.active,
    };
    for fault in read.problems() {
        errors.add(
            &format!("{at}.{}", wire_name(fault.field)),
            format!("expected {}", fault.expected),
        );
    }
    Some(read)
}

/// The field of the message that a field of the domain comes from.
fn wire_name(field: &'static str) -> &'static str {
    match field {
        "kind" => "account_type",
        "price" => "price_fen",
        "face_value" => "face_value_fen",
        "stages" => "total_stages",
        "uneven" => "stage_fen",
        other => other,
    }
}

fn count(at: &str, number: i32, errors: &mut Errors) -> Option<u32> {
    u32::try_from(number)
        .map_err(|_| errors.add(at, "expected 0 or more"))
        .ok()
}

/// Width of a text where Chinese characters take two columns.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1_usize } else { 2 }).sum()
}

fn restrictions(
    at: &str,
    restrictions: Option<&wire::Restrictions>,
    known: &Known<'_>,
    errors: &mut Errors,
) -> Restrictions {
    let mut read = Restrictions::default();
    let Some(wire) = restrictions else { return read };
    for (n, seller) in wire.seller_ids.iter().enumerate() {
        let at = format!("{at}.seller_ids[{n}]");
        errors.require(
            known.sellers.contains(seller.as_str()),
            &at,
            "no such seller in this document",
        );
        read.sellers.extend(errors.id(&at, seller, SellerId::parse));
    }
    for (n, terminal) in wire.terminal_ids.iter().enumerate() {
        let at = format!("{at}.terminal_ids[{n}]");
        errors.require(
            known.terminals.contains(terminal.as_str()),
            &at,
            "no such terminal in this document",
        );
        read.terminals.extend(errors.id(&at, terminal, TerminalId::parse));
    }
    for (n, code) in wire.fuel_product_ids.iter().enumerate() {
        match known.fuels.get(code.as_str()) {
            Some(name) => read.fuel_products.push((code.clone(), (*name).to_owned())),
            None => errors.add(
                &format!("{at}.fuel_product_ids[{n}]"),
                "no such fuel product in this document",
            ),
        }
    }
    for (n, hours) in wire.hours.iter().enumerate() {
        match period(hours) {
            Some(period) => read.hours.push(period),
            None => errors.add(
                &format!("{at}.hours[{n}]"),
                "expected \"from-to\", 0 to 24, from before to",
            ),
        }
    }
    read
}

fn period(text: &str) -> Option<(u8, u8)> {
    let hour = |text: &str| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
        digits.then(|| text.parse::<u8>().ok()).flatten()
    };
    let (from, to) = text.split_once('-')?;
    let (from, to) = (hour(from)?, hour(to)?);
    (from < to && to <= 24).then_some((from, to))
}
