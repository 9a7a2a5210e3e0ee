//! What is no address of a core is said before anything is called, and not told as an open outcome.
#![cfg(test)]

use map_client::{ClientConfig, ConfigError, MapClient};

#[tokio::test]
async fn an_endpoint_that_is_no_url_of_a_core_is_refused_and_named() {
    for wrong in [
        "127.0.0.1:7001",
        "localhost:7001",
        "core.example",
        "tcp://127.0.0.1:7001",
        "/run/map.sock",
        "http//127.0.0.1:7001",
        "",
    ] {
        let refused = MapClient::new(ClientConfig::new(wrong, "key"))
            .map(drop)
            .unwrap_err();
        assert_eq!(refused, ConfigError::Endpoint(wrong.to_owned()));
        let text = refused.to_string();
        assert!(
            text.contains(&format!("{wrong:?}")) && text.contains("http://127.0.0.1:50051"),
            "{text}"
        );
    }
    let refused = MapClient::new(ClientConfig::new("https://core.example:50051", "key"))
        .map(drop)
        .unwrap_err();
    assert!(refused.to_string().contains("MapClient::over"), "{refused}");
    for right in [
        "http://127.0.0.1:7001",
        "http://core.example/",
        "HTTP://[::1]:7001",
    ] {
        MapClient::new(ClientConfig::new(right, "key")).expect(right);
    }
}
