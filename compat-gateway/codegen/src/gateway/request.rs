//! The function from a request's values to the canonical request.

use super::message_type;
use crate::codec::CoreType;
use crate::model::{Endpoint, RequestField};
use crate::rust::ident;
use proc_macro2::TokenStream;
use prost_reflect::{FieldDescriptor, MessageDescriptor};
use quote::quote;
use std::collections::BTreeMap;

/// Part of a canonical message: bound fields, and messages that hold some.
#[derive(Default)]
struct Node<'a> {
    leaves: BTreeMap<String, (usize, &'a RequestField)>,
    inner: BTreeMap<String, (MessageDescriptor, Node<'a>)>,
}

impl<'a> Node<'a> {
    fn bind(&mut self, steps: &[FieldDescriptor], index: usize, field: &'a RequestField) {
        let Some((first, rest)) = steps.split_first() else {
            return;
        };
        match (rest.is_empty(), first.kind().as_message()) {
            (false, Some(message)) => {
                let inner = self.inner.entry(first.name().to_owned());
                let (_, node) = inner.or_insert_with(|| (message.clone(), Node::default()));
                node.bind(rest, index, field);
            }
            (true, _) | (false, None) => {
                self.leaves.insert(first.name().to_owned(), (index, field));
            }
        }
    }

    fn build(&self, message: &MessageDescriptor) -> TokenStream {
        let kind = message_type(message);
        let leaves = self.leaves.iter().map(|(name, (index, field))| {
            let name = ident(name);
            let value = value(*index, field);
            quote!(#name: #value)
        });
        let inner = self.inner.iter().map(|(name, (message, node))| {
            let name = ident(name);
            let value = node.build(message);
            quote!(#name: Some(#value))
        });
        let parts: Vec<_> = leaves.chain(inner).collect();
        quote!(#kind { #(#parts,)* ..Default::default() })
    }
}

/// The value of a canonical field: presence as the canonical field has it.
fn value(index: usize, field: &RequestField) -> TokenStream {
    let codec = ident(field.codec.name);
    let message = matches!(field.codec.core, CoreType::Named(_));
    let leaf = field.core.as_ref().and_then(|core| core.leaf());
    let presence = message || leaf.is_some_and(FieldDescriptor::supports_presence);
    match (field.required, presence) {
        (true, true) => quote!(Some(codec::#codec::read(values.required(#index)?)?)),
        (true, false) => quote!(codec::#codec::read(values.required(#index)?)?),
        (false, true) => quote!(values.optional(#index).map(codec::#codec::read).transpose()?),
        (false, false) => {
            quote!(values.optional(#index).map(codec::#codec::read).transpose()?.unwrap_or_default())
        }
    }
}

pub(super) fn function(endpoint: &Endpoint) -> TokenStream {
    let mut root = Node::default();
    for (index, field) in endpoint.fields.iter().enumerate() {
        if let Some(core) = &field.core {
            root.bind(&core.steps, index, field);
        }
    }
    let kind = message_type(&endpoint.core.input);
    let built = root.build(&endpoint.core.input);
    let message = match endpoint.core.paged {
        Some(_) => quote!(#kind { page_size: PAGE_SIZE, ..#built }),
        None => built,
    };
    // A value that is kept nowhere is still read, so that a malformed one is refused.
    let unbound = endpoint
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.core.is_none())
        .map(|(index, field)| {
            let codec = ident(field.codec.name);
            quote!(values.optional(#index).map(codec::#codec::read).transpose()?;)
        });
    quote! {
        fn request(values: &Values<'_>) -> Result<#kind, Refusal> {
            #(#unbound)*
            Ok(#message)
        }
    }
}

/// The function that joins the pages of a list.
pub(super) fn turn(endpoint: &Endpoint) -> TokenStream {
    let Some(list) = &endpoint.core.paged else {
        return TokenStream::new();
    };
    let (asked, given) = (
        message_type(&endpoint.core.input),
        message_type(&endpoint.core.output),
    );
    let list = ident(list.name());
    quote! {
        fn turn(request: &mut #asked, whole: &mut #given, page: #given) -> bool {
            whole.#list.extend(page.#list);
            request.page_token = page.next_page_token;
            !request.page_token.is_empty()
        }
    }
}
