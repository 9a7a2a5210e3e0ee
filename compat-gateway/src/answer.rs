//! Writes answers: keys in the order in which they are put, as in the document's samples.

use crate::contract::Defect;
use std::borrow::Cow;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Printed<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A number.
    Number(i64),
}

impl<'a> Printed<'a> {
    /// A borrowed text.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl Default for Printed<'_> {
    fn default() -> Self {
        Self::text("")
    }
}

/// A JSON object being written.
#[derive(Debug)]
pub(crate) struct Object {
    json: String,
    empty: bool,
}

impl Object {
    /// An object with nothing in it.
    pub(crate) fn new() -> Self {
        Self {
            json: String::from("{"),
            empty: true,
        }
    }

    /// Adds a value.
    pub(crate) fn put(&mut self, name: &str, value: Printed<'_>) {
        self.key(name);
        match value {
            Printed::Text(text) => quote(&mut self.json, &text),
            Printed::Number(number) => self.json.push_str(&number.to_string()),
        }
    }

    /// Adds a value unless it is absent or an empty text.
    pub(crate) fn put_filled(&mut self, name: &str, value: Option<Printed<'_>>) {
        if let Some(value) = value.filter(|value| *value != Printed::default()) {
            self.put(name, value);
        }
    }

    /// Adds an object.
    pub(crate) fn nested(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Object) -> Result<(), Defect>,
    ) -> Result<(), Defect> {
        self.key(name);
        let mut inner = Self::new();
        fill(&mut inner)?;
        self.json.push_str(&inner.close());
        Ok(())
    }

    /// Adds an array of objects.
    pub(crate) fn array(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Array) -> Result<(), Defect>,
    ) -> Result<(), Defect> {
        self.key(name);
        let mut inner = Array {
            json: String::from("["),
            empty: true,
        };
        fill(&mut inner)?;
        inner.json.push(']');
        self.json.push_str(&inner.json);
        Ok(())
    }

    /// Adds all members of another object.
    pub(crate) fn append(&mut self, other: &Object) {
        let members = other.json.get(1..).unwrap_or_default();
        if !members.is_empty() {
            self.comma();
            self.json.push_str(members);
        }
    }

    /// The finished text.
    pub(crate) fn close(mut self) -> String {
        self.json.push('}');
        self.json
    }

    fn key(&mut self, name: &str) {
        self.comma();
        quote(&mut self.json, name);
        self.json.push(':');
    }

    fn comma(&mut self) {
        if !self.empty {
            self.json.push(',');
        }
        self.empty = false;
    }
}

/// A JSON array being written.
#[derive(Debug)]
pub(crate) struct Array {
    json: String,
    empty: bool,
}

impl Array {
    /// Adds an object.
    pub(crate) fn object(
        &mut self,
        fill: impl FnOnce(&mut Object) -> Result<(), Defect>,
    ) -> Result<(), Defect> {
        if !self.empty {
            self.json.push(',');
        }
        self.empty = false;
        let mut inner = Object::new();
        fill(&mut inner)?;
        self.json.push_str(&inner.close());
        Ok(())
    }
}

/// Appends a JSON string whose decoded value is exactly `text`.
fn quote(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            // Old JavaScript readers take the two line separators for line ends.
            control
                if control < ' ' || matches!(control, '\u{7f}' | '\u{2028}' | '\u{2029}' | '\u{feff}') =>
            {
                json.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            plain => json.push(plain),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_quoted_so_that_it_decodes_to_itself() {
        let all: String = (0..0x3000)
            .filter_map(char::from_u32)
            .chain(['\u{feff}', '𝄞', '支'])
            .collect();
        let mut json = String::new();
        quote(&mut json, &all);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), all);
    }

    #[test]
    fn members_keep_their_order_and_empty_ones_can_be_left_out() {
        let mut object = Object::new();
        object.put("b", Printed::Number(-1));
        object.put_filled("none", None);
        object.put_filled("empty", Some(Printed::text("")));
        object.put_filled("zero", Some(Printed::Number(0)));
        object
            .nested("in", |inner| {
                inner.put("x", Printed::text("\""));
                Ok(())
            })
            .unwrap();
        object
            .array("list", |list| {
                list.object(|_| Ok(()))?;
                list.object(|_| Ok(()))
            })
            .unwrap();
        let mut outer = Object::new();
        outer.append(&Object::new());
        outer.put("a", Printed::Number(1));
        outer.append(&object);
        assert_eq!(
            outer.close(),
            r#"{"a":1,"b":-1,"zero":0,"in":{"x":"\""},"list":[{},{}]}"#
        );
    }
}
