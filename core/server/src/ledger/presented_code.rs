//! What a terminal presents as payment code, read against the customer it is presented for
//! (decision 14; 002 线下支付接口).
//!
//! Nothing here is ever printed: not the digits, not the block, not their hash.

use crate::secrets::Secrets;
use data_encoding::HEXLOWER;
use map_domain::{AccountNumber, CodeDigest, CodeProof, Customer};
use md5::{Digest, Md5};

/// A payment code in the form it came in.
#[derive(Clone, PartialEq, Eq)]
pub enum PresentedCode {
    /// Six digits.
    Digits(String),
    /// Lower-case hex MD5 of the digits.
    Md5Hex(String),
    /// A PIN block without its transport encryption, still XORed with the owner's mobile number.
    PinBlock([u8; 8]),
    /// The same, with that number or the one of the card that is presented; both tries are one attempt.
    CardPinBlock([u8; 8]),
}

impl std::fmt::Debug for PresentedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedCode(…)")
    }
}

/// The proof for this customer; `card` is the account that was presented, if one was.
pub(super) fn proof(
    presented: Option<&PresentedCode>,
    secrets: &Secrets,
    customer: &Customer,
    card: Option<&AccountNumber>,
) -> CodeProof {
    let digest = |md5_hex: &str| secrets.payment_code(&customer.id, md5_hex);
    let read = |block: &[u8; 8], numbers: [Option<&str>; 2]| {
        let numbers = numbers.into_iter().flatten();
        let readings: Vec<CodeDigest> = numbers
            .filter_map(|number| read_block(*block, number))
            .map(|digits| digest(&md5_hex(&digits)))
            .collect();
        if readings.is_empty() {
            CodeProof::Unreadable
        } else {
            CodeProof::Readings(readings)
        }
    };
    let mobile = customer.mobile.as_ref().map(|mobile| mobile.as_str());
    match presented {
        None => CodeProof::Absent,
        Some(PresentedCode::Digits(digits)) => CodeProof::Readings(vec![digest(&md5_hex(digits.as_bytes()))]),
        Some(PresentedCode::Md5Hex(hex)) => CodeProof::Readings(vec![digest(hex)]),
        Some(PresentedCode::PinBlock(block)) => read(block, [mobile, None]),
        Some(PresentedCode::CardPinBlock(block)) => read(block, [mobile, card.map(AccountNumber::as_str)]),
    }
}

/// The digest of a new code; `None` where the form can't set one (a PIN block).
pub(super) fn new_digest(
    presented: &PresentedCode,
    secrets: &Secrets,
    customer: &Customer,
) -> Option<CodeDigest> {
    match presented {
        PresentedCode::Digits(digits) => {
            Some(secrets.payment_code(&customer.id, &md5_hex(digits.as_bytes())))
        }
        PresentedCode::Md5Hex(hex) => Some(secrets.payment_code(&customer.id, hex)),
        PresentedCode::PinBlock(_) | PresentedCode::CardPinBlock(_) => None,
    }
}

/// The six digits of a block, `06` + digits + `F…`, XORed with `0000` and the last twelve digits
/// of the number without its final one (zeros in front where it is shorter).
fn read_block(block: [u8; 8], number: &str) -> Option<[u8; 6]> {
    let digits = number.get(..number.len().checked_sub(1)?)?;
    let digits = digits.get(digits.len().saturating_sub(12)..)?;
    let mask = u64::from_str_radix(digits, 16).ok()?;
    let clear = u64::from_be_bytes(block) ^ mask;
    let hex = format!("{clear:016x}");
    let code = hex.strip_prefix("06")?.strip_suffix("ffffffff")?;
    let code: [u8; 6] = code.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_digit).then_some(code)
}

/// Lower-case hex MD5, the form in which payment codes are digested.
fn md5_hex(digits: &[u8]) -> String {
    HEXLOWER.encode(&Md5::digest(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use map_domain::{CustomerId, MobileNumber, Timestamp};

    /// `06` + PIN + `F…` XOR `0000` + the number without its last digit.
    #[test]
    fn a_block_reads_only_against_the_number_it_was_made_for() {
        for (block, number, expected) in [
            (0x0600_0013_6EDC_BA98_u64, "13912345678", Some(b"000000")),
            (0x0612_3445_6EDC_BA98, "13912345678", Some(b"123456")),
            (0x0612_3445_6EDC_BA98, "13912345688", None),
            (0x0512_3445_6EDC_BA98, "13912345678", None),
            (0x0612_34E5_6EDC_BA98, "13912345678", None),
            (0x0612_3445_6EDC_BA99, "13912345678", None),
            (0, "13912345678", None),
            (0, "", None),
        ] {
            assert_eq!(
                read_block(block.to_be_bytes(), number).as_ref(),
                expected,
                "{block:016x} {number}"
            );
        }
    }

    fn customer() -> Customer {
        Customer {
            id: CustomerId::new([7; 16]),
            mobile: MobileNumber::parse("13912345678").ok(),
            identity: None,
            payment_code: map_domain::PaymentCodeState::default(),
            entries: 0,
            created_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn all_forms_of_one_code_give_one_digest() {
        let secrets = Secrets::new([1; 32]);
        let proofs: Vec<_> = [
            PresentedCode::Digits("123456".to_owned()),
            PresentedCode::Md5Hex("e10adc3949ba59abbe56e057f20f883e".to_owned()),
            PresentedCode::PinBlock(0x0612_3445_6EDC_BA98_u64.to_be_bytes()),
        ]
        .iter()
        .map(|code| proof(Some(code), &secrets, &customer(), None))
        .collect();
        assert!(proofs.windows(2).all(|pair| pair[0] == pair[1]), "{proofs:?}");
        assert!(matches!(&proofs[0], CodeProof::Readings(readings) if readings.len() == 1));
    }

    #[test]
    fn the_card_number_is_tried_only_where_the_form_says_so() {
        let secrets = Secrets::new([1; 32]);
        let card = AccountNumber::parse("2610888123456789").ok();
        let mask = u64::from_str_radix("088812345678", 16).unwrap();
        let block = (0x0612_3456_FFFF_FFFF_u64 ^ mask).to_be_bytes();
        let by = |code: PresentedCode| proof(Some(&code), &secrets, &customer(), card.as_ref());
        assert_eq!(by(PresentedCode::PinBlock(block)), CodeProof::Unreadable);
        let of_card = by(PresentedCode::CardPinBlock(block));
        assert!(
            matches!(&of_card, CodeProof::Readings(readings) if readings.len() == 1),
            "{of_card:?}"
        );
        let of_mobile = PresentedCode::CardPinBlock(0x0612_3445_6EDC_BA98_u64.to_be_bytes());
        assert_eq!(by(of_mobile), of_card);
    }

    #[test]
    fn a_presented_code_is_never_printed() {
        assert!(!format!("{:?}", PresentedCode::Digits("123456".to_owned())).contains("123456"));
    }
}
