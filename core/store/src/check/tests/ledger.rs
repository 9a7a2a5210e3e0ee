//! A small ledger in which everything happened once, written as the services write it.

use crate::codec::Body;
use crate::codec::samples::{self, NOW, by_caller, customer_id, mobile, number, order, order_id, pos};
use crate::records::{
    self, AuditEntry, CatalogueItem, CommitBuilder, account_claim, closed_claim, mobile_claim, order_claim,
};
use crate::{
    BulkRow, BulkTable, Claim, Commit, CommitOutcome, MemoryStore, PartitionId, Row, RowKey, RowWrite, Store,
    Version,
};
use map_domain::order::{CancellationDetail, OpeningDetail, PaymentDetail, TransferDetail};
use map_domain::{
    Account, AccountType, Customer, CustomerState, Decision, Entry, EntryKind, Event, EventKind, Fen,
    LedgerAccount, LifeStep, NetworkId, Operation, Order, OrderDetail, OrderKey, OrderState,
    PaymentCodeState, Posting, Refusal, ReleasePlan, Restrictions, SellerId, Slot, Timestamp, Validity,
};
use std::collections::BTreeMap;

pub(super) const CARD: &str = "2610888123456789";
pub(super) const CASH: &str = "9500888123456789";
pub(super) const FACE: i64 = 100_000;

/// An entry to be: of which order, what kind, what it moves in fen.
type Posted<'a> = (&'a str, EntryKind, Vec<(LedgerAccount, i64)>);

/// A customer as the services hold it between commits.
struct Book {
    store: MemoryStore,
    version: Version,
    state: CustomerState,
}

fn account(text: &str, kind: AccountType, face: i64) -> Account {
    Account {
        number: number(text),
        kind,
        product: None,
        face_value: Fen::new(face),
        price: Fen::new(face),
        balance: Fen::ZERO,
        plan: ReleasePlan {
            stages: 0,
            first: Fen::new(face),
            stage: Fen::ZERO,
            activated_at: NOW,
        },
        validity: Validity {
            from: NOW,
            until: None,
        },
        frozen: false,
        pending: false,
        restrictions: Restrictions::default(),
        opened_at: NOW,
        opened_by: samples::caller(),
    }
}

pub(super) fn on(text: &str) -> LedgerAccount {
    LedgerAccount::Account(number(text))
}

fn seller() -> LedgerAccount {
    LedgerAccount::SellerPayable(SellerId::parse("SH12345").unwrap())
}

fn owed() -> LedgerAccount {
    LedgerAccount::CallerReceivable(samples::caller())
}

fn paid(serial: &str, id: &str, amount: i64) -> Order {
    let detail = PaymentDetail {
        account: Some(number(CARD)),
        amount: Fen::new(amount),
        ..samples::payment()
    };
    let order = order(
        pos(serial, Slot::Pay),
        OrderState::Done,
        OrderDetail::Payment(detail),
    );
    Order {
        id: order_id(id),
        ..order
    }
}

impl Book {
    /// Posts, and writes what comes of it, under the keys of these orders.
    async fn write(
        &mut self,
        orders: Vec<Order>,
        entry: Option<Posted<'_>>,
        events: Vec<Event>,
        mut claims: Vec<Claim>,
    ) {
        let before = self.state.clone();
        let partition = PartitionId::Customer(customer_id());
        for order in &orders {
            if !before.orders.contains_key(&order.key) {
                claims.push(order_claim(
                    &order.key,
                    partition.clone(),
                    order.content,
                    20_261_121,
                ));
            }
            self.state.orders.insert(order.key.clone(), order.clone());
        }
        let entry = entry.map(|(id, kind, postings)| {
            self.state.customer.entries += 1;
            for (ledger, fen) in &postings {
                for account in &mut self.state.accounts {
                    if *ledger == LedgerAccount::Account(account.number.clone()) {
                        account.balance = account.balance.checked_add(Fen::new(*fen)).unwrap();
                    }
                }
            }
            let postings = postings.into_iter();
            Entry {
                sequence: self.state.customer.entries,
                order: order_id(id),
                kind,
                at: time_of(&orders, id),
                postings: postings
                    .map(|(ledger, fen)| Posting {
                        ledger,
                        amount: Fen::new(fen),
                    })
                    .collect(),
            }
        });
        let answer = Ok(orders[0].clone());
        let decision = Decision {
            customer: Some(self.state.customer.clone()),
            accounts: self.state.accounts.clone(),
            orders,
            entry,
            events,
            answer,
        };
        let commit = CommitBuilder::new(self.version, &before, &decision)
            .claims(claims)
            .build()
            .unwrap();
        self.version = applied(&self.store, commit).await;
    }
}

/// When the order with this number, or the step with it, was decided.
fn time_of(orders: &[Order], id: &str) -> Timestamp {
    let step = orders.iter().filter_map(crate::records::step);
    let times = step.map(|step| (&step.id, step.at));
    let mut times = times.chain(orders.iter().map(|order| (&order.id, order.at)));
    let found = times.find(|(of, _)| **of == order_id(id));
    found.expect("an order of this number").1
}

async fn applied(store: &MemoryStore, commit: Commit) -> Version {
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Applied(version) => version,
        other => panic!("{other:?}"),
    }
}

fn step(id: &str) -> LifeStep {
    // The step is of the next day in Shanghai.
    LifeStep {
        at: NOW.saturating_add_millis(24 * 3600 * 1000),
        ..samples::step(id)
    }
}

/// Everything once: opening, payments (kept, reversed, cancelled, declined), transfer, top-up, a
/// closed key, events, catalogue, audit trail, SMS codes.
pub(super) async fn store() -> MemoryStore {
    let customer = Customer {
        id: customer_id(),
        mobile: Some(mobile()),
        identity: None,
        payment_code: PaymentCodeState::default(),
        entries: 0,
        created_at: NOW,
    };
    let state = CustomerState {
        customer,
        accounts: Vec::new(),
        orders: BTreeMap::new(),
    };
    let mut book = Book {
        store: MemoryStore::new(),
        version: Version::NONE,
        state,
    };
    open(&mut book).await;
    pay(&mut book).await;
    move_money(&mut book).await;
    without_customer(&book.store).await;
    book.store
}

async fn open(book: &mut Book) {
    let opening = OpeningDetail {
        card: Some(number(CARD)),
        product: samples::product().id,
        channel: String::new(),
        channel_order: String::new(),
        remark: String::new(),
    };
    let opened = order(
        by_caller(Operation::OpenCard, "A-1"),
        OrderState::Done,
        OrderDetail::Opening(opening),
    );
    let claims = vec![
        account_claim(&number(CARD), customer_id()),
        account_claim(&number(CASH), customer_id()),
        mobile_claim(&mobile(), 0, customer_id()),
    ];
    let discount = LedgerAccount::DiscountGranted(samples::product().id);
    let postings = vec![(on(CARD), FACE), (owed(), -90_000), (discount, -10_000)];
    book.state.accounts = vec![
        account(CARD, AccountType::Instalment, FACE),
        account(CASH, AccountType::Cash, 0),
    ];
    // They are new: what was decided on did not have them.
    let accounts = std::mem::take(&mut book.state.accounts);
    let before = book.state.clone();
    book.state.accounts = accounts;
    let opened = Order {
        id: order_id("o1"),
        ..opened
    };
    let partition = PartitionId::Customer(customer_id());
    let claim = order_claim(&opened.key, partition, opened.content, 0);
    book.state.accounts[0].balance = Fen::new(FACE);
    book.state.customer.entries = 1;
    book.state.orders.insert(opened.key.clone(), opened.clone());
    let postings = postings.into_iter().map(|(ledger, fen)| Posting {
        ledger,
        amount: Fen::new(fen),
    });
    let entry = Entry {
        sequence: 1,
        order: order_id("o1"),
        kind: EntryKind::Opening,
        at: NOW,
        postings: postings.collect(),
    };
    let decision = Decision {
        customer: Some(book.state.customer.clone()),
        accounts: book.state.accounts.clone(),
        orders: vec![opened.clone()],
        entry: Some(entry),
        events: Vec::new(),
        answer: Ok(opened),
    };
    let builder = CommitBuilder::new(book.version, &before, &decision);
    let commit = builder.claims(claims).claims([claim]).build().unwrap();
    assert!(
        commit
            .rows
            .iter()
            .filter(|row| matches!(row, RowWrite::Insert(_)))
            .count()
            >= 4,
        "new accounts and orders are inserted"
    );
    book.version = applied(&book.store, commit).await;
}

async fn pay(book: &mut Book) {
    let pays = |amount: i64| vec![(on(CARD), -amount), (seller(), amount)];
    let back = |amount: i64| vec![(on(CARD), amount), (seller(), -amount)];
    book.write(
        vec![paid("1", "p1", 700)],
        Some(("p1", EntryKind::Payment, pays(700))),
        vec![],
        vec![],
    )
    .await;
    book.write(
        vec![paid("2", "p2", 800)],
        Some(("p2", EntryKind::Payment, pays(800))),
        vec![],
        vec![],
    )
    .await;
    let reversed = Order {
        state: OrderState::Reversed(step("r2")),
        ..paid("2", "p2", 800)
    };
    book.write(
        vec![reversed],
        Some(("r2", EntryKind::Reversal, back(800))),
        vec![],
        vec![],
    )
    .await;
    book.write(
        vec![paid("3", "p3", 900)],
        Some(("p3", EntryKind::Payment, pays(900))),
        vec![],
        vec![],
    )
    .await;
    let cancelled = Order {
        state: OrderState::Cancelled(step("c3")),
        ..paid("3", "p3", 900)
    };
    let cancellation = CancellationDetail {
        original: Some(cancelled.key.clone()),
        reference: "3".to_owned(),
        network: NetworkId::parse("n1").unwrap(),
    };
    let cancellation = order(
        pos("3", Slot::Cancel),
        OrderState::Done,
        OrderDetail::Cancellation(cancellation),
    );
    let cancellation = Order {
        id: order_id("c3"),
        ..cancellation
    };
    let entry = Some(("c3", EntryKind::Cancellation, back(900)));
    book.write(vec![cancellation, cancelled], entry, vec![], vec![])
        .await;
    let declined = Order {
        state: OrderState::Declined(Refusal::PaymentCodeWrong),
        detail: OrderDetail::Payment(PaymentDetail {
            account: None,
            ..samples::payment()
        }),
        ..paid("4", "p4", 1)
    };
    let event = Event {
        kind: EventKind::PaymentCodeLocked,
        at: NOW,
        target: "p4".to_owned(),
    };
    book.write(vec![declined], None, vec![event.clone(), event], vec![])
        .await;
}

async fn move_money(book: &mut Book) {
    let transfer = |from: Option<&str>, amount| {
        OrderDetail::Transfer(TransferDetail {
            from: from.map(number),
            to: Some(number(CASH)),
            amount: Fen::new(amount),
            from_available_after: Fen::ZERO,
            to_available_after: Fen::ZERO,
            remark: String::new(),
        })
    };
    let moved = order(
        by_caller(Operation::TransferToCash, "A-1"),
        OrderState::Done,
        transfer(Some(CARD), 5000),
    );
    let moved = Order {
        id: order_id("t1"),
        ..moved
    };
    let postings = vec![(on(CARD), -5000), (on(CASH), 5000)];
    book.write(
        vec![moved],
        Some(("t1", EntryKind::Transfer, postings)),
        vec![],
        vec![],
    )
    .await;
    let topped = order(
        by_caller(Operation::TopUp, "A-1"),
        OrderState::Done,
        transfer(None, 300),
    );
    let topped = Order {
        id: order_id("u1"),
        ..topped
    };
    let postings = vec![(on(CASH), 300), (owed(), -300)];
    book.write(
        vec![topped],
        Some(("u1", EntryKind::TopUp, postings)),
        vec![],
        vec![],
    )
    .await;
}

async fn without_customer(store: &MemoryStore) {
    let closure = order(pos("9", Slot::Pay), OrderState::Closed, OrderDetail::Closure);
    store.claim(vec![closed_claim(&closure)]).await.unwrap();
    let header = Row {
        key: RowKey::HEADER,
        body: samples::sms().to_body(),
    };
    let catalogue = [
        CatalogueItem::Product(samples::product()),
        CatalogueItem::FuelProduct(samples::fuel_product()),
        CatalogueItem::Seller(samples::seller()),
        CatalogueItem::Caller(samples::caller_record()),
        CatalogueItem::Settings(samples::settings()),
    ];
    let commit = |partition, rows| Commit {
        partition,
        expected: Version::NONE,
        rows,
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    };
    applied(
        store,
        commit(PartitionId::Sms(mobile()), vec![RowWrite::Put(header)]),
    )
    .await;
    let rows = catalogue.iter().map(CatalogueItem::write).collect();
    applied(store, commit(PartitionId::Catalogue, rows)).await;
    let entry: AuditEntry = samples::audit_entry();
    records::append_audit_entries(store, &[entry.clone(), entry])
        .await
        .unwrap();
    records::append_event(store, &samples::event()).await.unwrap();
}

/// Every row of a store.
pub(super) async fn rows(store: &MemoryStore) -> Vec<BulkRow> {
    let snapshot = store.snapshot().await.unwrap();
    let mut rows = Vec::new();
    for table in [BulkTable::Partitions, BulkTable::Claims, BulkTable::Index] {
        let (page, next) = snapshot.scan(table, None, 10_000).await.unwrap();
        assert!(next.is_none());
        rows.extend(page);
    }
    rows
}

/// The row of an order key in the customer's partition.
pub(super) fn order_key(serial: &str, slot: Slot) -> OrderKey {
    pos(serial, slot)
}
