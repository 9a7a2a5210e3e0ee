//! PIN blocks of POS terminals (ISO 9564 format 0) under the key of the POS network: `paymentCodeDES` of POS
//! traffic.
//!
//! The gateway takes the encryption off ([`PosKey::open`]) and no more: only the core knows the owner's mobile
//! number, and it alone takes the account off. Deliberately no reading of the PIN, and no other block format.

use std::fmt;

use cipher::{BlockDecrypt as _, BlockEncrypt as _, KeyInit as _, generic_array::GenericArray};
use des::{Des, TdesEde2};
use zeroize::{Zeroize as _, Zeroizing};

use crate::hex;
use crate::payment_code::{DIGITS, Pin};

/// Bytes in a block; 16 hex digits on the wire.
const BLOCK: usize = 8;
/// Digits of the account that take part: the rightmost twelve without the last.
const ACCOUNT_DIGITS: usize = 12;

/// Why a PIN block or its key was refused. Carries nothing of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinBlockError {
    /// The POS key is neither 16 nor 32 hex digits.
    #[error("a POS key has 16 or 32 hex digits")]
    Key,
    /// The block is not 16 hex digits.
    #[error("a PIN block has 16 hex digits")]
    Format,
    /// The account or mobile number isn't made of digits.
    #[error("the account of a PIN block has digits only")]
    Account,
}

/// The key of a POS network with its schedule computed: 8 bytes are single DES, 16 bytes two-key 3DES.
#[derive(Clone)]
pub struct PosKey(Schedule);

#[derive(Clone)]
enum Schedule {
    Single(Des),
    Double(TdesEde2),
}

impl fmt::Debug for PosKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PosKey(..)")
    }
}

impl PosKey {
    /// A key of 8 or 16 bytes in hex. Parity bits don't matter, degenerate keys work.
    ///
    /// # Errors
    /// [`PinBlockError::Key`].
    pub fn from_hex(text: &str) -> Result<Self, PinBlockError> {
        if let Some(key) = hex::decode::<16>(text).map(Zeroizing::new) {
            Ok(Self(Schedule::Double(TdesEde2::new((&*key).into()))))
        } else if let Some(key) = hex::decode::<8>(text).map(Zeroizing::new) {
            Ok(Self(Schedule::Single(Des::new((&*key).into()))))
        } else {
            Err(PinBlockError::Key)
        }
    }

    /// What a terminal sends for `pin`: 16 upper-case hex digits.
    ///
    /// # Errors
    /// [`PinBlockError::Account`].
    pub fn encode(&self, pin: &Pin, account: &str) -> Result<String, PinBlockError> {
        let mut block = GenericArray::from(*ClearBlock::new(pin, account)?.0);
        match &self.0 {
            Schedule::Single(des) => des.encrypt_block(&mut block),
            Schedule::Double(des) => des.encrypt_block(&mut block),
        }
        Ok(hex::upper(&block))
    }

    /// Takes the encryption off a received block. Any 16 hex digits open; only who knows the account can tell
    /// whether the key was right.
    ///
    /// # Errors
    /// [`PinBlockError::Format`].
    pub fn open(&self, received: &str) -> Result<ClearBlock, PinBlockError> {
        let bytes: [u8; BLOCK] = hex::decode(received).ok_or(PinBlockError::Format)?;
        let mut block = GenericArray::from(bytes);
        match &self.0 {
            Schedule::Single(des) => des.decrypt_block(&mut block),
            Schedule::Double(des) => des.decrypt_block(&mut block),
        }
        let clear = ClearBlock(Zeroizing::new(block.into()));
        block.zeroize();
        Ok(clear)
    }
}

/// A PIN block without its encryption: the PIN under the account number, which is no protection. Hidden from
/// `Debug`, wiped.
#[derive(Clone)]
pub struct ClearBlock(Zeroizing<[u8; BLOCK]>);

impl fmt::Debug for ClearBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClearBlock(..)")
    }
}

impl ClearBlock {
    /// The block of `pin` for `account`: `06`, the PIN and `F`s, XOR the account.
    fn new(pin: &Pin, account: &str) -> Result<Self, PinBlockError> {
        let text = Zeroizing::new(format!("{DIGITS:02}{}FFFFFFFF", pin.expose()));
        let mut block = hex::decode::<BLOCK>(&text)
            .map(Zeroizing::new)
            .ok_or(PinBlockError::Format)?;
        for (byte, account) in block.iter_mut().zip(account_field(account)?) {
            *byte ^= account;
        }
        Ok(Self(block))
    }

    /// The 16 upper-case hex digits of the block, to be handed to the core and nowhere else.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::upper(&*self.0))
    }
}

/// `0000` and the rightmost twelve digits of the account without its last one, zeros before a shorter number.
fn account_field(account: &str) -> Result<[u8; BLOCK], PinBlockError> {
    if !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PinBlockError::Account);
    }
    let without_last = account.get(..account.len().saturating_sub(1)).unwrap_or_default();
    if without_last.is_empty() {
        return Err(PinBlockError::Account);
    }
    let rightmost = without_last
        .get(without_last.len().saturating_sub(ACCOUNT_DIGITS)..)
        .unwrap_or_default();
    hex::decode(&format!("{rightmost:0>16}")).ok_or(PinBlockError::Account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
    const MOBILE: &str = "13912345678";

    fn pin(digits: &str) -> Pin {
        Pin::parse(digits).unwrap()
    }

    fn clear(digits: &str, account: &str) -> String {
        ClearBlock::new(&pin(digits), account)
            .unwrap()
            .to_hex()
            .to_string()
    }

    #[test]
    fn the_gateway_takes_the_encryption_off_and_leaves_the_account_on() {
        let key = PosKey::from_hex(KEY).unwrap();
        let sent = key.encode(&pin("000000"), MOBILE).unwrap();
        assert_eq!(sent, "1FD5A459B84E6FAB");
        for received in [sent.to_lowercase(), sent] {
            assert_eq!(*key.open(&received).unwrap().to_hex(), "060000136EDCBA98");
        }
    }

    #[test]
    fn another_account_or_key_makes_another_block() {
        let key = PosKey::from_hex(KEY).unwrap();
        let sent = key.encode(&pin("123456"), MOBILE).unwrap();
        for account in ["13912345688", "13812345678", "2010010000100548"] {
            assert_ne!(
                *key.open(&sent).unwrap().to_hex(),
                clear("123456", account),
                "{account}"
            );
        }
        let other = PosKey::from_hex("1111111111111111").unwrap();
        assert_ne!(*other.open(&sent).unwrap().to_hex(), clear("123456", MOBILE));
    }

    #[test]
    fn the_account_takes_part_with_twelve_digits_before_the_last() {
        assert_eq!(account_field(MOBILE), Ok([0, 0, 0, 0x13, 0x91, 0x23, 0x45, 0x67]));
        assert_eq!(
            account_field("2010010000100548"),
            Ok([0, 0, 0x00, 0x10, 0x00, 0x01, 0x00, 0x54])
        );
        assert_eq!(account_field("12"), Ok([0, 0, 0, 0, 0, 0, 0, 1]));
        for refused in ["", "7", "+8613912345678", "1391234567X"] {
            assert_eq!(account_field(refused), Err(PinBlockError::Account), "{refused:?}");
        }
    }

    #[test]
    fn keys_and_blocks_of_another_size_are_refused() {
        for refused in [
            "",
            "0123456789ABCDE",
            "0123456789ABCDEF01",
            "0123456789ABCDEG",
            &KEY.repeat(2),
            " 0123456789ABCDEF",
        ] {
            assert_eq!(
                PosKey::from_hex(refused).map(|_| ()),
                Err(PinBlockError::Key),
                "{refused:?}"
            );
        }
        let key = PosKey::from_hex(KEY).unwrap();
        for refused in [
            "",
            "1FD5A459B84E6FA",
            "1FD5A459B84E6FAB0",
            "231EEREWQR",
            "1FD5A459B84E6FAB1FD5A459B84E6FAB",
        ] {
            assert_eq!(
                key.open(refused).map(|_| ()),
                Err(PinBlockError::Format),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_doubled_key_is_single_des() {
        let single = PosKey::from_hex("0123456789ABCDEF").unwrap();
        let double = PosKey::from_hex("0123456789ABCDEF0123456789abcdef").unwrap();
        assert_eq!(
            single.encode(&pin("123456"), MOBILE),
            double.encode(&pin("123456"), MOBILE)
        );
    }

    #[test]
    fn keys_and_blocks_stay_out_of_debug() {
        let key = PosKey::from_hex(KEY).unwrap();
        let block = ClearBlock::new(&pin("123456"), MOBILE).unwrap();
        assert_eq!(format!("{key:?} {block:?}"), "PosKey(..) ClearBlock(..)");
    }

    proptest! {
        #[test]
        fn every_pin_survives_the_block(digits in "[0-9]{6}", account in "[0-9]{2,19}", key in "[0-9A-Fa-f]{32}") {
            let key = PosKey::from_hex(&key).unwrap();
            let block = key.open(&key.encode(&pin(&digits), &account).unwrap()).unwrap();
            prop_assert_eq!(&*block.to_hex(), &clear(&digits, &account));
        }

        #[test]
        fn no_text_makes_a_block_panic(text in any::<String>(), account in any::<String>()) {
            let key = PosKey::from_hex(KEY).unwrap();
            prop_assert!(key.open(&text).is_err() || text.len() == 16);
            let _ = key.encode(&pin("123456"), &account);
        }
    }
}
