//! One runtime for all gRPC clients, so that tests can be written one line after the other.

use map_client::Error;
use map_client::proto::common::v1::ErrorReason;
use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long a gRPC call may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The runtime.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime")
    })
}

/// Waits for a call.
pub fn wait<T>(call: impl Future<Output = T>) -> T {
    runtime().block_on(call)
}

/// The reason of a refusal; panics on anything else.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorReason {
    match result {
        Err(Error::Refused(refusal)) => refusal.reason,
        other => panic!("a refusal was expected: {other:?}"),
    }
}
