//! From a provisioning file to the canonical document.

mod convert;
mod file;
mod validate;

use crate::config::friendly_toml_error;
use map_client::proto::provisioning::v1::Document;
use std::path::Path;

pub(crate) use validate::{edge_validator, readable};

/// Reads and converts a provisioning file. Errors name the file, the line and the remedy;
/// they never show a value of the `edge` tables, which hold keys.
pub(crate) fn read(path: &Path) -> Result<Document, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("can't read provisioning file {}: {error}", path.display()))?;
    parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Reads, converts and validates: every error, one a line.
pub(crate) fn read_valid(path: &Path) -> Result<Document, String> {
    let document = read(path)?;
    match validate::errors(&document) {
        errors if errors.is_empty() => Ok(document),
        errors => Err(format!("{}:\n  {}", path.display(), errors.join("\n  "))),
    }
}

/// Converts the text of a provisioning file.
pub(crate) fn parse(text: &str) -> Result<Document, String> {
    let file: file::ProvisioningFile =
        toml::from_str(text).map_err(|error| friendly_toml_error(&error, text))?;
    convert::document(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../docs/provisioning.example.toml");

    #[test]
    fn the_commented_example_is_a_valid_document() {
        let document = parse(EXAMPLE).expect("the example parses");
        assert!(document.callers.len() >= 4, "{}", document.callers.len());
        assert!(!document.products.is_empty() && !document.sellers.is_empty());
        assert_eq!(validate::errors(&document), Vec::<String>::new());
    }

    #[test]
    fn a_typing_error_is_named_with_its_line_and_a_suggestion() {
        let error = parse("[[app]]\nid = \"a\"\nnetwroks = [\"n\"]\n").expect_err("refused");
        assert!(
            error.contains("line 3") && error.contains("did you mean `networks`?"),
            "{error}"
        );
    }

    #[test]
    fn an_error_in_an_edge_table_does_not_show_its_keys() {
        let error =
            parse("[[app]]\nid = \"a\"\n[app.edge]\napp_key = \"topsecret\nx\"\n").expect_err("refused");
        assert!(!error.contains("topsecret"), "{error}");
    }

    #[test]
    fn every_error_of_a_document_is_named_by_what_it_is_about() {
        let document = parse(
            "[[app]]\nid = \"a\"\nnetworks = [\"nowhere\"]\n[app.edge]\ncolour = 1\n\
             [[product]]\nid = \"p\"\nname = \"P\"\ntype = \"instalment\"\nnumber_prefix = \"2001\"\n\
             price_fen = 1\nface_value_fen = -5\nvalidity_months = 12\n",
        );
        let errors = validate::errors(&document.expect("parses")).join("\n");
        for part in ["app a: networks[0]", "app a: edge", "colour", "product p"] {
            assert!(errors.contains(part), "{errors:?} lacks {part:?}");
        }
    }
}
