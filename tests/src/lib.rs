//! map-tests
