//! From a wire message to what the ledger is asked for. All malformed fields are named at
//! once, by path and by what is expected; the value itself is never repeated.

use crate::failure::Failure;
use crate::ledger::PresentedCode;
use map_domain::order::Purchase;
use map_domain::{
    AccountNumber, BatchNumber, Fen, IdError, MobileNumber, OrderId, ProductId, SellerId, SerialNumber,
    StoreId, TerminalId,
};
use map_proto::account::v1 as account;
use map_proto::common::v1 as common;
use map_proto::customer::v1 as customer;
use map_proto::opening::v1 as opening;
use map_proto::payment::v1 as payment;
use map_proto::transfer::v1 as transfer;

/// A POS key as callers know it; the platform adds the terminal's generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalKey {
    /// The seller.
    pub seller: SellerId,
    /// The terminal.
    pub terminal: TerminalId,
    /// The terminal's batch.
    pub batch: BatchNumber,
    /// The serial within the batch.
    pub serial: SerialNumber,
}

/// Who pays or is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consumer {
    /// The owner of this mobile number.
    Mobile(MobileNumber),
    /// This account.
    Account(AccountNumber),
}

impl Consumer {
    /// As it was asked for.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mobile(mobile) => mobile.as_str(),
            Self::Account(number) => number.as_str(),
        }
    }
}

/// A payment that is asked for.
#[derive(Debug, Clone)]
pub struct Paying {
    /// Its key.
    pub key: TerminalKey,
    /// Who pays.
    pub consumer: Consumer,
    /// The payment code.
    pub code: Option<PresentedCode>,
    /// How much; positive.
    pub amount: Fen,
    /// The store.
    pub store: StoreId,
    /// Who serves.
    pub clerk: String,
    /// What is bought.
    pub purchase: Purchase,
    /// The caller's own order number.
    pub caller_order: String,
    /// As given.
    pub remark: String,
}

/// A cancellation that is asked for.
#[derive(Debug, Clone)]
pub struct Cancelling {
    /// Its own key.
    pub key: TerminalKey,
    /// The payment: a serial of the same batch, or an order number.
    pub original: String,
    /// The caller's own order number.
    pub caller_order: String,
}

/// A balance that is asked for at a terminal.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The query's key.
    pub key: TerminalKey,
    /// Whose.
    pub consumer: Consumer,
    /// The payment code.
    pub code: Option<PresentedCode>,
    /// The store.
    pub store: StoreId,
}

/// An opening that is asked for.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The caller's order number.
    pub number: String,
    /// Normalised: the 17 digits that 15 and 18 of one person share.
    pub identity: Identity,
    /// The owner's name.
    pub name: String,
    /// The owner.
    pub mobile: MobileNumber,
    /// What proves the number.
    pub sms_code: SmsCodeText,
    /// `None`: the default product.
    pub product: Option<ProductId>,
    /// The sales channel.
    pub channel: String,
    /// The sales channel's order number.
    pub channel_order: String,
    /// As given.
    pub remark: String,
}

/// A transfer that is asked for.
#[derive(Debug, Clone)]
pub struct Transferring {
    /// The caller's order number.
    pub number: String,
    /// The owner.
    pub mobile: MobileNumber,
    /// The card.
    pub from: AccountNumber,
    /// How much; positive.
    pub amount: Fen,
    /// Verified and used up where present.
    pub sms_code: Option<SmsCodeText>,
    /// The payment code.
    pub code: Option<PresentedCode>,
    /// As given.
    pub remark: String,
}

/// A top-up that is asked for.
#[derive(Debug, Clone)]
pub struct ToppingUp {
    /// The caller's order number.
    pub number: String,
    /// Whose cash account.
    pub mobile: MobileNumber,
    /// How much; positive.
    pub amount: Fen,
    /// As given.
    pub remark: String,
}

/// A new payment code that is asked for.
#[derive(Debug, Clone)]
pub struct CodeChange {
    /// The caller's key.
    pub number: String,
    /// Whose.
    pub mobile: MobileNumber,
    /// What proves the number.
    pub sms_code: SmsCodeText,
    /// Who says so; resets only.
    pub identity: Option<Identity>,
    /// The new code: digits or their MD5.
    pub code: PresentedCode,
}

/// An SMS code as it was presented. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsCodeText(pub String);

/// A normalised ID number. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(pub String);

impl std::fmt::Debug for SmsCodeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmsCodeText(…)")
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// What is wrong so far. A field that fails answers `None` and is remembered.
#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn wrong<T>(&mut self, path: &'static str, expected: impl Into<String>) -> Option<T> {
        self.0.push((path, expected.into()));
        None
    }

    fn id<T>(&mut self, path: &'static str, parsed: Result<T, IdError>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => self.wrong(path, error.expected),
        }
    }

    /// Text of `least` to `most` bytes without control characters.
    fn text(&mut self, path: &'static str, value: String, least: usize, most: usize) -> Option<String> {
        let plain = !value
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t');
        if plain && (least..=most).contains(&value.len()) {
            Some(value)
        } else {
            self.wrong(
                path,
                format!("{least} to {most} bytes without control characters"),
            )
        }
    }

    /// At most 128 characters, which may take four bytes each.
    fn number(&mut self, path: &'static str, value: String, least: usize) -> Option<String> {
        if (least..=128).contains(&value.chars().count()) && !value.chars().any(char::is_control) {
            Some(value)
        } else {
            self.wrong(
                path,
                format!("{least} to 128 characters without control characters"),
            )
        }
    }

    fn amount(&mut self, path: &'static str, fen: i64) -> Option<Fen> {
        if fen > 0 {
            Some(Fen::new(fen))
        } else {
            self.wrong(path, "an amount in fen, 1 or more")
        }
    }

    fn key(&mut self, key: Option<common::PosKey>) -> Option<TerminalKey> {
        let Some(key) = key else {
            return self.wrong("key", "a POS key");
        };
        let seller = self.id("key.seller_id", SellerId::parse(&key.seller_id));
        let terminal = self.id("key.terminal_id", TerminalId::parse(&key.terminal_id));
        let batch = self.id("key.batch_number", BatchNumber::parse(&key.batch_number));
        let serial = self.id("key.serial_number", SerialNumber::parse(&key.serial_number));
        Some(TerminalKey {
            seller: seller?,
            terminal: terminal?,
            batch: batch?,
            serial: serial?,
        })
    }

    fn consumer(&mut self, text: &str) -> Option<Consumer> {
        let mobile = MobileNumber::parse(text).map(Consumer::Mobile);
        match mobile.or_else(|_| AccountNumber::parse(text).map(Consumer::Account)) {
            Ok(consumer) => Some(consumer),
            Err(_) => self.wrong(
                "consumer",
                "a mobile number of 11 digits or an account number of 16 digits",
            ),
        }
    }

    /// `Some(None)`: none was given.
    #[allow(
        clippy::option_option,
        reason = "outer: whether it is well-formed; inner: whether it is there"
    )]
    fn code(&mut self, code: Option<common::PaymentCode>) -> Option<Option<PresentedCode>> {
        use common::payment_code::Form;
        let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|c| c.is_ascii_digit());
        let hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|c| c.is_ascii_hexdigit());
        let Some(form) = code.and_then(|code| code.form) else {
            return Some(None);
        };
        let read = match form {
            Form::Digits(text) if digits(&text, 6) => PresentedCode::Digits(text),
            Form::Digits(_) => return self.wrong("payment_code.digits", "six digits"),
            Form::Md5Hex(text) if hex(&text, 32) => PresentedCode::Md5Hex(text.to_ascii_lowercase()),
            Form::Md5Hex(_) => return self.wrong("payment_code.md5_hex", "32 hex digits"),
            Form::PinBlockHex(text) if hex(&text, 16) => match u64::from_str_radix(&text, 16) {
                Ok(block) => PresentedCode::PinBlock(block.to_be_bytes()),
                Err(_) => return self.wrong("payment_code.pin_block_hex", "16 hex digits"),
            },
            Form::PinBlockHex(_) => return self.wrong("payment_code.pin_block_hex", "16 hex digits"),
        };
        Some(Some(read))
    }

    /// A code that is to be set: there, and not a PIN block.
    fn new_code(&mut self, code: Option<common::PaymentCode>) -> Option<PresentedCode> {
        match self.code(code)? {
            Some(PresentedCode::PinBlock(_)) | None => {
                self.wrong("payment_code", "the new code, as digits or md5_hex")
            }
            Some(code @ (PresentedCode::Digits(_) | PresentedCode::Md5Hex(_))) => Some(code),
        }
    }

    fn sms_code(&mut self, text: String) -> Option<SmsCodeText> {
        if text.len() == 4 && text.bytes().all(|c| c.is_ascii_digit()) {
            Some(SmsCodeText(text))
        } else {
            self.wrong("sms_code", "four digits")
        }
    }

    /// 15 digits, or 17 and a check character; brought to the 17 digits both share.
    fn identity(&mut self, text: &str) -> Option<Identity> {
        let digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
        match (
            text.len(),
            text.get(..6),
            text.get(6..15),
            text.get(..17),
            text.get(17..),
        ) {
            (15, Some(region), Some(rest), ..) if digits(text) => Some(Identity(format!("{region}19{rest}"))),
            (18, _, _, Some(body), Some(check))
                if digits(body) && (digits(check) || check.eq_ignore_ascii_case("x")) =>
            {
                Some(Identity(body.to_owned()))
            }
            _ => self.wrong("id_number", "an ID number of 15 or 18 characters"),
        }
    }

    fn mobile(&mut self, text: &str) -> Option<MobileNumber> {
        self.id("mobile_number", MobileNumber::parse(text))
    }

    fn purchase(&mut self, purchase: Option<payment::Purchase>) -> Option<Purchase> {
        let purchase = purchase.unwrap_or_default();
        let product_name = self.text("purchase.product_name", purchase.product_name, 0, 128);
        let quantity = self.text("purchase.quantity", purchase.quantity, 0, 32);
        if purchase.unit_price_fen.is_some_and(i64::is_negative) {
            return self.wrong("purchase.unit_price_fen", "a price in fen, 0 or more");
        }
        Some(Purchase {
            product_name: product_name?,
            unit_price: purchase.unit_price_fen.map(Fen::new),
            quantity: quantity?,
        })
    }

    /// The request, if nothing was wrong.
    fn finish<T>(self, request: Option<T>) -> Result<T, Failure> {
        match request {
            Some(request) if self.0.is_empty() => Ok(request),
            Some(_) | None => Err(Failure::Malformed(self.0)),
        }
    }
}

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

/// How many a page holds: 0 means 50, at most 500.
///
/// # Errors
/// As [`pay`].
pub fn page_size(size: i32) -> Result<usize, Failure> {
    match usize::try_from(size) {
        Ok(0) => Ok(50),
        Ok(size @ 1..=500) => Ok(size),
        Ok(_) | Err(_) => Err(Failure::Malformed(vec![("page_size", "0 to 500".to_owned())])),
    }
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
    let amount = fields.amount("amount_fen", wire.amount_fen);
    let remark = fields.text("remark", wire.remark, 0, 512);
    let request = request!(ToppingUp {
        number,
        mobile,
        amount,
        remark
    });
    fields.finish(request)
}
