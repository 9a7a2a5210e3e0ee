//! What the tests send and what the core answers, both read off the protos: a new endpoint needs no line here.

use super::fixture::{MOBILE, PIN};
use map_gateway_codegen::Contract;
use map_gateway_codegen::model;
use map_legacy_client::Endpoint;
use map_legacy_client::contract::{Field, Kind};
use map_legacy_client::generated::ENDPOINTS;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor, MethodDescriptor, Value as Proto,
};
use prost_types::Timestamp;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::LazyLock;

/// What stands in a text without a sample.
pub const REMARK: &str = "备注 \"1\"";

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| map_gateway_codegen::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap());

static CANONICAL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(map_proto::DESCRIPTOR_SET).unwrap());

/// An endpoint as its facade proto declares it.
pub fn declared(endpoint: &Endpoint) -> &'static model::Endpoint {
    let place = ENDPOINTS.iter().position(|known| known.name == endpoint.name);
    &CONTRACT.endpoints[place.unwrap()]
}

/// The declared samples in clear.
pub fn payload(endpoint: &Endpoint) -> Map<String, Value> {
    endpoint
        .fields
        .iter()
        .zip(&declared(endpoint).fields)
        .map(|(field, declared)| (field.name.to_owned(), sample(field, &declared.example)))
        .collect()
}

fn sample(field: &Field, example: &str) -> Value {
    match field.kind {
        // The documents' samples of these are no code of anybody; the client encrypts one that is.
        Kind::PaymentCode => json!({ "code": PIN, "account": MOBILE }),
        Kind::PaymentCodeMd5 => json!(PIN),
        Kind::Number => serde_json::from_str(example).unwrap(),
        Kind::Text | Kind::TripleDes if example.is_empty() => json!(REMARK),
        Kind::Text | Kind::TripleDes => json!(example),
    }
}

/// A canonical method by `/package.Service/Method`.
pub fn method(rpc: &str) -> MethodDescriptor {
    let (service, name) = rpc.trim_start_matches('/').split_once('/').unwrap();
    let service = CANONICAL.get_service_by_name(service).unwrap();
    let found = service.methods().find(|method| method.name() == name);
    found.unwrap()
}

/// Number and name of every canonical reason.
pub fn reasons() -> impl Iterator<Item = (i32, String)> {
    let reasons = CANONICAL.get_enum_by_name("map.common.v1.ErrorReason").unwrap();
    let named: Vec<_> = reasons
        .values()
        .filter(|reason| reason.number() != 0)
        .map(|reason| {
            let name = reason.name().trim_start_matches("ERROR_REASON_");
            (reason.number(), name.to_owned())
        })
        .collect();
    named.into_iter()
}

/// The canonical answer of a method, filled to the last field: a text names its place, every number and time
/// is another one. So an answer of the gateway shows where each of its values comes from.
pub fn response(rpc: &str) -> Vec<u8> {
    use prost::Message;
    let mut filler = Filler { filled: 0 };
    filler.message(&method(rpc).output(), "").encode_to_vec()
}

struct Filler {
    filled: i32,
}

impl Filler {
    fn message(&mut self, message: &MessageDescriptor, place: &str) -> DynamicMessage {
        let mut filled = DynamicMessage::new(message.clone());
        // Of a choice the first; and there is one page.
        let first = |field: &FieldDescriptor| {
            let choice = field.containing_oneof();
            choice.is_none_or(|choice| choice.fields().next().as_ref() == Some(field))
        };
        for field in message.fields().filter(first) {
            if field.name() != "next_page_token" {
                let value = self.field(&field, &format!("{place}{}", field.name()));
                filled.set_field(&field, value);
            }
        }
        filled
    }

    fn field(&mut self, field: &FieldDescriptor, place: &str) -> Proto {
        if field.is_list() {
            return Proto::List(
                (0..2)
                    .map(|index| self.value(field, &format!("{place}[{index}]")))
                    .collect(),
            );
        }
        self.value(field, place)
    }

    fn value(&mut self, field: &FieldDescriptor, place: &str) -> Proto {
        use prost_reflect::Kind;
        self.filled += 1;
        match field.kind() {
            Kind::String => Proto::String(place.to_owned()),
            Kind::Int32 => Proto::I32(self.filled),
            Kind::Int64 => Proto::I64(i64::from(self.filled) * 1_000),
            Kind::Bool => Proto::Bool(true),
            Kind::Enum(kind) => {
                let known = kind.values().find(|value| value.number() != 0);
                Proto::EnumNumber(known.unwrap().number())
            }
            Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
                Proto::Message(self.midnight())
            }
            Kind::Message(message) => Proto::Message(self.message(&message, &format!("{place}."))),
            other => panic!("{place}: no value for {other:?}"),
        }
    }

    /// Midnight in Shanghai, as which a validity ends; another day each time.
    fn midnight(&self) -> DynamicMessage {
        let time = Timestamp {
            seconds: 1_420_041_600 + 86_400 * i64::from(self.filled),
            nanos: 0,
        };
        let mut message = DynamicMessage::new(
            CANONICAL
                .get_message_by_name("google.protobuf.Timestamp")
                .unwrap(),
        );
        message.transcode_from(&time).unwrap();
        message
    }
}
