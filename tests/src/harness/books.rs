//! The ledger as an operator sees it: trial balance, events, the life of a payment.

use super::call::Pos;
use super::grpc::{refused, wait};
use super::server::Server;
use super::world::{app, secrets};
use map_client::proto::common::v1::PosKey;
use map_client::proto::operator::v1::{
    FreezeAccountRequest, GetTrialBalanceRequest, ListEventsRequest, UnfreezeAccountRequest,
};
use map_client::proto::payment::v1::{FindPaymentRequest, Payment};
use map_client::{Error, ErrorReason};

/// Sums by ledger account, and how many entries there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialBalance {
    pub lines: Vec<(String, i64)>,
    pub entries: i64,
}

impl Pos {
    /// The key of the canonical contract.
    pub fn key(&self) -> PosKey {
        PosKey {
            seller_id: self.seller.clone(),
            terminal_id: self.terminal.clone(),
            batch_number: self.batch.clone(),
            serial_number: self.serial.clone(),
        }
    }
}

impl Server {
    /// The trial balance; panics unless it sums to zero.
    pub fn trial_balance(&self) -> TrialBalance {
        let answer =
            wait(self.operator().get_trial_balance(GetTrialBalanceRequest {})).expect("trial balance");
        assert_eq!(answer.total_fen, 0, "{answer:?}");
        assert_eq!(
            answer.lines.iter().map(|line| line.balance_fen).sum::<i64>(),
            0,
            "{answer:?}"
        );
        let lines = answer
            .lines
            .into_iter()
            .map(|line| (line.ledger_account, line.balance_fen))
            .collect();
        TrialBalance {
            lines,
            entries: answer.entry_count,
        }
    }

    /// The payment under a key; none: the key is unknown.
    pub fn payment(&self, pos: &Pos) -> Option<Payment> {
        let bearer = if pos.network == "posp2" {
            &secrets().network2
        } else {
            &secrets().network1
        };
        match wait(
            self.client(bearer)
                .find_payment(FindPaymentRequest { key: Some(pos.key()) }),
        ) {
            Ok(found) => found.payment,
            Err(error) => {
                assert_eq!(refused::<()>(Err(error)), ErrorReason::PaymentNotFound);
                None
            }
        }
    }

    /// The kinds of all events whose target holds this text.
    pub fn events(&self, target: &str) -> Vec<String> {
        let request = ListEventsRequest {
            page_size: 500,
            page_token: String::new(),
        };
        let events = wait(self.operator().list_events(request)).expect("events").events;
        events
            .into_iter()
            .filter(|event| event.target.contains(target))
            .map(|event| event.kind)
            .collect()
    }

    /// Freezes an account.
    pub fn freeze(&self, account_number: &str) {
        let request = FreezeAccountRequest {
            idempotency_key: super::people::order_number(),
            account_number: account_number.to_owned(),
            reason: "test".to_owned(),
        };
        wait(self.operator().freeze_account(request)).expect("frozen");
    }

    /// Lifts a freeze.
    pub fn unfreeze(&self, account_number: &str) {
        let request = UnfreezeAccountRequest {
            idempotency_key: super::people::order_number(),
            account_number: account_number.to_owned(),
            reason: "test".to_owned(),
        };
        wait(self.operator().unfreeze_account(request)).expect("not frozen");
    }

    /// Whether this app may see the payment.
    pub fn app_sees(&self, app_id: &str, pos: &Pos) -> Result<(), Error> {
        let request = FindPaymentRequest { key: Some(pos.key()) };
        wait(self.client(&app(app_id).bearer).find_payment(request)).map(drop)
    }
}
