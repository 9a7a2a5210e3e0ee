//! Schemas and examples of answers.

use super::object;
use crate::model::{AnswerNode, Echo, Endpoint};
use serde_json::{Map, Value, json};

/// Success and failure of an endpoint.
pub(super) fn schemas(endpoint: &Endpoint) -> Vec<Value> {
    let mut properties = Map::new();
    properties.insert("errcode".into(), json!({ "const": 0 }));
    properties.insert("errmsg".into(), json!({ "const": endpoint.success }));
    let mut required = vec!["errcode", "errmsg"];
    for node in &endpoint.answer {
        let (name, schema, always) = property(node);
        properties.insert(name.to_owned(), schema);
        if always {
            required.push(name);
        }
    }
    if endpoint.echo != Echo::Never {
        properties.insert(
            "request".into(),
            json!({ "type": "string", "description": "The received body, byte for byte." }),
        );
        required.push("request");
    }
    let mut success = object(&required, properties);
    if let Some(map) = success.as_object_mut() {
        map.insert("title".into(), json!(format!("{}Response", endpoint.name)));
    }
    vec![success, json!({ "$ref": "#/components/schemas/Failure" })]
}

fn property(node: &AnswerNode) -> (&str, Value, bool) {
    match node {
        AnswerNode::Value(value) => {
            let mut schema = value.codec.schema();
            if let Some(map) = schema.as_object_mut() {
                map.insert("description".into(), json!(value.doc));
            }
            (&value.name, schema, !value.omit_empty)
        }
        AnswerNode::Object(node) => {
            let mut properties = Map::new();
            let mut required = Vec::new();
            for inner in &node.fields {
                let (name, schema, always) = property(inner);
                properties.insert(name.to_owned(), schema);
                if always {
                    required.push(name);
                }
            }
            let mut schema = object(&required, properties);
            if let Some(map) = schema.as_object_mut() {
                map.insert("description".into(), json!(node.doc));
            }
            let schema = if node.list {
                json!({ "type": "array", "items": schema })
            } else {
                schema
            };
            (&node.name, schema, true)
        }
    }
}

/// The documents' samples: a success and a failure of each endpoint.
pub(super) fn examples(endpoints: &[&Endpoint]) -> Value {
    let mut examples = Map::new();
    for endpoint in endpoints {
        let mut success = Map::new();
        success.insert("errcode".into(), json!(0));
        success.insert("errmsg".into(), json!(endpoint.success));
        success.extend(endpoint.answer.iter().map(sample));
        if endpoint.echo != Echo::Never {
            success.insert("request".into(), json!("REQUEST"));
        }
        let mut failure = Map::new();
        failure.insert("errcode".into(), json!(endpoint.errcode));
        failure.insert("errmsg".into(), json!(format!("{}，其它错误", endpoint.failure)));
        if endpoint.echo == Echo::Always {
            failure.insert("request".into(), json!("REQUEST"));
        }
        examples.insert(endpoint.name.clone(), json!({ "value": success }));
        examples.insert(format!("{}Failure", endpoint.name), json!({ "value": failure }));
    }
    Value::Object(examples)
}

fn sample(node: &AnswerNode) -> (String, Value) {
    match node {
        AnswerNode::Value(value) => (value.name.clone(), typed(value.codec.number, &value.example)),
        AnswerNode::Object(object) => {
            let inner = Value::Object(object.fields.iter().map(sample).collect());
            let inner = if object.list { json!([inner]) } else { inner };
            (object.name.clone(), inner)
        }
    }
}

/// A sample as a JSON value of its type.
pub(super) fn typed(number: bool, text: &str) -> Value {
    match (number, text.parse::<i64>()) {
        (true, Ok(value)) => json!(value),
        (true, Err(_)) | (false, _) => json!(text),
    }
}
