//! The header of a customer's partition.

use super::{Flaw, fixed, optional_id, time, wire};
use map_domain::{CodeDigest, Customer, CustomerId, IdentityDigest, MobileNumber, PaymentCodeState};

super::body!(Customer, wire::Customer, "customer");

impl From<&Customer> for wire::Customer {
    fn from(customer: &Customer) -> Self {
        Self {
            id: customer.id.as_bytes().to_vec(),
            mobile: customer.mobile.as_ref().map(|mobile| mobile.as_str().to_owned()),
            identity: customer.identity.map(|identity| identity.0.to_vec()),
            payment_code: Some(wire::PaymentCode {
                digest: customer.payment_code.digest.map(|digest| digest.0.to_vec()),
                failures: customer.payment_code.failures,
                locked: customer.payment_code.locked,
            }),
            entries: customer.entries,
            created_at_ms: customer.created_at.as_millis(),
        }
    }
}

impl TryFrom<wire::Customer> for Customer {
    type Error = Flaw;

    fn try_from(customer: wire::Customer) -> Result<Self, Flaw> {
        let code = customer.payment_code.ok_or(Flaw("payment_code"))?;
        let digest = |field, bytes: Option<Vec<u8>>| bytes.map(|bytes| fixed(field, &bytes)).transpose();
        Ok(Self {
            id: CustomerId::new(fixed("id", &customer.id)?),
            mobile: optional_id("mobile", customer.mobile.as_deref(), MobileNumber::parse)?,
            identity: digest("identity", customer.identity)?.map(IdentityDigest),
            payment_code: PaymentCodeState {
                digest: digest("payment_code.digest", code.digest)?.map(CodeDigest),
                failures: code.failures,
                locked: code.locked,
            },
            entries: customer.entries,
            created_at: time(customer.created_at_ms),
        })
    }
}
