//! JSON as it stands on the wire: object keys in their order, numbers as the text they were written in.
//!
//! A strict reader (RFC 8259, duplicate keys refused) and a compact writer, so that field order, types and
//! lexemes of answers can be compared, and requests be written in any order. No floats, no mapping.

use std::fmt::Write as _;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Bool(bool),
    /// The lexeme.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl Json {
    /// Reads one document.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            bytes: text.as_bytes(),
            text,
            at: 0,
        };
        reader.blank();
        let value = reader.value(0)?;
        reader.blank();
        if reader.at == text.len() {
            Ok(value)
        } else {
            Err(reader.complaint("nothing more"))
        }
    }

    /// The members of an object; none for anything else.
    pub fn members(&self) -> &[(String, Json)] {
        if let Self::Object(members) = self {
            members
        } else {
            &[]
        }
    }

    /// The keys of an object, in order.
    pub fn keys(&self) -> Vec<&str> {
        self.members().iter().map(|(key, _)| key.as_str()).collect()
    }

    /// The elements of an array; none for anything else.
    pub fn elements(&self) -> &[Json] {
        if let Self::Array(elements) = self {
            elements
        } else {
            &[]
        }
    }

    /// The value at a path such as `order.sum`.
    pub fn at(&self, path: &str) -> Option<&Json> {
        path.split('.').try_fold(self, |value, key| {
            value
                .members()
                .iter()
                .find(|(own, _)| own == key)
                .map(|(_, value)| value)
        })
    }

    /// The text at a path; panics where there is none.
    #[track_caller]
    pub fn text(&self, path: &str) -> &str {
        match self.at(path) {
            Some(Self::Text(text)) => text,
            other => panic!("{path} should be text, is {other:?} in {self}"),
        }
    }

    /// The whole number at a path; panics where there is none.
    #[track_caller]
    pub fn int(&self, path: &str) -> i64 {
        match self.at(path) {
            Some(Self::Number(lexeme)) => lexeme.parse().unwrap_or_else(|_| panic!("{path}: {lexeme}")),
            other => panic!("{path} should be a number, is {other:?} in {self}"),
        }
    }

    /// What a digest takes of a value: a text's characters, a number's lexeme, nothing of null.
    pub fn lexeme(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) | Self::Number(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// Sets the value at a path; a new key is appended. The objects on the way must exist.
    #[track_caller]
    pub fn set(&mut self, path: &str, value: impl Into<Json>) {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        let members = self.object(parent);
        let value = value.into();
        match members.iter_mut().find(|(own, _)| own == key) {
            Some((_, old)) => *old = value,
            None => members.push((key.to_owned(), value)),
        }
    }

    /// Removes the key at a path; panics where there is none, since then a test would prove nothing.
    #[track_caller]
    pub fn remove(&mut self, path: &str) {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        let members = self.object(parent);
        let before = members.len();
        members.retain(|(own, _)| own != key);
        assert_eq!(members.len() + 1, before, "there is no {path} to be removed");
    }

    /// The object at a path (empty: the value itself), to be changed.
    #[track_caller]
    pub fn object(&mut self, path: &str) -> &mut Vec<(String, Json)> {
        let mut value = self;
        for key in path.split('.').filter(|key| !key.is_empty()) {
            let Self::Object(members) = value else {
                panic!("{path} leads through what is no object")
            };
            let found = members.iter_mut().find(|(own, _)| own == key);
            value = &mut found.unwrap_or_else(|| panic!("there is no {path}")).1;
        }
        let Self::Object(members) = value else {
            panic!("{path} is no object")
        };
        members
    }
}

/// Compact, keys in their order, everything but quotes, backslashes and control characters as it is.
impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(lexeme) => f.write_str(lexeme),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Array(elements) => {
                f.write_char('[')?;
                for (index, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if index == 0 { "" } else { "," })?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (key, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if index == 0 { "" } else { "," }, quoted(key))?;
                }
                f.write_char('}')
            }
        }
    }
}

/// A JSON string literal; also a TOML basic string.
pub fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            control if u32::from(control) < 0x20 || control == '\u{7f}' => {
                let _ = write!(literal, "\\u{:04x}", u32::from(control));
            }
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn complaint(&self, expected: &str) -> String {
        format!("byte {}: expected {expected}", self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), String> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.complaint(&format!("{:?}", char::from(byte))))
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, String> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.complaint(word))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > 64 {
            return Err(self.complaint("less depth"));
        }
        match self.peek() {
            Some(b'{') => self.members(depth).map(Json::Object),
            Some(b'[') => self.elements(depth).map(Json::Array),
            Some(b'"') => self.string().map(Json::Text),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.complaint("a value")),
        }
    }

    fn members(&mut self, depth: usize) -> Result<Vec<(String, Json)>, String> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.take(b'{')?;
        self.blank();
        while self.peek() != Some(b'}') {
            if !members.is_empty() {
                self.take(b',')?;
                self.blank();
            }
            let key = self.string()?;
            if members.iter().any(|(own, _)| *own == key) {
                return Err(format!("the key {key:?} stands twice"));
            }
            self.blank();
            self.take(b':')?;
            self.blank();
            let value = self.value(depth + 1)?;
            members.push((key, value));
            self.blank();
        }
        self.take(b'}')?;
        Ok(members)
    }

    fn elements(&mut self, depth: usize) -> Result<Vec<Json>, String> {
        let mut elements = Vec::new();
        self.take(b'[')?;
        self.blank();
        while self.peek() != Some(b']') {
            if !elements.is_empty() {
                self.take(b',')?;
                self.blank();
            }
            elements.push(self.value(depth + 1)?);
            self.blank();
        }
        self.take(b']')?;
        Ok(elements)
    }

    fn number(&mut self) -> Result<Json, String> {
        let from = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let lexeme = &self.text[from..self.at];
        match serde_json::from_str::<serde_json::Number>(lexeme) {
            Ok(_) => Ok(Json::Number(lexeme.to_owned())),
            Err(_) => Err(self.complaint("a number")),
        }
    }

    /// The literal's bounds are found here, its escapes are read by serde_json.
    fn string(&mut self) -> Result<String, String> {
        let from = self.at;
        self.take(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(self.complaint("the end of a string")),
            }
        }
        self.at += 1;
        let literal = self
            .text
            .get(from..self.at)
            .ok_or_else(|| self.complaint("a string"))?;
        serde_json::from_str(literal).map_err(|error| format!("byte {from}: {error}"))
    }
}

#[test]
fn what_is_read_is_written_again() {
    for text in [
        r#"{"b":1,"a":[true,null,-1.50e3,"x\"y"],"号":{}}"#,
        r#"[]"#,
        r#""\\\u0001汉""#,
    ] {
        assert_eq!(Json::parse(text).unwrap().to_string(), text);
    }
    for text in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,}"#,
        "[1 2]",
        "01",
        "\"\n\"",
        "{} {}",
        "",
        "nul",
    ] {
        Json::parse(text).unwrap_err();
    }
}
