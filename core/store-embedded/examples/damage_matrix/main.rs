//! Damages every part of a data folder, one byte at a time, and tells what becomes of it.
//!
//! `cargo run --release -p map-store-embedded --example damage_matrix [--stride N]`: a flipped bit and a
//! cut at every N-th byte (default 3) of the log, the manifest, the watermark and the state. Ends with 1
//! if any damage was passed over in silence, or caused a panic.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a tool for people: it prints, and stops at what it did not expect"
)]

mod history;
mod matrix;

use matrix::Fate;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let stride = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => 3,
        (Some("--stride"), Some(number)) => number.parse().expect("a number of bytes"),
        _ => {
            println!("usage: damage_matrix [--stride N]");
            return ExitCode::from(2);
        }
    };
    // Memory is enough, and thousands of openings sync less there.
    let memory = Path::new("/dev/shm");
    let temporary = std::env::temp_dir();
    let parent = if memory.is_dir() { memory } else { &temporary };
    std::panic::set_hook(Box::new(|_| {}));
    let tally = matrix::run(stride, parent);
    for ((sort, fate), count) in &tally.fates {
        println!("{sort:<15} {:<12} {count:>7}", format!("{fate:?}"));
    }
    let count = |fate| tally.count(Some(fate));
    println!(
        "trials {}, recovered {}, refused {}, told by a read {}, silent {}, panicked {}",
        tally.count(None),
        count(Fate::Recovered),
        count(Fate::Refused),
        count(Fate::ToldByARead),
        count(Fate::Silent),
        count(Fate::Panicked)
    );
    for bad in &tally.bad {
        println!("{bad}");
    }
    ExitCode::from(u8::from(count(Fate::Silent) + count(Fate::Panicked) > 0))
}
