//! What the client makes of statuses, against a scripted core on a real socket.
#![cfg(test)]

use map_client::proto::payment::v1::payment_service_server::{PaymentService, PaymentServiceServer};
use map_client::proto::payment::v1::{
    CancelPaymentRequest, CancelPaymentResponse, FindPaymentRequest, FindPaymentResponse, GetPaymentRequest,
    GetPaymentResponse, PayRequest, PayResponse, ReversePaymentRequest, ReversePaymentResponse,
};
use map_client::{ClientConfig, Error, ErrorReason, MapClient, RetryPolicy};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Answers payments with these statuses, one after the other, then with success.
#[derive(Clone)]
struct Scripted(Arc<Mutex<VecDeque<Status>>>);

#[tonic::async_trait]
impl PaymentService for Scripted {
    async fn pay(&self, request: Request<PayRequest>) -> Result<Response<PayResponse>, Status> {
        assert_eq!(request.metadata().get("authorization").unwrap(), "Bearer key");
        assert!(request.metadata().contains_key("grpc-timeout"));
        match self.0.lock().unwrap().pop_front() {
            None => Ok(Response::new(PayResponse::default())),
            Some(status) => Err(status),
        }
    }

    async fn cancel_payment(
        &self,
        _: Request<CancelPaymentRequest>,
    ) -> Result<Response<CancelPaymentResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn reverse_payment(
        &self,
        _: Request<ReversePaymentRequest>,
    ) -> Result<Response<ReversePaymentResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_payment(
        &self,
        _: Request<GetPaymentRequest>,
    ) -> Result<Response<GetPaymentResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn find_payment(
        &self,
        _: Request<FindPaymentRequest>,
    ) -> Result<Response<FindPaymentResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// A status as the core gives it, with its reason.
fn of_the_core(code: Code) -> Status {
    with_reason(code, "map")
}

fn with_reason(code: Code, domain: &str) -> Status {
    let details = ErrorDetails::with_error_info("INSUFFICIENT_BALANCE", domain, HashMap::new());
    Status::with_error_details(code, "text", details)
}

/// What a payment ends with when the core answers with these codes.
async fn pay(codes: &[Code]) -> Result<PayResponse, Error> {
    pay_through(codes.iter().copied().map(of_the_core).collect()).await
}

/// What a payment ends with when these statuses come.
async fn pay_through(statuses: VecDeque<Status>) -> Result<PayResponse, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = Scripted(Arc::new(Mutex::new(statuses)));
    let router = tonic::transport::Server::builder().add_service(PaymentServiceServer::new(service));
    let server = tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    let quick = RetryPolicy {
        max_attempts: 3,
        first_backoff: Duration::from_millis(1),
        max_backoff: Duration::from_millis(1),
    };
    let config = ClientConfig::new(format!("http://{address}"), "key").retry(quick);
    let answer = MapClient::new(config).unwrap().pay(PayRequest::default()).await;
    server.abort();
    answer
}

#[tokio::test]
async fn an_open_outcome_is_asked_again_until_there_is_a_decision() {
    pay(&[Code::Unavailable, Code::Internal]).await.unwrap();
    let refused = pay(&[Code::Unavailable, Code::FailedPrecondition])
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Some(ErrorReason::InsufficientBalance));
}

#[tokio::test]
async fn attempts_that_are_used_up_leave_the_outcome_open() {
    let error = pay(&[Code::Unavailable; 9]).await.unwrap_err();
    let expected = Error::OutcomeUnknown {
        attempts: 3,
        code: Code::Unavailable,
        message: "text".to_owned(),
        request_id: None,
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn why_nothing_answered_is_told_to_the_bottom() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let config = ClientConfig::new(format!("http://{nobody}"), "key").retry(RetryPolicy::NEVER);
    let error = MapClient::new(config)
        .unwrap()
        .pay(PayRequest::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("onnection refused"), "{error}");
}

#[tokio::test]
async fn a_refusal_of_the_caller_decides_nothing_about_an_earlier_attempt() {
    for code in [Code::Unauthenticated, Code::PermissionDenied, Code::Unimplemented] {
        assert!(
            matches!(pay(&[code; 9]).await, Err(Error::Refused(_))),
            "{code:?} at first"
        );
        let after = pay(&[Code::Unavailable, code, code, code]).await.unwrap_err();
        assert!(
            matches!(&after, Error::OutcomeUnknown { attempts: 3, code: last, .. } if *last == code),
            "{code:?} after an open attempt: {after:?}"
        );
    }
}

#[tokio::test]
async fn what_stands_between_and_gives_no_reason_of_the_core_decides_nothing() {
    for code in [
        Code::ResourceExhausted,
        Code::OutOfRange,
        Code::FailedPrecondition,
        Code::NotFound,
        Code::InvalidArgument,
        Code::AlreadyExists,
    ] {
        let is_unknown = |ended: &Result<PayResponse, Error>| matches!(ended, Err(Error::OutcomeUnknown { attempts: 3, code: last, .. }) if *last == code);
        for between in [Status::new(code, "a proxy"), with_reason(code, "proxy.example")] {
            let open = of_the_core(Code::Unavailable);
            let after = [open, between.clone(), between.clone()];
            let ended = pay_through(after.into()).await;
            assert!(is_unknown(&ended), "{code:?} after an open attempt: {ended:?}");
            let ended = pay_through(vec![between; 9].into()).await;
            assert!(is_unknown(&ended), "{code:?} at first: {ended:?}");
        }
        let decided = pay(&[Code::Unavailable, code]).await;
        assert!(matches!(decided, Err(Error::Refused(_))), "{code:?} of the core");
    }
}
