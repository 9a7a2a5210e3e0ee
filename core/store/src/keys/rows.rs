//! The rows of a partition.

use super::name::{Name, Parts, ordered};
use crate::codec::{operation_code, operation_from_code, slot_code, slot_from_code};
use crate::{RowKey, RowKind};
use bytes::Bytes;
use map_domain::{
    AccountNumber, BatchNumber, CallerId, Operation, OrderKey, PosKey, SellerId, SerialNumber, TerminalId,
    Timestamp,
};

const POS: u8 = 1;
const CALLER: u8 = 2;

/// An account's row: the number's digits.
pub fn account_row(number: &AccountNumber) -> RowKey {
    RowKey::new(RowKind::Account, number.as_str().to_owned())
}

/// An order's row.
pub fn order_row(key: &OrderKey) -> RowKey {
    order_name(key).row(RowKind::Order)
}

/// What the rows of all orders of a caller and an operation begin with.
pub fn caller_orders(caller: &CallerId, operation: Operation) -> Bytes {
    Name::default()
        .byte(CALLER)
        .text(caller.as_str())
        .byte(operation_code(operation))
        .prefix()
}

/// The bytes of an order's key, in its row and in its claim.
pub(super) fn order_name(key: &OrderKey) -> Name {
    match key {
        OrderKey::Pos(key, slot) => Name::default()
            .byte(POS)
            .text(key.seller.as_str())
            .text(key.terminal.as_str())
            .u32(key.generation)
            .text(key.batch.as_str())
            .text(key.serial.as_str())
            .byte(slot_code(*slot)),
        OrderKey::Caller {
            caller,
            operation,
            number,
        } => Name::default()
            .byte(CALLER)
            .text(caller.as_str())
            .byte(operation_code(*operation))
            .text(number),
    }
}

/// The key that [`order_row`] and [`super::order_claim`] wrote; `None`: it is none.
pub fn parse_order(name: &[u8]) -> Option<OrderKey> {
    let mut parts = Parts(name);
    let key = match parts.byte()? {
        POS => {
            let key = PosKey {
                seller: SellerId::parse(parts.text()?).ok()?,
                terminal: TerminalId::parse(parts.text()?).ok()?,
                generation: parts.u32()?,
                batch: BatchNumber::parse(parts.text()?).ok()?,
                serial: SerialNumber::parse(parts.text()?).ok()?,
            };
            OrderKey::Pos(key, slot_from_code(parts.byte()?)?)
        }
        CALLER => OrderKey::Caller {
            caller: CallerId::parse(parts.text()?).ok()?,
            operation: operation_from_code(parts.byte()?)?,
            number: parts.text()?.to_owned(),
        },
        _ => return None,
    };
    parts.end()?;
    Some(key)
}

/// An entry's row: 8 bytes, big-endian.
pub fn entry_row(sequence: u64) -> RowKey {
    Name::default().u64(sequence).row(RowKind::Entry)
}

/// The sequence that [`entry_row`] wrote; `None`: it is none.
pub fn parse_entry(name: &[u8]) -> Option<u64> {
    let mut parts = Parts(name);
    let sequence = parts.u64()?;
    parts.end()?;
    Some(sequence)
}

/// A row of a stream (event, audit entry): by time, then by the version of the partition that
/// the commit made and the place within the commit. Page it descending: newest first.
pub fn stream_row(kind: RowKind, at: Timestamp, version: u64, place: u32) -> RowKey {
    Name::default().u64(ordered(at)).u64(version).u32(place).row(kind)
}

/// The row of an event without a customer: of one target, time and kind there is one.
pub fn event_row(at: Timestamp, kind: u32) -> RowKey {
    stream_row(RowKind::Outbox, at, 0, kind)
}

/// Where a row of the catalogue belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A card product, by its identifier.
    Product(&'a str),
    /// A fuel product, by its code.
    FuelProduct(&'a str),
    /// A seller, by its identifier.
    Seller(&'a str),
    /// A caller, by its identifier.
    Caller(&'a str),
    /// The settings.
    Settings,
}

impl<'a> Item<'a> {
    /// The row, as `product/<id>`, `fuel/<code>`, `seller/<id>`, `caller/<id>`, `settings`.
    pub fn row(self) -> RowKey {
        let text = match self {
            Self::Product(id) => format!("product/{id}"),
            Self::FuelProduct(code) => format!("fuel/{code}"),
            Self::Seller(id) => format!("seller/{id}"),
            Self::Caller(id) => format!("caller/{id}"),
            Self::Settings => "settings".to_owned(),
        };
        RowKey::new(RowKind::Item, text)
    }

    /// The item that [`Item::row`] named; `None`: it is none.
    pub fn parse(name: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(name).ok()?;
        match text.split_once('/') {
            None if text == "settings" => Some(Self::Settings),
            Some(("product", id)) => Some(Self::Product(id)),
            Some(("fuel", code)) => Some(Self::FuelProduct(code)),
            Some(("seller", id)) => Some(Self::Seller(id)),
            Some(("caller", id)) => Some(Self::Caller(id)),
            None | Some(_) => None,
        }
    }
}
