//! Something costly that the tests of a module share, and that ends with the last of them: a static would
//! never be dropped, and its processes would outlive the tests.

use super::server::lock;
use std::sync::{Arc, Mutex, Weak};

/// A shared thing, made by the first test that asks.
pub struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// The thing; made anew where no test holds it any more.
    pub fn get(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut slot = lock(&self.0);
        slot.upgrade().unwrap_or_else(|| {
            let made = Arc::new(make());
            *slot = Arc::downgrade(&made);
            made
        })
    }
}
