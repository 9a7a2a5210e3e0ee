//! map-store-embedded
