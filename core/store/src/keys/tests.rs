//! The bytes of names, held fast.

use super::*;
use crate::codec::properties::order_key;
use crate::codec::samples::{self, NOW, by_caller, mobile, number, order_id, pos};
use crate::codec::{operation_code, operation_from_code, slot_code, slot_from_code};
use crate::{ClaimTable, IndexKey, ProofDigest, RowKind};
use map_domain::{Operation, SellerId, Slot, Timestamp};
use proptest::prelude::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_stored_bytes_of_names_do_not_change() {
    let partition = customer(samples::customer_id());
    let event = stream_row(RowKind::Outbox, NOW, 7, 1);
    let seller = SellerId::parse("SH12345").unwrap();
    let row = order_row(&by_caller(Operation::OpenCard, "A-7"));
    let table: [(&[u8], &str); 13] = [
        (
            &account_row(&number("2010888123456789")).key,
            "32303130383838313233343536373839",
        ),
        (
            &order_row(&pos("000123", Slot::Pay)).key,
            "0107534831323334350354303100000002063030303030370630303031323301",
        ),
        (
            &order_row(&by_caller(Operation::OpenCard, "A-7")).key,
            "020a6170702f77616c6c65740103412d37",
        ),
        (&entry_row(300).key, "000000000000012c"),
        (&event.key, "800001a1fca47a00000000000000000700000001"),
        (&Item::Seller("SH12345").row().key, "73656c6c65722f53483132333435"),
        (
            &account_claim(&number("2010888123456789")).key,
            "1032303130383838313233343536373839",
        ),
        (
            &mobile_claim(&mobile(), 1).key,
            "0b313338303030303132333400000001",
        ),
        (
            &proof_claim(&samples::caller(), &ProofDigest([7; 32])).key,
            "0a6e6574776f726b2f6e310707070707070707070707070707070707070707070707070707070707070707",
        ),
        (
            &order_number(&order_id("ud1"), NumberRole::Own, &partition, &row).key,
            "037564310022633a333033313332333333343335333633373338333936313632363336343635363602020a6170702f77616c6c65740103412d37",
        ),
        (
            &order_number(&order_id("ud1"), NumberRole::Step, &partition, &row).key,
            "037564310122633a333033313332333333343335333633373338333936313632363336343635363602020a6170702f77616c6c65740103412d37",
        ),
        (
            &seller_day(&seller, 20_261_121, &order_id("ud1"), &partition, &row).key,
            "0753483132333435013529010375643122633a333033313332333333343335333633373338333936313632363336343635363602020a6170702f77616c6c65740103412d37",
        ),
        (
            &outbox(NOW, &partition, &event).key,
            "7ffffe5e035b85ff22633a333033313332333333343335333633373338333936313632363336343635363606800001a1fca47a00000000000000000700000001",
        ),
    ];
    for (name, expected) in table {
        assert_eq!(hex(name), expected);
    }
}

#[test]
fn a_claim_of_an_order_has_the_bytes_of_its_row() {
    for key in [pos("1", Slot::Cancel), by_caller(Operation::TopUp, "n")] {
        assert_eq!(order_claim(&key).key, order_row(&key).key);
    }
    assert_eq!(order_claim(&pos("1", Slot::Pay)).table, ClaimTable::Pos);
    assert_eq!(
        order_claim(&by_caller(Operation::TopUp, "n")).table,
        ClaimTable::CallerOrder
    );
}

#[test]
fn stored_numbers_of_slots_and_operations_do_not_change() {
    let operations = [
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
    ];
    assert_eq!(
        operations.map(operation_code),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    );
    assert_eq!(
        [Slot::Pay, Slot::Cancel, Slot::Open, Slot::Query].map(slot_code),
        [1, 2, 3, 4]
    );
    assert_eq!(slot_from_code(0), None);
    assert_eq!(slot_from_code(5), None);
    assert_eq!(operation_from_code(0), None);
    assert_eq!(operation_from_code(13), None);
}

#[test]
fn names_are_read_back() {
    let seller = SellerId::parse("SH12345").unwrap();
    let id = order_id("ud1");
    assert_eq!(parse_entry(&entry_row(300).key), Some(300));
    assert_eq!(
        parse_account_claim(&account_claim(&number("2010888123456789")).key),
        Some(number("2010888123456789"))
    );
    assert_eq!(
        parse_mobile_claim(&mobile_claim(&mobile(), 9).key),
        Some((mobile(), 9))
    );
    let partition = customer(samples::customer_id());
    let row = order_row(&pos("1", Slot::Pay));
    for role in [NumberRole::Own, NumberRole::Step] {
        assert_eq!(
            parse_order_number(&order_number(&id, role, &partition, &row).key),
            Some((id.clone(), role, (partition.clone(), row.clone())))
        );
    }
    assert_eq!(
        parse_seller_day(&seller_day(&seller, 7, &id, &partition, &row).key),
        Some((seller, 7, id, (partition.clone(), row)))
    );
    let event = stream_row(RowKind::Outbox, NOW, 7, 1);
    assert_eq!(
        outbox_of_row(&partition, &event),
        Some(outbox(NOW, &partition, &event))
    );
    for item in [
        Item::Product("a/b"),
        Item::FuelProduct("92"),
        Item::Seller("settings"),
        Item::Caller("app/wallet"),
        Item::Settings,
    ] {
        assert_eq!(Item::parse(&item.row().key), Some(item));
    }
    assert_eq!(Item::parse(b"settings/"), None);
    assert_eq!(Item::parse(b"other/x"), None);
}

#[test]
fn a_prefix_holds_its_places_and_no_others() {
    let seller = |text: &str| SellerId::parse(text).unwrap();
    let (partition, row) = (events("S1/T1"), order_row(&pos("1", Slot::Pay)));
    let in_day = |name: &str, day: u32| seller_day(&seller(name), day, &order_id("x"), &partition, &row).key;
    let numbered = |id: &str, role| order_number(&order_id(id), role, &partition, &row).key;
    let day = seller_day_prefix(&seller("A"), 20_261_121);
    assert!(in_day("A", 20_261_121).starts_with(&day));
    for (name, other) in [("A", 20_261_122), ("AA", 20_261_121)] {
        assert!(!in_day(name, other).starts_with(&day));
    }
    let number = order_number_prefix(&order_id("ud1"));
    assert!(numbered("ud1", NumberRole::Step).starts_with(&number));
    assert!(!numbered("ud10", NumberRole::Own).starts_with(&number));
}

#[test]
fn two_rows_have_two_places_whatever_number_they_carry() {
    let seller = SellerId::parse("A").unwrap();
    let id = order_id("ud1");
    let rows = [pos("1", Slot::Pay), pos("2", Slot::Pay)].map(|key| order_row(&key));
    let homes = [1, 2].map(|n| customer(CustomerId::new([n; 16])));
    let pointers: Vec<_> = homes
        .iter()
        .flat_map(|home| rows.iter().map(move |row| (home, row)))
        .collect();
    let mut places: Vec<IndexKey> = pointers
        .iter()
        .flat_map(|(home, row)| {
            [
                order_number(&id, NumberRole::Own, home, row),
                seller_day(&seller, 7, &id, home, row),
            ]
        })
        .collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 8);
}

#[test]
fn later_is_after_and_the_outbox_shows_the_newest_first() {
    let partition = events("S1/T1");
    let times = [i64::MIN, -1, 0, 1, 1_795_240_000_000, i64::MAX].map(Timestamp::from_millis);
    for (earlier, later) in times.iter().zip(&times[1..]) {
        let rows = [*earlier, *later].map(|at| stream_row(RowKind::Outbox, at, 3, 0));
        assert!(rows[0] < rows[1], "{earlier:?} {later:?}");
        assert!(outbox(*earlier, &partition, &rows[0]) > outbox(*later, &partition, &rows[1]));
    }
    assert!(stream_row(RowKind::Item, NOW, 1, 9) < stream_row(RowKind::Item, NOW, 2, 0));
    assert!(stream_row(RowKind::Item, NOW, 2, 9) < stream_row(RowKind::Item, NOW, 2, 10));
    assert!(entry_row(255) < entry_row(256));
}

#[test]
fn what_is_no_name_is_not_read() {
    let name = order_row(&pos("000123", Slot::Pay)).key;
    for end in 0..name.len() {
        assert_eq!(parse_order(&name[..end]), None, "cut at {end}");
    }
    let mut longer = name.to_vec();
    longer.push(0);
    assert_eq!(parse_order(&longer), None);
    // A length written in more bytes than it takes would be a second name of the same thing.
    assert_eq!(parse_account_claim(b"\x90\x002010888123456789"), None);
    assert_eq!(parse_order_number(b"\x03ud1\x02"), None);
    // A proof has 32 bytes.
    let proof = proof_claim(&samples::caller(), &ProofDigest([7; 32])).key;
    assert_eq!(
        parse_proof_claim(&proof),
        Some((samples::caller(), ProofDigest([7; 32])))
    );
    assert_eq!(parse_proof_claim(&proof[..proof.len() - 1]), None);
    assert_eq!(parse_proof_claim(&[&proof[..], &[7]].concat()), None);
}

proptest! {
    #[test]
    fn an_order_key_is_read_back(key in order_key()) {
        prop_assert_eq!(parse_order(&order_row(&key).key), Some(key));
    }

    #[test]
    fn long_texts_are_read_back(number in "[a-c]{0,400}") {
        let key = by_caller(Operation::TopUp, &number);
        prop_assert_eq!(parse_order(&order_row(&key).key), Some(key));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = parse_order(&bytes);
        let _ = parse_seller_day(&bytes);
        let _ = parse_order_number(&bytes);
        let _ = parse_mobile_claim(&bytes);
        let _ = parse_account_claim(&bytes);
        let _ = parse_proof_claim(&bytes);
        let _ = parse_entry(&bytes);
        let _ = Item::parse(&bytes);
    }
}
