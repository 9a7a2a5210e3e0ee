//! The payment code: six digits, of which only a keyed digest is kept; as many wrong ones in
//! a row as the policy says lock it (decision 32).

use crate::Refusal;

/// A keyed digest of a payment code. Made outside, with a secret this crate never sees.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeDigest(pub [u8; 32]);

impl std::fmt::Debug for CodeDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeDigest(…)")
    }
}

/// What was presented as payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeProof {
    /// Nothing.
    Absent,
    /// Something that holds no code: a format refusal, no attempt is counted.
    Unreadable,
    /// One code, in each reading that the terminal may have meant; all are one attempt.
    Readings(Vec<CodeDigest>),
}

/// The payment code's committed state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentCodeState {
    /// The code; `None`: not set.
    pub digest: Option<CodeDigest>,
    /// Wrong codes in a row.
    pub failures: u32,
    /// Locked until reset or unlocked by an operator.
    pub locked: bool,
}

/// What comes of presenting a payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is right; the run of wrong ones ends.
    Right(PaymentCodeState),
    /// It is wrong and counted; with the last one allowed the code is locked.
    Wrong(PaymentCodeState),
    /// Refused without an attempt.
    Refused(Refusal),
}

impl PaymentCodeState {
    /// A code that was just set or reset: no wrong ones, not locked.
    pub const fn set(digest: CodeDigest) -> Self {
        Self {
            digest: Some(digest),
            failures: 0,
            locked: false,
        }
    }

    /// The same code, unlocked.
    pub const fn unlocked(&self) -> Self {
        Self {
            digest: self.digest,
            failures: 0,
            locked: false,
        }
    }

    /// Presents a code; `max_failures` wrong ones in a row lock it.
    pub fn present(&self, proof: &CodeProof, max_failures: u32) -> Attempt {
        let readings = match proof {
            CodeProof::Unreadable => return Attempt::Refused(Refusal::PinBlockUnreadable),
            _ if self.locked => return Attempt::Refused(Refusal::PaymentCodeLocked),
            CodeProof::Absent if self.digest.is_some() => {
                return Attempt::Refused(Refusal::PaymentCodeRequired);
            }
            CodeProof::Absent => return Attempt::Refused(Refusal::PaymentCodeNotSet),
            CodeProof::Readings(readings) => readings,
        };
        let Some(digest) = self.digest else {
            return Attempt::Refused(Refusal::PaymentCodeNotSet);
        };
        if readings.contains(&digest) {
            return Attempt::Right(Self {
                failures: 0,
                ..self.clone()
            });
        }
        let failures = self.failures.saturating_add(1);
        Attempt::Wrong(Self {
            failures,
            locked: failures >= max_failures,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, CodeDigest, CodeProof, PaymentCodeState};
    use crate::Refusal;

    const RIGHT: CodeDigest = CodeDigest([1; 32]);
    const WRONG: CodeDigest = CodeDigest([2; 32]);

    fn state(failures: u32, locked: bool) -> PaymentCodeState {
        PaymentCodeState {
            digest: Some(RIGHT),
            failures,
            locked,
        }
    }

    fn check(before: &PaymentCodeState, proof: &CodeProof, expect: &Attempt) {
        assert_eq!(before.present(proof, 5), *expect, "{before:?} {proof:?}");
    }

    #[test]
    fn what_is_presented_decides_and_only_wrong_codes_count() {
        let right = CodeProof::Readings(vec![RIGHT]);
        let wrong = CodeProof::Readings(vec![WRONG]);
        let unset = PaymentCodeState::default();
        check(&state(4, false), &right, &Attempt::Right(state(0, false)));
        check(&state(0, false), &wrong, &Attempt::Wrong(state(1, false)));
        check(&state(3, false), &wrong, &Attempt::Wrong(state(4, false)));
        check(&state(4, false), &wrong, &Attempt::Wrong(state(5, true)));
        check(
            &state(5, true),
            &right,
            &Attempt::Refused(Refusal::PaymentCodeLocked),
        );
        check(
            &state(5, true),
            &CodeProof::Absent,
            &Attempt::Refused(Refusal::PaymentCodeLocked),
        );
        check(
            &state(5, true),
            &CodeProof::Unreadable,
            &Attempt::Refused(Refusal::PinBlockUnreadable),
        );
        check(
            &state(0, false),
            &CodeProof::Absent,
            &Attempt::Refused(Refusal::PaymentCodeRequired),
        );
        check(
            &unset,
            &CodeProof::Absent,
            &Attempt::Refused(Refusal::PaymentCodeNotSet),
        );
        check(&unset, &right, &Attempt::Refused(Refusal::PaymentCodeNotSet));
    }

    #[test]
    fn all_readings_of_one_code_are_one_attempt() {
        check(
            &state(0, false),
            &CodeProof::Readings(vec![WRONG, RIGHT]),
            &Attempt::Right(state(0, false)),
        );
        check(
            &state(0, false),
            &CodeProof::Readings(vec![WRONG, WRONG]),
            &Attempt::Wrong(state(1, false)),
        );
        check(
            &state(0, false),
            &CodeProof::Readings(vec![]),
            &Attempt::Wrong(state(1, false)),
        );
    }
}
