//! A server with a customer, a card, payments to be given back; and the state that must not change.

use crate::harness::books::TrialBalance;
use crate::harness::people::{new_id_number, new_mobile, order_number};
use crate::harness::*;
use map_client::proto::common::v1::Account;
use map_client::proto::customer::v1::{Customer as Known, GetCustomerRequest};
use map_client::proto::opening::v1::OpenCardRequest;

/// All that a refused call could have changed.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    trial: TrialBalance,
    accounts: Vec<Account>,
    cards: Vec<Account>,
    customer: Option<Known>,
}

/// The scene of a table.
pub struct Bench {
    pub server: Server,
    pub customer: Customer,
    /// Paid, for undo and cancel.
    pub paid: Pos,
    /// Owner and number of an instalment card; no payment code, so that a transfer needs none.
    card: (String, String),
    /// The app's order number of an opening.
    opened: String,
    /// Who asked for an SMS code, and the code.
    applicant: (String, String),
    before: State,
}

impl Bench {
    pub fn new() -> Self {
        let server = Server::start(Setup::default());
        let customer = server.customer(100_000);
        let paid = Pos::new();
        front_pay(&customer, &paid, 700)
            .send(&server)
            .answer()
            .success("支付成功");
        let owner = new_mobile();
        let opened = order_number();
        let request = OpenCardRequest {
            idempotency_key: opened.clone(),
            id_number: new_id_number(),
            name: "李四".to_owned(),
            mobile_number: owner.clone(),
            sms_code: server.sms_code("wallet", &owner),
            product_id: "1099".to_owned(),
            ..OpenCardRequest::default()
        };
        let opening = wait(server.client(&world::app("wallet").bearer).open_card(request))
            .expect("opened")
            .opening;
        let number = opening
            .and_then(|opening| opening.card)
            .expect("a card")
            .account_number;
        let mobile = new_mobile();
        let applicant = (mobile.clone(), server.sms_code("wallet", &mobile));
        let card = (owner, number);
        let before = state(&server, &customer, &card.0);
        Self {
            server,
            customer,
            paid,
            card,
            opened,
            applicant,
            before,
        }
    }

    /// A call that succeeds, with a key that nothing used.
    pub fn good(&self, id: &str) -> Call {
        let pos = Pos::new();
        let call = Call::sample(id);
        match id {
            "front.offline.pay" | "gw.offline.pay" => call.by(&self.customer).at(&pos).with("sum", 100),
            "front.offline.pay_cancel" | "gw.offline.pay_cancel" => {
                call.at(&pos).with("orderId", &self.paid.serial)
            }
            "front.offline.pay_undo" | "gw.offline.pay_undo" => call.at(&self.paid),
            "front.offline.get_account_info" | "gw.offline.get_account_info" => {
                call.by(&self.customer).at(&pos)
            }
            "front.offline.download_product@002" | "front.offline.download_product@003" => call.at(&pos),
            "gw.oilcard.open_online" => call
                .with("ID", new_id_number())
                .with("mobileNum", &self.applicant.0)
                .with("smsCode", &self.applicant.1)
                .with("productId", "1010")
                .with("appOrderId", order_number()),
            "front.oilcard.get" => call.with("appOrderId", &self.opened),
            "gw.oilcard.transfer_to_cashAccount" => call
                .with("mobileNum", &self.card.0)
                .with("accountId", &self.card.1)
                .with("sum", 100)
                .with("appOrderId", order_number())
                .without("accountCode")
                .without("paymentCodeMD5"),
            other => panic!("no good call for {other}"),
        }
    }

    /// Sends what must be refused: the documented error, and nothing has changed.
    #[track_caller]
    pub fn refused(&self, case: &str, call: &Call, body: &str) -> String {
        let answer = call.post(&self.server, body.as_bytes()).answer();
        assert!(
            !answer.succeeded(),
            "{case}: {} was accepted: {}",
            call.endpoint.id,
            answer.json
        );
        let reason = call.endpoint.refusal(&answer);
        if call.endpoint.failure_echo {
            assert_eq!(answer.json.text("request"), body, "{case}");
        }
        self.unchanged(case);
        reason
    }

    /// Nothing has changed since the start.
    #[track_caller]
    pub fn unchanged(&self, case: &str) {
        assert_eq!(
            state(&self.server, &self.customer, &self.card.0),
            self.before,
            "{case}"
        );
    }

    /// The call as it should be.
    #[track_caller]
    pub fn accepted(&self, case: &str, call: &Call) -> Answer {
        let answer = call.send(&self.server).answer();
        assert!(
            answer.succeeded(),
            "{case}: {} should succeed: {}",
            call.endpoint.id,
            answer.json
        );
        answer
    }
}

fn state(server: &Server, customer: &Customer, owner: &str) -> State {
    let request = GetCustomerRequest {
        mobile_number: customer.mobile.clone(),
        ..GetCustomerRequest::default()
    };
    State {
        trial: server.trial_balance(),
        accounts: server.accounts(&customer.mobile),
        cards: server.accounts(owner),
        customer: wait(server.operator().get_customer(request))
            .expect("the customer")
            .customer,
    }
}
