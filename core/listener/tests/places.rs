//! Who may hold a connection, and for how long.
#![cfg(test)]

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use map_listener::{Bounds, Listener};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Longer than anything here lasts.
const LONG: Duration = Duration::from_secs(60);

/// Shorter than anybody notices.
const SHORT: Duration = Duration::from_millis(50);

/// An HTTP/2 client's first words: preface, and a frame of no settings.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn bounds() -> Bounds {
    Bounds {
        connections: 8,
        per_address: 8,
        first_request: LONG,
        idle: LONG,
        keep_alive: LONG,
        streams: 8,
        header_bytes: 16 * 1024,
        drain: LONG,
    }
}

/// Serves a greeting; where, and how many connections it refused.
async fn serve(bounds: Bounds) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), None).await.unwrap();
    let address = listener.local_addr().unwrap();
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let greet = |_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
    };
    tokio::spawn(async move {
        let crowded = || _ = count.fetch_add(1, Ordering::SeqCst);
        let service = |_| Some(service_fn(greet));
        listener
            .serve(bounds, service, crowded, std::future::pending())
            .await;
    });
    (address, refused)
}

/// Says this, and answers pings: the types of the frames that come until the connection is closed.
async fn frames(address: SocketAddr, said: &[u8], patient: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(said).await.unwrap();
    let mut types = Vec::new();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let [a, b, c, kind, flags, ..] = head;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        types.push(kind);
        if kind == PING && flags & 1 == 0 && patient {
            let answer = [&[0, 0, 8, PING, 1, 0, 0, 0, 0], body.as_slice()].concat();
            stream.write_all(&answer).await.unwrap();
        }
    }
    types
}

const PING: u8 = 6;
const GOAWAY: u8 = 7;

#[tokio::test]
async fn a_connection_that_makes_no_request_is_told_to_go_and_closed() {
    let bounds = Bounds {
        first_request: SHORT,
        ..bounds()
    };
    let (address, _) = serve(bounds).await;
    for patient in [true, false] {
        let came = tokio::time::timeout(LONG, frames(address, HELLO, patient)).await;
        let came = came.expect("it is closed");
        assert!(came.contains(&GOAWAY), "{came:?}");
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_a_while_after_its_last_request() {
    let bounds = Bounds {
        idle: SHORT,
        ..bounds()
    };
    let (address, _) = serve(bounds).await;
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await;
    let (mut client, connection) = shaken.unwrap();
    let connection = tokio::spawn(connection);
    let request = || Request::get("http://x/").body(Empty::<Bytes>::new()).unwrap();
    let answer = client.send_request(request()).await.unwrap();
    assert_eq!(answer.collect().await.unwrap().to_bytes(), "hello");
    let ended = tokio::time::timeout(LONG, connection)
        .await
        .expect("it is closed");
    ended.unwrap().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    let ended = tokio::time::timeout(LONG, stream.read_to_string(&mut answer)).await;
    ended.expect("it is closed").unwrap();
    assert!(
        answer.contains("Content-Length: 5\r\n") && answer.ends_with("hello"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_address_has_no_more_connections_than_it_may() {
    let bounds = Bounds {
        per_address: 2,
        ..bounds()
    };
    let (address, refused) = serve(bounds).await;
    let ask = async || served(1, address).await;
    let (first, second) = (ask().await.expect("served"), ask().await.expect("served"));
    assert!(ask().await.is_none());
    assert_eq!(refused.load(Ordering::SeqCst), 1);
    drop(first);
    // Its place is free once the server has seen the end.
    while ask().await.is_none() {}
    drop(second);
}

/// A connection from this address of the loopback network, where it is served.
async fn served(from: u8, server: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, from], 0).into()).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    let asked = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut answer = vec![0; 1024];
    let read = async { asked.and(stream.read(&mut answer).await) };
    let bytes = tokio::time::timeout(LONG, read).await.expect("an end");
    (bytes.unwrap_or(0) > 0).then_some(stream)
}

#[tokio::test]
async fn eight_greedy_addresses_do_not_keep_a_ninth_out() {
    let bounds = Bounds {
        connections: 64,
        per_address: 16,
        idle: LONG * 10,
        ..bounds()
    };
    let (address, _) = serve(bounds).await;
    let mut held = Vec::new();
    for greedy in 2..10 {
        let before = held.len();
        while let Some(stream) = served(greedy, address).await {
            held.push(stream);
        }
        assert!(held.len() > before, "127.0.0.{greedy} gets its part, too");
    }
    assert!(served(10, address).await.is_some());
}

#[tokio::test]
async fn of_a_head_no_more_is_kept_than_it_may_have() {
    let (address, _) = serve(bounds()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A header that does not end, of which more is sent than is kept.
    let head = format!("GET / HTTP/1.1\r\nlong: {}", "x".repeat(17 * 1024));
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await;
    let _reset = ended.expect("it is closed");
    assert!(answer.starts_with(b"HTTP/1.1 431"), "{answer:?}");
}
