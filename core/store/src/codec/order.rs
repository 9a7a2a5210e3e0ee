//! Orders and their keys.

use super::{Flaw, fen, fixed, id, optional_id, required, time, wire};
use map_domain::order::{
    CancellationDetail, OpeningDetail, PaymentDetail, ProvisionedDetail, Purchase, TransferDetail,
};
use map_domain::{
    AccountNumber, AccountStatus, BatchNumber, CallerId, ContentDigest, LifeStep, NetworkId, Operation,
    Order, OrderDetail, OrderId, OrderKey, OrderState, PosKey, ProductId, Refusal, SellerId, SerialNumber,
    Slot, StoreId, TerminalId,
};
use wire::order::{Detail, State};

super::body!(Order, wire::Order, "order");

const fn slot(slot: Slot) -> wire::Slot {
    match slot {
        Slot::Pay => wire::Slot::Pay,
        Slot::Cancel => wire::Slot::Cancel,
        Slot::Open => wire::Slot::Open,
        Slot::Query => wire::Slot::Query,
    }
}

const fn read_slot(slot: wire::Slot) -> Option<Slot> {
    match slot {
        wire::Slot::Unspecified => None,
        wire::Slot::Pay => Some(Slot::Pay),
        wire::Slot::Cancel => Some(Slot::Cancel),
        wire::Slot::Open => Some(Slot::Open),
        wire::Slot::Query => Some(Slot::Query),
    }
}

/// The stored number of a slot.
pub(crate) fn slot_code(value: Slot) -> u8 {
    u8::try_from(i32::from(slot(value))).unwrap_or_default()
}

/// The slot with this stored number.
pub(crate) fn slot_from_code(code: u8) -> Option<Slot> {
    wire::Slot::try_from(i32::from(code)).ok().and_then(read_slot)
}

const fn operation(operation: Operation) -> wire::Operation {
    match operation {
        Operation::OpenCard => wire::Operation::OpenCard,
        Operation::TransferToCash => wire::Operation::TransferToCash,
        Operation::TopUp => wire::Operation::TopUp,
        Operation::SendSmsCode => wire::Operation::SendSmsCode,
        Operation::SetPaymentCode => wire::Operation::SetPaymentCode,
        Operation::ResetPaymentCode => wire::Operation::ResetPaymentCode,
        Operation::OperatorReverse => wire::Operation::OperatorReverse,
        Operation::UnlockPaymentCode => wire::Operation::UnlockPaymentCode,
        Operation::FreezeAccount => wire::Operation::FreezeAccount,
        Operation::UnfreezeAccount => wire::Operation::UnfreezeAccount,
        Operation::RaiseTerminalGeneration => wire::Operation::RaiseTerminalGeneration,
        Operation::ApplyProvisioning => wire::Operation::ApplyProvisioning,
    }
}

const fn read_operation(operation: wire::Operation) -> Option<Operation> {
    match operation {
        wire::Operation::Unspecified => None,
        wire::Operation::OpenCard => Some(Operation::OpenCard),
        wire::Operation::TransferToCash => Some(Operation::TransferToCash),
        wire::Operation::TopUp => Some(Operation::TopUp),
        wire::Operation::SendSmsCode => Some(Operation::SendSmsCode),
        wire::Operation::SetPaymentCode => Some(Operation::SetPaymentCode),
        wire::Operation::ResetPaymentCode => Some(Operation::ResetPaymentCode),
        wire::Operation::OperatorReverse => Some(Operation::OperatorReverse),
        wire::Operation::UnlockPaymentCode => Some(Operation::UnlockPaymentCode),
        wire::Operation::FreezeAccount => Some(Operation::FreezeAccount),
        wire::Operation::UnfreezeAccount => Some(Operation::UnfreezeAccount),
        wire::Operation::RaiseTerminalGeneration => Some(Operation::RaiseTerminalGeneration),
        wire::Operation::ApplyProvisioning => Some(Operation::ApplyProvisioning),
    }
}

/// The stored number of an operation.
pub(crate) fn operation_code(value: Operation) -> u8 {
    u8::try_from(i32::from(operation(value))).unwrap_or_default()
}

/// The operation with this stored number.
pub(crate) fn operation_from_code(code: u8) -> Option<Operation> {
    wire::Operation::try_from(i32::from(code))
        .ok()
        .and_then(read_operation)
}

impl From<&OrderKey> for wire::OrderKey {
    fn from(key: &OrderKey) -> Self {
        let key = match key {
            OrderKey::Pos(pos, held) => wire::order_key::Key::Pos(wire::PosKey {
                seller: pos.seller.to_string(),
                terminal: pos.terminal.to_string(),
                generation: pos.generation,
                batch: pos.batch.to_string(),
                serial: pos.serial.to_string(),
                slot: slot(*held).into(),
            }),
            OrderKey::Caller {
                caller,
                operation: purpose,
                number,
            } => wire::order_key::Key::Caller(wire::CallerKey {
                caller: caller.to_string(),
                operation: operation(*purpose).into(),
                number: number.clone(),
            }),
        };
        Self { key: Some(key) }
    }
}

impl TryFrom<wire::OrderKey> for OrderKey {
    type Error = Flaw;

    fn try_from(key: wire::OrderKey) -> Result<Self, Flaw> {
        match key.key.ok_or(Flaw("key"))? {
            wire::order_key::Key::Pos(pos) => {
                let held = wire::Slot::try_from(pos.slot)
                    .ok()
                    .and_then(read_slot)
                    .ok_or(Flaw("key.slot"))?;
                let key = PosKey {
                    seller: id("key.seller", &pos.seller, SellerId::parse)?,
                    terminal: id("key.terminal", &pos.terminal, TerminalId::parse)?,
                    generation: pos.generation,
                    batch: id("key.batch", &pos.batch, BatchNumber::parse)?,
                    serial: id("key.serial", &pos.serial, SerialNumber::parse)?,
                };
                Ok(Self::Pos(key, held))
            }
            wire::order_key::Key::Caller(key) => Ok(Self::Caller {
                caller: id("key.caller", &key.caller, CallerId::parse)?,
                operation: wire::Operation::try_from(key.operation)
                    .ok()
                    .and_then(read_operation)
                    .ok_or(Flaw("key.operation"))?,
                number: key.number,
            }),
        }
    }
}

const fn status(status: AccountStatus) -> wire::AccountStatus {
    match status {
        AccountStatus::Pending => wire::AccountStatus::Pending,
        AccountStatus::Frozen => wire::AccountStatus::Frozen,
        AccountStatus::Locked => wire::AccountStatus::Locked,
        AccountStatus::Expired => wire::AccountStatus::Expired,
        AccountStatus::Normal => wire::AccountStatus::Normal,
    }
}

fn read_status(field: &'static str, number: i32) -> Result<AccountStatus, Flaw> {
    match wire::AccountStatus::try_from(number) {
        Ok(wire::AccountStatus::Pending) => Ok(AccountStatus::Pending),
        Ok(wire::AccountStatus::Frozen) => Ok(AccountStatus::Frozen),
        Ok(wire::AccountStatus::Locked) => Ok(AccountStatus::Locked),
        Ok(wire::AccountStatus::Expired) => Ok(AccountStatus::Expired),
        Ok(wire::AccountStatus::Normal) => Ok(AccountStatus::Normal),
        Ok(wire::AccountStatus::Unspecified) | Err(_) => Err(Flaw(field)),
    }
}

impl From<&LifeStep> for wire::LifeStep {
    fn from(step: &LifeStep) -> Self {
        Self {
            id: step.id.to_string(),
            at_ms: step.at.as_millis(),
            caller: step.caller.to_string(),
            available_after_fen: step.available_after.get(),
            status_after: status(step.status_after).into(),
        }
    }
}

impl TryFrom<wire::LifeStep> for LifeStep {
    type Error = Flaw;

    fn try_from(step: wire::LifeStep) -> Result<Self, Flaw> {
        Ok(Self {
            id: id("step.id", &step.id, OrderId::parse)?,
            at: time(step.at_ms),
            caller: id("step.caller", &step.caller, CallerId::parse)?,
            available_after: fen(step.available_after_fen),
            status_after: read_status("step.status_after", step.status_after)?,
        })
    }
}

impl From<&Order> for wire::Order {
    fn from(order: &Order) -> Self {
        Self {
            key: Some((&order.key).into()),
            id: order.id.to_string(),
            content: order.content.0.to_vec(),
            caller: order.caller.to_string(),
            at_ms: order.at.as_millis(),
            state: Some(match &order.state {
                OrderState::Done => State::Done(wire::Done {}),
                OrderState::Declined(refusal) => State::Declined(refusal.code().into()),
                OrderState::Reversed(step) => State::Reversed(step.into()),
                OrderState::Cancelled(step) => State::Cancelled(step.into()),
                OrderState::Closed => State::Closed(wire::Closed {}),
            }),
            detail: Some(match &order.detail {
                OrderDetail::Payment(payment) => Detail::Payment(payment.into()),
                OrderDetail::Cancellation(cancellation) => Detail::Cancellation(cancellation.into()),
                OrderDetail::Opening(opening) => Detail::Opening(opening.into()),
                OrderDetail::Transfer(transfer) => Detail::Transfer(transfer.into()),
                OrderDetail::Closure => Detail::Closure(wire::Closure {}),
                OrderDetail::Act => Detail::Act(wire::Act {}),
                OrderDetail::GenerationRaised(generation) => {
                    Detail::GenerationRaised(wire::GenerationRaised {
                        generation: *generation,
                    })
                }
                OrderDetail::Provisioned(provisioned) => Detail::Provisioned(wire::Provisioned {
                    changes: provisioned.changes.clone(),
                    revision: provisioned.revision,
                }),
            }),
        }
    }
}

impl TryFrom<wire::Order> for Order {
    type Error = Flaw;

    fn try_from(order: wire::Order) -> Result<Self, Flaw> {
        Ok(Self {
            key: required("key", order.key)?,
            id: id("id", &order.id, OrderId::parse)?,
            content: ContentDigest(fixed("content", &order.content)?),
            caller: id("caller", &order.caller, CallerId::parse)?,
            at: time(order.at_ms),
            state: match order.state.ok_or(Flaw("state"))? {
                State::Done(wire::Done {}) => OrderState::Done,
                State::Declined(code) => OrderState::Declined(
                    u16::try_from(code)
                        .ok()
                        .and_then(Refusal::from_code)
                        .ok_or(Flaw("declined"))?,
                ),
                State::Reversed(step) => OrderState::Reversed(step.try_into()?),
                State::Cancelled(step) => OrderState::Cancelled(step.try_into()?),
                State::Closed(wire::Closed {}) => OrderState::Closed,
            },
            detail: match order.detail.ok_or(Flaw("detail"))? {
                Detail::Payment(payment) => OrderDetail::Payment(payment.try_into()?),
                Detail::Cancellation(cancellation) => OrderDetail::Cancellation(cancellation.try_into()?),
                Detail::Opening(opening) => OrderDetail::Opening(opening.try_into()?),
                Detail::Transfer(transfer) => OrderDetail::Transfer(transfer.try_into()?),
                Detail::Closure(wire::Closure {}) => OrderDetail::Closure,
                Detail::Act(wire::Act {}) => OrderDetail::Act,
                Detail::GenerationRaised(raised) => OrderDetail::GenerationRaised(raised.generation),
                Detail::Provisioned(wire::Provisioned { changes, revision }) => {
                    OrderDetail::Provisioned(ProvisionedDetail { changes, revision })
                }
            },
        })
    }
}

impl From<&PaymentDetail> for wire::Payment {
    fn from(payment: &PaymentDetail) -> Self {
        Self {
            consumer: payment.consumer.clone(),
            account: payment.account.as_ref().map(|number| number.as_str().to_owned()),
            amount_fen: payment.amount.get(),
            network: payment.network.to_string(),
            store: payment.store.to_string(),
            clerk: payment.clerk.clone(),
            product_name: payment.purchase.product_name.clone(),
            unit_price_fen: payment.purchase.unit_price.map(|price| price.get()),
            quantity: payment.purchase.quantity.clone(),
            caller_order: payment.caller_order.clone(),
            remark: payment.remark.clone(),
            available_after_fen: payment.available_after.get(),
            status_after: status(payment.status_after).into(),
        }
    }
}

impl TryFrom<wire::Payment> for PaymentDetail {
    type Error = Flaw;

    fn try_from(payment: wire::Payment) -> Result<Self, Flaw> {
        Ok(Self {
            consumer: payment.consumer,
            account: optional_id(
                "payment.account",
                payment.account.as_deref(),
                AccountNumber::parse,
            )?,
            amount: fen(payment.amount_fen),
            network: id("payment.network", &payment.network, NetworkId::parse)?,
            store: id("payment.store", &payment.store, StoreId::parse)?,
            clerk: payment.clerk,
            purchase: Purchase {
                product_name: payment.product_name,
                unit_price: payment.unit_price_fen.map(fen),
                quantity: payment.quantity,
            },
            caller_order: payment.caller_order,
            remark: payment.remark,
            available_after: fen(payment.available_after_fen),
            status_after: read_status("payment.status_after", payment.status_after)?,
        })
    }
}

impl From<&CancellationDetail> for wire::Cancellation {
    fn from(cancellation: &CancellationDetail) -> Self {
        Self {
            original: cancellation.original.as_ref().map(Into::into),
            reference: cancellation.reference.clone(),
            network: cancellation.network.to_string(),
        }
    }
}

impl TryFrom<wire::Cancellation> for CancellationDetail {
    type Error = Flaw;

    fn try_from(cancellation: wire::Cancellation) -> Result<Self, Flaw> {
        Ok(Self {
            original: cancellation.original.map(TryInto::try_into).transpose()?,
            reference: cancellation.reference,
            network: id("cancellation.network", &cancellation.network, NetworkId::parse)?,
        })
    }
}

impl From<&OpeningDetail> for wire::Opening {
    fn from(opening: &OpeningDetail) -> Self {
        Self {
            card: opening.card.as_ref().map(|number| number.as_str().to_owned()),
            product: opening.product.to_string(),
            channel: opening.channel.clone(),
            channel_order: opening.channel_order.clone(),
            remark: opening.remark.clone(),
        }
    }
}

impl TryFrom<wire::Opening> for OpeningDetail {
    type Error = Flaw;

    fn try_from(opening: wire::Opening) -> Result<Self, Flaw> {
        Ok(Self {
            card: optional_id("opening.card", opening.card.as_deref(), AccountNumber::parse)?,
            product: id("opening.product", &opening.product, ProductId::parse)?,
            channel: opening.channel,
            channel_order: opening.channel_order,
            remark: opening.remark,
        })
    }
}

impl From<&TransferDetail> for wire::Transfer {
    fn from(transfer: &TransferDetail) -> Self {
        Self {
            from: transfer.from.as_ref().map(|number| number.as_str().to_owned()),
            to: transfer.to.as_ref().map(|number| number.as_str().to_owned()),
            amount_fen: transfer.amount.get(),
            from_available_after_fen: transfer.from_available_after.get(),
            to_available_after_fen: transfer.to_available_after.get(),
            remark: transfer.remark.clone(),
        }
    }
}

impl TryFrom<wire::Transfer> for TransferDetail {
    type Error = Flaw;

    fn try_from(transfer: wire::Transfer) -> Result<Self, Flaw> {
        Ok(Self {
            from: optional_id("transfer.from", transfer.from.as_deref(), AccountNumber::parse)?,
            to: optional_id("transfer.to", transfer.to.as_deref(), AccountNumber::parse)?,
            amount: fen(transfer.amount_fen),
            from_available_after: fen(transfer.from_available_after_fen),
            to_available_after: fen(transfer.to_available_after_fen),
            remark: transfer.remark,
        })
    }
}
