//! Planted by clock.sh into a copy of the domain crate, never compiled in place: one use of each method that
//! clippy.toml disallows. Clippy has to refuse all of them, under whatever name they were imported.

use std::time::SystemTime as Wall;

/// The clock of the wall, directly, renamed, and read by a method of an innocent value.
pub fn wall() -> (Wall, bool) {
    (Wall::now(), Wall::UNIX_EPOCH.elapsed().is_ok())
}

/// The monotonic clock, also as a function that is passed on.
pub fn monotonic() -> u128 {
    let read = std::time::Instant::now;
    read().elapsed().as_nanos()
}

/// The calendar's clock.
pub fn calendar() -> (jiff::Timestamp, jiff::Zoned) {
    (jiff::Timestamp::now(), jiff::Zoned::now())
}

/// The system's random source.
pub fn chance(bytes: &mut [u8], raw: &mut [std::mem::MaybeUninit<u8>]) -> bool {
    getrandom::fill(bytes).is_ok()
        && getrandom::fill_uninit(raw).is_ok()
        && getrandom::u32().is_ok()
        && getrandom::u64().is_ok()
}
