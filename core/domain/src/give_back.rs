//! Giving a payment's money back: what reversal, cancellation and an operator's reversal share.
//!
//! The money returns to the account that paid, frozen or expired as it may be (decision 25).

use crate::posting::{Moved, Movement, negative, to_account};
use crate::{
    AccountStatus, CallerId, Context, CustomerState, Decision, EntryKind, Fen, LedgerAccount, LifeStep,
    Order, OrderId, OrderKey, OrderState, Posting, Refusal,
};

/// A step that gives a payment back.
pub(crate) struct GiveBack<'a> {
    /// The step's own order number.
    pub(crate) id: &'a OrderId,
    /// Who asks.
    pub(crate) caller: &'a CallerId,
    /// Whether it is cancelled; otherwise it is reversed.
    pub(crate) cancelled: bool,
}

/// Whether a payment is too old to be given back without an operator (decision 21).
pub(crate) const fn is_too_old(payment: &Order, context: &Context) -> bool {
    context.now.millis_since(payment.at) > context.policy.reversal_window_ms
}

impl GiveBack<'_> {
    /// Gives a payment that is done back in full. The decision's one order is the payment, as it is now;
    /// the answer is that order.
    ///
    /// A payment that is done without an account of this customer is a defect in what is stored. It is no
    /// refusal, for money did move: the decision then has no entry, and its check tells the defect.
    ///
    /// # Errors
    /// [`Refusal::AmountOutOfRange`] where the account can't hold that much.
    pub(crate) fn decide(
        &self,
        state: &CustomerState,
        payment: &Order,
        context: &Context,
    ) -> Result<Decision, Refusal> {
        let moved = self.moved(state, payment, context)?;
        let account = moved.as_ref().and_then(|moved| moved.accounts.first());
        let step = LifeStep {
            id: self.id.clone(),
            at: context.now,
            caller: self.caller.clone(),
            available_after: account.map_or(Fen::ZERO, |account| account.available(context.now)),
            status_after: account.map_or(AccountStatus::Normal, |account| {
                account.status(context.now, state.code_locked())
            }),
        };
        let life = if self.cancelled {
            OrderState::Cancelled
        } else {
            OrderState::Reversed
        };
        let given_back = Order {
            state: life(step),
            ..payment.clone()
        };
        let decision = Decision {
            orders: vec![given_back.clone()],
            ..Decision::answer(Ok(given_back))
        };
        Ok(match moved {
            Some(moved) => decision.moved(moved),
            None => decision,
        })
    }

    /// Moves the money from the seller to the account that paid.
    fn moved(
        &self,
        state: &CustomerState,
        payment: &Order,
        context: &Context,
    ) -> Result<Option<Moved>, Refusal> {
        let (OrderKey::Pos(terminal, _), Some(detail)) = (&payment.key, payment.payment()) else {
            return Ok(None);
        };
        let Some(account) = detail.account.as_ref().and_then(|number| state.account(number)) else {
            return Ok(None);
        };
        let seller = LedgerAccount::SellerPayable(terminal.seller.clone());
        let postings = vec![
            to_account(&account.number, detail.amount),
            Posting {
                ledger: seller,
                amount: negative(detail.amount)?,
            },
        ];
        let kind = if self.cancelled {
            EntryKind::Cancellation
        } else {
            EntryKind::Reversal
        };
        let movement = Movement {
            order: self.id,
            kind,
            at: context.now,
        };
        movement
            .post(&state.customer, vec![account.clone()], postings)
            .map(Some)
    }
}
