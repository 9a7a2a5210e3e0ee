//! A customer's partition as one book: opened at one version, written once, on that version.

use super::Ledger;
use super::claims::Binding;
use super::tries::{Halt, Tries};
use super::turns::Turn;
use crate::failure::Failure;
use map_domain::order::Order;
use map_domain::{
    Account, AccountNumber, CallerId, ContentDigest, Customer, CustomerId, CustomerState, Decision,
    MobileNumber, OrderDetail, OrderId, OrderKey, OrderState, Refusal,
};
use map_store::{Claim, CommitOutcome, PartitionId, Version, records};
use std::collections::BTreeMap;
use std::time::Duration;

/// A customer's state at one version, and the turn to change it.
pub(super) struct Book {
    pub(super) id: CustomerId,
    pub(super) state: CustomerState,
    version: Version,
    _turn: Turn<CustomerId>,
}

impl Book {
    /// Whether anything was ever written of this customer.
    pub(super) fn exists(&self) -> bool {
        self.version != Version::NONE
    }

    /// The order under a key that was named when the book was opened.
    pub(super) fn order(&self, key: &OrderKey) -> Option<&Order> {
        self.state.orders.get(key)
    }

    /// An account as it is once the decision is written.
    pub(super) fn account_after<'a>(
        &'a self,
        decision: &'a Decision,
        number: &AccountNumber,
    ) -> Option<&'a Account> {
        let mut all = decision.accounts.iter().chain(&self.state.accounts);
        all.find(|account| account.number == *number)
    }

    /// The customer as it is once the decision is written.
    pub(super) fn customer_after<'a>(&'a self, decision: &'a Decision) -> &'a Customer {
        decision.customer.as_ref().unwrap_or(&self.state.customer)
    }
}

/// A request under its key, for a refusal that has to be made durable.
pub(super) struct Asked<'a> {
    pub(super) key: &'a OrderKey,
    pub(super) id: &'a OrderId,
    pub(super) content: &'a ContentDigest,
    pub(super) caller: &'a CallerId,
    /// Whether the key's claim was found bound: an earlier attempt may be under way.
    pub(super) bound: bool,
    pub(super) day: u32,
}

impl Asked<'_> {
    fn binding(&self, book: &Book) -> Binding {
        Binding {
            customer: book.id,
            content: *self.content,
            day: self.day,
        }
    }
}

impl Ledger {
    /// Waits for the customer's turn and reads the header, all accounts and these orders.
    /// A customer nobody has written yet is a new one with this mobile number.
    pub(super) async fn open_book(
        &self,
        id: CustomerId,
        orders: &[OrderKey],
        mobile: Option<&MobileNumber>,
    ) -> Result<Book, Halt> {
        let limit = Duration::from_millis(self.options.settle_ms);
        let turn = tokio::time::timeout(limit, self.books.take(&id))
            .await
            .map_err(|_| Halt::Raced)?;
        let partition = PartitionId::Customer(id);
        let loaded = self
            .core
            .store
            .load(&partition, records::load_for(orders))
            .await
            .map_err(Halt::read)?;
        let state = records::decode_state(&partition, &loaded).map_err(Halt::read)?;
        let state = state.unwrap_or_else(|| CustomerState {
            customer: Customer::new(id, mobile.cloned(), self.core.clock.now()),
            accounts: Vec::new(),
            orders: BTreeMap::new(),
        });
        let version = loaded.version;
        Ok(Book {
            id,
            state,
            version,
            _turn: turn,
        })
    }

    /// Writes what was decided, all of it or nothing.
    pub(super) async fn write(
        &self,
        book: &Book,
        decision: &Decision,
        claims: Vec<Claim>,
        day: u32,
    ) -> Result<(), Halt> {
        if let Err(defect) = decision.check(&book.state) {
            return Err(Halt::Final(Failure::Internal(format!(
                "a decision breaks an invariant: {defect}"
            ))));
        }
        let commit = records::CommitBuilder::new(book.version, &book.state, decision);
        let Some(commit) = commit.claims(claims).business_day(day).build() else {
            return Ok(());
        };
        match self.core.store.commit(commit).await.map_err(Halt::Store)? {
            CommitOutcome::Applied(_) => Ok(()),
            CommitOutcome::Stale | CommitOutcome::RowExists(_) | CommitOutcome::ClaimHeld { .. } => {
                Err(Halt::Raced)
            }
        }
    }

    /// Writes what was decided under a key, and gives it where it says "yes".
    pub(super) async fn settle(
        &self,
        book: &Book,
        tries: &Tries<'_>,
        asked: &Asked<'_>,
        decided: Result<Decision, Refusal>,
    ) -> Result<Decision, Halt> {
        let decision = match decided {
            Ok(decision) => decision,
            Err(refusal) => return Err(self.refuse(book, tries, asked, refusal).await),
        };
        let known = |number| book.state.account(number).is_some();
        let mut claims = vec![asked.binding(book).claim(asked.key)];
        let new = decision.accounts.iter().filter(|account| !known(&account.number));
        claims.extend(new.map(|account| records::account_claim(&account.number, book.id)));
        self.write(book, &decision, claims, asked.day).await?;
        match &decision.answer {
            Ok(_) => Ok(decision),
            Err(refusal) => Err(Halt::Final(Failure::Refused(*refusal))),
        }
    }

    /// Says a refusal that the domain did not make durable.
    ///
    /// Where the order is there, the refusal comes from it. Where nothing can have happened
    /// under the key, the refusal is about this request alone. Else an attempt may still be
    /// under way, and a "no" must stand in its way first: a declined order takes the key.
    pub(super) async fn refuse(
        &self,
        book: &Book,
        tries: &Tries<'_>,
        asked: &Asked<'_>,
        refusal: Refusal,
    ) -> Halt {
        let answer = Halt::Final(Failure::Refused(refusal));
        if book.order(asked.key).is_some() || !(asked.bound || tries.unknown()) {
            return answer;
        }
        let order = Order {
            key: asked.key.clone(),
            id: asked.id.clone(),
            content: *asked.content,
            caller: asked.caller.clone(),
            at: self.core.clock.now(),
            state: OrderState::Declined(refusal),
            detail: OrderDetail::Closure,
        };
        let claims = vec![asked.binding(book).claim(asked.key)];
        // The partition of a newcomer needs its header, too.
        let customer = (!book.exists()).then(|| book.state.customer.clone());
        let fence = Decision {
            customer,
            ..Decision::order(order)
        };
        match self.write(book, &fence, claims, asked.day).await {
            Ok(()) => answer,
            Err(halt) => halt,
        }
    }
}
