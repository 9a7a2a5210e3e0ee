//! The ledger: for every operation, load, decide, commit, answer.
//!
//! One file per family of operations. Each makes attempts until one is settled (`tries`), and an
//! attempt asks whose key it is (`claims`), opens that customer's partition as one *book* (`book`),
//! has the domain decide, and settles the key with the decision, in one commit. Callers of one
//! customer queue (`turns`). Whatever commits runs in a task of its own: a caller who goes away
//! cancels the wait, never the work.
//!
//! What this module does not do: decide about money (`map-domain` does), know a wire message
//! (`services` do), or retry without an end.

mod act;
mod balance;
mod book;
mod cancel;
mod claims;
mod events;
mod newcomer;
mod number;
mod opening;
mod pay;
mod payment_code;
mod place;
mod presented_code;
mod proofs;
mod read;
mod reverse;
mod sms;
mod transfer;
mod tries;
mod turns;

pub use act::{Acted, OperatorAct};
pub use balance::Balance;
pub use opening::Opened;
pub use presented_code::PresentedCode;
pub use read::{FoundPayment, Statement};
pub use reverse::GivenBack;
pub use transfer::Moved;

use crate::caller::Caller;
use crate::core::Core;
use crate::failure::Failure;
use claims::Asked;
use map_domain::{CallerId, ContentDigest, CustomerId, OrderId, OrderKey};
use std::sync::Arc;
use tracing::Instrument;

/// Settings of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long one request is tried to be settled, in ms. After it an open outcome is told as
    /// [`Failure::OutcomeUnknown`].
    pub settle_ms: u64,
    /// Four digits of this process in order numbers; `None`: random.
    pub node: Option<u16>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settle_ms: 10_000,
            node: None,
        }
    }
}

/// The ledger. One for each process and store, shared by all services.
pub struct Ledger {
    core: Arc<Core>,
    options: Options,
    numbers: number::OrderNumbers,
    /// Callers of one customer.
    books: turns::Turns<CustomerId>,
    /// Attempts at one opening, and who asks what became of it; requests for one SMS code.
    requests: turns::Turns<OrderKey>,
    alarms: events::Alarms,
}

impl Ledger {
    /// Over this core.
    pub fn new(core: Arc<Core>, options: Options) -> Self {
        let numbers = number::OrderNumbers::new(options.node, &*core.random);
        Self {
            core,
            options,
            numbers,
            books: turns::Turns::new(),
            requests: turns::Turns::new(),
            alarms: events::Alarms::default(),
        }
    }

    /// What all services share.
    pub const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Runs work to its end, whether or not somebody still waits for its answer.
    async fn to_its_end<T, W>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let work = work(Arc::clone(self)).instrument(tracing::debug_span!("ledger"));
        match tokio::spawn(work.in_current_span()).await {
            Ok(answer) => answer,
            Err(error) => Err(Failure::Internal(format!(
                "the work ended without an answer: {error}"
            ))),
        }
    }

    /// A number for an order that is decided now.
    pub fn next_number(&self) -> OrderId {
        self.numbers.next(self.core.clock.now())
    }

    /// A request under its key, with a number for its order.
    fn asked(&self, key: OrderKey, content: ContentDigest, caller: Caller) -> Asked {
        Asked {
            proof: proofs::proof_claim(&caller, &key, content),
            key,
            id: self.next_number(),
            content,
            caller,
        }
    }
}

/// The key of a caller's own order number.
fn caller_key(caller: &CallerId, operation: map_domain::Operation, number: &str) -> OrderKey {
    OrderKey::Caller {
        caller: caller.clone(),
        operation,
        number: number.to_owned(),
    }
}
