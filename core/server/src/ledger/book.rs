//! A customer's partition as one book: opened at one version, written once, on that version.

use super::Ledger;
use super::claims::{Asked, Held};
use super::tries::Halt;
use super::turns::Turn;
use map_domain::order::Order;
use map_domain::{
    Account, AccountNumber, Customer, CustomerId, CustomerState, Decision, MobileNumber, OrderDetail,
    OrderKey, OrderState, Refusal,
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

    /// An order as it is once the decision is written.
    pub(super) fn order_after<'a>(&'a self, decision: &'a Decision, key: &OrderKey) -> Option<&'a Order> {
        let written = decision.orders.iter().find(|order| order.key == *key);
        written.or_else(|| self.order(key))
    }

    /// The customer as it is once the decision is written.
    pub(super) fn customer_after<'a>(&'a self, decision: &'a Decision) -> &'a Customer {
        decision.customer.as_ref().unwrap_or(&self.state.customer)
    }
}

impl Ledger {
    /// Waits for the customer's turn and reads the header, all accounts and these orders.
    /// A customer nobody has written yet is a new one with this mobile number.
    pub(super) async fn open_book<'a>(
        &self,
        id: CustomerId,
        orders: impl IntoIterator<Item = &'a OrderKey>,
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

    /// The payment that was given back under a customer's key, if one was.
    pub(super) async fn gives_back(
        &self,
        key: &OrderKey,
        customer: CustomerId,
    ) -> Result<Option<OrderKey>, Halt> {
        let read = self.read_customer(customer, std::slice::from_ref(key)).await;
        let state = read.map_err(Halt::read)?;
        let order = state.as_ref().and_then(|state| state.orders.get(key));
        Ok(order.and_then(Order::gives_back).cloned())
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
            return Err(Halt::defect(format!("a decision breaks an invariant: {defect}")));
        }
        let commit = records::CommitBuilder::new(book.version, &book.state, decision);
        let Some(commit) = commit.claims(claims).business_day(day).build() else {
            return Ok(());
        };
        match self.core.commit(commit).await.map_err(Halt::Store)? {
            CommitOutcome::Applied(_) => Ok(()),
            CommitOutcome::Stale | CommitOutcome::RowExists(_) | CommitOutcome::ClaimHeld { .. } => {
                Err(Halt::Raced)
            }
        }
    }

    /// Writes what was decided under a key, and gives the key's order with it where it says "yes".
    pub(super) async fn settle(
        &self,
        book: &Book,
        asked: &Asked,
        held: Held,
        decided: Result<Decision, Refusal>,
    ) -> Result<(Order, Decision), Halt> {
        let decision = match decided {
            Ok(decision) => decision,
            Err(refusal) => return Err(self.refuse(book, asked, held, refusal).await),
        };
        let known = |number| book.state.account(number).is_some();
        let mut claims = vec![held.binding.claim(&asked.key)];
        let new = decision.accounts.iter().filter(|account| !known(&account.number));
        claims.extend(new.map(|account| records::account_claim(&account.number, book.id)));
        claims.extend(asked.proof.clone());
        self.write(book, &decision, claims, held.binding.day).await?;
        let order = decision.answer.clone().map_err(Halt::no)?;
        Ok((order, decision))
    }

    /// Says a refusal that the domain did not make durable.
    ///
    /// Where the order is there, the refusal comes from it. Where nothing can have happened
    /// under the key, the refusal is about this request alone. Else an attempt may still be
    /// under way, and a "no" must stand in its way first: a declined order takes the key.
    async fn refuse(&self, book: &Book, asked: &Asked, held: Held, refusal: Refusal) -> Halt {
        if book.order(&asked.key).is_some() || !held.under_way() {
            return Halt::no(refusal);
        }
        let order = Order {
            key: asked.key.clone(),
            id: asked.id.clone(),
            content: asked.content,
            caller: asked.caller.id.clone(),
            at: self.core.clock.now(),
            state: OrderState::Declined(refusal),
            detail: OrderDetail::Closure,
        };
        let claims = std::iter::once(held.binding.claim(&asked.key)).chain(asked.proof.clone());
        // The partition of a newcomer needs its header, too.
        let customer = (!book.exists()).then(|| book.state.customer.clone());
        let fence = Decision {
            customer,
            ..Decision::order(order)
        };
        match self.write(book, &fence, claims.collect(), held.binding.day).await {
            Ok(()) => Halt::no(refusal),
            Err(halt) => halt,
        }
    }
}
