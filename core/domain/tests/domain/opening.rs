//! Opening a card: postings, customer and cash account, what is refused (decisions 23–26, 32).

use crate::world::{CASH, INSTALMENT, World, number, product};
use map_domain::command::open_card::OpenCard;
use map_domain::{
    EventKind, Fen, IdentityDigest, LedgerAccount, OrderDetail, OrderState, Refusal, Timestamp,
};

#[test]
fn the_face_value_is_posted_at_once_the_caller_owes_the_price_and_the_rest_is_given() {
    let mut world = World::new();
    let open = world.open("1", product());
    let order = world.do_open(&open).unwrap();
    let OrderDetail::Opening(detail) = &order.detail else {
        panic!("{order:?}")
    };
    assert_eq!(detail.card, Some(number(INSTALMENT)));
    let entry = &world.journal[0];
    let moved = |ledger: LedgerAccount| entry.moved(&ledger).unwrap().get();
    assert_eq!(moved(LedgerAccount::Account(number(INSTALMENT))), 100_000);
    assert_eq!(
        moved(LedgerAccount::CallerReceivable(open.caller.clone())),
        -95_000
    );
    assert_eq!(
        moved(LedgerAccount::DiscountGranted(open.product_id.clone())),
        -5_000
    );
    assert_eq!(
        (world.account(CASH).balance, world.available(INSTALMENT)),
        (Fen::ZERO, 33_333)
    );
    assert_eq!(world.state.customer.identity, Some(open.identity));
    assert_eq!(world.do_open(&open), Ok(order), "a repeat opens nothing");
    assert_eq!(world.state.accounts.len(), 2);
    world.assert_books_balance();
}

#[test]
fn a_card_at_its_face_value_gives_nothing_away() {
    let mut world = World::new();
    let mut product = product();
    product.price = product.face_value;
    let open = world.open("1", product);
    world.do_open(&open).unwrap();
    assert_eq!(world.journal[0].postings.len(), 2);
}

#[test]
fn a_second_card_keeps_the_cash_account() {
    let mut world = World::with_cash(100);
    let open = OpenCard {
        cash_number: number("9501888000000009"),
        ..world.open("1", product())
    };
    world.do_open(&open).unwrap();
    assert_eq!(world.state.accounts.len(), 2);
    assert_eq!(world.available(CASH), 100);
}

/// Spoils an opening in one way.
type Spoil = fn(&mut World, &mut OpenCard);

const SPOILS: [(Refusal, Spoil); 4] = [
    (Refusal::OpeningExpired, |world, open| {
        open.received_at = Timestamp::from_millis(world.now.as_millis() - 30_001);
    }),
    (Refusal::ProductUnknown, |_, open| open.product = None),
    (Refusal::ProductUnknown, |_, open| {
        open.product.as_mut().unwrap().active = false
    }),
    (Refusal::IdentityMismatch, |world, _| {
        world.state.customer.identity = Some(IdentityDigest([9; 32]))
    }),
];

#[test]
fn each_refusal_is_committed_in_order_of_precedence() {
    for (place, (expect, first)) in SPOILS.iter().enumerate() {
        for (also, second) in SPOILS.iter().skip(place) {
            let mut world = World::new();
            let mut open = world.open("1", product());
            second(&mut world, &mut open);
            first(&mut world, &mut open);
            let expect = *expect;
            assert_eq!(world.do_open(&open), Err(expect), "with {also}");
            assert_eq!(
                world.state.order(&open.key).unwrap().state,
                OrderState::Declined(expect)
            );
            assert!(world.state.accounts.is_empty() && world.journal.is_empty());
            let mismatch = (expect == Refusal::IdentityMismatch).then_some(EventKind::IdentityMismatch);
            assert_eq!(world.events, mismatch.into_iter().collect::<Vec<_>>());
            // What was in its way goes: the same bytes still open nothing.
            world.state.customer.identity = None;
            let again = OpenCard {
                content: open.content,
                ..world.open("1", product())
            };
            assert_eq!(world.do_open(&again), Err(expect));
        }
    }
}

#[test]
fn the_deadline_s_last_moment_is_in_time() {
    let mut world = World::new();
    let mut open = world.open("1", product());
    open.received_at = world.now.saturating_add_millis(-30_000);
    assert!(world.do_open(&open).is_ok());
}
