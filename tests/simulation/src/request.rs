//! What clients ask: the messages themselves, the key each stands for, and what of it is content.

use map_domain::{
    BatchNumber, CallerId, Operation, OrderKey, PosKey, SellerId, SerialNumber, Slot, TerminalId,
};
use map_proto::account::v1::GetBalanceRequest;
use map_proto::common::v1 as common;
use map_proto::customer::v1::{ResetPaymentCodeRequest, SetPaymentCodeRequest};
use map_proto::opening::v1::{FindOpeningRequest, OpenCardRequest};
use map_proto::operator::v1::{
    FreezeAccountRequest, ReversePaymentRequest as OperatorReverseRequest, UnfreezeAccountRequest,
    UnlockPaymentCodeRequest,
};
use map_proto::payment::v1::{CancelPaymentRequest, FindPaymentRequest, PayRequest, ReversePaymentRequest};
use map_proto::transfer::v1::{TopUpRequest, TransferToCashRequest};

/// The one seller, its terminal and batch.
pub const SELLER: &str = "S1";
const TERMINAL: &str = "T1";
const BATCH: &str = "B1";

/// A message of a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Pay.
    Pay(PayRequest),
    /// Undo.
    Undo(ReversePaymentRequest),
    /// Cancel.
    Cancel(CancelPaymentRequest),
    /// What became of a payment.
    FindPayment(FindPaymentRequest),
    /// A balance.
    Balance(GetBalanceRequest),
    /// Money from outside.
    TopUp(TopUpRequest),
    /// From a card to the cash account.
    Transfer(TransferToCashRequest),
    /// Open a card.
    Open(OpenCardRequest),
    /// What became of an opening.
    FindOpening(FindOpeningRequest),
    /// Set a payment code.
    SetCode(SetPaymentCodeRequest),
    /// Reset a payment code.
    ResetCode(ResetPaymentCodeRequest),
    /// Unlock a payment code.
    Unlock(UnlockPaymentCodeRequest),
    /// Freeze an account.
    Freeze(FreezeAccountRequest),
    /// Lift a freeze.
    Unfreeze(UnfreezeAccountRequest),
    /// Give a payment back.
    OperatorReverse(OperatorReverseRequest),
}

/// A signature's digest. Its number is that of the step that signed, so that the same bytes have the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof(pub usize);

/// What a request does, where it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// An order under the request's key.
    Order,
    /// The payment under the request's key is reversed, or the key closed.
    Undo,
    /// None: it asks.
    None,
}

/// The terminal's key of a serial, on the wire.
pub fn wire_key(serial: u32) -> Option<common::PosKey> {
    Some(common::PosKey {
        seller_id: SELLER.to_owned(),
        terminal_id: TERMINAL.to_owned(),
        batch_number: BATCH.to_owned(),
        serial_number: serial.to_string(),
    })
}

/// The key of a serial's slot.
pub fn pos(serial: &str, slot: Slot) -> OrderKey {
    let key = PosKey {
        seller: SellerId::parse(SELLER).unwrap(),
        terminal: TerminalId::parse(TERMINAL).unwrap(),
        generation: 1,
        batch: BatchNumber::parse(BATCH).unwrap(),
        serial: SerialNumber::parse(serial).unwrap(),
    };
    OrderKey::Pos(key, slot)
}

fn at(key: Option<&common::PosKey>, slot: Slot) -> OrderKey {
    pos(&key.unwrap().serial_number, slot)
}

fn by(caller: &str, operation: Operation, number: &str) -> OrderKey {
    OrderKey::Caller {
        caller: CallerId::parse(caller).unwrap(),
        operation,
        number: number.to_owned(),
    }
}

impl Request {
    /// The key it stands for; of an undo and a question the one they are about.
    pub fn key(&self) -> OrderKey {
        const APP: &str = "app/app1";
        const ROOT: &str = "operator/root";
        match self {
            Self::Pay(r) => at(r.key.as_ref(), Slot::Pay),
            Self::Undo(r) => at(r.key.as_ref(), Slot::Pay),
            Self::FindPayment(r) => at(r.key.as_ref(), Slot::Pay),
            Self::Cancel(r) => at(r.key.as_ref(), Slot::Cancel),
            Self::Balance(r) => at(r.key.as_ref(), Slot::Query),
            Self::TopUp(r) => by("channel/c1", Operation::TopUp, &r.idempotency_key),
            Self::Transfer(r) => by(APP, Operation::TransferToCash, &r.idempotency_key),
            Self::Open(r) => by(APP, Operation::OpenCard, &r.idempotency_key),
            Self::FindOpening(r) => by(APP, Operation::OpenCard, &r.idempotency_key),
            Self::SetCode(r) => by(APP, Operation::SetPaymentCode, &r.idempotency_key),
            Self::ResetCode(r) => by(APP, Operation::ResetPaymentCode, &r.idempotency_key),
            Self::Unlock(r) => by(ROOT, Operation::UnlockPaymentCode, &r.idempotency_key),
            Self::Freeze(r) => by(ROOT, Operation::FreezeAccount, &r.idempotency_key),
            Self::Unfreeze(r) => by(ROOT, Operation::UnfreezeAccount, &r.idempotency_key),
            Self::OperatorReverse(r) => by(ROOT, Operation::OperatorReverse, &r.idempotency_key),
        }
    }

    /// Whether an app signs such a request, so that the gateway hands its signature's digest on.
    pub const fn is_signed(&self) -> bool {
        matches!(
            self,
            Self::Pay(_) | Self::Undo(_) | Self::Cancel(_) | Self::Transfer(_) | Self::Open(_)
        )
    }

    /// What it does.
    pub const fn effect(&self) -> Effect {
        match self {
            Self::Undo(_) => Effect::Undo,
            Self::FindPayment(_) | Self::FindOpening(_) | Self::Balance(_) => Effect::None,
            _ => Effect::Order,
        }
    }

    /// What of it is content under its key: no clerk, no remark, no code of any sort (decision 19).
    pub fn content(&self) -> String {
        match self {
            Self::Pay(r) => format!("{} pays {}", r.consumer, r.amount_fen),
            Self::Cancel(r) => format!("cancels {}", r.original),
            Self::TopUp(r) => format!("{} gets {}", r.mobile_number, r.amount_fen),
            Self::Transfer(r) => format!("{} to {}: {}", r.account_number, r.mobile_number, r.amount_fen),
            Self::Open(r) => format!("{} opens {}", r.mobile_number, r.product_id),
            Self::SetCode(r) => r.mobile_number.clone(),
            Self::ResetCode(r) => r.mobile_number.clone(),
            Self::Unlock(r) => r.mobile_number.clone(),
            Self::Freeze(r) => r.account_number.clone(),
            Self::Unfreeze(r) => r.account_number.clone(),
            Self::OperatorReverse(r) => r.order_number.clone(),
            Self::Undo(_) | Self::FindPayment(_) | Self::FindOpening(_) | Self::Balance(_) => String::new(),
        }
    }

    /// How much it moves, where it says so.
    pub const fn fen(&self) -> Option<i64> {
        match self {
            Self::Pay(r) => Some(r.amount_fen),
            Self::TopUp(r) => Some(r.amount_fen),
            Self::Transfer(r) => Some(r.amount_fen),
            _ => None,
        }
    }

    /// The same key with other content; `None`: it has no content that could be another.
    pub fn with_other_content(&self) -> Option<Self> {
        let mut other = self.clone();
        match &mut other {
            Self::Pay(r) => r.amount_fen += 1,
            Self::TopUp(r) => r.amount_fen += 1,
            Self::Transfer(r) => r.amount_fen += 1,
            Self::Open(r) if r.product_id == "1010" => r.product_id = "2610".to_owned(),
            Self::Open(r) => r.product_id = "1010".to_owned(),
            _ => return None,
        }
        Some(other)
    }

    /// The same with the payment code that is right now; `None`: it presents none.
    pub fn with_code(&self, code: &str) -> Option<Self> {
        let mut other = self.clone();
        let presented = match &mut other {
            Self::Pay(r) => &mut r.payment_code,
            Self::Transfer(r) => &mut r.payment_code,
            _ => return None,
        };
        *presented = digits(code);
        Some(other)
    }
}

/// A payment code on the wire.
pub fn digits(code: &str) -> Option<common::PaymentCode> {
    Some(common::PaymentCode {
        form: Some(common::payment_code::Form::Digits(code.to_owned())),
    })
}
