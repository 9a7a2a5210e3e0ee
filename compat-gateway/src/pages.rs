//! Canonical lists come in pages; what the gateway makes of them is whole.

/// Items of one page: the most that the core gives.
pub(crate) const PAGE_SIZE: i32 = 500;

/// Pages of one list, at most. The core is trusted: the limit is against nonsense.
pub(crate) const MAX_PAGES: usize = 1000;
