//! Proofs: what a caller presented to its gateway to authorise a request, such as a signature, is bound to its
//! first use, for ever.
//!
//! A request is its key and its content. The claim of its proof says both, and goes with the commit that the
//! request leads to; where there is no such commit (a repeat, a refusal, a key that is closed by its claim) the
//! proof is bound before anything is done or told. So nothing of a request is ever told, nor any of its
//! effects seen, while its proof is good for another one.

use super::Ledger;
use super::tries::Halt;
use crate::caller::Caller;
use crate::failure::Failure;
use map_domain::{ContentDigest, OrderKey};
use map_store::codec::{Body, ProofUse};
use map_store::{Claim, ClaimValue, records};

/// The claim that binds what the caller presented to this request; `None`: its gateway tells of nothing.
pub(super) fn proof_claim(caller: &Caller, key: &OrderKey, content: ContentDigest) -> Option<Claim> {
    let proof = caller.proof.as_ref()?;
    let used = ProofUse {
        key: key.clone(),
        content,
    };
    Some(records::proof_claim(&caller.id, proof, &used))
}

/// Refuses a proof that is another request's. It was never good for this one: what an attempt left
/// behind can't be committed either.
///
/// Where the other is the same but for the terminal's generation, these bytes may have had their effect before
/// the generation was raised: that can't be told as a "no".
pub(super) fn require_ours(proof: &Claim, held: &ClaimValue) -> Result<(), Halt> {
    if proof.value == *held {
        return Ok(());
    }
    Err(Halt::Final(
        match (used_in_any_generation(&proof.value), used_in_any_generation(held)) {
            (Some(ours), Some(theirs)) if ours == theirs => Failure::OutcomeUnknown,
            _ => Failure::ProofReused,
        },
    ))
}

/// What a proof was used for, whatever the terminal's generation was.
fn used_in_any_generation(value: &ClaimValue) -> Option<ProofUse> {
    let ClaimValue::Closed(body) = value else {
        return None;
    };
    let mut used = ProofUse::from_body(body).ok()?;
    if let OrderKey::Pos(key, _) = &mut used.key {
        key.generation = 0;
    }
    Some(used)
}

impl Ledger {
    /// Binds the proof of a request, where it is free. Where that is not known nothing moved in any case: it is
    /// tried again as after a failed read.
    pub(super) async fn bind(&self, proof: Option<&Claim>) -> Result<(), Halt> {
        let Some(proof) = proof else { return Ok(()) };
        let store = &*self.core.store;
        let key = std::slice::from_ref(&proof.key);
        let mut held = store.read_claims(key).await.map_err(Halt::read)?.pop().flatten();
        if held.is_none() {
            held = store.claim(vec![proof.clone()]).await.map_err(Halt::read)?.pop();
        }
        match held {
            Some(held) => require_ours(proof, &held),
            None => Err(Halt::defect("the store does not say what a claim holds")),
        }
    }

    /// The same, tried until it is known.
    pub(super) async fn bound(&self, proof: Option<&Claim>) -> Result<(), Failure> {
        self.settled(|_| self.bind(proof)).await
    }
}
