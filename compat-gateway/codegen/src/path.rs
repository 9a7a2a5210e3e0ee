//! Paths through canonical messages, such as `payment.key.seller_id`.

use crate::Error;
use crate::codec::CoreType;
use crate::model::CorePath;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// Follows a path from a message. Only the last step may be a list.
pub(crate) fn resolve(place: &str, root: &MessageDescriptor, text: &str) -> Result<CorePath, Error> {
    let mut steps: Vec<FieldDescriptor> = Vec::new();
    let mut message = Some(root.clone());
    for name in text.split('.') {
        let Some(current) = message else {
            return Err(Error::at(
                place,
                format!("canonical path {text:?}: nothing can follow before {name:?}"),
            ));
        };
        let field = current.get_field_by_name(name).ok_or_else(|| {
            let known: Vec<_> = current.fields().map(|field| field.name().to_owned()).collect();
            let problem = format!(
                "canonical path {text:?}: {} has no field {name:?}; it has {}",
                current.full_name(),
                known.join(", ")
            );
            Error::at(place, problem)
        })?;
        message = if field.is_list() {
            None
        } else {
            field.kind().as_message().cloned()
        };
        steps.push(field);
    }
    Ok(CorePath {
        text: text.to_owned(),
        steps,
    })
}

impl CorePath {
    /// The last step.
    pub(crate) fn leaf(&self) -> Option<&FieldDescriptor> {
        self.steps.last()
    }

    /// Whether a codec of this type fits its end.
    pub(crate) fn fits(&self, core: CoreType) -> bool {
        let Some(leaf) = self.leaf().filter(|leaf| !leaf.is_list()) else {
            return false;
        };
        match (leaf.kind(), core) {
            (Kind::String, CoreType::String)
            | (Kind::Int64, CoreType::Int64)
            | (Kind::Int32, CoreType::Int32) => true,
            (Kind::Message(message), CoreType::Named(name)) => message.full_name() == name,
            (Kind::Enum(kind), CoreType::Named(name)) => kind.full_name() == name,
            (_, CoreType::String | CoreType::Int64 | CoreType::Int32 | CoreType::Named(_)) => false,
        }
    }

    /// Its type, for error texts.
    pub(crate) fn leaf_type(&self) -> String {
        self.leaf()
            .map(|leaf| format!("{:?}", leaf.kind()))
            .unwrap_or_default()
    }
}
