//! Which web pages may call over gRPC-web, told to browsers.
//!
//! A preflight carries no bearer key, so it is answered before any is asked for. It opens nothing:
//! every call still needs its key, which a page has to send itself; cookies play no part.

use http::{HeaderName, HeaderValue, Method, Uri, header};
use map_proto::metadata;
use std::time::Duration;
use tower_http::cors::CorsLayer;

/// How long a browser may remember a preflight's answer.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What a page may send besides what is always allowed.
const SENT: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static(metadata::ON_BEHALF_OF),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static(metadata::REQUEST_ID),
    HeaderName::from_static("x-user-agent"),
];

/// What a page may read: a failed call has its status in the headers.
const READ: [HeaderName; 4] = [
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-status-details-bin"),
    HeaderName::from_static(metadata::REQUEST_ID),
];

/// The layer for these origins; none: pages are told nothing, so that browsers refuse them.
pub(crate) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<_> = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok())
        .collect();
    let allowed = CorsLayer::new()
        .allow_methods([Method::POST])
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED);
    (!origins.is_empty()).then(|| allowed.allow_origin(origins))
}

/// Whether this is an origin as browsers send it: scheme, host and port, nothing after. Any
/// (`*`) is none: who may call is named.
pub(crate) fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    matches!(scheme, "http" | "https") && text == format!("{scheme}://{authority}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_in_small_letters() {
        for good in ["https://till.example", "http://127.0.0.1:8000", "https://[::1]:1"] {
            assert!(is_origin(good), "{good}");
        }
        let bad = [
            "*",
            "null",
            "",
            "till.example",
            "ftp://till.example",
            "https://",
            "https://till.example/",
            "https://till.example/page",
            "https://Till.example",
            "https://till.example?x",
            "https://till.example ",
        ];
        for bad in bad {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
