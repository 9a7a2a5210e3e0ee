//! What must be refused is refused in the documented form, and changes nothing. Each test has a server of
//! its own, so that "nothing" is the whole ledger; and ends with the call as it should be, which succeeds,
//! so that it was refused for the reason in question.

mod amounts;
mod apps;
mod bench;
mod encrypted;
mod envelope;
mod required;
mod signed;
