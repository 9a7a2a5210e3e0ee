//! What is stored can be wrong, by a defect or by a hand in the folder: then a decision is told before it is
//! written, and nothing moves.

use crate::harness::refused;
use crate::story::{Story, payment};
use map_domain::{Order, OrderDetail, OrderId};
use map_proto::payment::v1::PaymentState;
use map_store::codec::Body;
use map_store::{Commit, CommitOutcome, Load, Row, RowWrite, Store, keys, records};
use tonic::Code;

/// Writes another payment in the place of the one with this number.
async fn forge(store: &dyn Store, number: &str, forge: impl FnOnce(&mut Order)) {
    let number = OrderId::parse(number).unwrap();
    let mut found = records::find_by_number(store, &number).await.unwrap();
    let mut payment = found.remove(0);
    forge(&mut payment.order);
    let row = Row {
        key: keys::order_row(&payment.order.key),
        body: payment.order.to_body(),
    };
    let before = store.load(&payment.partition, Load::default()).await.unwrap();
    let commit = Commit {
        partition: payment.partition,
        expected: before.version,
        rows: vec![RowWrite::Put(row)],
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    };
    let outcome = store.commit(commit).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Applied(_)), "{outcome:?}");
}

/// A payment that is done and names no account that paid: the money can't go back.
#[tokio::test]
async fn a_decision_that_breaks_an_invariant_is_not_written() {
    let story = Story::new().await;
    let paid = story.pay(payment("1")).await.unwrap().payment.unwrap();
    forge(&*story.store, &paid.order_number, |order| {
        let OrderDetail::Payment(detail) = &mut order.detail else {
            panic!("{order:?}")
        };
        detail.account = None;
    })
    .await;
    let (cash, entries) = (story.cash().await, story.entries().await);
    let internal = (Code::Internal, "INTERNAL".to_owned());
    assert_eq!(refused(story.undo("1").await), internal);
    assert_eq!(refused(story.cancel("2", "1").await), internal);
    assert_eq!(story.find("1").await.unwrap().state(), PaymentState::Paid);
    assert_eq!((story.cash().await, story.entries().await), (cash, entries));
}
