//! Which account pays (decisions 25–27).

use crate::command::pay::{Pay, Payer};
use crate::{Account, AccountType, CustomerState, Refusal, Timestamp};

/// Which account pays the whole sum (decision 27): the one that was presented; for a mobile number the
/// usable discount card that expires first, or else the cash account.
pub(crate) fn choose<'a>(
    state: &'a CustomerState,
    command: &Pay,
    now: Timestamp,
) -> Result<&'a Account, Refusal> {
    let account = match &command.payer {
        Payer::Account(number) => state.account(number).ok_or(Refusal::ConsumerUnknown)?,
        Payer::Mobile => {
            let cards = state
                .accounts
                .iter()
                .filter(|account| account.kind == AccountType::Discount);
            let usable = cards.filter(|card| may_pay(card, command, now).is_ok());
            let first = usable.min_by_key(|c| (c.validity.until.unwrap_or(Timestamp::MAX), &c.number));
            // Who has no cash account has nothing on it.
            first
                .or_else(|| state.cash())
                .ok_or(Refusal::InsufficientBalance)?
        }
    };
    may_pay(account, command, now).map(|()| account)
}

/// Whether this account pays this.
fn may_pay(account: &Account, command: &Pay, now: Timestamp) -> Result<(), Refusal> {
    account.may_spend(now)?;
    if !account.kind.pays() || !account.restrictions.allow(&command.key, &command.purchase, now) {
        return Err(Refusal::RuleMismatch);
    }
    if account.available(now) < command.amount {
        Err(Refusal::InsufficientBalance)
    } else {
        Ok(())
    }
}
