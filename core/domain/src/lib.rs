//! The rules of MAP: money, cards, payment codes. Pure functions over plain data.
//!
//! Every command has a file in [`command`] with one function
//! `decide(&state, &command, &context) -> Result<Decision, Refusal>`. A decision says what
//! to write and what to answer; writing it is somebody else's work. An `Err` is a refusal
//! before anything was decided: nothing is written, the key is not used up.
//!
//! What this crate does not do: read a clock, draw a random number, talk to a disk or a
//! network, know a wire format. It depends on a calendar and on nothing else.
//!
//! # What becomes durable
//! `Ok` with orders: write them, then answer; a decline is an order, too. `Ok` without orders: a repeat, a
//! read, or a refusal that only an event accompanies; write what there is, then answer. `Err`: nothing
//! to write. An `Err` is either for ever (it comes from a stored order) or about a request that was not
//! decided; where an earlier attempt may still be under way, the caller fences the key before saying so.
//! Before anything is written, [`Decision::check`] must hold.

pub mod account;
pub mod account_number;
pub mod calendar;
pub mod catalogue;
pub mod check;
pub mod command;
pub mod customer;
pub mod decision;
mod give_back;
pub mod id;
pub mod ledger;
pub mod money;
pub mod order;
mod paying_account;
pub mod payment_code;
mod posting;
pub mod product;
pub mod refusal;
pub mod release;
pub mod replay;
pub mod restriction;
pub mod sms;

pub use account::{Account, AccountStatus, AccountType, Validity};
pub use account_number::AccountNumber;
pub use calendar::Timestamp;
pub use check::Defect;
pub use customer::{Customer, CustomerState, IdentityDigest};
pub use decision::{Context, Decision, Event, EventKind, Policy};
pub use id::{
    BatchNumber, CallerId, CustomerId, IdError, MobileNumber, NetworkId, OrderId, ProductId, RegionCode,
    SellerId, SerialNumber, StoreId, TerminalId,
};
pub use ledger::{Entry, EntryError, EntryKind, LedgerAccount, Posting};
pub use money::Fen;
pub use order::{ContentDigest, LifeStep, Operation, Order, OrderDetail, OrderKey, OrderState, PosKey, Slot};
pub use payment_code::{CodeDigest, CodeProof, PaymentCodeState};
pub use refusal::Refusal;
pub use release::ReleasePlan;
pub use restriction::Restrictions;
