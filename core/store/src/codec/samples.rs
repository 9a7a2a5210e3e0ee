//! One value of everything that is stored, with every field set to something of its own.

use crate::records::{AuditEntry, CallerRecord, CallerRole, CatalogueSettings};
use map_domain::catalogue::{FuelProduct, Product, Seller, Store, Terminal};
use map_domain::order::{
    CancellationDetail, OpeningDetail, PaymentDetail, ProvisionedDetail, Purchase, TransferDetail,
};
use map_domain::sms::{SmsCode, SmsState};
use map_domain::{
    Account, AccountNumber, AccountStatus, AccountType, BatchNumber, CallerId, CodeDigest, ContentDigest,
    Customer, CustomerId, Entry, EntryKind, Event, EventKind, Fen, IdentityDigest, LedgerAccount, LifeStep,
    MobileNumber, NetworkId, Operation, Order, OrderDetail, OrderId, OrderKey, OrderState, PaymentCodeState,
    PosKey, Posting, ProductId, Refusal, RegionCode, ReleasePlan, Restrictions, SellerId, SerialNumber, Slot,
    StoreId, TerminalId, Timestamp, Validity,
};

/// 2026-11-21 13:46:40 in Shanghai.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_240_000_000);

pub(crate) fn customer_id() -> CustomerId {
    CustomerId::new(*b"0123456789abcdef")
}

pub(crate) fn number(text: &str) -> AccountNumber {
    AccountNumber::parse(text).unwrap()
}

pub(crate) fn mobile() -> MobileNumber {
    MobileNumber::parse("13800001234").unwrap()
}

pub(crate) fn order_id(text: &str) -> OrderId {
    OrderId::parse(text).unwrap()
}

pub(crate) fn caller() -> CallerId {
    CallerId::parse("network/n1").unwrap()
}

pub(crate) fn pos(serial: &str, slot: Slot) -> OrderKey {
    let key = PosKey {
        seller: SellerId::parse("SH12345").unwrap(),
        terminal: TerminalId::parse("T01").unwrap(),
        generation: 2,
        batch: BatchNumber::parse("000007").unwrap(),
        serial: SerialNumber::parse(serial).unwrap(),
    };
    OrderKey::Pos(key, slot)
}

pub(crate) fn by_caller(operation: Operation, number: &str) -> OrderKey {
    OrderKey::Caller {
        caller: CallerId::parse("app/wallet").unwrap(),
        operation,
        number: number.to_owned(),
    }
}

pub(crate) fn customer() -> Customer {
    Customer {
        id: customer_id(),
        mobile: Some(mobile()),
        identity: Some(IdentityDigest([7; 32])),
        payment_code: PaymentCodeState {
            digest: Some(CodeDigest([8; 32])),
            failures: 3,
            locked: true,
        },
        entries: 300,
        created_at: NOW,
    }
}

pub(crate) fn restrictions() -> Restrictions {
    Restrictions {
        sellers: vec![SellerId::parse("SH12345").unwrap()],
        terminals: vec![
            TerminalId::parse("T01").unwrap(),
            TerminalId::parse("T02").unwrap(),
        ],
        fuel_products: vec![("0".to_owned(), "0号柴油".to_owned())],
        hours: vec![(0, 6), (22, 24)],
    }
}

pub(crate) fn account() -> Account {
    Account {
        number: number("2010888123456789"),
        kind: AccountType::Instalment,
        product: Some(ProductId::parse("P100").unwrap()),
        face_value: Fen::new(400_000),
        price: Fen::new(380_000),
        balance: Fen::new(350_001),
        plan: ReleasePlan {
            stages: 4,
            first: Fen::new(100_001),
            stage: Fen::new(99_999),
            activated_at: Timestamp::from_millis(1_795_240_000_001),
        },
        validity: Validity {
            from: Timestamp::from_millis(1_795_240_000_002),
            until: Some(Timestamp::from_millis(1_826_776_000_003)),
        },
        frozen: true,
        pending: true,
        restrictions: restrictions(),
        opened_at: Timestamp::from_millis(1_795_240_000_004),
        opened_by: caller(),
    }
}

pub(crate) fn step(id: &str) -> LifeStep {
    LifeStep {
        id: order_id(id),
        at: Timestamp::from_millis(1_795_240_060_000),
        caller: CallerId::parse("operator/ann").unwrap(),
        available_after: Fen::new(350_001),
        status_after: AccountStatus::Locked,
    }
}

pub(crate) fn payment() -> PaymentDetail {
    PaymentDetail {
        consumer: "2010888123456789".to_owned(),
        account: Some(number("2010888123456789")),
        amount: Fen::new(10_050),
        network: NetworkId::parse("n1").unwrap(),
        store: StoreId::parse("S1").unwrap(),
        clerk: "op9".to_owned(),
        purchase: Purchase {
            product_name: "0号柴油".to_owned(),
            unit_price: Some(Fen::new(789)),
            quantity: "12.74".to_owned(),
        },
        caller_order: "A-1".to_owned(),
        remark: "备注".to_owned(),
        available_after: Fen::new(339_951),
        status_after: AccountStatus::Normal,
    }
}

pub(crate) fn order(key: OrderKey, state: OrderState, detail: OrderDetail) -> Order {
    Order {
        key,
        id: order_id("ud20261121134640000001"),
        content: ContentDigest([9; 32]),
        caller: caller(),
        at: NOW,
        state,
        detail,
    }
}

/// An order in each state and with each detail, by name.
pub(crate) fn orders() -> Vec<(&'static str, Order)> {
    let cancellation = CancellationDetail {
        original: Some(pos("000123", Slot::Pay)),
        reference: "000123".to_owned(),
        network: NetworkId::parse("n1").unwrap(),
    };
    let opening = OpeningDetail {
        card: Some(number("2010888123456789")),
        product: ProductId::parse("P100").unwrap(),
        channel: "c1".to_owned(),
        channel_order: "c-9".to_owned(),
        remark: "r".to_owned(),
    };
    let transfer = TransferDetail {
        from: Some(number("2010888123456789")),
        to: Some(number("9500888123456789")),
        amount: Fen::new(5000),
        from_available_after: Fen::new(1),
        to_available_after: Fen::new(5000),
        remark: "r".to_owned(),
    };
    let pay = pos("000123", Slot::Pay);
    let reversed = OrderState::Reversed(step("ud2"));
    let cancelled = OrderState::Cancelled(step("ud3"));
    vec![
        (
            "order_paid",
            order(pay.clone(), OrderState::Done, OrderDetail::Payment(payment())),
        ),
        (
            "order_reversed",
            order(pay.clone(), reversed, OrderDetail::Payment(payment())),
        ),
        (
            "order_cancelled",
            order(pay.clone(), cancelled, OrderDetail::Payment(payment())),
        ),
        (
            "order_declined",
            order(
                pos("000124", Slot::Query),
                OrderState::Declined(Refusal::PaymentCodeWrong),
                OrderDetail::Act,
            ),
        ),
        (
            "order_closed",
            order(pay, OrderState::Closed, OrderDetail::Closure),
        ),
        (
            "order_cancellation",
            order(
                pos("000123", Slot::Cancel),
                OrderState::Done,
                OrderDetail::Cancellation(cancellation),
            ),
        ),
        (
            "order_opening",
            order(
                by_caller(Operation::OpenCard, "A-7"),
                OrderState::Done,
                OrderDetail::Opening(opening),
            ),
        ),
        (
            "order_transfer",
            order(
                by_caller(Operation::TransferToCash, "A-8"),
                OrderState::Done,
                OrderDetail::Transfer(transfer),
            ),
        ),
        (
            "order_generation_raised",
            order(
                by_caller(Operation::RaiseTerminalGeneration, "G-1"),
                OrderState::Done,
                OrderDetail::GenerationRaised(2),
            ),
        ),
        (
            "order_provisioned",
            order(
                by_caller(Operation::ApplyProvisioning, "P-1"),
                OrderState::Done,
                OrderDetail::Provisioned(ProvisionedDetail {
                    changes: vec!["product 1010: added".to_owned()],
                    revision: 3,
                }),
            ),
        ),
    ]
}

pub(crate) fn entry() -> Entry {
    let posting = |ledger, fen| Posting {
        ledger,
        amount: Fen::new(fen),
    };
    Entry {
        sequence: 300,
        order: order_id("ud20261121134640000001"),
        kind: EntryKind::Opening,
        at: NOW,
        postings: vec![
            posting(LedgerAccount::Account(number("2010888123456789")), 400_000),
            posting(LedgerAccount::CallerReceivable(caller()), -380_000),
            posting(
                LedgerAccount::DiscountGranted(ProductId::parse("P100").unwrap()),
                -20_001,
            ),
            posting(
                LedgerAccount::SellerPayable(SellerId::parse("SH12345").unwrap()),
                1,
            ),
        ],
    }
}

pub(crate) fn sms() -> SmsState {
    SmsState {
        sent: vec![NOW, Timestamp::from_millis(1_795_240_061_000)],
        codes: vec![SmsCode {
            digest: CodeDigest([5; 32]),
            caller: caller(),
            request: by_caller(Operation::SendSmsCode, "S-1"),
            sent_at: NOW,
            tries: 2,
            used_by: Some(by_caller(Operation::OpenCard, "A-7")),
            handed_over: true,
        }],
    }
}

pub(crate) fn product() -> Product {
    Product {
        id: ProductId::parse("P100").unwrap(),
        name: "分期加油卡".to_owned(),
        short_name: "分期卡".to_owned(),
        kind: AccountType::Discount,
        number_prefix: "2610".to_owned(),
        price: Fen::new(380_000),
        face_value: Fen::new(400_000),
        stages: 4,
        uneven: Some((Fen::new(100_000), Fen::new(100_000))),
        validity_months: 12,
        restrictions: restrictions(),
        remark: "r".to_owned(),
        active: true,
    }
}

pub(crate) fn fuel_product() -> FuelProduct {
    FuelProduct {
        code: "92".to_owned(),
        name: "92号汽油".to_owned(),
    }
}

pub(crate) fn seller() -> Seller {
    Seller {
        id: SellerId::parse("SH12345").unwrap(),
        name: "某加油站".to_owned(),
        active: true,
        stores: vec![Store {
            id: StoreId::parse("S1").unwrap(),
            name: "一店".to_owned(),
            active: true,
            terminals: vec![Terminal {
                id: TerminalId::parse("T01").unwrap(),
                network: NetworkId::parse("n1").unwrap(),
                active: true,
                generation: 2,
            }],
        }],
    }
}

pub(crate) fn caller_record() -> CallerRecord {
    CallerRecord {
        id: CallerId::parse("app/wallet").unwrap(),
        role: CallerRole::App,
        name: "钱包".to_owned(),
        active: true,
        bearer_keys: vec![[1; 32], [2; 32]],
        networks: vec![NetworkId::parse("n1").unwrap()],
        may_omit_payment_code: true,
        ignore_transfer_sms_code: true,
        edge_settings_json: r#"{"a":1}"#.to_owned(),
    }
}

pub(crate) fn settings() -> CatalogueSettings {
    CatalogueSettings {
        default_product: Some(ProductId::parse("P100").unwrap()),
        region: Some(RegionCode::parse("888").unwrap()),
    }
}

pub(crate) fn audit_entry() -> AuditEntry {
    AuditEntry {
        at: NOW,
        operator: "operator/ann".to_owned(),
        action: "freeze_account".to_owned(),
        target: "customer".to_owned(),
        reason: "lost".to_owned(),
        outcome: "done".to_owned(),
    }
}

pub(crate) fn event() -> Event {
    Event {
        kind: EventKind::IdentityMismatch,
        at: NOW,
        target: "A-7".to_owned(),
    }
}
