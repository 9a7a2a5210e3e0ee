//! `map`: the one binary of MAP.

mod config;
mod provisioning;

fn main() {}
