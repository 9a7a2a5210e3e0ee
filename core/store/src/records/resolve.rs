//! From a number that a person presents to the customer it belongs to.

use super::claims::bound_to;
use crate::{ClaimValue, Store, StoreError, StoreResult, keys};
use map_domain::{AccountNumber, CustomerId, MobileNumber};

/// Who owns a mobile number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MobileOwner {
    /// The customer.
    pub customer: CustomerId,
    /// The generation of the claim; a number that is recycled goes to the next one.
    pub generation: u32,
}

/// How many generations are asked for at once. Few numbers are ever recycled, so that one
/// question is enough.
const WINDOW: u32 = 2;

/// The owner of a mobile number: the claim of the newest generation. Generations have no gaps,
/// so the first that nobody holds ends the search. `None`: nobody ever had it.
///
/// A claim may be bound to a customer whose first commit was not applied: the caller finds the
/// partition empty and goes on with that customer's identifier.
///
/// # Errors
/// As the store's; [`StoreError::Damaged`] where the claim is not bound to a customer.
pub async fn owner_of_mobile(store: &dyn Store, mobile: &MobileNumber) -> StoreResult<Option<MobileOwner>> {
    let mut newest = None;
    let mut next = 0_u32;
    loop {
        let generations: Vec<u32> = (next..next.saturating_add(WINDOW)).collect();
        let names: Vec<_> = generations
            .iter()
            .map(|at| keys::mobile_claim(mobile, *at))
            .collect();
        let claims = store.read_claims(&names).await?;
        for (generation, claim) in generations.iter().zip(claims) {
            let Some(value) = claim else { return Ok(newest) };
            newest = Some(MobileOwner {
                customer: bound_to(&value)?,
                generation: *generation,
            });
        }
        next = next
            .checked_add(WINDOW)
            .ok_or_else(|| StoreError::Damaged("claim: a mobile number without end".to_owned()))?;
    }
}

/// The owner of an account number. `None`: there is no such account.
///
/// # Errors
/// As [`owner_of_mobile`].
pub async fn owner_of_account(store: &dyn Store, number: &AccountNumber) -> StoreResult<Option<CustomerId>> {
    let claims: Vec<Option<ClaimValue>> = store.read_claims(&[keys::account_claim(number)]).await?;
    claims
        .into_iter()
        .flatten()
        .next()
        .map(|value| bound_to(&value))
        .transpose()
}
