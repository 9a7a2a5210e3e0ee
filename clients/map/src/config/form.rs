//! Reads a TOML file by its schema: every error of form is told at once, each with its line and key.
//!
//! serde stops at the first error. So the file is compared with the schema first, and what only serde knows is told
//! when nothing else is wrong. No value is ever shown: it may be a key.

use super::schema::{self, Schema};
use super::suggest::{closest, friendly_error, friendly_toml_error, line_of, path_in};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::num::IntErrorKind;
use toml::de::{DeInteger, DeTable, DeValue};

/// Reads a file, or tells all that is wrong with its form.
pub(crate) fn read_form<T: DeserializeOwned + JsonSchema>(text: &str) -> Result<T, Vec<String>> {
    let (file, broken) = DeTable::parse_recoverable(text);
    let friendly = |error: &toml::de::Error| friendly_toml_error(error, text);
    if !broken.is_empty() {
        return Err(broken.iter().map(friendly).collect());
    }
    let schema = schema::of::<T>();
    let mut form = Form {
        text,
        errors: Vec::new(),
    };
    form.section("", 0, Schema::new(&schema), file.get_ref());
    if form.errors.is_empty() {
        return toml::from_str(text)
            .map_err(|error| vec![known_by_serde::<T>(&error, text, Schema::new(&schema))]);
    }
    form.errors.sort();
    let told = |(line, what)| format!("line {line}: {what}");
    Err(form.errors.into_iter().map(told).collect())
}

/// What serde alone knows to be wrong, with the path of its key and what the value may look like.
fn known_by_serde<T: DeserializeOwned>(error: &toml::de::Error, text: &str, schema: Schema<'_>) -> String {
    // Read from text an error has its line, and read from values its path.
    let read = text
        .parse()
        .map(|table| T::deserialize(toml::Value::Table(table)));
    let path = read.ok().and_then(Result::err).map(|error| path_in(&error));
    friendly_error(error, text, path.unwrap_or_default(), schema)
}

/// A file that is compared with its schema.
struct Form<'a> {
    text: &'a str,
    /// The line, and what is wrong there.
    errors: Vec<(usize, String)>,
}

impl Form<'_> {
    fn error(&mut self, at: usize, what: String) {
        self.errors.push((line_of(self.text, at), what));
    }

    /// A section that begins at this byte.
    fn section(&mut self, path: &str, at: usize, schema: Schema<'_>, section: &DeTable<'_>) {
        let known = schema.keys();
        for (key, value) in section {
            let path = below(path, key.get_ref());
            let schema = known.iter().find(|(known, _)| known == key.get_ref());
            match schema {
                Some((_, schema)) => self.value(&path, value.span().start, *schema, value.get_ref()),
                None => {
                    let known = known.iter().map(|(known, _)| *known);
                    let told = meant(key.get_ref(), known.collect());
                    self.error(key.span().start, format!("{path}: unknown key{told}"));
                }
            }
        }
        for key in schema.required().filter(|key| !section.contains_key(*key)) {
            self.error(at, format!("{}: is missing", below(path, key)));
        }
    }

    fn value(&mut self, path: &str, at: usize, schema: Schema<'_>, value: &DeValue<'_>) {
        let choices = schema.choices();
        match (value, schema.items()) {
            (DeValue::Table(section), _) if schema.is_section() => self.section(path, at, schema, section),
            (DeValue::Array(list), Some(items)) => {
                for (index, value) in list.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.value(&path, value.span().start, items, value.get_ref());
                }
            }
            (value, _) if !choices.is_empty() => {
                let is_one = |text| choices.contains(&format!("\"{text}\""));
                if !value.as_str().is_some_and(is_one) {
                    self.error(at, format!("{path}: expected one of {}", choices.join(", ")));
                }
            }
            (DeValue::String(text), _) if schema.is_address() => {
                if text.parse::<SocketAddr>().is_err() {
                    let example = schema
                        .example()
                        .unwrap_or_else(|| "\"127.0.0.1:8080\"".to_owned());
                    self.error(
                        at,
                        format!("{path}: expected an address and a port, such as {example}"),
                    );
                }
            }
            (DeValue::String(_), _) if schema.is_text() => {}
            (DeValue::Integer(number), _) if schema.is_integer() => {
                if let Some(wrong) = misfit(schema, number) {
                    self.error(at, format!("{path}: {wrong}"));
                }
            }
            (DeValue::Boolean(_), _) if schema.is_boolean() => {}
            // Of other types the schema says nothing that is certain; serde does.
            (
                DeValue::Table(_)
                | DeValue::Array(_)
                | DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_),
                _,
            ) => {
                if let Some(expected) = schema.expected() {
                    self.error(at, format!("{path}: expected {expected}"));
                }
            }
        }
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// Why a number can't be that, if it can't.
fn misfit(schema: Schema<'_>, number: &DeInteger<'_>) -> Option<String> {
    let (least, most) = schema.bounds();
    let range = match (least, most) {
        (i64::MIN, most) => format!("{most} or less"),
        (least, i64::MAX) => format!("{least} or more"),
        (least, most) => format!("{least} to {most}"),
    };
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) if (least..=most).contains(&number) => None,
        Err(error) if *error.kind() == IntErrorKind::InvalidDigit => {
            Some("expected a whole number".to_owned())
        }
        Ok(_) | Err(_) => Some(format!("the number is out of range, which is {range}")),
    }
}

/// The key that was probably meant, or all there are.
fn meant(unknown: &str, known: Vec<&str>) -> String {
    match closest(unknown, known.iter().copied()) {
        Some(known) => format!("; did you mean `{known}`?"),
        None => format!("; known here: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "what is read is compared, not used")]
    struct File {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        only_serde: Option<SocketAddr>,
        #[serde(default)]
        #[schemars(extend("format" = "address"))]
        bind: Option<SocketAddr>,
        #[serde(default, rename = "app")]
        apps: Vec<App>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "what is read is compared, not used")]
    struct App {
        id: String,
        kind: Kind,
        #[serde(default)]
        stages: i32,
        #[serde(default)]
        port: u16,
        #[serde(default)]
        active: bool,
        #[serde(default)]
        networks: Vec<String>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        /// One.
        First,
        /// The other.
        Second,
    }

    fn errors(text: &str) -> Vec<String> {
        read_form::<File>(text).expect_err("refused")
    }

    #[test]
    fn every_error_of_form_is_told_with_line_and_key_and_without_values() {
        let text = "nme = \"a\"\n[[app]]\nid = 7\nkind = \"frist\"\nstages = 9999999999\nport = -1\nactive = \"yes\"\n\
                    networks = [\"a\", 5]\n[[app]]\nkid = \"topsecret\"\nkind = true\n";
        assert_eq!(
            errors(text),
            [
                "line 1: nme: unknown key; did you mean `name`?",
                "line 3: app[0].id: expected a text in quotes",
                "line 4: app[0].kind: expected one of \"first\", \"second\"",
                "line 5: app[0].stages: the number is out of range, which is -2147483648 to 2147483647",
                "line 6: app[0].port: the number is out of range, which is 0 to 65535",
                "line 7: app[0].active: expected true or false",
                "line 8: app[0].networks[1]: expected a text in quotes",
                "line 9: app[1].id: is missing",
                "line 10: app[1].kid: unknown key; did you mean `id`?",
                "line 11: app[1].kind: expected one of \"first\", \"second\"",
            ]
        );
    }

    #[test]
    fn several_errors_of_syntax_are_told_and_what_only_serde_knows() {
        let broken = errors("name = \"a\nonly_serde = \n[[app]]\nid \"x\"\n");
        assert!(
            broken.len() > 1 && broken.iter().all(|error| error.starts_with("line ")),
            "{broken:?}"
        );
        let address = errors("only_serde = \"here\"\n");
        assert!(address[0].starts_with("line 1: only_serde: "), "{address:?}");
        let number = errors("[[app]]\nid = \"x\"\nkind = \"first\"\nstages = 1_0x\n");
        assert!(number[0].contains("expected a whole number"), "{number:?}");
    }

    #[test]
    fn an_address_that_is_none_is_told_with_the_others_and_with_an_example() {
        assert_eq!(
            errors("bind = \"here\"\n[[app]]\nid = 7\nkind = \"first\"\n"),
            [
                "line 1: bind: expected an address and a port, such as \"127.0.0.1:8080\"",
                "line 3: app[0].id: expected a text in quotes",
            ]
        );
    }

    #[test]
    fn what_is_well_formed_is_read() {
        let file: File = read_form(
            "name = \"a\"\nbind = \"127.0.0.1:1\"\n[[app]]\nid = \"x\"\nkind = \"second\"\nport = 0x10\n",
        )
        .expect("read");
        assert_eq!(file.apps[0].port, 16);
    }
}
