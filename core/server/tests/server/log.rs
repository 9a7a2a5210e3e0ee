//! What is logged, for a test that wants to read it.
//!
//! One subscriber for the whole binary: tracing asks the first thread that comes by whether a
//! log line interests anybody, so that one test's own subscriber would miss lines.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;
use tracing_subscriber::fmt::format::FmtSpan;

thread_local! {
    static CAPTURED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        CAPTURED.with_borrow_mut(|log| log.as_mut().map(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every test begins with this, by way of the harness.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_writer(|| ThisThread)
            .with_ansi(false)
            .init();
    });
}

/// Keeps what this thread logs from now on.
pub(crate) fn capture() {
    install();
    CAPTURED.set(Some(Vec::new()));
}

/// What this thread logged since then.
pub(crate) fn captured() -> String {
    String::from_utf8(CAPTURED.take().unwrap_or_default()).unwrap()
}
