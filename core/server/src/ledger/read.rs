//! What callers may read: customers, accounts, journals, payments with their whole life.
//!
//! Reads wait for nobody's turn and write nothing. A network's payments are shown to those who act for
//! it and to operators, a customer and its accounts to who opened one ([`Caller::sees_account`]) and to
//! operators, a customer without its accounts to who set its payment code; to others they do not exist.

use super::Ledger;
use super::claims::Found;
use super::tries::Halt;
use crate::caller::{Caller, Role};
use crate::failure::Failure;
use crate::validate::{CustomerName, TerminalKey};
use bytes::Bytes;
use map_domain::order::{Operation, Order, OrderState};
use map_domain::{
    Account, AccountNumber, AccountType, CustomerId, CustomerState, Entry, LedgerAccount, MobileNumber,
    NetworkId, OrderId, OrderKey, PosKey, Refusal, Slot, Timestamp,
};
use map_store::codec::Body;
use map_store::keys::NumberRole;
use map_store::{Page, PageOrder, PartitionId, RowKind, StoreError, keys, records};

/// Entries read at once for a statement: those of a customer's other accounts are passed over.
const CHUNK: usize = 500;

/// Chunks read for one page at most; a page that ends early says where to go on.
const MAX_CHUNKS: usize = 20;

/// A payment, or a key that was closed, with the terminal's key it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPayment {
    /// Its key.
    pub key: PosKey,
    /// The order.
    pub order: Order,
}

/// A page of an account's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None`: at the end.
    pub next: Option<Bytes>,
}

impl Ledger {
    /// What is known of a customer, and the time it is known at.
    ///
    /// # Errors
    /// [`Refusal::CustomerNotFound`], also for one that the caller may not see.
    pub async fn get_customer(
        &self,
        caller: &Caller,
        name: &CustomerName,
    ) -> Result<(CustomerState, Timestamp), Failure> {
        let nobody = || Failure::NotFound(Refusal::CustomerNotFound);
        let customer = self.named(name).await.map_err(failure)?.ok_or_else(nobody)?;
        let state = self.read_customer(customer, &[]).await?.ok_or_else(nobody)?;
        if caller.sees_customer(&state) || self.has_set_code(caller, customer).await? {
            Ok((state, self.core.clock.now()))
        } else {
            Err(nobody())
        }
    }

    /// Whether this caller set or reset the customer's payment code, which the customer proved the number
    /// for: it may be all that there is of the customer yet.
    async fn has_set_code(&self, caller: &Caller, customer: CustomerId) -> Result<bool, Failure> {
        let partition = PartitionId::Customer(customer);
        for operation in [Operation::SetPaymentCode, Operation::ResetPaymentCode] {
            let begin = keys::caller_orders(&caller.id, operation);
            let page = Page {
                kind: RowKind::Order,
                after: Some(begin.clone()),
                order: PageOrder::Ascending,
                limit: CHUNK,
            };
            let rows = self.core.store.page(&partition, page).await?;
            for row in rows.iter().take_while(|row| row.key.key.starts_with(&begin)) {
                if Order::from_body(&row.body)?.state == OrderState::Done {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The accounts of a mobile number that the caller may see: the cash account first, then by end
    /// of validity. `None`: it sees no such customer.
    ///
    /// # Errors
    /// What the store says.
    pub async fn list_accounts(
        &self,
        caller: &Caller,
        mobile: &MobileNumber,
    ) -> Result<Option<(CustomerState, Timestamp)>, Failure> {
        let (mut state, now) = match self
            .get_customer(caller, &CustomerName::Mobile(mobile.clone()))
            .await
        {
            Err(Failure::NotFound(Refusal::CustomerNotFound)) => return Ok(None),
            found => found?,
        };
        let seen = state
            .accounts
            .iter()
            .filter(|account| caller.sees_account(&state, account));
        state.accounts = seen.cloned().collect();
        state.accounts.sort_by_cached_key(|account| {
            let other = account.kind != AccountType::Cash;
            (
                other,
                account.validity.until.is_none(),
                account.validity.until,
                account.number.clone(),
            )
        });
        Ok(Some((state, now)))
    }

    /// One account, and whether its owner's payment code is locked.
    ///
    /// # Errors
    /// [`Refusal::AccountNotFound`], also for one that the caller may not see.
    pub async fn get_account(
        &self,
        caller: &Caller,
        number: &AccountNumber,
    ) -> Result<(Account, bool, Timestamp), Failure> {
        let (_, account, locked) = self.seen_account(caller, number).await?;
        Ok((account, locked, self.core.clock.now()))
    }

    /// A page of an account's journal, newest first.
    ///
    /// # Errors
    /// As [`Ledger::get_account`]; [`Failure::Malformed`] where the place was not given out by us.
    pub async fn list_entries(
        &self,
        caller: &Caller,
        number: &AccountNumber,
        after: Option<Bytes>,
        limit: usize,
    ) -> Result<Statement, Failure> {
        if after
            .as_ref()
            .is_some_and(|place| keys::parse_entry(place).is_none())
        {
            let expected = "expected a token of an earlier answer".to_owned();
            return Err(Failure::Malformed(vec![("page_token", expected)]));
        }
        let (customer, ..) = self.seen_account(caller, number).await?;
        let partition = PartitionId::Customer(customer);
        let wanted = LedgerAccount::Account(number.clone());
        let mut statement = Statement {
            entries: Vec::new(),
            next: after,
        };
        for _ in 0..MAX_CHUNKS {
            let after = statement.next.clone();
            let page = Page {
                kind: RowKind::Entry,
                after,
                order: PageOrder::Descending,
                limit: CHUNK,
            };
            let rows = self.core.store.page(&partition, page).await?;
            let last = rows.len() < CHUNK;
            for row in rows {
                if statement.entries.len() == limit {
                    return Ok(statement);
                }
                let entry = Entry::from_body(&row.body)?;
                if entry.postings.iter().any(|posting| posting.ledger == wanted) {
                    statement.entries.push(entry);
                }
                statement.next = Some(row.key.key);
            }
            if last {
                statement.next = None;
                break;
            }
        }
        Ok(statement)
    }

    /// A payment by its order number.
    ///
    /// # Errors
    /// [`Refusal::PaymentNotFound`], also for one that the caller may not see;
    /// [`Refusal::OrderNumberAmbiguous`]: it sees more than one.
    pub async fn get_payment(&self, caller: &Caller, id: &OrderId) -> Result<FoundPayment, Failure> {
        let found = records::find_by_number(&*self.core.store, id).await?;
        let own = found
            .into_iter()
            .filter(|found| found.role == NumberRole::Own)
            .map(|found| found.order);
        let mut shown = own.filter_map(|order| shown(caller, order, None));
        match (shown.next(), shown.next()) {
            (None, _) => Err(Failure::NotFound(Refusal::PaymentNotFound)),
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(Failure::Refused(Refusal::OrderNumberAmbiguous)),
        }
    }

    /// A payment by its POS key; also a key that was declined or closed.
    ///
    /// # Errors
    /// As [`Ledger::get_payment`]; [`Failure::TerminalUnknown`].
    pub async fn find_payment(&self, caller: &Caller, key: &TerminalKey) -> Result<FoundPayment, Failure> {
        let place = self.place(key)?;
        let key = place.key.slot(Slot::Pay);
        let [found] = self.find([&key]).await.map_err(failure)?;
        let order = match found {
            Found::Free => None,
            Found::Closed(order) => Some(*order),
            Found::Bound(binding) => {
                let state = self
                    .read_customer(binding.customer, std::slice::from_ref(&key))
                    .await?;
                state.and_then(|mut state| state.orders.remove(&key))
            }
        };
        let shown = order.and_then(|order| shown(caller, order, Some(&place.network)));
        shown.ok_or(Failure::NotFound(Refusal::PaymentNotFound))
    }

    /// The owner of an account, the account, and whether the payment code is locked. One that the
    /// caller may not see is not there.
    async fn seen_account(
        &self,
        caller: &Caller,
        number: &AccountNumber,
    ) -> Result<(CustomerId, Account, bool), Failure> {
        let nobody = || Failure::NotFound(Refusal::AccountNotFound);
        let customer = records::owner_of_account(&*self.core.store, number)
            .await?
            .ok_or_else(nobody)?;
        let state = self.read_customer(customer, &[]).await?.ok_or_else(nobody)?;
        // A claim may be older than its account, or its account may never have come.
        let account = state
            .account(number)
            .filter(|account| caller.sees_account(&state, account))
            .cloned()
            .ok_or_else(nobody)?;
        Ok((customer, account, state.code_locked()))
    }

    /// A customer as of now. `None`: nobody has written the partition.
    pub(super) async fn read_customer(
        &self,
        customer: CustomerId,
        orders: &[OrderKey],
    ) -> Result<Option<CustomerState>, StoreError> {
        let partition = PartitionId::Customer(customer);
        let loaded = self
            .core
            .store
            .load(&partition, records::load_for(orders))
            .await?;
        records::decode_state(&partition, &loaded)
    }
}

/// The payment, if it is one and the caller may see it. A closed key tells no network: then it is that
/// of its terminal.
fn shown(caller: &Caller, order: Order, terminal: Option<&NetworkId>) -> Option<FoundPayment> {
    let OrderKey::Pos(key, Slot::Pay) = order.key.clone() else {
        return None;
    };
    let network = order.payment().map(|payment| &payment.network).or(terminal)?;
    let visible = caller.role == Role::Operator || caller.acts_for(network);
    visible.then_some(FoundPayment { key, order })
}

/// Why a read that uses the words of attempts failed.
fn failure(halt: Halt) -> Failure {
    match halt {
        Halt::Raced => Failure::Unavailable,
        Halt::Store(error) => error.into(),
        Halt::Refused(failure) | Halt::Final(failure) => failure,
    }
}
