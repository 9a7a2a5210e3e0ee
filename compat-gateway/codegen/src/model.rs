//! The contract as the generators see it: checked, with every canonical path resolved.

use crate::codec::Codec;
use prost_reflect::{FieldDescriptor, MessageDescriptor};

/// All endpoints, in the order of the facade files.
#[derive(Debug)]
pub struct Contract {
    /// One for each rpc.
    pub endpoints: Vec<Endpoint>,
}

/// Who vouches for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The listener's POS network.
    Network,
    /// `app`.
    App,
    /// `app` and `tsig`.
    AppTsig,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads.
    Read,
    /// Moves money or takes a key.
    Change,
    /// Gives money back.
    GiveBack,
    /// Asks what became of a change.
    Inquiry,
}

/// When the answer carries the received body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Never.
    Never,
    /// On success.
    Success,
    /// Always.
    Always,
}

/// Whether orderMD5 covers a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// Never.
    None,
    /// As documented.
    Documented,
    /// Only with the extended list.
    Extended,
}

/// How a field is encrypted in transit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Not.
    None,
    /// 3DES under the app's key.
    TripleDes,
    /// A payment code, by the caller's setting.
    PaymentCode,
}

/// A documented endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// The rpc's name.
    pub name: String,
    /// Its comment.
    pub doc: String,
    /// Where it answers.
    pub paths: Vec<String>,
    /// Top-level keys that choose it among those of one path.
    pub shape: Vec<String>,
    /// Who vouches.
    pub credential: Credential,
    /// The key of the object with the fields; none: top level.
    pub payload: Option<String>,
    /// The canonical call.
    pub core: CoreMethod,
    /// What it does.
    pub effect: Effect,
    /// errmsg on success.
    pub success: String,
    /// Beginning of errmsg on failure.
    pub failure: String,
    /// When the body is repeated.
    pub echo: Echo,
    /// errcode of failures.
    pub errcode: i32,
    /// Reasons with a wording of their own.
    pub texts: Vec<(String, String)>,
    /// A reason that a setting turns into a success.
    pub success_by_setting: Option<String>,
    /// Document and section.
    pub source: String,
    /// The request's fields.
    pub fields: Vec<RequestField>,
    /// The answer's fields, after errcode and errmsg.
    pub answer: Vec<AnswerNode>,
}

/// A canonical method.
#[derive(Debug)]
pub struct CoreMethod {
    /// `/package.Service/Method`.
    pub path: String,
    /// What it takes.
    pub input: MessageDescriptor,
    /// What it gives.
    pub output: MessageDescriptor,
    /// The list that comes in pages; none: it answers at once.
    pub paged: Option<FieldDescriptor>,
}

/// A path through canonical messages.
#[derive(Debug)]
pub struct CorePath {
    /// As declared.
    pub text: String,
    /// One step for each name.
    pub steps: Vec<FieldDescriptor>,
}

/// A field of a request.
#[derive(Debug)]
pub struct RequestField {
    /// The documented name.
    pub name: String,
    /// The proto field's name.
    pub ident: String,
    /// Its comment.
    pub doc: String,
    /// How it is read.
    pub codec: &'static Codec,
    /// Its canonical place; none: kept nowhere.
    pub core: Option<CorePath>,
    /// Must be there.
    pub required: bool,
    /// May be blank though required.
    pub may_be_blank: bool,
    /// How it is encrypted.
    pub encryption: Encryption,
    /// Whether orderMD5 covers it.
    pub digest: Digest,
    /// Longest value in characters; 0: no limit here.
    pub max_chars: u32,
    /// The document's sample, in clear.
    pub example: String,
}

/// A field of an answer.
#[derive(Debug)]
pub enum AnswerNode {
    /// A string or number.
    Value(AnswerValue),
    /// An object or an array of objects.
    Object(AnswerObject),
}

/// A string or number of an answer.
#[derive(Debug)]
pub struct AnswerValue {
    /// The documented name.
    pub name: String,
    /// The proto field's name.
    pub ident: String,
    /// Its comment.
    pub doc: String,
    /// How it is printed.
    pub codec: &'static Codec,
    /// Where it comes from.
    pub source: Source,
    /// Left out where empty.
    pub omit_empty: bool,
    /// The document's sample.
    pub example: String,
}

/// An object of an answer.
#[derive(Debug)]
pub struct AnswerObject {
    /// The documented name.
    pub name: String,
    /// The proto field's name.
    pub ident: String,
    /// Its comment.
    pub doc: String,
    /// The facade message's name.
    pub message: String,
    /// The facade message's comment.
    pub message_doc: String,
    /// Where its fields' paths begin; none: where the enclosing ones do.
    pub base: Option<CorePath>,
    /// An array with one object for each element of `base`.
    pub list: bool,
    /// Its fields.
    pub fields: Vec<AnswerNode>,
}

/// Where an answer's value comes from.
#[derive(Debug)]
pub enum Source {
    /// The canonical answer.
    Core(CorePath),
    /// The request's field of this index.
    Request(usize),
    /// A fixed text.
    Constant(String),
}

impl Endpoint {
    /// Whether it has an `app` object.
    pub fn has_app(&self) -> bool {
        match self.credential {
            Credential::App | Credential::AppTsig => true,
            Credential::Network => false,
        }
    }

    /// Whether it has a `tsig` object.
    pub fn has_tsig(&self) -> bool {
        self.credential == Credential::AppTsig
    }
}
