//! Places of the canonical document as the file has them: `sellers[2].stores[0].store_id` is `seller[2].store[0].id`,
//! on some line.

use map_client::proto::provisioning::v1::{Document, Role};
use toml::de::{DeTable, DeValue};

/// One step of a path: a key, and which of the entries below it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    key: String,
    index: Option<usize>,
}

/// Errors at places of the document, in the words of the file (line, path, what is wrong) and in its order.
pub(super) fn readable(document: &Document, text: &str, errors: &[(String, String)]) -> Vec<String> {
    let mut told: Vec<_> = errors
        .iter()
        .map(|(place, what)| in_words(document, text, place, what))
        .collect();
    // Stable: errors of one line stay as the rules told them.
    told.sort_by_key(|(line, _)| *line);
    let with_line = |(line, error): (Option<usize>, String)| match line {
        Some(line) => format!("line {line}: {error}"),
        None => error,
    };
    told.into_iter().map(with_line).collect()
}

/// The line of an error, where the file has it, and path and what is wrong.
fn in_words(document: &Document, text: &str, place: &str, what: &str) -> (Option<usize>, String) {
    let steps = in_file(document, &steps(place));
    let path: Vec<String> = steps.iter().map(Step::to_string).collect();
    let whose = subject(document, place).map_or_else(String::new, |id| format!(" ({id})"));
    (line(text, &steps), format!("{}{whose}: {what}", path.join(".")))
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}[{index}]", self.key),
            None => f.write_str(&self.key),
        }
    }
}

/// `a[1].b` as steps. What is no index is part of the key.
fn steps(place: &str) -> Vec<Step> {
    let step = |text: &str| {
        let indexed = text
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once('['))
            .and_then(|(key, index)| Some((key, index.parse().ok()?)));
        let (key, index) = indexed.map_or((text, None), |(key, index)| (key, Some(index)));
        Step {
            key: key.to_owned(),
            index,
        }
    };
    place.split('.').map(step).collect()
}

/// The same place in the file. The document has one list of callers where the file has a table for each role,
/// and says whose an identifier is where the file says `id`.
fn in_file(document: &Document, steps: &[Step]) -> Vec<Step> {
    let mut above = "";
    let mut found = Vec::new();
    for Step { key, index } in steps {
        let (name, index) = match (key.as_str(), index) {
            ("callers", Some(index)) => caller(document, *index),
            _ => (name(above, key), *index),
        };
        found.push(Step {
            key: name.to_owned(),
            index,
        });
        above = key;
    }
    found
}

/// The key of the file for a field of the document; `above` is the list or message that it is in.
fn name<'a>(above: &str, field: &'a str) -> &'a str {
    match (above, field) {
        ("", "products") => "product",
        ("", "fuel_products") => "fuel_product",
        ("", "sellers") => "seller",
        ("", "default_product_id") => "default_product",
        ("", "region_code") => "region",
        ("callers", "caller_id")
        | ("products", "product_id")
        | ("sellers", "seller_id")
        | ("stores", "store_id")
        | ("terminals", "terminal_id") => "id",
        ("fuel_products", "fuel_product_id") => "code",
        ("callers", "network_ids") => "networks",
        ("callers", "edge_settings_json") => "edge",
        ("products", "account_type") => "type",
        ("products", "total_stages") => "stages",
        ("restrictions", "seller_ids") => "sellers",
        ("restrictions", "terminal_ids") => "terminals",
        ("restrictions", "fuel_product_ids") => "fuel_products",
        ("sellers", "stores") => "store",
        ("stores", "terminals") => "terminal",
        ("terminals", "network_id") => "network",
        (_, other) => other,
    }
}

/// The table of a caller's role, and which of its entries the caller is.
fn caller(document: &Document, index: usize) -> (&'static str, Option<usize>) {
    let Some(caller) = document.callers.get(index) else {
        return ("callers", Some(index));
    };
    let before = document.callers.iter().take(index);
    let at = before.filter(|other| other.role == caller.role).count();
    (table(caller.role()), Some(at))
}

/// The table of the file that a role's callers stand in.
const fn table(role: Role) -> &'static str {
    match role {
        Role::App => "app",
        Role::Channel => "channel",
        Role::PosNetwork => "network",
        Role::Gateway => "gateway",
        Role::Operator => "operator",
        Role::Unspecified => "caller",
    }
}

/// The identifier of what the place is about, for people who do not count entries.
fn subject<'a>(document: &'a Document, place: &str) -> Option<&'a str> {
    let first = steps(place).into_iter().next()?;
    let index = first.index?;
    let id = match first.key.as_str() {
        "callers" => document.callers.get(index).map(|caller| &caller.caller_id),
        "products" => document.products.get(index).map(|product| &product.product_id),
        "fuel_products" => document
            .fuel_products
            .get(index)
            .map(|fuel| &fuel.fuel_product_id),
        "sellers" => document.sellers.get(index).map(|seller| &seller.seller_id),
        _ => None,
    };
    id.map(String::as_str).filter(|id| !id.is_empty())
}

/// The line of the place, or of the last part of its path that the file has: a key that is missing is missing
/// in its table.
fn line(text: &str, steps: &[Step]) -> Option<usize> {
    let file = DeTable::parse(text).ok()?;
    let mut table = Some(file.get_ref());
    let mut at = None;
    for step in steps {
        let Some((key, value)) =
            table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == &step.key))
        else {
            break;
        };
        at = Some(key.span().start);
        let mut value = value;
        if let (Some(index), DeValue::Array(entries)) = (step.index, value.get_ref()) {
            let Some(entry) = entries.get(index) else {
                break;
            };
            at = Some(entry.span().start);
            value = entry;
        }
        table = value.get_ref().as_table();
    }
    let before = text.get(..at?)?;
    Some(before.matches('\n').count().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::parse;

    const FILE: &str = "region = \"888\"\n\n[[operator]]\nid = \"o\"\n[[app]]\nid = \"a\"\n[[app]]\nid = \"b\"\n\
        networks = [\n  \"n\",\n  \"nowhere\",\n]\n[app.edge]\napp_key = \"k\"\n[[product]]\nid = \"p\"\nname = \"P\"\n\
        type = \"instalment\"\nnumber_prefix = \"2001\"\nprice_fen = 1\nface_value_fen = 1\nvalidity_months = 1\n\
        restrictions = { sellers = [\"s\"] }\n[[fuel_product]]\ncode = \"f\"\nname = \"F\"\n[[seller]]\nid = \"s\"\n\
        [[seller.store]]\nid = \"t\"\n[[seller.store.terminal]]\nid = \"x\"\nnetwork = \"n\"\n\
        [[seller.store.terminal]]\nid = \"y\"\nnetwork = \"n\"\n";

    #[test]
    fn a_place_is_told_by_line_path_and_identifier() {
        let document = parse(FILE).expect("parses");
        let check = |place: &str, expect: &str| {
            assert_eq!(
                readable(&document, FILE, &[(place.to_owned(), "wrong".to_owned())]),
                [format!("{expect}: wrong")]
            );
        };
        check("region_code", "line 1: region");
        check("default_product_id", "default_product");
        check("callers[0].caller_id", "line 6: app[0].id (a)");
        check("callers[1].network_ids[1]", "line 11: app[1].networks[1] (b)");
        check("callers[1].edge_settings_json", "line 13: app[1].edge (b)");
        check(
            "callers[2].bearer_key_sha256[0]",
            "line 3: operator[0].bearer_key_sha256[0] (o)",
        );
        check("products[0].account_type", "line 18: product[0].type (p)");
        check("products[0].total_stages", "line 15: product[0].stages (p)");
        check(
            "products[0].restrictions.seller_ids[0]",
            "line 23: product[0].restrictions.sellers[0] (p)",
        );
        check(
            "fuel_products[0].fuel_product_id",
            "line 25: fuel_product[0].code (f)",
        );
        check("sellers[0].seller_id", "line 28: seller[0].id (s)");
        check(
            "sellers[0].stores[0].store_id",
            "line 30: seller[0].store[0].id (s)",
        );
        check(
            "sellers[0].stores[0].terminals[1].terminal_id",
            "line 35: seller[0].store[0].terminal[1].id (s)",
        );
        check(
            "sellers[0].stores[0].terminals[1].network_id",
            "line 36: seller[0].store[0].terminal[1].network (s)",
        );
        check("callers[9].caller_id", "callers[9].id");
    }
}
