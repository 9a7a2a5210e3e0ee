//! Traces, as a collector gets them: one for a payment, across gateway and core, without a secret in it.

use crate::faults::secrecy::tells;
use crate::harness::*;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// What a collector was sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        crate::harness::server::lock(&self.0).push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// One on a free port.
    fn start() -> (Self, SocketAddr) {
        let collector = Self::default();
        let _in_runtime = grpc::runtime().enter();
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("not blocking");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let server =
            tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        (collector, address)
    }

    /// Every span.
    fn spans(&self) -> Vec<Span> {
        let sent = crate::harness::server::lock(&self.0);
        let resources = sent.iter().flat_map(|request| &request.resource_spans);
        let spans = resources
            .flat_map(|resource| &resource.scope_spans)
            .flat_map(|scope| &scope.spans);
        spans.cloned().collect()
    }
}

/// A server that sends its traces there, so many of a thousand.
fn server(mode: Mode, collector: SocketAddr, per_mille: u16) -> Server {
    let tables =
        format!("[telemetry]\notlp_endpoint = \"http://{collector}\"\nsample_per_mille = {per_mille}\n");
    Server::start(Setup {
        mode,
        tables: tables.leak(),
        ..Setup::default()
    })
}

/// Sends a call as part of this trace.
fn send_traced(server: &Server, call: &Call, traceparent: &str) -> Answer {
    let (door, body) = (server.door(call.door.expect("a door")), call.text());
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {door}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Traceparent: {traceparent}\r\nContent-Length: {}\r\n\r\n{body}",
        call.path,
        body.len()
    );
    http::raw(door, request.as_bytes()).answer()
}

#[test]
fn a_payment_is_one_trace_through_gateway_and_core_to_the_commit_and_links_to_its_callers() {
    for (mode, trace) in [
        (Mode::Together, "4bf92f3577b34da6a3ce929d0e0e4736"),
        (Mode::Apart, "4bf92f3577b34da6a3ce929d0e0e4737"),
    ] {
        let (collector, address) = Collector::start();
        let server = server(mode, address, 1000);
        let customer = server.customer(1000);
        let accounts = server.accounts(&customer.mobile);
        let pay = front_pay(&customer, &Pos::new(), 100);
        let caller = "00f067aa0ba902b7";
        send_traced(&server, &pay, &format!("00-{trace}-{caller}-01")).success("支付成功");
        // Nothing is waited for: the drain delivers.
        assert!(
            server.stop().iter().all(std::process::ExitStatus::success),
            "{mode:?}"
        );
        let spans = collector.spans();
        let linked = |span: &&Span| {
            let link = span.links.first();
            link.is_some_and(|link| keys::hex(&link.trace_id) == trace && keys::hex(&link.span_id) == caller)
        };
        let ours = &spans
            .iter()
            .find(linked)
            .expect("a link to the caller's")
            .trace_id;
        assert_ne!(
            keys::hex(ours),
            trace,
            "{mode:?}: a caller names no trace of ours"
        );
        let spans: Vec<_> = spans.iter().filter(|span| span.trace_id == *ours).collect();
        let mut parent = String::new();
        for name in ["legacy call", "call", "ledger", "commit"] {
            let found = spans.iter().find(|span| span.name == name);
            let found = found.unwrap_or_else(|| panic!("{mode:?}: no {name} in {spans:?}"));
            assert_eq!(
                keys::hex(&found.parent_span_id),
                parent,
                "{mode:?}: the parent of {name}"
            );
            parent = keys::hex(&found.span_id);
        }
        let all = format!("{:?}", crate::harness::server::lock(&collector.0));
        assert!(all.contains("PaymentService/Pay"), "{mode:?}: the method is told");
        let secrets = world::secrets();
        let numbers = accounts.iter().map(|account| &account.account_number);
        for secret in [
            &customer.mobile,
            &customer.pin,
            &secrets.gateway,
            &secrets.operator,
        ]
        .into_iter()
        .chain(numbers)
        {
            assert!(!tells(&all, secret), "{mode:?}: {secret} is told");
        }
    }
}

#[test]
fn a_caller_can_not_have_itself_traced() {
    let (collector, address) = Collector::start();
    let server = server(Mode::Apart, address, 0);
    let customer = server.customer(1000);
    let pay = front_pay(&customer, &Pos::new(), 100);
    let traceparent = "00-00000000000000000000000000000001-00f067aa0ba902b7-01";
    send_traced(&server, &pay, traceparent).success("支付成功");
    assert!(server.stop().iter().all(std::process::ExitStatus::success));
    assert_eq!(collector.spans(), []);
}

#[test]
fn a_collector_that_never_answers_stops_neither_a_call_nor_the_drain() {
    // Connections are made, and nobody takes them.
    let silent = TcpListener::bind("127.0.0.1:0").expect("bound");
    let server = server(Mode::Together, silent.local_addr().expect("an address"), 1000);
    let customer = server.customer(1000);
    let pay = front_pay(&customer, &Pos::new(), 100);
    pay.send(&server).answer().success("支付成功");
    assert!(server.stop().iter().all(std::process::ExitStatus::success));
}
