//! map-legacy-client
