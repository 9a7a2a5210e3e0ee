//! The calls of a deal, each sent once.

use super::cast::Member;
use super::deal::{Known, Payment, Plan, Transfer, Way};
use crate::harness::call::md5;
use crate::harness::people::digits;
use crate::harness::world::{app, secrets};
use crate::harness::{
    Call, Pos, Reply, Server, front_cancel, front_pay, front_undo, gw_cancel, gw_pay, gw_undo, wait,
};
use map_client::proto::payment::v1::{CancelPaymentRequest, PayRequest, Purchase, ReversePaymentRequest};
use map_client::proto::transfer::v1::TransferToCashRequest;
use map_client::{Error, ErrorReason};
use map_legacy_crypto::Charset;

/// What an undo says that found no payment.
const FENCED: &str = "已登记不再扣款";
/// Where the answer about a payment has its number.
const ORDER: &str = "order.orderId";
/// Who served; no part of what a key means.
const CLERK: &str = "zhangsan";
/// The app that calls.
const APP: &str = "wallet";

/// Pays.
pub(super) fn pay(server: &Server, member: &Member, payment: &Payment, way: Way) -> Known {
    let (customer, pos) = (&member.customer, &payment.pos);
    match way {
        Way::Front => told(front_pay(customer, pos, payment.fen).send(server), ORDER),
        Way::Signed => told(own(gw_pay(customer, pos, payment.fen), pos).send(server), ORDER),
        Way::Grpc => {
            // What the documents' sample says of the purchase, so that the legacy call is the same one.
            let purchase = Purchase {
                product_name: "0号柴油".to_owned(),
                unit_price_fen: Some(500),
                quantity: "1.55".to_owned(),
            };
            let request = PayRequest {
                key: Some(pos.key()),
                consumer: customer.mobile.clone(),
                payment_code: Some(digits(&customer.pin)),
                amount_fen: payment.fen,
                store_id: pos.store.clone(),
                clerk_id: CLERK.to_owned(),
                purchase: Some(purchase),
                ..PayRequest::default()
            };
            let answer = wait(server.client(&secrets().network1).pay(request));
            heard(answer.map(|paid| paid.payment.expect("a payment").order_number))
        }
    }
}

/// Undoes or cancels the payment, as planned. `order` is the payment's number, where it has one.
pub(super) fn give_back(server: &Server, payment: &Payment, order: &str, way: Way) -> Known {
    match &payment.plan {
        Plan::Cancel(pos) => cancel(server, pos, order, way),
        Plan::Undo | Plan::Fence | Plan::Keep => undo(server, &payment.pos, way),
    }
}

fn undo(server: &Server, pos: &Pos, way: Way) -> Known {
    match way {
        Way::Front => told(front_undo(pos).send(server), ORDER),
        Way::Signed => told(own(gw_undo(pos), pos).send(server), ORDER),
        Way::Grpc => {
            let request = ReversePaymentRequest {
                key: Some(pos.key()),
                store_id: pos.store.clone(),
                clerk_id: CLERK.to_owned(),
                ..ReversePaymentRequest::default()
            };
            let answer = wait(server.client(&secrets().network1).reverse_payment(request));
            heard(answer.map(|undone| undone.order_number))
        }
    }
}

fn cancel(server: &Server, pos: &Pos, order: &str, way: Way) -> Known {
    match way {
        Way::Front => told(front_cancel(pos, order).send(server), ORDER),
        Way::Signed => told(own(gw_cancel(pos, order), pos).send(server), ORDER),
        Way::Grpc => {
            let request = CancelPaymentRequest {
                key: Some(pos.key()),
                original: order.to_owned(),
                store_id: pos.store.clone(),
                clerk_id: CLERK.to_owned(),
                ..CancelPaymentRequest::default()
            };
            let answer = wait(server.client(&secrets().network1).cancel_payment(request));
            heard(answer.map(|cancelled| cancelled.order_number))
        }
    }
}

/// Moves money from the card to the cash account; not at the network's door, which has no such call.
pub(super) fn transfer(server: &Server, member: &Member, transfer: &Transfer, way: Way) -> Known {
    let pin = &member.customer.pin;
    if way != Way::Grpc {
        let call = Call::sample("gw.oilcard.transfer_to_cashAccount")
            .with("mobileNum", &member.customer.mobile)
            .with("accountId", &member.card)
            .with("sum", transfer.fen)
            .with("appOrderId", &transfer.key);
        let code = md5(&[pin.as_str()], Charset::Utf8);
        let call = call.without("accountCode").with("paymentCodeMD5", code);
        return told(call.send(server), "orderId");
    }
    let request = TransferToCashRequest {
        idempotency_key: transfer.key.clone(),
        mobile_number: member.customer.mobile.clone(),
        account_number: member.card.clone(),
        amount_fen: transfer.fen,
        payment_code: Some(digits(pin)),
        ..TransferToCashRequest::default()
    };
    let answer = wait(server.client(&app(APP).bearer).transfer_to_cash(request));
    heard(answer.map(|moved| moved.order_number))
}

/// An app's own number belongs to what its call means: a repeat must bear the same.
fn own(call: Call, pos: &Pos) -> Call {
    call.with("appOrderId", &pos.serial)
}

fn told(reply: Reply, order: &str) -> Known {
    match reply {
        Reply::Answer(answer) if answer.succeeded() => Known::Done(answer.json.text(order).to_owned()),
        Reply::Answer(answer) if answer.errmsg().contains(FENCED) => Known::Fenced,
        Reply::Answer(answer) => Known::Refused(answer.errmsg().to_owned()),
        Reply::Closed | Reply::Refused => Known::Open,
    }
}

fn heard(answer: Result<String, Error>) -> Known {
    match answer {
        Ok(order) => Known::Done(order),
        Err(Error::OutcomeUnknown { .. }) => Known::Open,
        Err(Error::Refused(refusal)) if refusal.reason == ErrorReason::PaymentUnknownKeyClosed => {
            Known::Fenced
        }
        Err(Error::Refused(refusal)) => Known::Refused(refusal.reason_text),
    }
}
