//! Damage to any file of a data folder is mended or told, never passed over: a coarse run of the
//! example `damage_matrix`, which tries every byte.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/history.rs"]
mod history;
#[path = "../examples/damage_matrix/matrix.rs"]
mod matrix;

use matrix::Fate;
use std::path::Path;

/// A prime, so that every field of a record is met somewhere.
const STRIDE: usize = 149;

#[test]
fn no_damage_is_passed_over_in_silence() {
    let memory = Path::new("/dev/shm");
    let temporary = std::env::temp_dir();
    let parent = if memory.is_dir() { memory } else { &temporary };
    let tally = matrix::run(STRIDE, parent);
    eprintln!("{:?}", tally.fates);
    assert!(tally.bad.is_empty(), "{:#?}", tally.bad);
    for part in ["log", "state", "watermark", "manifest.toml"] {
        let tried = tally.fates.keys().any(|(sort, _)| sort == part);
        assert!(tried, "nothing in `{part}` was damaged");
    }
    assert!(tally.count(Some(Fate::Recovered)) > 0 && tally.count(Some(Fate::Refused)) > 0);
}
