//! What the interface documents say of each endpoint: `conformance/endpoints.json`.

use super::json::Json;
use std::sync::OnceLock;

/// Who vouches for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    Network,
    App,
    AppTsig,
}

/// A documented endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// Such as `gw.offline.pay`.
    pub id: String,
    pub path: String,
    /// Where in which document it stands.
    pub source: String,
    pub credential: Credential,
    /// The key that holds the fields; empty: they are at the top level.
    pub payload: String,
    /// The sample.
    pub request: Json,
    /// Paths of required fields.
    pub required: Vec<String>,
    pub encrypted: Vec<String>,
    /// Fields of the payload that orderMD5 covers.
    pub order_md5: Vec<String>,
    /// None: the document gives no text.
    pub success: Option<String>,

    /// The sample's answer.
    pub sample: Json,
    /// Fields that only the table names.
    pub table_only: Vec<String>,
    pub errcode: i64,
    /// None: the document gives no text.
    pub failure: Option<String>,
    pub failure_echo: bool,
}

impl Endpoint {
    /// The path of a field of the payload.
    pub fn field(&self, name: &str) -> String {
        if self.payload.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.payload)
        }
    }

    /// Whether a refusal has the documented form; gives its reason.
    #[track_caller]
    pub fn refusal(&self, answer: &super::http::Answer) -> String {
        match &self.failure {
            Some(prefix) => answer.failure(self.errcode, prefix),
            None => {
                assert_eq!(
                    (answer.status, answer.errcode()),
                    (200, self.errcode),
                    "{}",
                    answer.json
                );
                assert!(!answer.errmsg().is_empty(), "{}", answer.json);
                answer.errmsg().to_owned()
            }
        }
    }
}

/// All endpoints.
pub fn endpoints() -> &'static [Endpoint] {
    static ENDPOINTS: OnceLock<Vec<Endpoint>> = OnceLock::new();
    ENDPOINTS.get_or_init(|| {
        let text = include_str!("../../conformance/endpoints.json");
        let facts = Json::parse(text).expect("endpoints.json is strict JSON");
        facts
            .at("endpoints")
            .expect("endpoints")
            .elements()
            .iter()
            .map(read)
            .collect()
    })
}

/// One endpoint by its id.
pub fn endpoint(id: &str) -> &'static Endpoint {
    endpoints()
        .iter()
        .find(|endpoint| endpoint.id == id)
        .unwrap_or_else(|| panic!("no endpoint {id}"))
}

fn read(facts: &Json) -> Endpoint {
    let texts = |path: &str| -> Vec<String> {
        let elements = facts.at(path).map(Json::elements).unwrap_or_default();
        elements.iter().filter_map(Json::lexeme).collect()
    };
    let text = |path: &str| facts.at(path).and_then(Json::lexeme);
    let truth = |path: &str| facts.at(path) == Some(&Json::Bool(true));
    let table = facts
        .at("success.table_only")
        .map(Json::elements)
        .unwrap_or_default();
    Endpoint {
        id: facts.text("id").to_owned(),
        path: facts.text("path").to_owned(),
        source: format!("{} {}", facts.text("document"), facts.text("section")),
        credential: match facts.text("credential") {
            "network" => Credential::Network,
            "app" => Credential::App,
            "app+tsig" => Credential::AppTsig,
            other => panic!("credential {other}"),
        },
        payload: text("payload").unwrap_or_default(),
        request: facts.at("request").expect("request").clone(),
        required: texts("required"),
        encrypted: texts("encrypted"),
        order_md5: texts("order_md5"),
        success: text("success.errmsg"),

        sample: facts.at("success.sample").expect("sample").clone(),
        table_only: table.iter().map(|row| row.text("name").to_owned()).collect(),
        errcode: text("failure.errcode").map_or(10_000, |code| code.parse().expect("errcode")),
        failure: text("failure.prefix"),
        failure_echo: truth("failure.echo"),
    }
}
