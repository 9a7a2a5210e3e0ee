//! From a provisioning file to the canonical document.

mod convert;
mod file;
mod place;
mod validate;

use crate::config::read_form;
use map_client::proto::provisioning::v1::Document;
use map_gateway::EdgeSettings;
use std::path::{Path, PathBuf};

pub(crate) use validate::edge_validator;

/// Reads and converts a provisioning file. Errors name the file, the line and the remedy;
/// they never show a value of the `edge` tables, which hold keys.
pub(crate) fn read(path: &Path) -> Result<Document, String> {
    parse(&text(path)?).map_err(|errors| listed(path, &errors))
}

/// All that is wrong with a file, one a line.
fn listed(path: &Path, errors: &[String]) -> String {
    format!("{}:\n  {}", path.display(), errors.join("\n  "))
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("can't read provisioning file {}: {error}", path.display()))
}

/// A file and the document it stands for.
pub(crate) struct Provisioning {
    /// The file.
    pub(crate) path: PathBuf,
    /// The document.
    pub(crate) document: Document,
    text: String,
}

impl Provisioning {
    /// Reads, converts and validates: every error of form, or where there is none every other, one a line.
    pub(crate) fn read_valid(path: &Path) -> Result<Self, String> {
        let text = text(path)?;
        let document = parse(&text).map_err(|errors| listed(path, &errors))?;
        let read = Self {
            path: path.to_owned(),
            document,
            text,
        };
        match validate::errors(&read.document) {
            errors if errors.is_empty() => Ok(read),
            errors => Err(listed(path, &read.readable(&errors))),
        }
    }

    /// Whether keys are in it that vouch for a caller.
    pub(crate) fn holds_secrets(&self) -> bool {
        let settings = self
            .document
            .callers
            .iter()
            .map(|caller| EdgeSettings::parse(&caller.edge_settings_json));
        settings.flatten().any(|settings| settings.hold_secrets())
    }

    /// Errors at places of the document (which place, what is wrong), as lines and paths of the file, in its order.
    pub(crate) fn readable(&self, errors: &[(String, String)]) -> Vec<String> {
        place::readable(&self.document, &self.text, errors)
    }
}

/// Converts the text of a provisioning file, or tells every error of its form.
fn parse(text: &str) -> Result<Document, Vec<String>> {
    let file: file::ProvisioningFile = read_form(text)?;
    convert::document(file).map_err(|error| vec![error])
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
        assert_eq!(validate::errors(&document), Vec::new());
    }

    #[test]
    fn every_typing_error_is_named_with_its_line_and_a_suggestion() {
        let text = "[[app]]\nid = \"a\"\nnetwroks = [\"n\"]\nactive = 1\n[[seler]]\nid = \"s\"\n";
        let errors = parse(text).expect_err("refused");
        assert_eq!(
            errors,
            [
                "line 3: app[0].netwroks: unknown key; did you mean `networks`?",
                "line 4: app[0].active: expected true or false",
                "line 5: seler: unknown key; did you mean `seller`?",
            ]
        );
    }

    #[test]
    fn an_error_in_an_edge_table_does_not_show_its_keys() {
        let errors =
            parse("[[app]]\nid = \"a\"\n[app.edge]\napp_key = \"topsecret\nx\"\n").expect_err("refused");
        assert!(!errors.concat().contains("topsecret"), "{errors:?}");
    }

    #[test]
    fn every_error_of_a_document_is_named_by_what_it_is_about() {
        let text = "[[app]]\nid = \"a\"\nnetworks = [\"nowhere\"]\n[app.edge]\nposp_key = \"0123\"\n\
             [[product]]\nid = \"p\"\nname = \"P\"\ntype = \"instalment\"\nnumber_prefix = \"2001\"\n\
             price_fen = 1\nface_value_fen = -5\nvalidity_months = 12\n";
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.toml");
        std::fs::write(&path, text).expect("written");
        let errors = Provisioning::read_valid(&path).err().expect("refused");
        for part in [
            "line 3: app[0].networks[0] (a): ",
            "line 5: app[0].edge.posp_key (a): ",
            "product[0].face_value_fen (p): ",
        ] {
            assert!(errors.contains(part), "{errors:?} lacks {part:?}");
        }
    }

    #[test]
    fn errors_of_a_document_are_told_in_the_order_of_the_file() {
        let product = |id: &str| {
            format!(
                "[[product]]\nid = \"{id}\"\nname = \"P\"\ntype = \"instalment\"\nnumber_prefix = \"1\"\n\
                 price_fen = 1\nface_value_fen = -5\nvalidity_months = 0\n"
            )
        };
        let seller = "[[seller]]\nid = \"s\"\n[[seller.store]]\nid = \"t\"\n[[seller.store.terminal]]\nid = \"x\"\n\
                      network = \"nowhere\"\n";
        let app = "[[app]]\nid = \"a\"\nnetworks = [\"nowhere\"]\n[app.edge]\nposp_key = \"0123\"\n";
        let network = "[[network]]\nid = \"n\"\nbearer_key_sha256 = [\"x\"]\n";
        let text = [
            seller,
            &product("p"),
            app,
            &product("q"),
            network,
            "[[operator]]\nid = \"\"\n",
        ]
        .concat();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.toml");
        std::fs::write(
            &path,
            format!("default_product = \"none\"\nregion = \"x\"\n{text}"),
        )
        .expect("written");
        let errors = Provisioning::read_valid(&path).err().expect("refused");
        let lines: Vec<usize> = errors
            .lines()
            .skip(1)
            .map(|error| {
                let line = error
                    .trim()
                    .strip_prefix("line ")
                    .and_then(|rest| rest.split_once(':'));
                line.expect(error).0.parse().expect(error)
            })
            .collect();
        assert!(lines.len() > 10 && lines.is_sorted(), "{errors}");
    }
}
