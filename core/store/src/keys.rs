//! Names of rows, claims and index rows as bytes.
//!
//! Every part of variable length carries its length, so no two different names have equal
//! bytes. Times and sequences are big-endian, so rows are ordered by them. **These bytes are
//! stored: a change of one is a change of the format**; the tests hold them fast.
//!
//! A claim of an order has the bytes of the order's row, so that one is found from the other.

use crate::codec::{operation_code, operation_from_code, slot_code, slot_from_code};
use crate::{ClaimKey, ClaimTable, IndexKey, IndexTable, PartitionId, ProofDigest, RowKey, RowKind};
use bytes::Bytes;
use map_domain::{
    AccountNumber, BatchNumber, CallerId, CustomerId, MobileNumber, Operation, OrderId, OrderKey, PosKey,
    SellerId, SerialNumber, TerminalId, Timestamp,
};

const POS: u8 = 1;
const CALLER: u8 = 2;

/// Builds the bytes of a name.
#[derive(Default)]
struct Name(Vec<u8>);

impl Name {
    /// One byte.
    fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// A text with its length: seven bits a byte, the lowest first, the last without the high bit.
    fn text(mut self, text: &str) -> Self {
        let mut rest = text.len();
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                self.0.push(low);
                break;
            }
            self.0.push(low | 0x80);
        }
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// A number, ordered.
    fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// A number, ordered.
    fn u64(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// The row that an index points to, last in the name: two pointers are two places.
    fn pointer(mut self, partition: &PartitionId, row: &RowKey) -> Self {
        self = self.text(&partition.key()).byte(row.kind.code());
        self.0.extend_from_slice(&row.key);
        self
    }

    fn row(self, kind: RowKind) -> RowKey {
        RowKey::new(kind, self.0)
    }

    fn claim(self, table: ClaimTable) -> ClaimKey {
        ClaimKey {
            table,
            key: self.0.into(),
        }
    }

    fn index(self, table: IndexTable) -> IndexKey {
        IndexKey {
            table,
            key: self.0.into(),
        }
    }
}

/// Takes a name apart again; `None`: it is not such a name.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn text(&mut self) -> Option<&'a str> {
        let mut len: usize = 0;
        // Five groups of seven bits are more than any name holds.
        for shift in [0_u32, 7, 14, 21, 28] {
            let byte = self.byte()?;
            len |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                // One way to write a length only: no superfluous zero group.
                if byte == 0 && shift > 0 {
                    return None;
                }
                let (text, rest) = self.0.split_at_checked(len)?;
                self.0 = rest;
                return std::str::from_utf8(text).ok();
            }
        }
        None
    }

    fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    /// The row that [`Name::pointer`] wrote: all that is left.
    fn pointer(mut self) -> Option<(PartitionId, RowKey)> {
        let partition = PartitionId::parse(self.text()?).ok()?;
        let kind = RowKind::from_code(self.byte()?)?;
        Some((partition, RowKey::new(kind, self.0.to_vec())))
    }

    fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The times before 1970 first: the sign is turned round.
const fn ordered(at: Timestamp) -> u64 {
    at.as_millis().cast_unsigned() ^ (1 << 63)
}

/// An account's row: the number's digits.
pub fn account_row(number: &AccountNumber) -> RowKey {
    RowKey::new(RowKind::Account, number.as_str().to_owned())
}

/// An order's row.
pub fn order_row(key: &OrderKey) -> RowKey {
    order_name(key).row(RowKind::Order)
}

/// The claim of an order's key; the same bytes as [`order_row`].
pub fn order_claim(key: &OrderKey) -> ClaimKey {
    order_name(key).claim(match key {
        OrderKey::Pos(..) => ClaimTable::Pos,
        OrderKey::Caller { .. } => ClaimTable::CallerOrder,
    })
}

/// What the rows of all orders of a caller and an operation begin with.
pub fn caller_orders(caller: &CallerId, operation: Operation) -> Bytes {
    Name::default()
        .byte(CALLER)
        .text(caller.as_str())
        .byte(operation_code(operation))
        .0
        .into()
}

fn order_name(key: &OrderKey) -> Name {
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

/// The key that [`order_row`] and [`order_claim`] wrote; `None`: it is none.
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

/// The claim of an account number.
pub fn account_claim(number: &AccountNumber) -> ClaimKey {
    Name::default().text(number.as_str()).claim(ClaimTable::Account)
}

/// The number that [`account_claim`] wrote; `None`: it is none.
pub fn parse_account_claim(name: &[u8]) -> Option<AccountNumber> {
    let mut parts = Parts(name);
    let number = AccountNumber::parse(parts.text()?).ok()?;
    parts.end()?;
    Some(number)
}

/// The claim of the ledger's secret. There is one.
pub fn secret_claim() -> ClaimKey {
    Name::default().claim(ClaimTable::Secret)
}

/// The claim of what a caller presented to authorise a request: the caller, 32 bytes.
pub fn proof_claim(caller: &CallerId, proof: &ProofDigest) -> ClaimKey {
    let mut name = Name::default().text(caller.as_str());
    name.0.extend_from_slice(&proof.0);
    name.claim(ClaimTable::Proof)
}

/// The caller and digest that [`proof_claim`] wrote; `None`: it is none.
pub fn parse_proof_claim(name: &[u8]) -> Option<(CallerId, ProofDigest)> {
    let mut parts = Parts(name);
    let caller = CallerId::parse(parts.text()?).ok()?;
    Some((caller, ProofDigest(parts.0.try_into().ok()?)))
}

/// The claim of a mobile number; numbers are recycled, so each owner has a generation, from 0.
pub fn mobile_claim(mobile: &MobileNumber, generation: u32) -> ClaimKey {
    Name::default()
        .text(mobile.as_str())
        .u32(generation)
        .claim(ClaimTable::Mobile)
}

/// The number and generation that [`mobile_claim`] wrote; `None`: it is none.
pub fn parse_mobile_claim(name: &[u8]) -> Option<(MobileNumber, u32)> {
    let mut parts = Parts(name);
    let mobile = MobileNumber::parse(parts.text()?).ok()?;
    let generation = parts.u32()?;
    parts.end()?;
    Some((mobile, generation))
}

/// What an order number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberRole {
    /// The order itself.
    Own,
    /// A later step of its life: a reversal, a cancellation.
    Step,
}

impl NumberRole {
    const fn code(self) -> u8 {
        match self {
            Self::Own => 0,
            Self::Step => 1,
        }
    }
}

/// The place of an order number in its index, by what carries it. A reversal's number may be an
/// order of its own (an operator's act) and a step of the payment, and nothing but chance keeps two
/// processes from giving out one number: each has its place.
pub fn order_number(id: &OrderId, role: NumberRole, partition: &PartitionId, row: &RowKey) -> IndexKey {
    Name::default()
        .text(id.as_str())
        .byte(role.code())
        .pointer(partition, row)
        .index(IndexTable::OrderNumber)
}

/// What all places of an order number begin with.
pub fn order_number_prefix(id: &OrderId) -> Bytes {
    Name::default().text(id.as_str()).0.into()
}

/// The number, the role and the row that [`order_number`] wrote; `None`: it is none.
pub fn parse_order_number(name: &[u8]) -> Option<(OrderId, NumberRole, (PartitionId, RowKey))> {
    let mut parts = Parts(name);
    let id = OrderId::parse(parts.text()?).ok()?;
    let role = match parts.byte()? {
        0 => NumberRole::Own,
        1 => NumberRole::Step,
        _ => return None,
    };
    Some((id, role, parts.pointer()?))
}

/// The place of a payment, or of its reversal or cancellation, in a seller's day (`yyyyMMdd`), by
/// its number and what carries it.
pub fn merchant_day(
    seller: &SellerId,
    day: u32,
    id: &OrderId,
    partition: &PartitionId,
    row: &RowKey,
) -> IndexKey {
    Name::default()
        .text(seller.as_str())
        .u32(day)
        .text(id.as_str())
        .pointer(partition, row)
        .index(IndexTable::MerchantDay)
}

/// What all places of a seller's day begin with.
pub fn merchant_day_prefix(seller: &SellerId, day: u32) -> Bytes {
    Name::default().text(seller.as_str()).u32(day).0.into()
}

/// The seller, day, order number and row that [`merchant_day`] wrote; `None`: it is none.
pub fn parse_merchant_day(name: &[u8]) -> Option<(SellerId, u32, OrderId, (PartitionId, RowKey))> {
    let mut parts = Parts(name);
    let seller = SellerId::parse(parts.text()?).ok()?;
    let day = parts.u32()?;
    let id = OrderId::parse(parts.text()?).ok()?;
    Some((seller, day, id, parts.pointer()?))
}

/// The place of a row to be seen or sent: newest first, then by partition and row.
pub fn outbox(at: Timestamp, partition: &PartitionId, row: &RowKey) -> IndexKey {
    Name::default()
        .u64(!ordered(at))
        .pointer(partition, row)
        .index(IndexTable::Outbox)
}

/// The place that the row of an event has in the outbox, from its name; `None`: it is no such row.
pub fn outbox_of_row(partition: &PartitionId, row: &RowKey) -> Option<IndexKey> {
    let at = Parts(&row.key).u64()? ^ (1 << 63);
    (row.kind == RowKind::Outbox).then(|| outbox(Timestamp::from_millis(at.cast_signed()), partition, row))
}

/// The partition of a customer.
pub const fn customer(id: CustomerId) -> PartitionId {
    PartitionId::Customer(id)
}

/// The partition of the events without a customer that are about this. One for each: a flood of
/// them does not queue for one version.
pub fn events(target: &str) -> PartitionId {
    PartitionId::Audit(format!("events/{target}"))
}

/// The partition of what operators did.
pub fn operator_acts() -> PartitionId {
    PartitionId::Audit("operator".to_owned())
}

#[cfg(test)]
mod tests;
