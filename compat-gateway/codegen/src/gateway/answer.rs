//! The functions from a canonical answer to the documented one.

use super::message_type;
use crate::model::{AnswerNode, AnswerObject, AnswerValue, CorePath, Endpoint, RequestField, Source};
use crate::rust::ident;
use proc_macro2::TokenStream;
use prost_reflect::{FieldDescriptor, Kind};
use quote::{format_ident, quote};

pub(super) fn function(endpoint: &Endpoint) -> TokenStream {
    let kind = message_type(&endpoint.core.output);
    let nodes = endpoint.answer.iter().map(|node| written(node, 0));
    quote! {
        fn answer(values: &Values<'_>, r0: &#kind, out: &mut Object) -> Result<(), Defect> {
            #(#nodes)*
            Ok(())
        }
    }
}

/// `r0`, `r1`, …: the canonical message that paths begin at, by depth of objects.
fn root(depth: usize) -> proc_macro2::Ident {
    format_ident!("r{depth}")
}

fn written(node: &AnswerNode, depth: usize) -> TokenStream {
    match node {
        AnswerNode::Value(value) => written_value(value, depth),
        AnswerNode::Object(object) => written_object(object, depth),
    }
}

fn written_value(value: &AnswerValue, depth: usize) -> TokenStream {
    let AnswerValue {
        name,
        codec,
        omit_empty,
        ..
    } = value;
    let printer = ident(codec.name);
    match &value.source {
        Source::Constant(text) => quote!(out.put(#name, Printed::text(#text));),
        Source::Request(index) if *omit_empty => quote!(out.put_filled(#name, values.echo(#index));),
        Source::Request(index) => quote!(out.put(#name, values.echo(#index).unwrap_or_default());),
        Source::Core(path) => {
            let chain = chain(path, depth);
            let place = &path.text;
            if *omit_empty {
                quote!(out.put_filled(#name, #chain.map(codec::#printer::print).transpose()?);)
            } else if codec.absent {
                quote!(out.put(#name, codec::#printer::print(#chain)?);)
            } else {
                quote!(out.put(#name, codec::#printer::print(#chain.ok_or(Defect::absent(#place))?)?);)
            }
        }
    }
}

/// An `Option` of the value at the end of a path.
fn chain(path: &CorePath, depth: usize) -> TokenStream {
    let root = root(depth);
    let mut chain = quote!(Some(#root));
    for (at, step) in path.steps.iter().enumerate() {
        let name = ident(step.name());
        let last = at.checked_add(1) == Some(path.steps.len());
        chain = match (last, step.kind(), step.supports_presence()) {
            (_, Kind::Message(_), _) => quote!(#chain.and_then(|m| m.#name.as_ref())),
            (_, Kind::String, false) => quote!(#chain.map(|m| m.#name.as_str())),
            (_, _, true) => quote!(#chain.and_then(|m| m.#name)),
            (_, _, false) => quote!(#chain.map(|m| m.#name)),
        };
    }
    chain
}

fn written_object(object: &AnswerObject, depth: usize) -> TokenStream {
    let name = &object.name;
    let inner_depth = depth.saturating_add(1);
    let (outer, inner) = (root(depth), root(inner_depth));
    let fields: Vec<_> = object
        .fields
        .iter()
        .map(|node| written(node, inner_depth))
        .collect();
    match (&object.base, object.list) {
        (Some(path), true) => {
            let list = list(path, &outer);
            quote! {
                out.array(#name, |out| {
                    for #inner in #list {
                        out.object(|out| { #(#fields)* Ok(()) })?;
                    }
                    Ok(())
                })?;
            }
        }
        (Some(path), false) => {
            let chain = chain(path, depth);
            let place = &path.text;
            quote! {
                let #inner = #chain.ok_or(Defect::absent(#place))?;
                out.nested(#name, |out| { #(#fields)* Ok(()) })?;
            }
        }
        (None, _) => quote! {
            let #inner = #outer;
            out.nested(#name, |out| { #(#fields)* Ok(()) })?;
        },
    }
}

/// The elements of a repeated field; the messages on the way to it must be there.
fn list(path: &CorePath, root: &proc_macro2::Ident) -> TokenStream {
    let text = &path.text;
    let mut place = quote!(#root);
    for (at, step) in path.steps.iter().enumerate() {
        let name = ident(step.name());
        let last = at.checked_add(1) == Some(path.steps.len());
        place = if last {
            quote!(&#place.#name)
        } else {
            quote!(#place.#name.as_ref().ok_or(Defect::absent(#text))?)
        };
    }
    place
}

/// The success that a setting makes of a refusal: what only the core knows is left out.
pub(super) fn fallback(endpoint: &Endpoint) -> TokenStream {
    if endpoint.success_by_setting.is_none() {
        return TokenStream::new();
    }
    let nodes = endpoint
        .answer
        .iter()
        .filter_map(|node| known(node, &endpoint.fields));
    quote! {
        fn fallback(values: &Values<'_>, out: &mut Object) -> Result<(), Defect> {
            #(#nodes)*
            Ok(())
        }
    }
}

fn known(node: &AnswerNode, fields: &[RequestField]) -> Option<TokenStream> {
    match node {
        AnswerNode::Object(object) if object.list || object.base.is_some() => None,
        AnswerNode::Object(object) => {
            let name = &object.name;
            let inner: Vec<_> = object
                .fields
                .iter()
                .filter_map(|node| known(node, fields))
                .collect();
            Some(quote!(out.nested(#name, |out| { #(#inner)* Ok(()) })?;))
        }
        AnswerNode::Value(value) => {
            let name = &value.name;
            match &value.source {
                Source::Constant(text) => Some(quote!(out.put(#name, Printed::text(#text));)),
                Source::Request(index) => Some(quote!(out.put_filled(#name, values.echo(#index));)),
                Source::Core(path) => {
                    let same = |field: &RequestField| field.name == *name && is_text(path.leaf());
                    let index = fields.iter().position(same)?;
                    Some(quote!(out.put_filled(#name, values.echo(#index));))
                }
            }
        }
    }
}

fn is_text(leaf: Option<&FieldDescriptor>) -> bool {
    leaf.is_some_and(|leaf| leaf.kind() == Kind::String)
}
