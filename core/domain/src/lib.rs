//! The rules of MAP: money, cards, payment codes. Pure functions over plain data.
//!
//! Every command has a file in [`command`] with one function
//! `decide(&state, &command, &context) -> Result<Decision, Refusal>`. A decision says what
//! to write and what to answer; writing it is somebody else's work. An `Err` is a refusal
//! before anything was decided: nothing is written, the key is not used up.
//!
//! What this crate does not do: read a clock, draw a random number, talk to a disk or a
//! network, know a wire format. It depends on a calendar and on nothing else.

pub mod account;
pub mod calendar;
pub mod catalogue;
pub mod command;
pub mod customer;
pub mod decision;
pub mod id;
pub mod ledger;
pub mod money;
pub mod order;
pub mod payment_code;
pub mod refusal;
pub mod sms;

pub use account::{Account, AccountStatus, AccountType, ReleasePlan, Restrictions, Validity};
pub use calendar::Timestamp;
pub use customer::{Customer, CustomerState, IdentityDigest};
pub use decision::{Context, Decision, Event, EventKind, Policy};
pub use id::{
    AccountNumber, BatchNumber, CallerId, CustomerId, IdError, MobileNumber, NetworkId, OrderId, ProductId,
    RegionCode, SellerId, SerialNumber, StoreId, TerminalId,
};
pub use ledger::{Entry, EntryKind, LedgerAccount, Posting};
pub use money::Fen;
pub use order::{ContentDigest, LifeStep, Operation, Order, OrderDetail, OrderKey, OrderState, PosKey, Slot};
pub use payment_code::{CodeDigest, CodeProof, PaymentCodeState};
pub use refusal::Refusal;
