//! PIN blocks of POS terminals (ISO 9564 format 0) under the key of the POS network: `paymentCodeDES` of POS traffic.
//!
//! The gateway takes the encryption off ([`PosKey::open`]); the core, which knows the owner's mobile number, takes the account
//! off ([`ClearBlock::pin_for`]). Deliberately no verification of the PIN, and no other block format.

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
        let mut block = GenericArray::from(ClearBlock::new(pin, account)?.bytes());
        match &self.0 {
            Schedule::Single(des) => des.encrypt_block(&mut block),
            Schedule::Double(des) => des.encrypt_block(&mut block),
        }
        Ok(hex::upper(&block))
    }

    /// Takes the encryption off a received block. Any 16 hex digits open; only [`ClearBlock::pin_for`] tells a right key.
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

/// A PIN block without its encryption: the PIN under the account number, which is no protection. Hidden from `Debug`, wiped.
#[derive(Clone)]
pub struct ClearBlock(Zeroizing<[u8; BLOCK]>);

impl fmt::Debug for ClearBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClearBlock(..)")
    }
}

impl ClearBlock {
    /// The block of `pin` for `account`: `06`, the PIN and `F`s, XOR the account.
    ///
    /// # Errors
    /// [`PinBlockError::Account`].
    pub fn new(pin: &Pin, account: &str) -> Result<Self, PinBlockError> {
        let text = Zeroizing::new(format!("{DIGITS:02}{}FFFFFFFF", pin.expose()));
        let field = hex::decode(&text).map(Zeroizing::new).ok_or(PinBlockError::Format)?;
        Ok(Self(xor(&field, account_field(account)?)))
    }

    /// The bytes, to be handed to the core and nowhere else.
    #[must_use]
    pub fn bytes(&self) -> [u8; BLOCK] {
        *self.0
    }

    /// The 16 upper-case hex digits of the block, to be handed to the core and nowhere else.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::upper(&*self.0))
    }

    /// Reads a block that the gateway opened.
    ///
    /// # Errors
    /// [`PinBlockError::Format`].
    pub fn from_hex(text: &str) -> Result<Self, PinBlockError> {
        hex::decode(text).map(|bytes| Self(Zeroizing::new(bytes))).ok_or(PinBlockError::Format)
    }

    /// The PIN, if the block reads `06`, six digits and `F` to the end for this account.
    ///
    /// `None` means another key, another account or a damaged block: a format refusal, never a wrong PIN.
    #[must_use]
    pub fn pin_for(&self, account: &str) -> Option<Pin> {
        let field = xor(&self.0, account_field(account).ok()?);
        let text = Zeroizing::new(hex::upper(&*field));
        let digits = text.strip_prefix("06")?.strip_suffix("FFFFFFFF")?;
        Pin::parse(digits).ok()
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
    let rightmost = without_last.get(without_last.len().saturating_sub(ACCOUNT_DIGITS)..).unwrap_or_default();
    hex::decode(&format!("{rightmost:0>16}")).ok_or(PinBlockError::Account)
}

fn xor(block: &[u8; BLOCK], mask: [u8; BLOCK]) -> Zeroizing<[u8; BLOCK]> {
    let mut mixed = Zeroizing::new(mask);
    for (mixed, byte) in mixed.iter_mut().zip(block) {
        *mixed ^= byte;
    }
    mixed
}
