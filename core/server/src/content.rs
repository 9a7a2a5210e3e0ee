//! Content digests: what "the same request" means for an idempotency key (decision 19).
//!
//! SHA-256 over the decoded business values, each with its length, under the name of the
//! operation. What says nothing about the business stays out: who served, the remark, and above
//! all SMS codes and payment codes: no hash over a six-digit code is ever stored.

use crate::validate::{Cancelling, CodeChange, Opening, Paying, TerminalKey, ToppingUp, Transferring};
use map_domain::{ContentDigest, IdentityDigest, OrderId, SellerId, TerminalId};
use sha2::{Digest, Sha256};

/// A digest under way.
struct Content(Sha256);

impl Content {
    fn new(operation: &str) -> Self {
        Self(Sha256::new()).text(operation)
    }

    fn bytes(mut self, value: &[u8]) -> Self {
        self.0
            .update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(value);
        self
    }

    fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    fn number(self, value: i64) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Present or absent is part of the content: 0 fen is not the same as not given.
    fn optional(self, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.number(value),
            None => self.bytes(b""),
        }
    }

    fn finish(self) -> ContentDigest {
        ContentDigest(self.0.finalize().into())
    }
}

/// Of a payment: who pays, how much, where, for what, and the caller's own number.
pub fn pay(paying: &Paying) -> ContentDigest {
    Content::new("pay")
        .text(paying.consumer.as_str())
        .number(paying.amount.get())
        .text(paying.store.as_str())
        .text(&paying.purchase.product_name)
        .optional(paying.purchase.unit_price.map(|price| price.get()))
        .text(&paying.purchase.quantity)
        .text(&paying.caller_order)
        .finish()
}

/// Of a cancellation: what is cancelled. The store stays out: another store never refuses a
/// cancellation (decision 17).
pub fn cancel(cancelling: &Cancelling) -> ContentDigest {
    Content::new("cancel")
        .text(&cancelling.original)
        .text(&cancelling.caller_order)
        .finish()
}

/// Of a reversal: its key says it all.
pub fn reverse() -> ContentDigest {
    Content::new("reverse").finish()
}

/// Of an opening; of the ID number only the keyed digest.
pub fn open_card(opening: &Opening, identity: &IdentityDigest) -> ContentDigest {
    Content::new("open-card")
        .bytes(&identity.0)
        .text(&opening.name)
        .text(opening.mobile.as_str())
        .text(opening.product.as_ref().map_or("", |product| product.as_str()))
        .text(&opening.channel)
        .text(&opening.channel_order)
        .finish()
}

/// Of a transfer.
pub fn transfer(transferring: &Transferring) -> ContentDigest {
    Content::new("transfer")
        .text(transferring.mobile.as_str())
        .text(transferring.from.as_str())
        .number(transferring.amount.get())
        .finish()
}

/// Of a top-up.
pub fn top_up(topping: &ToppingUp) -> ContentDigest {
    Content::new("top-up")
        .text(topping.mobile.as_str())
        .number(topping.amount.get())
        .finish()
}

/// Of a change of a payment code: whose it is, never the code.
pub fn code_change(change: &CodeChange, identity: Option<&IdentityDigest>) -> ContentDigest {
    Content::new("payment-code")
        .text(change.mobile.as_str())
        .bytes(identity.map_or(&[][..], |identity| &identity.0))
        .finish()
}

/// Of a request for an SMS code.
pub fn send_sms(mobile: &map_domain::MobileNumber) -> ContentDigest {
    Content::new("send-sms").text(mobile.as_str()).finish()
}

/// Of an operator's act: which, and on what.
pub fn operator_act(action: &str, target: &str) -> ContentDigest {
    Content::new("operator").text(action).text(target).finish()
}

/// Of raising a terminal's generation. Identifiers may hold a slash: where one does they stand apart, for two terminals
/// could be written alike. All others as they are written, for so it stands under keys from before.
pub fn raise_generation(seller: &SellerId, terminal: &TerminalId) -> ContentDigest {
    let (seller, terminal) = (seller.as_str(), terminal.as_str());
    let content = Content::new("operator").text("raise_terminal_generation");
    if seller.contains('/') || terminal.contains('/') {
        content.text(seller).text(terminal)
    } else {
        content.text(&format!("terminal {seller}/{terminal}"))
    }
    .finish()
}

/// Of a provisioning document, encoded, and the revision it is for.
pub fn provisioning(document: &[u8], expected: Option<u64>) -> ContentDigest {
    let content = Content::new("operator")
        .text("apply_provisioning")
        .bytes(document);
    match expected {
        None => content,
        Some(revision) => content.bytes(&revision.to_be_bytes()),
    }
    .finish()
}

/// Of an operator's reversal: the payment's order number, and its key where it is named, too.
pub fn operator_reverse(number: &OrderId, key: Option<&TerminalKey>) -> ContentDigest {
    let content = Content::new("operator")
        .text("reverse_payment")
        .text(number.as_str());
    match key {
        None => content,
        Some(key) => content
            .text(key.seller.as_str())
            .text(key.terminal.as_str())
            .text(key.batch.as_str())
            .text(key.serial.as_str()),
    }
    .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_can_not_move_between_fields_unnoticed() {
        let ab_c = Content::new("x").text("ab").text("c").finish();
        let a_bc = Content::new("x").text("a").text("bc").finish();
        assert_ne!(ab_c, a_bc);
        assert_ne!(
            Content::new("x").optional(None).finish(),
            Content::new("x").optional(Some(0)).finish()
        );
    }
}
