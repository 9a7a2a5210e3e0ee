//! What the domain decides, written by the builder, passes the check.

use super::*;
use crate::codec::samples::{self, NOW, by_caller, caller};
use crate::records::{self, CommitBuilder};
use crate::{CommitOutcome, Load};
use map_domain::command::{
    cancel_payment, open_card, operator_reverse, pay, reverse_payment, top_up, transfer,
};
use map_domain::{
    AccountType, CodeDigest, CodeProof, ContentDigest, Context, CustomerState, Decision, IdentityDigest,
    NetworkId, Operation, OrderKey, Policy, PosKey, Refusal, StoreId,
};
use std::collections::BTreeMap;

const CONTEXT: fn() -> Context = || Context {
    now: NOW,
    policy: Policy::default(),
};

const CODE: CodeDigest = CodeDigest([8; 32]);

struct Teller {
    store: MemoryStore,
    next: u32,
}

impl Teller {
    fn id(&mut self) -> map_domain::OrderId {
        self.next += 1;
        order_id(&format!("ud{:04}", self.next))
    }

    /// Loads what is there, decides, commits with the claims that the services take.
    async fn run(
        &self,
        keys: &[OrderKey],
        decide: impl Fn(&CustomerState) -> Result<Decision, Refusal>,
    ) -> Result<Order, Refusal> {
        let loaded = self.store.load(&home(), records::load_for(keys)).await.unwrap();
        let fresh = || {
            let mut customer = Customer::new(customer_id(), Some(mobile()), NOW);
            customer.payment_code.digest = Some(CODE);
            CustomerState {
                customer,
                accounts: Vec::new(),
                orders: BTreeMap::new(),
            }
        };
        let state = records::decode_state(&home(), &loaded)
            .unwrap()
            .unwrap_or_else(fresh);
        let decision = decide(&state)?;
        let new_order = |order: &&Order| !state.orders.contains_key(&order.key);
        let mut claims: Vec<Claim> = decision
            .orders
            .iter()
            .filter(new_order)
            .map(|order| records::order_claim(&order.key, home(), order.content, 0))
            .collect();
        for account in &decision.accounts {
            claims.push(records::account_claim(&account.number, customer_id()));
        }
        claims.push(records::mobile_claim(&mobile(), 0, customer_id()));
        let builder = CommitBuilder::new(loaded.version, &state, &decision).claims(claims);
        if let Some(commit) = builder.build() {
            let outcome = self.store.commit(commit).await.unwrap();
            assert!(matches!(outcome, CommitOutcome::Applied(_)), "{outcome:?}");
        }
        decision.answer
    }

    async fn open(&mut self) -> Result<Order, Refusal> {
        let mut product = samples::product();
        (product.kind, product.stages, product.uneven) = (AccountType::Instalment, 0, None);
        product.restrictions = map_domain::Restrictions::default();
        let command = open_card::OpenCard {
            key: by_caller(Operation::OpenCard, "A-1"),
            id: self.id(),
            content: ContentDigest([1; 32]),
            caller: caller(),
            identity: IdentityDigest([3; 32]),
            product_id: product.id.clone(),
            product: Some(product),
            card_number: number(CARD),
            cash_number: number(CASH),
            received_at: NOW,
            channel: String::new(),
            channel_order: String::new(),
            remark: String::new(),
        };
        let keys = [command.key.clone()];
        self.run(&keys, |state| open_card::decide(state, &command, &CONTEXT()))
            .await
    }

    async fn pay(&mut self, serial: &str, amount: i64) -> Result<Order, Refusal> {
        let command = pay::Pay {
            key: key(serial),
            id: self.id(),
            content: ContentDigest([2; 32]),
            caller: caller(),
            payer: pay::Payer::Account(number(CARD)),
            consumer: CARD.to_owned(),
            code: CodeProof::Readings(vec![CODE]),
            amount: Fen::new(amount),
            network: network(),
            seller_active: true,
            terminal_active: true,
            store: StoreId::parse("S1").unwrap(),
            clerk: String::new(),
            purchase: map_domain::order::Purchase::default(),
            caller_order: String::new(),
            remark: String::new(),
        };
        let keys = [pos(serial, Slot::Pay)];
        self.run(&keys, |state| pay::decide(state, &command, &CONTEXT()))
            .await
    }

    async fn undo(&mut self, serial: &str) -> Result<Order, Refusal> {
        let command = reverse_payment::ReversePayment {
            key: key(serial),
            id: self.id(),
            caller: caller(),
            network: network(),
            holds_other: false,
        };
        let keys = [pos(serial, Slot::Pay)];
        self.run(&keys, |state| {
            reverse_payment::decide(state, &command, &CONTEXT())
        })
        .await
    }

    async fn cancel(&mut self, serial: &str) -> Result<Order, Refusal> {
        let command = cancel_payment::CancelPayment {
            key: key(serial),
            id: self.id(),
            content: ContentDigest([4; 32]),
            caller: caller(),
            original: Some(pos(serial, Slot::Pay)),
            reference: serial.to_owned(),
            network: network(),
        };
        let keys = [pos(serial, Slot::Pay), pos(serial, Slot::Cancel)];
        self.run(&keys, |state| cancel_payment::decide(state, &command, &CONTEXT()))
            .await
    }

    async fn operator_reverse(&mut self, serial: &str) -> Result<Order, Refusal> {
        let command = operator_reverse::OperatorReverse {
            key: by_caller(Operation::OperatorReverse, serial),
            id: self.id(),
            content: ContentDigest([5; 32]),
            caller: caller(),
            payment: pos(serial, Slot::Pay),
        };
        let keys = [command.key.clone(), command.payment.clone()];
        self.run(&keys, |state| {
            operator_reverse::decide(state, &command, &CONTEXT())
        })
        .await
    }

    async fn transfer(&mut self, amount: i64) -> Result<Order, Refusal> {
        let command = transfer::TransferToCash {
            key: by_caller(Operation::TransferToCash, "A-1"),
            id: self.id(),
            content: ContentDigest([6; 32]),
            caller: caller(),
            from: number(CARD),
            amount: Fen::new(amount),
            code: CodeProof::Readings(vec![CODE]),
            may_omit_code: true,
            cash_number: number(CASH),
            remark: String::new(),
        };
        let keys = [command.key.clone()];
        self.run(&keys, |state| transfer::decide(state, &command, &CONTEXT()))
            .await
    }

    async fn top_up(&mut self, amount: i64) -> Result<Order, Refusal> {
        let command = top_up::TopUp {
            key: by_caller(Operation::TopUp, "A-1"),
            id: self.id(),
            content: ContentDigest([7; 32]),
            caller: caller(),
            amount: Fen::new(amount),
            cash_number: number(CASH),
            remark: String::new(),
        };
        let keys = [command.key.clone()];
        self.run(&keys, |state| top_up::decide(state, &command, &CONTEXT()))
            .await
    }
}

fn key(serial: &str) -> PosKey {
    match pos(serial, Slot::Pay) {
        OrderKey::Pos(key, _) => key,
        OrderKey::Caller { .. } => unreachable!(),
    }
}

fn network() -> NetworkId {
    NetworkId::parse("n1").unwrap()
}

#[tokio::test]
async fn what_the_domain_decides_is_clean_when_it_is_written() {
    let mut teller = Teller {
        store: MemoryStore::new(),
        next: 0,
    };
    teller.open().await.unwrap();
    for serial in ["1", "2", "3", "4"] {
        teller.pay(serial, 1000).await.unwrap();
    }
    teller.pay("1", 1000).await.unwrap();
    teller.undo("2").await.unwrap();
    teller.undo("2").await.unwrap();
    teller.cancel("3").await.unwrap();
    teller.operator_reverse("4").await.unwrap();
    assert!(teller.pay("5", 100_000_000).await.is_err(), "not enough");
    let _ = teller.undo("6").await;
    assert!(teller.pay("6", 1000).await.is_err(), "closed before");
    teller.transfer(500).await.unwrap();
    teller.top_up(300).await.unwrap();

    let snapshot = teller.store.snapshot().await.unwrap();
    let report = check(&*snapshot, &CheckOptions::default(), &mut |_| {})
        .await
        .unwrap();
    assert_eq!(report.problems, []);
    assert_eq!(report.danglers, Danglers::default());
    assert_eq!((report.counts.accounts, report.counts.entries), (2, 10));
    assert_eq!(report.trial_balance.total_fen, 0);
    let header = teller
        .store
        .load(&home(), Load::default())
        .await
        .unwrap()
        .header
        .unwrap();
    assert_eq!(Customer::from_body(&header).unwrap().entries, 10);
}
