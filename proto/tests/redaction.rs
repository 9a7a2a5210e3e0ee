//! No message prints what identifies a person or opens an account, however it is printed.
#![cfg(test)]
#![allow(missing_docs, reason = "a test")]

use map_proto::common::v1::payment_code::Form;
use map_proto::{account, common, customer, opening, operator, payment, provisioning, transfer};
use protox::prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, Value};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// What fields are called that hold such things.
const PERSONAL: [&str; 13] = [
    "mobile_number",
    "account_number",
    "ledger_account",
    "consumer",
    "id_number",
    "sms_code",
    "code",
    "digits",
    "md5_hex",
    "pin_block_hex",
    "card_pin_block_hex",
    "edge_settings_json",
    "bearer_key_sha256",
];

/// What every such field is filled with here.
const SECRET: &str = "13912345678-hidden";
/// What every other text is filled with.
const OPEN: &str = "to-be-seen";

fn pool() -> DescriptorPool {
    DescriptorPool::decode(map_proto::DESCRIPTOR_SET).unwrap()
}

fn is_redacted(field: &protox::prost_reflect::FieldDescriptor) -> bool {
    let options = field.options();
    let redact = options.get_field_by_name("debug_redact");
    redact.is_some_and(|value| value.as_bool() == Some(true))
}

/// A message with every text in it filled, those of messages within it, too.
fn filled(kind: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(kind.clone());
    for field in kind.fields() {
        let one = match field.kind() {
            Kind::String if is_redacted(&field) => Value::String(SECRET.to_owned()),
            Kind::String => Value::String(OPEN.to_owned()),
            Kind::Message(inner) if inner.package_name().starts_with("map.") => {
                Value::Message(filled(&inner))
            }
            _ => continue,
        };
        let value = if field.is_list() {
            Value::List(vec![one])
        } else {
            one
        };
        message.set_field(&field, value);
    }
    message
}

/// Prints one type filled; its name, for the list of those that were looked at.
fn check<M: prost::Message + Default + Debug>(name: &str) -> String {
    let kind = pool().get_message_by_name(name).unwrap();
    let bytes = prost::Message::encode_to_vec(&filled(&kind));
    let message = M::decode(bytes.as_slice()).unwrap();
    for text in [format!("{message:?}"), format!("{message:#?}")] {
        assert!(!text.contains("13912345678"), "{name}: {text}");
        assert!(
            text.contains('…'),
            "{name} does not say that something is there: {text}"
        );
    }
    let empty = format!("{:?}", M::default());
    assert!(!empty.contains('…'), "{empty}");
    name.to_owned()
}

macro_rules! checked {
    ($($area:ident { $($name:ident),* $(,)? })*) => {
        BTreeSet::from([$($(check::<$area::v1::$name>(
            concat!("map.", stringify!($area), ".v1.", stringify!($name))
        )),*),*])
    };
}

#[test]
fn every_message_with_a_redacted_field_is_printed_without_it() {
    let checked = checked! {
        account {
            GetAccountRequest, GetBalanceRequest, ListAccountsRequest, ListAccountsResponse, ListEntriesRequest,
            Posting,
        }
        common { Account, AccountSummary, PaymentCode }
        customer {
            Customer, GetCustomerRequest, ResetPaymentCodeRequest, SendSmsCodeRequest, SetPaymentCodeRequest,
        }
        opening { OpenCardRequest }
        operator {
            FreezeAccountRequest, ListSentSmsCodesRequest, SentSmsCode, UnfreezeAccountRequest,
            UnlockPaymentCodeRequest,
        }
        payment { PayRequest, Payment }
        provisioning { Caller }
        transfer { TopUpRequest, TransferToCashRequest }
    };
    let pool = pool();
    let redacted: BTreeSet<_> = pool
        .all_messages()
        .filter(|message| message.fields().any(|field| is_redacted(&field)))
        .map(|message| message.full_name().to_owned())
        .collect();
    assert_eq!(checked, redacted);
}

/// Messages around them print what they hold by its own means.
#[test]
fn messages_that_hold_redacted_ones_print_nothing_of_them() {
    check::<payment::v1::PayResponse>("map.payment.v1.PayResponse");
    check::<opening::v1::OpenCardResponse>("map.opening.v1.OpenCardResponse");
    check::<account::v1::ListEntriesResponse>("map.account.v1.ListEntriesResponse");
    check::<operator::v1::ListSentSmsCodesResponse>("map.operator.v1.ListSentSmsCodesResponse");
    check::<provisioning::v1::ApplyRequest>("map.provisioning.v1.ApplyRequest");
    check::<provisioning::v1::GetDirectoryResponse>("map.provisioning.v1.GetDirectoryResponse");
    for form in [
        Form::Digits("246810".to_owned()),
        Form::Md5Hex("246810".to_owned()),
        Form::PinBlockHex("246810".to_owned()),
        Form::CardPinBlockHex("246810".to_owned()),
    ] {
        assert!(!format!("{form:?}").contains("246810"));
    }
}

/// A new field of such a name is not forgotten.
#[test]
fn every_field_that_is_called_like_a_secret_is_redacted() {
    let mut seen = BTreeSet::new();
    for message in pool()
        .all_messages()
        .filter(|message| message.package_name().starts_with("map."))
    {
        for field in message.fields().filter(|field| PERSONAL.contains(&field.name())) {
            seen.insert(field.name().to_owned());
            // A line of the trial balance sums accounts by their type.
            let sum = message.name() == "TrialBalanceLine";
            assert_eq!(is_redacted(&field), !sum, "{}", field.full_name());
        }
    }
    assert_eq!(seen.len(), PERSONAL.len());
}

#[test]
fn what_is_not_redacted_is_printed() {
    let customer = customer::v1::Customer {
        customer_id: OPEN.to_owned(),
        payment_code_status: customer::v1::PaymentCodeStatus::Locked.into(),
        ..customer::v1::Customer::default()
    };
    let account = common::v1::Account {
        r#type: common::v1::AccountType::Cash.into(),
        available_fen: 4711,
        ..common::v1::Account::default()
    };
    let text = format!(
        "{customer:?} {account:?} {:?}",
        transfer::v1::TopUpResponse::default()
    );
    for part in [
        OPEN,
        "Locked",
        "Cash",
        "4711",
        "mobile_number: -",
        "cash_account: None",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}
