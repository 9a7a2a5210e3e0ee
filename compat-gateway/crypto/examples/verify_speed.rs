//! Prints how long one signature check takes at 2048 bits: `cargo run --release -p map-legacy-crypto
//! --example verify_speed`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring tool: it reads the clock and prints"
)]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use map_legacy_crypto::signature::{Algorithm, KeyStrength, PrivateKey};

const ROUNDS: u32 = 20_000;
const BATCHES: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors.json"))?;
    let pem = vectors
        .pointer("/keys/rsa2048/private_pkcs8_pem")
        .and_then(|pem| pem.as_str())
        .ok_or("no key")?;
    let private = PrivateKey::parse(pem, KeyStrength::Standard)?;
    let public = private.public_key()?;
    let message = b"14357322451235f1d7a84db00d2fce00b31a7fc73224f837261zjhtwallet";
    for algorithm in Algorithm::ALL {
        let signature = private.sign(algorithm, message)?;
        let mut batches = Vec::with_capacity(BATCHES);
        for _ in 0..BATCHES {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                public.verify(black_box(algorithm), black_box(message), black_box(&signature))?;
            }
            batches.push(start.elapsed().checked_div(ROUNDS).ok_or("no rounds")?);
        }
        batches.sort_unstable();
        println!(
            "{:<14} best {:?}, worst batch {:?} per verify",
            algorithm.name(),
            batches.first(),
            batches.last()
        );
    }
    Ok(())
}
