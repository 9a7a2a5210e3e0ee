//! Claims: one for each thing that is taken once, for ever.

use super::name::{Name, Parts};
use super::rows::order_name;
use crate::{ClaimKey, ClaimTable, ProofDigest};
use map_domain::{AccountNumber, CallerId, MobileNumber, OrderKey};

/// The claim of an order's key; the same bytes as [`super::order_row`].
pub fn order_claim(key: &OrderKey) -> ClaimKey {
    order_name(key).claim(match key {
        OrderKey::Pos(..) => ClaimTable::Pos,
        OrderKey::Caller { .. } => ClaimTable::CallerOrder,
    })
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
    Name::default()
        .text(caller.as_str())
        .bytes(&proof.0)
        .claim(ClaimTable::Proof)
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
