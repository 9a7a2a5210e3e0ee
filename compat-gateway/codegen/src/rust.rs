//! Small pieces of Rust that both Rust generators need.

use crate::Error;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// A name as an identifier, raw where it is a keyword.
pub(crate) fn ident(name: &str) -> Ident {
    syn::parse_str::<Ident>(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
}

/// `FrontPay` to `front_pay`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// `map.payment.v1.PayRequest` to `::map_proto::payment::v1::PayRequest`.
pub(crate) fn canonical_type(full_name: &str) -> TokenStream {
    let parts = full_name.split('.').skip(1).map(|part| format_ident!("{part}"));
    quote!(::map_proto #(:: #parts)*)
}

/// `Some("text")` or `None`.
pub(crate) fn optional_text(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    }
}

/// Prints a file.
pub(crate) fn print(head: &str, items: TokenStream) -> Result<String, Error> {
    let text = prettyplease::unparse(&syn::parse2(items)?);
    // Doc attributes come out as `///text`.
    Ok(format!(
        "{head}\n{}",
        text.replace("///", "/// ").replace("///  ", "/// ")
    ))
}
