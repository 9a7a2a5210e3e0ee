//! Time stamps and nonces: a port, so that tests and printed calls can have fixed ones.

/// Gives each request its `timeStamp` and `nonce`.
pub trait Stamps: Send + Sync + 'static {
    /// A time stamp, and a nonce that was not used before.
    fn next(&self) -> (String, String);
}

/// Epoch milliseconds and 16 random hex digits.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemStamps;

impl Stamps for SystemStamps {
    #[allow(clippy::disallowed_methods, reason = "this is the adapter")]
    fn next(&self) -> (String, String) {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        // Without random numbers the clock has to do: a nonce is no secret here.
        let nonce = getrandom::u64().unwrap_or_else(|_| u64::from(since.subsec_nanos()));
        (since.as_millis().to_string(), format!("{nonce:016x}"))
    }
}
