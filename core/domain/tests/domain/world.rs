//! A ledger in memory: one customer, every decision checked and applied, the journal kept.

use jiff::civil::datetime;
use map_domain::catalogue::Product;
use map_domain::command::cancel_payment::{self, CancelPayment};
use map_domain::command::open_card::{self, OpenCard};
use map_domain::command::pay::{self, Pay, Payer};
use map_domain::command::reverse_payment::{self, ReversePayment};
use map_domain::command::top_up::{self, TopUp};
use map_domain::command::transfer::{self, TransferToCash};
use map_domain::order::Purchase;
use map_domain::{
    Account, AccountNumber, AccountType, BatchNumber, CallerId, CodeDigest, CodeProof, ContentDigest,
    Context, Customer, CustomerId, CustomerState, Decision, Entry, EventKind, Fen, IdentityDigest,
    LedgerAccount, MobileNumber, NetworkId, Operation, Order, OrderId, OrderKey, PaymentCodeState, Policy,
    PosKey, ProductId, Refusal, Restrictions, SellerId, SerialNumber, Slot, StoreId, TerminalId, Timestamp,
};
use std::collections::BTreeMap;

pub(crate) const RIGHT: CodeDigest = CodeDigest([1; 32]);
pub(crate) const WRONG: CodeDigest = CodeDigest([2; 32]);
pub(crate) const CASH: &str = "9501888000000001";
pub(crate) const DISCOUNT: &str = "2601888000000001";
pub(crate) const INSTALMENT: &str = "2001888000000001";
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

pub(crate) type Answer = Result<Decision, Refusal>;

pub(crate) fn right() -> CodeProof {
    CodeProof::Readings(vec![RIGHT])
}

pub(crate) fn wrong() -> CodeProof {
    CodeProof::Readings(vec![WRONG])
}

pub(crate) fn number(text: &str) -> AccountNumber {
    AccountNumber::parse(text).unwrap()
}

pub(crate) fn at(year: i16, month: i8, day: i8, hour: i8) -> Timestamp {
    Timestamp::from_civil(datetime(year, month, day, hour, 0, 0, 0))
}

/// What one customer's partition holds, and the time.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) state: CustomerState,
    pub(crate) journal: Vec<Entry>,
    pub(crate) events: Vec<EventKind>,
    pub(crate) now: Timestamp,
    numbers: u32,
}

impl World {
    /// A customer with a payment code and nothing else, at noon.
    pub(crate) fn new() -> Self {
        let mobile = MobileNumber::parse("13800000001").unwrap();
        let now = at(2015, 1, 31, 12);
        let mut customer = Customer::new(CustomerId::new([7; 16]), Some(mobile), now);
        customer.payment_code = PaymentCodeState::set(RIGHT);
        let state = CustomerState {
            customer,
            accounts: Vec::new(),
            orders: BTreeMap::new(),
        };
        Self {
            state,
            journal: Vec::new(),
            events: Vec::new(),
            now,
            numbers: 0,
        }
    }

    /// That customer with so much on the cash account.
    pub(crate) fn with_cash(fen: i64) -> Self {
        let mut world = Self::new();
        let command = world.top_up("top-up", fen);
        world.run(top_up::decide, &command).unwrap().answer.unwrap();
        world
    }

    pub(crate) fn context(&self) -> Context {
        Context {
            now: self.now,
            policy: Policy::default(),
        }
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        self.now = self.now.saturating_add_millis(ms);
    }

    /// Decides, checks, applies.
    pub(crate) fn run<C>(
        &mut self,
        decide: impl Fn(&CustomerState, &C, &Context) -> Answer,
        command: &C,
    ) -> Answer {
        let answer = decide(&self.state, command, &self.context());
        if let Ok(decision) = &answer {
            self.apply(decision);
        }
        answer
    }

    /// Writes a decision as a store would.
    pub(crate) fn apply(&mut self, decision: &Decision) {
        decision
            .check(&self.state)
            .unwrap_or_else(|defect| panic!("{defect}: {decision:#?}"));
        if let Some(customer) = &decision.customer {
            self.state.customer = customer.clone();
        }
        for after in &decision.accounts {
            match self
                .state
                .accounts
                .iter_mut()
                .find(|before| before.number == after.number)
            {
                Some(before) => *before = after.clone(),
                None => self.state.accounts.push(after.clone()),
            }
        }
        for order in &decision.orders {
            self.state.orders.insert(order.key.clone(), order.clone());
        }
        self.journal.extend(decision.entry.clone());
        self.events.extend(decision.events.iter().map(|event| event.kind));
    }

    /// Puts an account with money into being, as if it had been opened by this order.
    pub(crate) fn put(&mut self, account: Account, fen: i64) {
        let mut product = product();
        product.face_value = Fen::new(fen);
        product.price = Fen::new(fen);
        product.stages = 0;
        product.kind = account.kind;
        let mut command = self.open(account.number.as_str(), product);
        command.card_number = account.number.clone();
        self.run(open_card::decide, &command).unwrap().answer.unwrap();
        let stored = self
            .state
            .accounts
            .iter_mut()
            .find(|known| known.number == account.number)
            .unwrap();
        *stored = Account {
            balance: stored.balance,
            plan: stored.plan,
            face_value: stored.face_value,
            ..account
        };
    }

    pub(crate) fn account(&self, text: &str) -> &Account {
        self.state.account(&number(text)).unwrap()
    }

    pub(crate) fn account_mut(&mut self, text: &str) -> &mut Account {
        self.state
            .accounts
            .iter_mut()
            .find(|account| account.number == number(text))
            .unwrap()
    }

    pub(crate) fn available(&self, text: &str) -> i64 {
        self.account(text).available(self.now).get()
    }

    /// What the entries alone say of each balance must be what is stored, and all together nothing.
    pub(crate) fn assert_books_balance(&self) {
        for (sequence, entry) in (1..).zip(&self.journal) {
            assert_eq!(entry.sequence, sequence);
            entry.validate().unwrap();
        }
        let entries = u64::try_from(self.journal.len()).unwrap();
        assert_eq!(self.state.customer.entries, entries);
        for account in &self.state.accounts {
            let ledger = LedgerAccount::Account(account.number.clone());
            let moved = self.journal.iter().map(|entry| entry.moved(&ledger).unwrap());
            assert_eq!(Fen::checked_sum(moved), Some(account.balance), "{account:?}");
            assert!(account.balance >= Fen::ZERO);
        }
    }

    fn id(&mut self) -> OrderId {
        self.numbers += 1;
        OrderId::parse(&format!("ud{:020}", self.numbers)).unwrap()
    }

    pub(crate) fn pay(&mut self, serial: &str, payer: Payer, fen: i64) -> Pay {
        Pay {
            key: pos(serial),
            id: self.id(),
            content: content(serial, fen),
            caller: caller("network/n1"),
            payer,
            consumer: "13800000001".into(),
            code: right(),
            amount: Fen::new(fen),
            network: network(),
            seller_active: true,
            terminal_active: true,
            store: StoreId::parse("ST1").unwrap(),
            clerk: "c".into(),
            purchase: Purchase {
                product_name: "92#".into(),
                // No amount that any test pays: who gives it back gives back the wrong sum.
                unit_price: Some(Fen::new(7)),
                quantity: "1".into(),
            },
            caller_order: "AO1".into(),
            remark: String::new(),
        }
    }

    pub(crate) fn undo(&mut self, serial: &str) -> ReversePayment {
        ReversePayment {
            key: pos(serial),
            id: self.id(),
            caller: caller("network/n1"),
            network: network(),
            holds_other: false,
        }
    }

    pub(crate) fn cancel(&mut self, serial: &str, original: &str) -> CancelPayment {
        CancelPayment {
            key: pos(serial),
            id: self.id(),
            content: content(original, 0),
            caller: caller("network/n1"),
            original: Some(pos(original).slot(Slot::Pay)),
            reference: original.into(),
            network: network(),
        }
    }

    pub(crate) fn top_up(&mut self, key: &str, fen: i64) -> TopUp {
        TopUp {
            key: caller_key(Operation::TopUp, key),
            id: self.id(),
            content: content(key, fen),
            caller: caller("app/a1"),
            amount: Fen::new(fen),
            cash_number: number(CASH),
            remark: String::new(),
        }
    }

    pub(crate) fn transfer(&mut self, key: &str, from: &str, fen: i64) -> TransferToCash {
        TransferToCash {
            key: caller_key(Operation::TransferToCash, key),
            id: self.id(),
            content: content(key, fen),
            caller: caller("app/a1"),
            from: number(from),
            amount: Fen::new(fen),
            code: right(),
            may_omit_code: false,
            cash_number: number(CASH),
            remark: String::new(),
        }
    }

    pub(crate) fn open(&mut self, key: &str, product: Product) -> OpenCard {
        OpenCard {
            key: caller_key(Operation::OpenCard, key),
            id: self.id(),
            content: content(key, 0),
            caller: caller("app/a1"),
            identity: IdentityDigest([3; 32]),
            product_id: product.id.clone(),
            product: Some(product),
            card_number: number(INSTALMENT),
            cash_number: number(CASH),
            received_at: self.now,
            channel: "web".into(),
            channel_order: "CO1".into(),
            remark: String::new(),
        }
    }

    pub(crate) fn do_pay(&mut self, command: &Pay) -> Result<Order, Refusal> {
        self.run(pay::decide, command)?.answer
    }

    pub(crate) fn do_undo(&mut self, command: &ReversePayment) -> Result<Order, Refusal> {
        self.run(reverse_payment::decide, command)?.answer
    }

    pub(crate) fn do_cancel(&mut self, command: &CancelPayment) -> Result<Order, Refusal> {
        self.run(cancel_payment::decide, command)?.answer
    }

    pub(crate) fn do_transfer(&mut self, command: &TransferToCash) -> Result<Order, Refusal> {
        self.run(transfer::decide, command)?.answer
    }

    pub(crate) fn do_open(&mut self, command: &OpenCard) -> Result<Order, Refusal> {
        self.run(open_card::decide, command)?.answer
    }
}

pub(crate) fn pos(serial: &str) -> PosKey {
    PosKey {
        seller: SellerId::parse("S1").unwrap(),
        terminal: TerminalId::parse("T1").unwrap(),
        generation: 0,
        batch: BatchNumber::parse("B1").unwrap(),
        serial: SerialNumber::parse(serial).unwrap(),
    }
}

pub(crate) fn caller(text: &str) -> CallerId {
    CallerId::parse(text).unwrap()
}

pub(crate) fn network() -> NetworkId {
    NetworkId::parse("n1").unwrap()
}

pub(crate) fn caller_key(operation: Operation, number: &str) -> OrderKey {
    OrderKey::Caller {
        caller: caller("app/a1"),
        operation,
        number: number.into(),
    }
}

/// Differs where the text or the amount does.
pub(crate) fn content(text: &str, fen: i64) -> ContentDigest {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&fen.to_be_bytes());
    for (byte, from) in digest[8..].iter_mut().zip(text.bytes()) {
        *byte = from;
    }
    ContentDigest(digest)
}

/// An instalment card of 1000 yuan in three stages, for 950 yuan.
pub(crate) fn product() -> Product {
    Product {
        id: ProductId::parse("P1").unwrap(),
        name: "分期卡".into(),
        short_name: "分期".into(),
        kind: AccountType::Instalment,
        number_prefix: "2001".into(),
        price: Fen::new(95_000),
        face_value: Fen::new(100_000),
        stages: 3,
        uneven: None,
        validity_months: 12,
        restrictions: Restrictions::default(),
        remark: String::new(),
        active: true,
    }
}

/// A discount card, valid from a day ago for a year.
pub(crate) fn discount(text: &str, now: Timestamp) -> Account {
    let mut product = product();
    product.kind = AccountType::Discount;
    product.stages = 0;
    Account::card(number(text), &product, caller("app/opener"), now)
}
