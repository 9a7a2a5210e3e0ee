//! Reads option messages: prost-reflect values by field name. An unset field reads as its default.

use prost_reflect::{DescriptorPool, DynamicMessage, Value};

/// An option message of a descriptor.
pub(crate) struct Options(DynamicMessage);

impl Options {
    /// The extension `map.legacy.v1.<name>` of these descriptor options, where it is set.
    pub(crate) fn of(pool: &DescriptorPool, name: &str, options: &DynamicMessage) -> Option<Self> {
        let extension = pool.get_extension_by_name(&format!("map.legacy.v1.{name}"))?;
        if !options.has_extension(&extension) {
            return None;
        }
        options.get_extension(&extension).as_message().cloned().map(Self)
    }

    fn get(&self, name: &str) -> Option<Value> {
        self.0.get_field_by_name(name).map(|value| value.into_owned())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name)
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name)
            .and_then(|value| value.as_bool())
            .unwrap_or_default()
    }

    pub(crate) fn int(&self, name: &str) -> i32 {
        self.get(name)
            .and_then(|value| value.as_i32())
            .unwrap_or_default()
    }

    pub(crate) fn uint(&self, name: &str) -> u32 {
        self.get(name)
            .and_then(|value| value.as_u32())
            .unwrap_or_default()
    }

    /// The number of an enum value.
    pub(crate) fn choice(&self, name: &str) -> i32 {
        self.get(name)
            .and_then(|value| value.as_enum_number())
            .unwrap_or_default()
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.list(name)
            .iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    }

    pub(crate) fn messages(&self, name: &str) -> Vec<Self> {
        self.list(name)
            .iter()
            .filter_map(|value| value.as_message().cloned().map(Self))
            .collect()
    }

    pub(crate) fn message(&self, name: &str) -> Option<Self> {
        if !self.0.has_field_by_name(name) {
            return None;
        }
        self.get(name)?.as_message().cloned().map(Self)
    }

    fn list(&self, name: &str) -> Vec<Value> {
        self.get(name)
            .and_then(|value| value.as_list().map(<[Value]>::to_vec))
            .unwrap_or_default()
    }
}
