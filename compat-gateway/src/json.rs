//! Strict JSON whose values keep their received text: duplicate keys and deep nesting are refused, unknown
//! keys ignored. One pass over the body to check it, one to cut it into members.

use crate::refusal::Refusal;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

/// The members of an object, in order, each with its text as received.
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// A member's value.
pub(crate) enum Scalar<'a> {
    /// Not there, or `null`.
    Absent,
    /// A string, decoded.
    Text(Cow<'a, str>),
    /// A number as written.
    Number(&'a str),
    /// `true`, `false`, an object or an array.
    Other,
}

impl<'a> Members<'a> {
    /// Checks a whole body and cuts its top level into members.
    pub(crate) fn parse(text: &'a str, max_depth: usize) -> Result<Self, Refusal> {
        let found = Cell::new(None);
        let mut reader = serde_json::Deserializer::from_str(text);
        let checked = Check {
            depth: max_depth,
            found: &found,
        }
        .deserialize(&mut reader);
        if checked.and_then(|()| reader.end()).is_err() {
            return Err(found.get().unwrap_or(Refusal::NotJson));
        }
        Self::cut(text).ok_or(Refusal::NotJson)
    }

    /// The members of an object within a body that [`Members::parse`] has checked.
    fn cut(text: &'a str) -> Option<Self> {
        serde_json::Deserializer::from_str(text)
            .deserialize_map(Cut)
            .ok()
            .map(Self)
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The value of a key.
    pub(crate) fn scalar(&self, name: &str) -> Scalar<'a> {
        let Some((_, raw)) = self.0.iter().find(|(key, _)| key == name) else {
            return Scalar::Absent;
        };
        match raw.bytes().next() {
            Some(b'n') => Scalar::Absent,
            Some(b'"') => match serde_json::Deserializer::from_str(raw).deserialize_str(Text) {
                Ok(text) => Scalar::Text(text),
                Err(_) => Scalar::Other,
            },
            Some(b'-' | b'0'..=b'9') => Scalar::Number(raw),
            Some(_) | None => Scalar::Other,
        }
    }

    /// The object of a key; `Ok(None)` where it is absent or `null`.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Members<'a>>, ()> {
        match self.0.iter().find(|(key, _)| key == name) {
            None | Some((_, "null")) => Ok(None),
            Some((_, raw)) => Members::cut(raw).map(Some).ok_or(()),
        }
    }
}

/// Reads a string, borrowed where it has no escapes.
struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

struct Cut;

impl<'de> Visitor<'de> for Cut {
    type Value = Vec<(Cow<'de, str>, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key_seed(Text)? {
            let value: &'de RawValue = map.next_value()?;
            members.push((key, value.get()));
        }
        Ok(members)
    }
}

/// Walks a whole document and keeps nothing.
struct Check<'c> {
    /// How many more levels may be opened.
    depth: usize,
    /// Why the walk was stopped, where it was not bad JSON.
    found: &'c Cell<Option<Refusal>>,
}

impl Check<'_> {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self {
                depth,
                found: self.found,
            }),
            None => Err(self.stop(Refusal::TooDeep)),
        }
    }

    fn stop<E: Error>(&self, refusal: Refusal) -> E {
        self.found.set(Some(refusal));
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while seq
            .next_element_seed(Check {
                depth: inner.depth,
                found: inner.found,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key_seed(Text)? {
            if !keys.insert(key) {
                return Err(self.stop(Refusal::DuplicateKey));
            }
            map.next_value_seed(Check {
                depth: inner.depth,
                found: inner.found,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<Refusal> {
        Members::parse(text, 4).err()
    }

    #[test]
    fn only_strict_json_objects_pass() {
        for (text, expected) in [
            (r#"{"a":1}"#, None),
            (r#" {"a":{"b":[{"c":1}]}} "#, None),
            (r#"{"a":{"b":[{"c":[]}]}}"#, Some(Refusal::TooDeep)),
            (r#"{"a":1,"a":2}"#, Some(Refusal::DuplicateKey)),
            (r#"{"a":1,"\u0061":2}"#, Some(Refusal::DuplicateKey)),
            (r#"{"x":[{"a":1,"a":1}]}"#, Some(Refusal::DuplicateKey)),
            (r#"{"a":1,}"#, Some(Refusal::NotJson)),
            (r#"{"a":1 "b":2}"#, Some(Refusal::NotJson)),
            (r#"{"a":01}"#, Some(Refusal::NotJson)),
            (r#"{"a":"\ud800"}"#, Some(Refusal::NotJson)),
            (r#"{"a":1}{"#, Some(Refusal::NotJson)),
            ("{'a':1}", Some(Refusal::NotJson)),
            ("[]", Some(Refusal::NotJson)),
            ("1", Some(Refusal::NotJson)),
            ("", Some(Refusal::NotJson)),
            ("\u{feff}{}", Some(Refusal::NotJson)),
        ] {
            assert_eq!(refusal(text), expected, "{text}");
        }
    }

    #[test]
    fn a_very_deep_body_is_refused_without_using_the_stack_up() {
        let deep = "[".repeat(200_000);
        assert_eq!(refusal(&deep), Some(Refusal::TooDeep));
    }

    #[test]
    fn values_keep_the_text_that_was_received() {
        let body = r#"{"n":1.50E2,"s":"a\u4e00","z":null,"t":true,"o":{"k":-0}}"#;
        let members = Members::parse(body, 4).unwrap();
        assert!(matches!(members.scalar("n"), Scalar::Number("1.50E2")));
        assert!(matches!(members.scalar("s"), Scalar::Text(text) if text == "a一"));
        assert!(matches!(members.scalar("z"), Scalar::Absent));
        assert!(matches!(members.scalar("t"), Scalar::Other));
        assert!(matches!(members.scalar("missing"), Scalar::Absent));
        let inner = members.object("o").unwrap().unwrap();
        assert!(matches!(inner.scalar("k"), Scalar::Number("-0")));
        assert!(members.object("n").is_err() && members.object("z").unwrap().is_none());
    }
}
