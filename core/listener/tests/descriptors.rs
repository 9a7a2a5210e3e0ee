//! What is left of the process's file descriptors when connections have taken what they may. One test, in a process of
//! its own: the limit is everybody's.
#![cfg(test)]

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use map_listener::{Bounds, Listener};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::convert::Infallible;
use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than anything here lasts.
const LONG: Duration = Duration::from_secs(60);

/// Nobody is left waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both ends of a connection are in this process.
const DESCRIPTORS: u64 = 200;

/// A connection on which a request was answered; `None`: it was closed.
async fn answered(address: SocketAddr) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("a descriptor for the client");
    let first = async {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await?;
        stream.read_u64().await
    };
    let first = tokio::time::timeout(PATIENCE, first).await;
    let answered = first.expect("an answer, or the end").is_ok();
    answered.then_some(stream)
}

#[tokio::test]
async fn connections_leave_descriptors_for_files() {
    let before = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(DESCRIPTORS),
        ..before
    };
    setrlimit(Resource::Nofile, few).unwrap();
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), None).await.unwrap();
    let address = listener.local_addr().unwrap();
    let bounds = Bounds {
        connections: 1000,
        per_address: 1000,
        first_request: LONG,
        idle: LONG,
        keep_alive: LONG,
        streams: 8,
        header_bytes: 16 * 1024,
        drain: LONG,
    };
    let greet = |_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
    };
    tokio::spawn(async move {
        let service = |_| Some(service_fn(greet));
        listener
            .serve(bounds, service, || (), std::future::pending())
            .await;
    });
    let mut open = Vec::new();
    while let Some(stream) = answered(address).await {
        open.push(stream);
    }
    let files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(
        files.len() > 40,
        "{} files beside {} connections",
        files.len(),
        open.len()
    );
    drop(files);
    open.truncate(open.len() / 2);
    while answered(address).await.is_none() {
        tokio::task::yield_now().await;
    }
}
