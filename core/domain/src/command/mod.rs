//! One file per command. Each has a struct with what was asked and a
//! `decide(&state, &command, &context)`.

pub mod cancel_payment;
pub mod change_payment_code;
pub mod freeze;
pub mod get_balance;
pub mod open_card;
pub mod operator_reverse;
pub mod pay;
pub mod reverse_payment;
pub mod send_sms;
pub mod top_up;
pub mod transfer;
