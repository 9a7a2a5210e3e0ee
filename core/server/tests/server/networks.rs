//! Whose payment it is (decision 16), where terminals move and networks are withdrawn: who made a
//! payment gets its answer again, and another network learns nothing of a key.

use crate::faults::pos_key;
use crate::harness::{APP, NETWORK, NOON, OTHER_APP, by, document, refused};
use crate::story::{STRANGER, Story, cancel_of, key, payment, undo_of};
use map_domain::{CallerId, Order, OrderId, Slot, Timestamp};
use map_proto::payment::v1::{CancelPaymentResponse, PayRequest, PayResponse, ReversePaymentResponse};
use map_server::CoreConfig;
use map_store::faulty::Fault::{ClaimsOnly, UnknownHeld};
use map_store::records::closed_claim;
use map_store::{CommitOutcome, Store, keys};
use tonic::{Code, Status};

const OTHER_NETWORK: &str = "key-of-network-two";

fn denied() -> (Code, String) {
    (Code::PermissionDenied, "NETWORK_NOT_ALLOWED".to_owned())
}

fn by_a_stranger(serial: &str) -> PayRequest {
    PayRequest {
        consumer: STRANGER.to_owned(),
        ..payment(serial)
    }
}

impl Story {
    async fn pay_as(&self, caller: &str, request: PayRequest) -> Result<PayResponse, Status> {
        Ok(self.payments().pay(by(caller, request)).await?.into_inner())
    }

    async fn undo_as(&self, caller: &str, serial: &str) -> Result<ReversePaymentResponse, Status> {
        let request = by(caller, undo_of(serial));
        Ok(self.payments().reverse_payment(request).await?.into_inner())
    }

    async fn cancel_as(
        &self,
        caller: &str,
        serial: &str,
        original: &str,
    ) -> Result<CancelPaymentResponse, Status> {
        let request = by(caller, cancel_of(serial, original));
        Ok(self.payments().cancel_payment(request).await?.into_inner())
    }

    /// The first terminal goes from one network to the other.
    async fn move_terminal(&self) {
        let mut moved = document();
        moved.sellers[0].stores[0].terminals[0].network_id = "net2".to_owned();
        self.fixture.apply(moved).await.unwrap();
    }
}

#[tokio::test]
async fn a_repeat_gets_its_answer_though_the_network_was_withdrawn_from_its_app() {
    let story = Story::new().await;
    let paid = story.pay_as(APP, payment("1")).await.unwrap();
    let declined = refused(story.pay_as(APP, by_a_stranger("2")).await);
    assert_eq!(declined.1, "CONSUMER_UNKNOWN");
    story.pay(payment("3")).await.unwrap();
    story.pay(payment("5")).await.unwrap();
    let cancelled = story.cancel_as(APP, "6", "5").await.unwrap();
    let nothing = refused(story.cancel_as(APP, "7", "9").await);
    story.pay_as(APP, payment("10")).await.unwrap();
    let undone = story.undo_as(APP, "10").await;
    let fenced = refused(story.undo_as(APP, "11").await);
    let mut withdrawn = document();
    withdrawn.callers[2].network_ids = vec!["net2".to_owned()];
    story.fixture.apply(withdrawn).await.unwrap();
    assert_eq!(story.pay_as(APP, payment("1")).await.unwrap(), paid);
    assert_eq!(refused(story.pay_as(APP, by_a_stranger("2")).await), declined);
    assert_eq!(story.cancel_as(APP, "6", "5").await.unwrap(), cancelled);
    assert_eq!(refused(story.cancel_as(APP, "7", "9").await), nothing);
    assert_eq!(story.undo_as(APP, "10").await.unwrap(), undone.unwrap());
    assert_eq!(refused(story.undo_as(APP, "11").await), fenced);
    // Not what the network itself made, nothing new, and nothing is given back.
    assert_eq!(refused(story.pay_as(APP, payment("3")).await), denied());
    assert_eq!(refused(story.pay_as(APP, payment("4")).await), denied());
    assert_eq!(refused(story.undo_as(APP, "1").await), denied());
    assert_eq!(refused(story.cancel_as(APP, "8", "1").await), denied());
    story.pay(payment("4")).await.unwrap();
    assert_eq!(story.cash().await, 10_000);
    story.sound().await;
}

#[tokio::test]
async fn a_payment_stays_its_networks_when_the_terminal_moves_to_another() {
    let story = Story::new().await;
    let paid = story.pay(payment("1")).await.unwrap();
    let declined = refused(story.pay(by_a_stranger("2")).await);
    story.cancel("3", "9").await.unwrap_err();
    story.move_terminal().await;
    assert_eq!(story.pay(payment("1")).await.unwrap(), paid);
    assert_eq!(story.pay_as(APP, payment("1")).await.unwrap(), paid);
    assert_eq!(refused(story.pay(by_a_stranger("2")).await), declined);
    for caller in [OTHER_NETWORK, OTHER_APP] {
        for request in [payment("1"), by_a_stranger("1"), payment("2"), by_a_stranger("2")] {
            assert_eq!(refused(story.pay_as(caller, request).await), denied());
        }
        for serial in ["1", "2"] {
            assert_eq!(refused(story.undo_as(caller, serial).await), denied());
        }
        for original in ["9", "8"] {
            assert_eq!(refused(story.cancel_as(caller, "3", original).await), denied());
        }
    }
    assert_eq!(refused(story.pay(payment("4")).await), denied());
    story.undo("1").await.unwrap();
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

/// Whatever a key holds, another network is told the same: neither that it is used nor for what.
#[tokio::test(start_paused = true)]
async fn another_network_learns_nothing_of_any_key() {
    let story = Story::new().await;
    story.pay(payment("paid")).await.unwrap();
    story.pay(by_a_stranger("unknown")).await.unwrap_err();
    let too_much = PayRequest {
        amount_fen: 1_000_000,
        ..payment("declined")
    };
    story.pay(too_much).await.unwrap_err();
    story.undo("closed").await.unwrap_err();
    story.store.faults.script(&[ClaimsOnly; 4]);
    story.pay(payment("pending")).await.unwrap_err();
    story.store.faults.script(&[ClaimsOnly; 4]);
    story.cancel("pending", "paid").await.unwrap_err();
    for caller in [OTHER_NETWORK, OTHER_APP] {
        for serial in ["paid", "unknown", "declined", "closed", "pending", "free"] {
            let other = PayRequest {
                amount_fen: 1,
                ..payment(serial)
            };
            assert_eq!(refused(story.pay_as(caller, other).await), denied(), "{serial}");
            assert_eq!(refused(story.undo_as(caller, serial).await), denied(), "{serial}");
            if serial != "pending" {
                let same = story.pay_as(caller, payment(serial)).await;
                assert_eq!(refused(same), denied(), "{serial}");
            }
        }
        // Who asks for the very same payment may be who made it, and it may still happen: no "no".
        let same = story.pay_as(caller, payment("pending")).await;
        assert_eq!(refused(same), (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned()));
        let same = story.cancel_as(caller, "pending", "paid").await;
        assert_eq!(refused(same), (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned()));
        let other = story.cancel_as(caller, "pending", "declined").await;
        assert_eq!(refused(other), denied());
    }
    story.pay(payment("pending")).await.unwrap();
    assert_eq!(story.cash().await, 40_000);
    story.cancel("pending", "paid").await.unwrap();
    assert_eq!(story.cash().await, 70_000);
    story.sound().await;
}

/// The cancellation's commit is still on its way, and nobody knows, when its reference becomes the serial of
/// another network's payment.
#[tokio::test(start_paused = true)]
async fn a_cancellation_that_is_under_way_is_not_refused_because_its_reference_now_leads_elsewhere() {
    let mut config = CoreConfig::default();
    config.ledger.settle_ms = 1_000;
    let story = Story::with(config).await;
    story.top_up("T-1", 100_000).await.unwrap();
    story.set_code("C-1").await.unwrap();
    let paid = story.pay(payment("1")).await.unwrap();
    let number = paid.payment.unwrap().order_number;
    story.store.faults.script(&[UnknownHeld]);
    let (told, ()) = tokio::join!(story.cancel("2", &number), async {
        while story.store.faults.unmet() > 0 {
            tokio::task::yield_now().await;
        }
        story.move_terminal().await;
        let theirs = story.pay_as(OTHER_APP, by_a_stranger(&number)).await;
        assert_eq!(refused(theirs).1, "CONSUMER_UNKNOWN");
    });
    assert_eq!(refused(told), (Code::Unavailable, "OUTCOME_UNKNOWN".to_owned()));
    let arrived = story.store.arrive().await;
    assert!(matches!(arrived[..], [CommitOutcome::Applied(_)]), "{arrived:?}");
    story.cancel("2", &number).await.unwrap();
    assert_eq!(story.cash().await, 100_000);
    story.sound().await;
}

/// The process that closed the key died before it closed the other slots.
#[tokio::test]
async fn a_closed_key_is_not_fenced_further_by_another_network() {
    let story = Story::new().await;
    let pos = pos_key(&story, "1");
    let closure = Order::closure(
        pos.slot(Slot::Pay),
        OrderId::parse("ud00000000000000000001").unwrap(),
        CallerId::parse("network/net1").unwrap(),
        Timestamp::from_millis(NOON),
    );
    story.store.claim(vec![closed_claim(&closure)]).await.unwrap();
    let others = [Slot::Cancel, Slot::Open].map(|slot| keys::order_claim(&pos.slot(slot)));
    for caller in [OTHER_NETWORK, OTHER_APP] {
        assert_eq!(refused(story.undo_as(caller, "1").await), denied());
        assert_eq!(story.store.read_claims(&others).await.unwrap(), [None, None]);
    }
    let undone = refused(story.payments().reverse_payment(by(NETWORK, undo_of("1"))).await);
    assert_eq!(undone.1, "PAYMENT_UNKNOWN_KEY_CLOSED");
    let held = story.store.read_claims(&others).await.unwrap();
    assert!(held.iter().all(Option::is_some), "{:?}", key("1"));
    story.sound().await;
}
