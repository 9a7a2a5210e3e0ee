//! From descriptors to the checked [`Contract`]. Every complaint names the rpc and the field.

use crate::codec::{self, Codec};
use crate::document::comment;
use crate::model::{
    AnswerNode, AnswerObject, AnswerValue, Contract, CoreMethod, CorePath, Credential, Digest, Echo, Effect,
    Encryption, Endpoint, RequestField, Source,
};
use crate::options::Options;
use crate::{Error, path};
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use std::collections::{BTreeMap, BTreeSet};

const PACKAGE: &str = "map.legacy.v1";

/// Reads every service of the facade package, files in order of name, rpcs in order of declaration.
pub(crate) fn contract(pool: &DescriptorPool) -> Result<Contract, Error> {
    let mut services: Vec<_> = pool
        .services()
        .filter(|service| service.package_name() == PACKAGE)
        .collect();
    services.sort_by_key(|service| service.parent_file().name().to_owned());
    let mut endpoints = Vec::new();
    for service in services {
        for method in service.methods() {
            endpoints.push(endpoint(pool, &method)?);
        }
    }
    distinguishable(&endpoints)?;
    Ok(Contract { endpoints })
}

fn endpoint(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<Endpoint, Error> {
    let name = method.name().to_owned();
    let options = Options::of(pool, "endpoint", &method.options())
        .ok_or_else(|| Error::at(&name, "has no (endpoint) option"))?;
    let core = core_method(pool, &name, &options.text("core"))?;
    let fields = request_fields(pool, &name, &method.input(), &core.input)?;
    let answer = Answer {
        pool,
        rpc: &name,
        fields: &fields,
    };
    let answer = answer.nodes(&name, &method.output(), &core.output)?;
    let payload = Some(options.text("payload")).filter(|key| !key.is_empty());
    let endpoint = Endpoint {
        doc: comment(&method.parent_file(), method.path()),
        paths: options.texts("paths"),
        shape: options.texts("shape"),
        credential: credential(&name, &options)?,
        payload,
        core,
        effect: effect(&name, &options)?,
        success: options.text("success"),
        failure: options.text("failure"),
        echo: echo(&name, &options)?,
        errcode: if options.int("errcode") == 0 {
            10000
        } else {
            options.int("errcode")
        },
        texts: options
            .messages("texts")
            .iter()
            .map(|text| (text.text("reason"), text.text("text")))
            .collect(),
        success_by_setting: Some(options.text("success_by_setting")).filter(|reason| !reason.is_empty()),
        source: options.text("source"),
        fields,
        answer,
        name,
    };
    complete(pool, &endpoint)?;
    Ok(endpoint)
}

fn credential(rpc: &str, options: &Options) -> Result<Credential, Error> {
    match options.choice("credential") {
        1 => Ok(Credential::Network),
        2 => Ok(Credential::App),
        3 => Ok(Credential::AppTsig),
        _ => Err(Error::at(rpc, "credential is not given")),
    }
}

fn effect(rpc: &str, options: &Options) -> Result<Effect, Error> {
    match options.choice("effect") {
        1 => Ok(Effect::Read),
        2 => Ok(Effect::Change),
        3 => Ok(Effect::GiveBack),
        4 => Ok(Effect::Inquiry),
        _ => Err(Error::at(rpc, "effect is not given")),
    }
}

fn echo(rpc: &str, options: &Options) -> Result<Echo, Error> {
    match options.choice("echo") {
        0 => Ok(Echo::Never),
        1 => Ok(Echo::Success),
        2 => Ok(Echo::Always),
        _ => Err(Error::at(rpc, "echo is none of the known choices")),
    }
}

/// What every endpoint must say.
fn complete(pool: &DescriptorPool, endpoint: &Endpoint) -> Result<(), Error> {
    let fail = |problem: String| Err(Error::at(&endpoint.name, problem));
    if endpoint.paths.is_empty() || endpoint.paths.iter().any(|path| !path.starts_with('/')) {
        return fail("needs one path or more, each beginning with /".to_owned());
    }
    for (what, text) in [
        ("success", &endpoint.success),
        ("failure", &endpoint.failure),
        ("source", &endpoint.source),
    ] {
        if text.is_empty() {
            return fail(format!("{what} is not given"));
        }
    }
    for field in &endpoint.fields {
        if (field.digest != Digest::None) != endpoint.has_tsig() {
            let problem = "has a digest exactly where the credential is CREDENTIAL_APP_TSIG";
            return Err(Error::at(format!("{}.{}", endpoint.name, field.name), problem));
        }
    }
    let reasons = pool.get_enum_by_name("map.common.v1.ErrorReason");
    let known = |reason: &str| {
        reasons
            .as_ref()
            .is_some_and(|all| all.get_value_by_name(&format!("ERROR_REASON_{reason}")).is_some())
    };
    let named = endpoint
        .texts
        .iter()
        .map(|(reason, _)| reason)
        .chain(endpoint.success_by_setting.iter());
    for reason in named {
        if !known(reason) {
            return fail(format!("{reason:?} is no canonical ErrorReason"));
        }
    }
    Ok(())
}

/// No two endpoints may answer the same request; and those of one path have one effect, since whether there is a
/// place for a request is settled before its body says which it is.
fn distinguishable(endpoints: &[Endpoint]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut effects = BTreeMap::new();
    for endpoint in endpoints {
        let mut shape = endpoint.shape.clone();
        shape.sort();
        for path in &endpoint.paths {
            let fail = |problem: &str| Err(Error::at(&endpoint.name, format!("{path} {problem}")));
            if !seen.insert((path.clone(), shape.clone())) {
                return fail("has another endpoint of the same shape");
            }
            if *effects.entry(path.clone()).or_insert(endpoint.effect) != endpoint.effect {
                return fail("has another endpoint of another effect");
            }
        }
    }
    Ok(())
}

fn core_method(pool: &DescriptorPool, rpc: &str, name: &str) -> Result<CoreMethod, Error> {
    let unknown = || Error::at(rpc, format!("core {name:?} is no canonical method"));
    let (service, method) = name.rsplit_once('.').ok_or_else(unknown)?;
    let found = pool.get_service_by_name(service).ok_or_else(unknown)?;
    let method = found
        .methods()
        .find(|candidate| candidate.name() == method)
        .ok_or_else(unknown)?;
    if method.is_client_streaming() || method.is_server_streaming() {
        return Err(Error::at(
            rpc,
            format!("core {name:?} is streaming; endpoints are unary"),
        ));
    }
    Ok(CoreMethod {
        path: format!("/{service}/{}", method.name()),
        input: method.input(),
        output: method.output(),
        paged: paged(rpc, &method)?,
    })
}

/// The list of a method that answers in pages: the one list of its answer.
fn paged(rpc: &str, method: &MethodDescriptor) -> Result<Option<FieldDescriptor>, Error> {
    let (input, output) = (method.input(), method.output());
    if output.get_field_by_name("next_page_token").is_none() {
        return Ok(None);
    }
    let lists: Vec<_> = output.fields().filter(FieldDescriptor::is_list).collect();
    let asks = |name: &str| input.get_field_by_name(name).is_some();
    match lists.as_slice() {
        [list] if asks("page_size") && asks("page_token") => Ok(Some(list.clone())),
        _ => Err(Error::at(
            rpc,
            "core answers in pages, but not with one list asked for by page_size and page_token",
        )),
    }
}

fn request_fields(
    pool: &DescriptorPool,
    rpc: &str,
    message: &MessageDescriptor,
    core: &MessageDescriptor,
) -> Result<Vec<RequestField>, Error> {
    let fields: Vec<_> = message
        .fields()
        .map(|field| request_field(pool, rpc, &field, core))
        .collect::<Result<_, _>>()?;
    let mut bound = BTreeSet::new();
    for field in &fields {
        if let Some(core) = &field.core
            && !bound.insert(core.text.clone())
        {
            let problem = format!("canonical path {:?} is bound twice", core.text);
            return Err(Error::at(format!("{rpc}.{}", field.name), problem));
        }
    }
    Ok(fields)
}

fn request_field(
    pool: &DescriptorPool,
    rpc: &str,
    field: &FieldDescriptor,
    core: &MessageDescriptor,
) -> Result<RequestField, Error> {
    let place = format!("{rpc}.{}", field.json_name());
    let options = Options::of(pool, "request", &field.options())
        .ok_or_else(|| Error::at(&place, "has no (request) option"))?;
    let codec = find_codec(&place, codec::REQUEST, &options, field)?;
    let path = options.text("core");
    let core = match (path.as_str(), options.flag("unbound")) {
        ("", true) => None,
        ("", false) => return Err(Error::at(&place, "needs `core`, or `unbound: true`")),
        (_, true) => return Err(Error::at(&place, "has both `core` and `unbound`")),
        (path, false) => Some(fitting(&place, core, path, codec)?),
    };
    let encryption = match options.choice("encryption") {
        0 => Encryption::None,
        1 => Encryption::TripleDes,
        2 => Encryption::PaymentCode,
        _ => return Err(Error::at(&place, "encryption is none of the known choices")),
    };
    if (encryption == Encryption::PaymentCode) != (codec.name == "payment_code") {
        return Err(Error::at(
            &place,
            "codec payment_code and ENCRYPTION_PAYMENT_CODE go together",
        ));
    }
    let example = options.text("example");
    if example.is_empty() && codec.name != "text" {
        return Err(Error::at(&place, "needs an example: only a text may go without"));
    }
    let digest = match options.choice("digest") {
        0 => Digest::None,
        1 => Digest::Documented,
        2 => Digest::Extended,
        _ => return Err(Error::at(&place, "digest is none of the known choices")),
    };
    Ok(RequestField {
        name: field.json_name().to_owned(),
        ident: field.name().to_owned(),
        doc: comment(&field.parent_file(), field.path()),
        codec,
        core,
        required: options.flag("required"),
        may_be_blank: options.flag("may_be_blank"),
        encryption,
        digest,
        max_chars: options.uint("max_chars"),
        example,
    })
}

fn fitting(
    place: &str,
    root: &MessageDescriptor,
    path: &str,
    codec: &'static Codec,
) -> Result<CorePath, Error> {
    let resolved = path::resolve(place, root, path)?;
    if !resolved.fits(codec.core) {
        let problem = format!(
            "codec {} is for {:?}, but canonical path {path:?} is {}",
            codec.name,
            codec.core,
            resolved.leaf_type()
        );
        return Err(Error::at(place, problem));
    }
    Ok(resolved)
}

fn find_codec(
    place: &str,
    table: &'static [Codec],
    options: &Options,
    field: &FieldDescriptor,
) -> Result<&'static Codec, Error> {
    let name = options.text("codec");
    let codec = codec::find(table, &name).ok_or_else(|| {
        Error::at(
            place,
            format!("unknown codec {name:?}; there are {}", codec::names(table)),
        )
    })?;
    let wanted = if codec.number { Kind::Int64 } else { Kind::String };
    if field.kind() != wanted || field.is_list() {
        let problem = format!(
            "codec {name} needs a facade field of type {wanted:?}, not {:?}",
            field.kind()
        );
        return Err(Error::at(place, problem));
    }
    Ok(codec)
}

/// Reads answers; knows the request's fields, which answers may repeat.
struct Answer<'a> {
    pool: &'a DescriptorPool,
    rpc: &'a str,
    fields: &'a [RequestField],
}

impl Answer<'_> {
    fn nodes(
        &self,
        place: &str,
        message: &MessageDescriptor,
        core: &MessageDescriptor,
    ) -> Result<Vec<AnswerNode>, Error> {
        message
            .fields()
            .map(|field| {
                let place = format!("{place}.{}", field.json_name());
                match field.kind().as_message() {
                    Some(inner) => self.object(&place, &field, inner, core).map(AnswerNode::Object),
                    None => self.value(&place, &field, core).map(AnswerNode::Value),
                }
            })
            .collect()
    }

    fn object(
        &self,
        place: &str,
        field: &FieldDescriptor,
        message: &MessageDescriptor,
        core: &MessageDescriptor,
    ) -> Result<AnswerObject, Error> {
        let path = Options::of(self.pool, "answer", &field.options()).map(|options| options.text("core"));
        let base = match path.as_deref() {
            None | Some("") => None,
            Some(path) => Some(path::resolve(place, core, path)?),
        };
        let inner = match base.as_ref().and_then(CorePath::leaf) {
            None => core.clone(),
            Some(leaf) => leaf.kind().as_message().cloned().ok_or_else(|| {
                Error::at(
                    place,
                    "its canonical path must end at a message, as it is an object itself",
                )
            })?,
        };
        let base_is_list = base
            .as_ref()
            .and_then(CorePath::leaf)
            .is_some_and(FieldDescriptor::is_list);
        if field.is_list() != base_is_list {
            return Err(Error::at(
                place,
                "an array needs a repeated canonical field, an object a single one",
            ));
        }
        Ok(AnswerObject {
            name: field.json_name().to_owned(),
            ident: field.name().to_owned(),
            doc: comment(&field.parent_file(), field.path()),
            message: message.name().to_owned(),
            message_doc: comment(&message.parent_file(), message.path()),
            base,
            list: field.is_list(),
            fields: self.nodes(place, message, &inner)?,
        })
    }

    fn value(
        &self,
        place: &str,
        field: &FieldDescriptor,
        core: &MessageDescriptor,
    ) -> Result<AnswerValue, Error> {
        let options = Options::of(self.pool, "answer", &field.options())
            .ok_or_else(|| Error::at(place, "has no source: no (answer) option"))?;
        let codec = find_codec(place, codec::ANSWER, &options, field)?;
        let constant = options.message("constant").map(|constant| constant.text("text"));
        let (path, request) = (options.text("core"), options.text("request"));
        let source = match (path.as_str(), request.as_str(), constant) {
            (path, "", None) if !path.is_empty() => Source::Core(fitting(place, core, path, codec)?),
            ("", request, None) if !request.is_empty() => {
                Source::Request(self.repeated(place, request, codec, options.flag("omit_empty"))?)
            }
            ("", "", Some(_)) if codec.number => {
                return Err(Error::at(
                    place,
                    "a constant is a text, but the codec prints a number",
                ));
            }
            ("", "", Some(text)) => Source::Constant(text),
            ("", "", None) => return Err(Error::at(place, "has no source: needs core, request or constant")),
            _ => {
                return Err(Error::at(
                    place,
                    "has more than one of core, request and constant",
                ));
            }
        };
        Ok(AnswerValue {
            name: field.json_name().to_owned(),
            ident: field.name().to_owned(),
            doc: comment(&field.parent_file(), field.path()),
            codec,
            source,
            omit_empty: options.flag("omit_empty"),
            example: options.text("example"),
        })
    }

    fn repeated(&self, place: &str, name: &str, codec: &Codec, omit_empty: bool) -> Result<usize, Error> {
        let mut fields = self.fields.iter().enumerate();
        let Some((index, field)) = fields.find(|(_, field)| field.name == name) else {
            let problem = format!("{} has no request field {name:?} to repeat", self.rpc);
            return Err(Error::at(place, problem));
        };
        let problem = if field.encryption != Encryption::None {
            "which is encrypted in the request"
        } else if field.codec.number != codec.number {
            "which is a text here and a number there"
        } else if codec.number && !field.required && !omit_empty {
            "a number that may be absent, so it needs omit_empty"
        } else {
            return Ok(index);
        };
        Err(Error::at(place, format!("repeats {name:?}, {problem}")))
    }
}
