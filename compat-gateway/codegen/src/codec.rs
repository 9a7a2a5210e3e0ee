//! The codecs by name: what each reads or prints, and how documents describe it. What they do is in
//! `map-gateway`, one file each under `src/codec`, with the same names.

use serde_json::{Value, json};

/// A canonical type that a codec makes or prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreType {
    /// `string`.
    String,
    /// `int64`, also `optional`.
    Int64,
    /// `int32`.
    Int32,
    /// A message or enum of this full name.
    Named(&'static str),
}

/// A codec of one direction.
#[derive(Debug)]
pub struct Codec {
    /// Its name in the options, and the module of the gateway that holds it.
    pub name: &'static str,
    /// Whether the JSON value is a number; else it is a string.
    pub number: bool,
    /// Its canonical type.
    pub core: CoreType,
    /// Answers: an absent value is printed, not a defect.
    pub absent: bool,
    /// JSON-schema keyword and value that narrow the type, where there is one.
    rule: Option<(&'static str, Rule)>,
}

#[derive(Debug)]
enum Rule {
    Text(&'static str),
    Number(i64),
}

const PAYMENT_CODE: CoreType = CoreType::Named("map.common.v1.PaymentCode");
const TIMESTAMP: CoreType = CoreType::Named("google.protobuf.Timestamp");

const fn text(name: &'static str, core: CoreType, pattern: Option<&'static str>) -> Codec {
    let rule = match pattern {
        Some(pattern) => Some(("pattern", Rule::Text(pattern))),
        None => None,
    };
    Codec {
        name,
        number: false,
        core,
        absent: false,
        rule,
    }
}

const fn number(name: &'static str, core: CoreType, minimum: i64) -> Codec {
    Codec {
        name,
        number: true,
        core,
        absent: false,
        rule: Some(("minimum", Rule::Number(minimum))),
    }
}

/// What requests are read with.
pub const REQUEST: &[Codec] = &[
    text("text", CoreType::String, None),
    number("fen", CoreType::Int64, 1),
    number("price", CoreType::Int64, 0),
    text("mobile", CoreType::String, Some("^1[0-9]{10}$")),
    text("consumer", CoreType::String, Some("^(1[0-9]{10}|[0-9]{16})$")),
    text("account_number", CoreType::String, Some("^[0-9]{16}$")),
    text(
        "id_number",
        CoreType::String,
        Some("^([0-9]{15}|[0-9]{17}[0-9Xx])$"),
    ),
    text("payment_code", PAYMENT_CODE, None),
    text("payment_code_md5", PAYMENT_CODE, Some("^[0-9a-fA-F]{32}$")),
];

/// What answers are printed with.
pub const ANSWER: &[Codec] = &[
    text("text", CoreType::String, None),
    number("fen", CoreType::Int64, 0),
    number("price", CoreType::Int64, 0),
    number("count", CoreType::Int32, 0),
    text("time", TIMESTAMP, Some(TIME)),
    Codec {
        absent: true,
        ..text("end_time", TIMESTAMP, Some(END_TIME))
    },
    text(
        "account_status",
        CoreType::Named("map.common.v1.AccountStatus"),
        None,
    ),
];

const TIME: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$";
const END_TIME: &str = "^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})?$";

impl Codec {
    /// The JSON schema of a value in clear.
    pub fn schema(&self) -> Value {
        let mut schema = json!({ "type": if self.number { "integer" } else { "string" } });
        if let (Some(map), Some((key, rule))) = (schema.as_object_mut(), &self.rule) {
            let value = match rule {
                Rule::Text(text) => json!(text),
                Rule::Number(number) => json!(number),
            };
            map.insert((*key).to_owned(), value);
        }
        schema
    }
}

/// The codec of this name.
pub(crate) fn find(table: &'static [Codec], name: &str) -> Option<&'static Codec> {
    table.iter().find(|codec| codec.name == name)
}

/// The names of a table, for error texts.
pub(crate) fn names(table: &[Codec]) -> String {
    table
        .iter()
        .map(|codec| codec.name)
        .collect::<Vec<_>>()
        .join(", ")
}
