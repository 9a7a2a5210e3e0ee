//! From a wire message to what the ledger is asked for. All malformed fields are named at
//! once, by path and by what is expected; the value itself is never repeated.

mod fields;
mod request;

pub use request::{
    Asking, Cancelling, CodeChange, Consumer, CustomerName, Identity, Opening, Paying, SmsCodeText,
    TerminalKey, ToppingUp, Transferring,
};

use crate::failure::Failure;
use fields::Fields;
use map_domain::{AccountNumber, IdError, MobileNumber, OrderId, ProductId, SerialNumber, StoreId};
use map_proto::account::v1 as account;
use map_proto::common::v1 as common;
use map_proto::customer::v1 as customer;
use map_proto::opening::v1 as opening;
use map_proto::payment::v1 as payment;
use map_proto::transfer::v1 as transfer;

/// What is expected where both names of a customer are given.
const ONE_NAME: IdError = IdError {
    expected: "mobile_number or customer_id, not both",
};

/// Builds a request out of fields that are all `Some`, in one expression.
macro_rules! request {
    ($name:ident { $($field:ident),* $(,)? }) => {
        (|| Some($name { $($field: $field?),* }))()
    };
}

/// A payment.
///
/// # Errors
/// [`Failure::Malformed`] with every malformed field, as for all functions of this module.
pub fn pay(wire: payment::PayRequest) -> Result<Paying, Failure> {
    let mut fields = Fields::default();
    let key = fields.key(wire.key);
    let consumer = fields.consumer(&wire.consumer);
    let code = fields.code(wire.payment_code);
    let amount = fields.amount("amount_fen", wire.amount_fen);
    let store = fields.id("store_id", StoreId::parse(&wire.store_id));
    let clerk = fields.text("clerk_id", wire.clerk_id, 0, 64);
    let purchase = fields.purchase(wire.purchase);
    let caller_order = fields.number("caller_order_number", wire.caller_order_number, 0);
    let remark = fields.text("remark", wire.remark, 0, 512);
    let request = request!(Paying {
        key,
        consumer,
        code,
        amount,
        store,
        clerk,
        purchase,
        caller_order,
        remark
    });
    fields.finish(request)
}

/// A cancellation.
///
/// # Errors
/// As [`pay`].
pub fn cancel(wire: payment::CancelPaymentRequest) -> Result<Cancelling, Failure> {
    let mut fields = Fields::default();
    let key = fields.key(wire.key);
    let original = fields.id("original", SerialNumber::parse(&wire.original));
    let original = original.map(|serial| serial.as_str().to_owned());
    let caller_order = fields.number("caller_order_number", wire.caller_order_number, 0);
    let request = request!(Cancelling {
        key,
        original,
        caller_order
    });
    fields.finish(request)
}

/// The POS key of a payment that is to be reversed or found. Nothing else of the request is
/// looked at: another store or clerk never refuses a reversal (decision 17).
///
/// # Errors
/// As [`pay`].
pub fn terminal_key(key: Option<common::PosKey>) -> Result<TerminalKey, Failure> {
    let mut fields = Fields::default();
    let key = fields.key(key);
    fields.finish(key)
}

/// An order number.
///
/// # Errors
/// As [`pay`].
pub fn order_number(text: &str) -> Result<OrderId, Failure> {
    let mut fields = Fields::default();
    let id = fields.id("order_number", OrderId::parse(text));
    fields.finish(id)
}

/// A balance at a terminal.
///
/// # Errors
/// As [`pay`].
pub fn get_balance(wire: account::GetBalanceRequest) -> Result<Asking, Failure> {
    let mut fields = Fields::default();
    let key = fields.key(wire.key);
    let consumer = fields.consumer(&wire.consumer);
    let code = fields.code(wire.payment_code);
    let store = fields.id("store_id", StoreId::parse(&wire.store_id));
    let _clerk = fields.text("clerk_id", wire.clerk_id, 0, 64);
    let request = request!(Asking {
        key,
        consumer,
        code,
        store
    });
    fields.finish(request)
}

/// An account number.
///
/// # Errors
/// As [`pay`].
pub fn account_number(text: &str) -> Result<AccountNumber, Failure> {
    let mut fields = Fields::default();
    let number = fields.id("account_number", AccountNumber::parse(text));
    fields.finish(number)
}

/// A mobile number.
///
/// # Errors
/// As [`pay`].
pub fn mobile_number(text: &str) -> Result<MobileNumber, Failure> {
    let mut fields = Fields::default();
    let number = fields.mobile(text);
    fields.finish(number)
}

/// A customer, by mobile number or by identifier: one of the two.
///
/// # Errors
/// As [`pay`].
pub fn customer(mobile: &str, id: &str) -> Result<CustomerName, Failure> {
    let mut fields = Fields::default();
    let name = match (mobile, id) {
        ("", id) if !id.is_empty() => fields.id("customer_id", id.parse()).map(CustomerName::Id),
        (mobile, "") => fields.mobile(mobile).map(CustomerName::Mobile),
        _ => fields.id("customer_id", Err(ONE_NAME)),
    };
    fields.finish(name)
}

/// A caller's own key.
///
/// # Errors
/// As [`pay`].
pub fn idempotency_key(text: String) -> Result<String, Failure> {
    let mut fields = Fields::default();
    let number = fields.number("idempotency_key", text, 1);
    fields.finish(number)
}

/// A request for an SMS code: to whom, under which key.
///
/// # Errors
/// As [`pay`].
pub fn send_sms(wire: customer::SendSmsCodeRequest) -> Result<(MobileNumber, String), Failure> {
    let mut fields = Fields::default();
    let mobile = fields.mobile(&wire.mobile_number);
    let number = fields.number("idempotency_key", wire.idempotency_key, 1);
    let request = mobile.zip(number);
    fields.finish(request)
}

/// A payment code to be set.
///
/// # Errors
/// As [`pay`].
pub fn set_code(wire: customer::SetPaymentCodeRequest) -> Result<CodeChange, Failure> {
    let mut fields = Fields::default();
    let number = fields.number("idempotency_key", wire.idempotency_key, 1);
    let mobile = fields.mobile(&wire.mobile_number);
    let sms_code = fields.sms_code(wire.sms_code);
    let code = fields.new_code(wire.payment_code);
    let identity = Some(None);
    let request = request!(CodeChange {
        number,
        mobile,
        sms_code,
        identity,
        code
    });
    fields.finish(request)
}

/// A payment code to be reset.
///
/// # Errors
/// As [`pay`].
pub fn reset_code(wire: customer::ResetPaymentCodeRequest) -> Result<CodeChange, Failure> {
    let mut fields = Fields::default();
    let number = fields.number("idempotency_key", wire.idempotency_key, 1);
    let mobile = fields.mobile(&wire.mobile_number);
    let sms_code = fields.sms_code(wire.sms_code);
    let code = fields.new_code(wire.payment_code);
    let identity = match wire.id_number.as_str() {
        "" => Some(None),
        text => fields.identity(text).map(Some),
    };
    let request = request!(CodeChange {
        number,
        mobile,
        sms_code,
        identity,
        code
    });
    fields.finish(request)
}

/// An opening.
///
/// # Errors
/// As [`pay`].
pub fn open_card(wire: opening::OpenCardRequest) -> Result<Opening, Failure> {
    let mut fields = Fields::default();
    let number = fields.number("idempotency_key", wire.idempotency_key, 1);
    let identity = fields.identity(&wire.id_number);
    let name = fields.text("name", wire.name, 1, 128);
    let mobile = fields.mobile(&wire.mobile_number);
    let sms_code = fields.sms_code(wire.sms_code);
    let product = match wire.product_id.as_str() {
        "" => Some(None),
        text => fields.id("product_id", ProductId::parse(text)).map(Some),
    };
    let channel = fields.text("channel_number", wire.channel_number, 0, 64);
    let channel_order = fields.number("channel_order_number", wire.channel_order_number, 0);
    let remark = fields.text("remark", wire.remark, 0, 512);
    let request = request!(Opening {
        number,
        identity,
        name,
        mobile,
        sms_code,
        product,
        channel,
        channel_order,
        remark,
    });
    fields.finish(request)
}

/// A transfer.
///
/// # Errors
/// As [`pay`].
pub fn transfer(wire: transfer::TransferToCashRequest) -> Result<Transferring, Failure> {
    let mut fields = Fields::default();
    let number = fields.number("idempotency_key", wire.idempotency_key, 1);
    let mobile = fields.mobile(&wire.mobile_number);
    let from = fields.id("account_number", AccountNumber::parse(&wire.account_number));
    let amount = fields.amount("amount_fen", wire.amount_fen);
    let sms_code = if wire.sms_code.is_empty() {
        Some(None)
    } else {
        fields.sms_code(wire.sms_code).map(Some)
    };
    let code = fields.code(wire.payment_code);
    let remark = fields.text("remark", wire.remark, 0, 512);
    let request = request!(Transferring {
        number,
        mobile,
        from,
        amount,
        sms_code,
        code,
        remark
    });
    fields.finish(request)
}

/// A top-up.
///
/// # Errors
/// As [`pay`].
pub fn top_up(wire: transfer::TopUpRequest) -> Result<ToppingUp, Failure> {
    let mut fields = Fields::default();
    let number = fields.number("idempotency_key", wire.idempotency_key, 1);
    let mobile = fields.mobile(&wire.mobile_number);
    let amount = fields.amount_from_outside("amount_fen", wire.amount_fen);
    let remark = fields.text("remark", wire.remark, 0, 512);
    let request = request!(ToppingUp {
        number,
        mobile,
        amount,
        remark
    });
    fields.finish(request)
}
