//! `Debug` for messages that hold what must never be printed: all their fields but the values of those
//! with `debug_redact`. Of these it shows whether there is something.

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};
use std::fmt::Write as _;

/// The messages of the contract with such a field.
pub(crate) fn messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages()
        .filter(|message| message.package_name().starts_with("map."))
        .filter(|message| message.fields().any(|field| is_redacted(&field)))
        .collect()
}

fn is_redacted(field: &FieldDescriptor) -> bool {
    let options = field.options();
    let redact = options.get_field_by_name("debug_redact");
    redact.and_then(|value| value.as_bool()).unwrap_or(false)
}

/// The implementations, for a module of this crate.
pub(crate) fn code(messages: &[MessageDescriptor]) -> String {
    let mut code = String::new();
    for message in messages {
        let package = message
            .package_name()
            .replace('.', "::")
            .replacen("map::", "crate::", 1);
        let path = format!("{package}::{}", message.name());
        let mut fields = String::new();
        for field in message.fields().filter(|field| real_oneof(field).is_none()) {
            let _ = writeln!(
                fields,
                "            .field({:?}, {})",
                field.name(),
                shown(&field)
            );
        }
        for oneof in message.oneofs().filter(|oneof| !is_synthetic(oneof)) {
            let name = oneof.name();
            let _ = writeln!(
                fields,
                "            .field({name:?}, &Hidden::of(self.{name}.is_none()))"
            );
            let module = format!("{package}::{}", snake(message.name()));
            let kind = format!("{module}::{}", camel(name));
            code.push_str(&implementation(
                &kind,
                &format!("f.write_str(\"{}(…)\")", camel(name)),
            ));
        }
        let name = message.name();
        let body = format!("f.debug_struct({name:?})\n{fields}            .finish()");
        code.push_str(&implementation(&path, &body));
    }
    code
}

fn implementation(of: &str, body: &str) -> String {
    format!(
        "impl std::fmt::Debug for {of} {{\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        {body}\n    }}\n}}\n"
    )
}

/// A field as `Debug` sees it.
fn shown(field: &FieldDescriptor) -> String {
    let name = field.name();
    if is_redacted(field) {
        return format!("&Hidden::of(self.{name}.is_empty())");
    }
    match (field.kind(), field.is_list()) {
        (Kind::Enum(_), false) => format!("&self.{}()", keyword(name)),
        _ => format!("&self.{}", keyword(name)),
    }
}

fn keyword(name: &str) -> String {
    if name == "type" {
        "r#type".to_owned()
    } else {
        name.to_owned()
    }
}

fn real_oneof(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    field.containing_oneof().filter(|oneof| !is_synthetic(oneof))
}

/// What `optional` makes in a descriptor: no oneof of the message's author.
fn is_synthetic(oneof: &OneofDescriptor) -> bool {
    let mut fields = oneof.fields();
    fields
        .next()
        .is_some_and(|field| field.field_descriptor_proto().proto3_optional())
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
