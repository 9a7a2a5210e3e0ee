//! Texts that no setting can mean, wherever they stand.

use super::dump::MASK;
use toml::{Table, Value};

/// What is wrong with the texts of a table, each with its path.
pub(super) fn problems(table: &Table) -> Vec<String> {
    let mut problems = Vec::new();
    look_below("", table, &mut problems);
    problems
}

fn look_below(path: &str, table: &Table, problems: &mut Vec<String>) {
    for (key, value) in table {
        let path = format!("{path}{key}");
        match value {
            Value::Table(below) => look_below(&format!("{path}."), below, problems),
            Value::Array(list) => {
                for (at, entry) in list.iter().enumerate() {
                    if let Value::Table(below) = entry {
                        look_below(&format!("{path}[{at}]."), below, problems);
                    }
                }
            }
            Value::String(text) => problems.extend(problem(text).map(|problem| format!("{path}: {problem}"))),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
        }
    }
}

fn problem(text: &str) -> Option<String> {
    if text.is_empty() {
        // A path would name the folder that this runs in.
        Some("is empty; leave the key out, or give it a value".to_owned())
    } else if is_masked(text) {
        // It would be taken for the secret.
        Some(format!(
            "\"{MASK}\" is what a dump shows in the place of a secret: put the secret there, or remove the key"
        ))
    } else {
        None
    }
}

/// A secret, or a URL with one in it.
fn is_masked(text: &str) -> bool {
    text == MASK || (text.contains("://") && text.contains(MASK))
}
