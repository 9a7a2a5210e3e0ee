//! One field after the other: what is well-formed is taken, what is not is remembered.

use super::request::{Consumer, Identity, SmsCodeText, TerminalKey};
use crate::failure::Failure;
use crate::ledger::PresentedCode;
use map_domain::order::Purchase;
use map_domain::{
    AccountNumber, BatchNumber, Fen, IdError, MobileNumber, SellerId, SerialNumber, TerminalId,
};
use map_proto::common::v1 as common;
use map_proto::payment::v1 as payment;

/// Most that one top-up brings: ten thousand million yuan.
const MAX_FROM_OUTSIDE_FEN: i64 = 1_000_000_000_000;

/// What is wrong so far. A field that fails answers `None` and is remembered.
#[derive(Default)]
pub(super) struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn wrong<T>(&mut self, path: &'static str, expected: impl Into<String>) -> Option<T> {
        self.0.push((path, expected.into()));
        None
    }

    pub(super) fn id<T>(&mut self, path: &'static str, parsed: Result<T, IdError>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => self.wrong(path, error.expected),
        }
    }

    /// Text of `least` to `most` bytes without control characters.
    pub(super) fn text(
        &mut self,
        path: &'static str,
        value: String,
        least: usize,
        most: usize,
    ) -> Option<String> {
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
    pub(super) fn number(&mut self, path: &'static str, value: String, least: usize) -> Option<String> {
        if (least..=128).contains(&value.chars().count()) && !value.chars().any(char::is_control) {
            Some(value)
        } else {
            self.wrong(
                path,
                format!("{least} to 128 characters without control characters"),
            )
        }
    }

    pub(super) fn amount(&mut self, path: &'static str, fen: i64) -> Option<Fen> {
        if fen > 0 {
            Some(Fen::new(fen))
        } else {
            self.wrong(path, "an amount in fen, 1 or more")
        }
    }

    /// Money that comes from outside: bounded, so that no sum over the ledger leaves 64 bits.
    pub(super) fn amount_from_outside(&mut self, path: &'static str, fen: i64) -> Option<Fen> {
        if fen > MAX_FROM_OUTSIDE_FEN {
            return self.wrong(path, "an amount of at most 1,000,000,000,000 fen");
        }
        self.amount(path, fen)
    }

    pub(super) fn key(&mut self, key: Option<common::PosKey>) -> Option<TerminalKey> {
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

    pub(super) fn consumer(&mut self, text: &str) -> Option<Consumer> {
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
    pub(super) fn code(&mut self, code: Option<common::PaymentCode>) -> Option<Option<PresentedCode>> {
        use common::payment_code::Form;
        let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|c| c.is_ascii_digit());
        let hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|c| c.is_ascii_hexdigit());
        let block = |text: &str| {
            let block = u64::from_str_radix(text, 16).ok();
            block.filter(|_| hex(text, 16)).map(u64::to_be_bytes)
        };
        let Some(form) = code.and_then(|code| code.form) else {
            return Some(None);
        };
        let read = match form {
            Form::Digits(text) if digits(&text, 6) => PresentedCode::Digits(text),
            Form::Digits(_) => return self.wrong("payment_code.digits", "six digits"),
            Form::Md5Hex(text) if hex(&text, 32) => PresentedCode::Md5Hex(text.to_ascii_lowercase()),
            Form::Md5Hex(_) => return self.wrong("payment_code.md5_hex", "32 hex digits"),
            Form::PinBlockHex(text) => match block(&text) {
                Some(block) => PresentedCode::PinBlock(block),
                None => return self.wrong("payment_code.pin_block_hex", "16 hex digits"),
            },
            Form::CardPinBlockHex(text) => match block(&text) {
                Some(block) => PresentedCode::CardPinBlock(block),
                None => return self.wrong("payment_code.card_pin_block_hex", "16 hex digits"),
            },
        };
        Some(Some(read))
    }

    /// A code that is to be set: there, and not a PIN block.
    pub(super) fn new_code(&mut self, code: Option<common::PaymentCode>) -> Option<PresentedCode> {
        match self.code(code)? {
            Some(PresentedCode::PinBlock(_) | PresentedCode::CardPinBlock(_)) | None => {
                self.wrong("payment_code", "the new code, as digits or md5_hex")
            }
            Some(code @ (PresentedCode::Digits(_) | PresentedCode::Md5Hex(_))) => Some(code),
        }
    }

    pub(super) fn sms_code(&mut self, text: String) -> Option<SmsCodeText> {
        if text.len() == 4 && text.bytes().all(|c| c.is_ascii_digit()) {
            Some(SmsCodeText(text))
        } else {
            self.wrong("sms_code", "four digits")
        }
    }

    /// 15 digits, or 17 and a check character; brought to the 17 digits both share.
    pub(super) fn identity(&mut self, text: &str) -> Option<Identity> {
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

    pub(super) fn mobile(&mut self, text: &str) -> Option<MobileNumber> {
        self.id("mobile_number", MobileNumber::parse(text))
    }

    pub(super) fn purchase(&mut self, purchase: Option<payment::Purchase>) -> Option<Purchase> {
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
    pub(super) fn finish<T>(self, request: Option<T>) -> Result<T, Failure> {
        match request {
            Some(request) if self.0.is_empty() => Ok(request),
            Some(_) | None => Err(Failure::Malformed(self.0)),
        }
    }
}
