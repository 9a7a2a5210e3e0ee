//! What can be set: every key with its documentation, as the Rust types declare it. The types and their
//! comments are the only source; the dump, the suggestions and the checks of keys read it here.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// What can be set at one place: a section, a list, a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema<'a>(&'a Value);

/// The schema of a configuration, with nothing referred to elsewhere.
pub(super) fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

impl<'a> Schema<'a> {
    /// The whole configuration.
    pub(super) const fn new(schema: &'a Value) -> Self {
        Self(schema)
    }

    /// What its comment says, in one line.
    pub(super) fn doc(self) -> String {
        let text = self.text("description").unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What can be set at this path, if anything can.
    pub(super) fn at(self, path: &[String]) -> Option<Self> {
        let Some((key, rest)) = path.split_first() else {
            return Some(self);
        };
        let (_, below) = self.keys().into_iter().find(|(known, _)| known == key)?;
        below.at(rest)
    }

    /// The keys of a section, with those of all its forms.
    pub(super) fn keys(self) -> Vec<(&'a str, Self)> {
        let own = self.present().properties();
        let mut keys: Vec<_> = own.collect();
        for form in self.forms() {
            for (key, schema) in form.properties() {
                if !keys.iter().any(|(known, _)| *known == key) {
                    keys.push((key, schema));
                }
            }
        }
        keys
    }

    /// The forms a section can have (`adapter = "outbox"`, `adapter = "webhook"`); none: it has one.
    pub(super) fn forms(self) -> Vec<Self> {
        let forms = self
            .list("oneOf")
            .filter(|form| form.0.get("properties").is_some());
        forms.collect()
    }

    /// The one value that a form has here.
    pub(super) fn constant(self) -> Option<&'a str> {
        self.text("const")
    }

    /// Of a list: what is in it.
    pub(super) fn items(self) -> Option<Self> {
        self.present().0.get("items").map(Self)
    }

    /// Whether it is a section, or a list of sections.
    pub(super) fn has_keys(self) -> bool {
        !self.keys().is_empty() || self.items().is_some_and(|items| !items.keys().is_empty())
    }

    /// Whether its values are texts.
    pub(super) fn is_text(self) -> bool {
        self.kind() == Some("string") || !self.choices().is_empty()
    }

    /// Whether its values are addresses with a port, as the attribute of such a field says.
    pub(super) fn is_address(self) -> bool {
        self.present().text("format") == Some("address")
    }

    /// Whether its values are whole numbers.
    pub(super) fn is_integer(self) -> bool {
        self.kind() == Some("integer")
    }

    /// Whether its values are true or false.
    pub(super) fn is_boolean(self) -> bool {
        self.kind() == Some("boolean")
    }

    /// Whether it is a section, of keys that are known or of any.
    pub(super) fn is_section(self) -> bool {
        self.kind() == Some("object") || !self.keys().is_empty()
    }

    /// The keys that a section must have.
    pub(super) fn required(self) -> impl Iterator<Item = &'a str> {
        let required = self.present().0.get("required").and_then(Value::as_array);
        required.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The least and the greatest whole number, as far as the schema says.
    pub(super) fn bounds(self) -> (i64, i64) {
        let schema = self.present();
        let bound = |name: &str| schema.0.get(name).and_then(Value::as_i64);
        let (least, most) = match schema.text("format") {
            Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
            Some("uint32") => (0, i64::from(u32::MAX)),
            Some(_) | None => (i64::MIN, i64::MAX),
        };
        (
            bound("minimum").unwrap_or(least),
            bound("maximum").unwrap_or(most),
        )
    }

    /// What a value has to be, in words; `None`: that is not certain.
    pub(super) fn expected(self) -> Option<&'static str> {
        match self.kind()? {
            "string" => Some("a text in quotes"),
            "integer" => Some("a whole number"),
            "boolean" => Some("true or false"),
            "array" => Some("a list"),
            "object" => Some("a section"),
            _ => None,
        }
    }

    /// Its default, or a value of its type that is to be replaced.
    pub(super) fn placeholder(self) -> String {
        let default = self.0.get("default").filter(|default| !default.is_null());
        match (default, self.kind()) {
            (Some(default), _) => default.to_string(),
            (None, Some("integer")) => "0".to_owned(),
            (None, Some("boolean")) => "false".to_owned(),
            (None, Some("array")) => "[]".to_owned(),
            (None, Some(_) | None) => "\"\"".to_owned(),
        }
    }

    /// Its default, where it is a value that says how others look.
    pub(super) fn example(self) -> Option<String> {
        let default = self.0.get("default")?;
        let plain = default.is_number() || default.as_str().is_some_and(|text| !text.is_empty());
        plain.then(|| default.to_string())
    }

    fn kind(self) -> Option<&'a str> {
        match self.present().0.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().find_map(Value::as_str),
            Some(kind) => kind.as_str(),
            None => None,
        }
    }

    /// Every path below it, with dots between the keys.
    pub(super) fn paths(self) -> Vec<String> {
        let mut paths = Vec::new();
        for (key, schema) in self.keys() {
            paths.push(key.to_owned());
            paths.extend(schema.paths().iter().map(|path| format!("{key}.{path}")));
        }
        paths
    }

    /// Itself, or what an optional one is where it is set.
    fn present(self) -> Self {
        let is_null = |schema: &Self| schema.text("type") == Some("null");
        self.list("anyOf").find(|schema| !is_null(schema)).unwrap_or(self)
    }

    /// The texts that are allowed; none: it has no list of them.
    pub(super) fn choices(self) -> Vec<String> {
        let plain = self.present().0.get("enum").and_then(Value::as_array);
        let plain = plain.into_iter().flatten().filter_map(Value::as_str);
        let described = self.present().list("oneOf").filter_map(Self::constant);
        plain
            .chain(described)
            .map(|choice| format!("\"{choice}\""))
            .collect()
    }

    fn properties(self) -> impl Iterator<Item = (&'a str, Self)> {
        let properties = self.0.get("properties").and_then(Value::as_object);
        let each = properties.into_iter().flat_map(Map::iter);
        each.map(|(key, schema)| (key.as_str(), Self(schema)))
    }

    fn list(self, name: &str) -> impl Iterator<Item = Self> + use<'a> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().map(Self)
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MapConfig;

    #[test]
    fn every_key_is_documented() {
        fn check(schema: Schema<'_>, path: &str) {
            for (key, schema) in schema.keys() {
                if schema.constant().is_some() {
                    continue;
                }
                let path = format!("{path}.{key}");
                assert!(!schema.doc().is_empty(), "{path} has no comment");
                check(schema, &path);
                schema.items().into_iter().for_each(|items| check(items, &path));
            }
        }
        check(Schema::new(&of::<MapConfig>()), "");
    }

    #[test]
    fn optional_sections_lists_and_forms_are_known() {
        let schema = of::<MapConfig>();
        let paths = Schema::new(&schema).paths();
        for path in [
            "core.tls.cert_file",
            "core.sms.url",
            "gateway.listeners",
            "core.limits.header_bytes",
        ] {
            assert!(
                paths.iter().any(|known| known == path),
                "{path} is not in {paths:?}"
            );
        }
    }
}
