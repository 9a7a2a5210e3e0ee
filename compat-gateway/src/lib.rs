//! map-gateway
