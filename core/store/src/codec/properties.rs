//! Whatever the domain holds is read back as it was, and no bytes make a reader panic.

use super::{Body, samples};
use crate::records::{AuditEntry, CallerRecord, CatalogueSettings};
use map_domain::catalogue::{FuelProduct, Product, Seller};
use map_domain::order::{
    CancellationDetail, OpeningDetail, PaymentDetail, ProvisionedDetail, Purchase, TransferDetail,
};
use map_domain::sms::{SmsCode, SmsState};
use map_domain::{
    Account, AccountNumber, AccountStatus, AccountType, BatchNumber, CallerId, CodeDigest, ContentDigest,
    Customer, CustomerId, Entry, EntryKind, Event, EventKind, Fen, IdentityDigest, LedgerAccount, LifeStep,
    MobileNumber, NetworkId, Operation, Order, OrderDetail, OrderId, OrderKey, OrderState, PaymentCodeState,
    PosKey, Posting, ProductId, Refusal, ReleasePlan, Restrictions, SellerId, SerialNumber, Slot, StoreId,
    TerminalId, Timestamp, Validity,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn fen() -> impl Strategy<Value = Fen> {
    any::<i64>().prop_map(Fen::new)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

/// An identifier of any printable characters.
fn id<T: std::fmt::Debug>(parse: fn(&str) -> Result<T, map_domain::IdError>) -> impl Strategy<Value = T> {
    "\\PC{1,12}".prop_filter_map("an identifier", move |text| parse(&text).ok())
}

fn account_number() -> impl Strategy<Value = AccountNumber> {
    "[0-9]{16}".prop_map(|text| AccountNumber::parse(&text).unwrap())
}

fn mobile() -> impl Strategy<Value = MobileNumber> {
    "1[0-9]{10}".prop_map(|text| MobileNumber::parse(&text).unwrap())
}

pub(crate) fn order_key() -> impl Strategy<Value = OrderKey> {
    let slots = select(vec![Slot::Pay, Slot::Cancel, Slot::Open, Slot::Query]);
    let operations = select(vec![
        Operation::OpenCard,
        Operation::TransferToCash,
        Operation::TopUp,
        Operation::SendSmsCode,
        Operation::SetPaymentCode,
        Operation::ResetPaymentCode,
        Operation::OperatorReverse,
        Operation::UnlockPaymentCode,
        Operation::FreezeAccount,
        Operation::UnfreezeAccount,
        Operation::RaiseTerminalGeneration,
        Operation::ApplyProvisioning,
    ]);
    let pos = (
        id(SellerId::parse),
        id(TerminalId::parse),
        any::<u32>(),
        id(BatchNumber::parse),
        id(SerialNumber::parse),
        slots,
    )
        .prop_map(|(seller, terminal, generation, batch, serial, slot)| {
            OrderKey::Pos(
                PosKey {
                    seller,
                    terminal,
                    generation,
                    batch,
                    serial,
                },
                slot,
            )
        });
    let caller =
        (id(CallerId::parse), operations, text()).prop_map(|(caller, operation, number)| OrderKey::Caller {
            caller,
            operation,
            number,
        });
    prop_oneof![pos, caller]
}

fn status() -> impl Strategy<Value = AccountStatus> {
    select(vec![
        AccountStatus::Pending,
        AccountStatus::Frozen,
        AccountStatus::Locked,
        AccountStatus::Expired,
        AccountStatus::Normal,
    ])
}

fn step() -> impl Strategy<Value = LifeStep> {
    (id(OrderId::parse), time(), id(CallerId::parse), fen(), status()).prop_map(
        |(id, at, caller, available_after, status_after)| LifeStep {
            id,
            at,
            caller,
            available_after,
            status_after,
        },
    )
}

fn state() -> impl Strategy<Value = OrderState> {
    prop_oneof![
        Just(OrderState::Done),
        select(Refusal::ALL).prop_map(OrderState::Declined),
        step().prop_map(OrderState::Reversed),
        step().prop_map(OrderState::Cancelled),
        Just(OrderState::Closed),
    ]
}

fn payment() -> impl Strategy<Value = PaymentDetail> {
    let purchase =
        (text(), option::of(fen()), text()).prop_map(|(product_name, unit_price, quantity)| Purchase {
            product_name,
            unit_price,
            quantity,
        });
    let texts = (text(), text(), text(), text());
    let ids = (
        option::of(account_number()),
        id(NetworkId::parse),
        id(StoreId::parse),
    );
    (texts, ids, fen(), purchase, fen(), status()).prop_map(
        |(
            (consumer, clerk, caller_order, remark),
            (account, network, store),
            amount,
            purchase,
            after,
            status_after,
        )| {
            PaymentDetail {
                consumer,
                account,
                amount,
                network,
                store,
                clerk,
                purchase,
                caller_order,
                remark,
                available_after: after,
                status_after,
            }
        },
    )
}

fn detail() -> impl Strategy<Value = OrderDetail> {
    let cancellation =
        (option::of(order_key()), text(), id(NetworkId::parse)).prop_map(|(original, reference, network)| {
            OrderDetail::Cancellation(CancellationDetail {
                original,
                reference,
                network,
            })
        });
    let opening = (
        option::of(account_number()),
        id(ProductId::parse),
        text(),
        text(),
        text(),
    )
        .prop_map(|(card, product, channel, channel_order, remark)| {
            OrderDetail::Opening(OpeningDetail {
                card,
                product,
                channel,
                channel_order,
                remark,
            })
        });
    let accounts = (option::of(account_number()), option::of(account_number()));
    let transfer = (accounts, fen(), fen(), fen(), text()).prop_map(
        |((from, to), amount, from_available_after, to_available_after, remark)| {
            OrderDetail::Transfer(TransferDetail {
                from,
                to,
                amount,
                from_available_after,
                to_available_after,
                remark,
            })
        },
    );
    prop_oneof![
        payment().prop_map(OrderDetail::Payment),
        cancellation,
        opening,
        transfer,
        Just(OrderDetail::Closure),
        Just(OrderDetail::Act),
        any::<u32>().prop_map(OrderDetail::GenerationRaised),
        (vec(".*", 0..3), any::<u64>()).prop_map(|(changes, revision)| {
            OrderDetail::Provisioned(ProvisionedDetail { changes, revision })
        }),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    (
        order_key(),
        id(OrderId::parse),
        any::<[u8; 32]>(),
        id(CallerId::parse),
        time(),
        state(),
        detail(),
    )
        .prop_map(|(key, id, content, caller, at, state, detail)| Order {
            key,
            id,
            content: ContentDigest(content),
            caller,
            at,
            state,
            detail,
        })
}

fn customer() -> impl Strategy<Value = Customer> {
    let code = (option::of(any::<[u8; 32]>()), any::<u32>(), any::<bool>());
    (
        any::<[u8; 16]>(),
        option::of(mobile()),
        option::of(any::<[u8; 32]>()),
        code,
        any::<u64>(),
        time(),
    )
        .prop_map(
            |(id, mobile, identity, (digest, failures, locked), entries, created_at)| Customer {
                id: CustomerId::new(id),
                mobile,
                identity: identity.map(IdentityDigest),
                payment_code: PaymentCodeState {
                    digest: digest.map(CodeDigest),
                    failures,
                    locked,
                },
                entries,
                created_at,
            },
        )
}

fn account_type() -> impl Strategy<Value = AccountType> {
    select(vec![
        AccountType::Instalment,
        AccountType::Discount,
        AccountType::Cash,
        AccountType::Investment,
    ])
}

fn restrictions() -> impl Strategy<Value = Restrictions> {
    (
        vec(id(SellerId::parse), 0..3),
        vec(id(TerminalId::parse), 0..3),
        vec((text(), text()), 0..3),
        vec(any::<(u8, u8)>(), 0..3),
    )
        .prop_map(|(sellers, terminals, fuel_products, hours)| Restrictions {
            sellers,
            terminals,
            fuel_products,
            hours,
        })
}

fn account() -> impl Strategy<Value = Account> {
    let plan =
        (any::<u32>(), fen(), fen(), time()).prop_map(|(stages, first, stage, activated_at)| ReleasePlan {
            stages,
            first,
            stage,
            activated_at,
        });
    let validity = (time(), option::of(time())).prop_map(|(from, until)| Validity { from, until });
    let money = (fen(), fen(), fen());
    let flags = any::<(bool, bool)>();
    (
        (account_number(), account_type(), option::of(id(ProductId::parse))),
        money,
        plan,
        validity,
        flags,
        restrictions(),
        (time(), id(CallerId::parse)),
    )
        .prop_map(
            |(
                (number, kind, product),
                (face_value, price, balance),
                plan,
                validity,
                (frozen, pending),
                restrictions,
                (opened_at, opened_by),
            )| {
                Account {
                    number,
                    kind,
                    product,
                    face_value,
                    price,
                    balance,
                    plan,
                    validity,
                    frozen,
                    pending,
                    restrictions,
                    opened_at,
                    opened_by,
                }
            },
        )
}

fn entry() -> impl Strategy<Value = Entry> {
    let ledger = prop_oneof![
        account_number().prop_map(LedgerAccount::Account),
        id(SellerId::parse).prop_map(LedgerAccount::SellerPayable),
        id(CallerId::parse).prop_map(LedgerAccount::CallerReceivable),
        id(ProductId::parse).prop_map(LedgerAccount::DiscountGranted),
    ];
    let posting = (ledger, fen()).prop_map(|(ledger, amount)| Posting { ledger, amount });
    let kinds = select(vec![
        EntryKind::Payment,
        EntryKind::Reversal,
        EntryKind::Cancellation,
        EntryKind::Opening,
        EntryKind::Transfer,
        EntryKind::TopUp,
    ]);
    (
        any::<u64>(),
        id(OrderId::parse),
        kinds,
        time(),
        vec(posting, 0..4),
    )
        .prop_map(|(sequence, order, kind, at, postings)| Entry {
            sequence,
            order,
            kind,
            at,
            postings,
        })
}

fn sms() -> impl Strategy<Value = SmsState> {
    let code = (
        any::<[u8; 32]>(),
        id(CallerId::parse),
        order_key(),
        time(),
        any::<u32>(),
        option::of(order_key()),
        any::<bool>(),
    )
        .prop_map(
            |(digest, caller, request, sent_at, tries, used_by, handed_over)| SmsCode {
                digest: CodeDigest(digest),
                caller,
                request,
                sent_at,
                tries,
                used_by,
                handed_over,
            },
        );
    (vec(time(), 0..4), vec(code, 0..3)).prop_map(|(sent, codes)| SmsState { sent, codes })
}

fn event() -> impl Strategy<Value = Event> {
    let kinds = select(vec![
        EventKind::ReplayAfterWindow,
        EventKind::ReversalAfterWindow,
        EventKind::ReversalOfNonPayment,
        EventKind::KeyClosedBeforePayment,
        EventKind::PinBlockUnreadable,
        EventKind::PaymentCodeLocked,
        EventKind::IdentityMismatch,
    ]);
    (kinds, time(), text()).prop_map(|(kind, at, target)| Event { kind, at, target })
}

fn check<T: Body + PartialEq + std::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let read = T::from_body(&value.to_body());
    prop_assert_eq!(read.as_ref(), Ok(value));
    Ok(())
}

proptest! {
    #[test]
    fn an_order_is_read_as_it_was_written(order in order()) { check(&order)?; }

    #[test]
    fn a_customer_is_read_as_it_was_written(customer in customer()) { check(&customer)?; }

    #[test]
    fn an_account_is_read_as_it_was_written(account in account()) { check(&account)?; }

    #[test]
    fn an_entry_is_read_as_it_was_written(entry in entry()) { check(&entry)?; }

    #[test]
    fn sms_codes_are_read_as_they_were_written(state in sms()) { check(&state)?; }

    #[test]
    fn an_event_is_read_as_it_was_written(event in event()) { check(&event)?; }

    #[test]
    fn a_product_is_read_as_it_was_written(
        restrictions in restrictions(), kind in account_type(), price in fen(), uneven in option::of((fen(), fen())),
    ) {
        check(&Product { restrictions, kind, price, uneven, ..samples::product() })?;
    }

    #[test]
    fn damaged_bytes_are_an_error_or_another_value_and_never_a_panic(
        bytes in vec(any::<u8>(), 0..200),
        order in order(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut damaged = order.to_body().to_vec();
        let at = at.index(damaged.len());
        damaged[at] ^= 1 << bit;
        for body in [&bytes, &damaged] {
            let _ = Order::from_body(body);
            let _ = Customer::from_body(body);
            let _ = Account::from_body(body);
            let _ = Entry::from_body(body);
            let _ = SmsState::from_body(body);
            let _ = crate::ClaimValue::from_body(body);
            let _ = super::IndexTarget::from_body(body);
            let _ = super::ProofUse::from_body(body);
            let _ = Product::from_body(body);
            let _ = FuelProduct::from_body(body);
            let _ = Seller::from_body(body);
            let _ = CallerRecord::from_body(body);
            let _ = CatalogueSettings::from_body(body);
            let _ = AuditEntry::from_body(body);
            let _ = Event::from_body(body);
        }
    }
}
