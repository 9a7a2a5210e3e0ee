//! A small HTTP/1.1 client that sees what libraries hide: the exact bytes of an answer, and a connection
//! that is closed without one.

use super::json::Json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a test waits for a server before it calls it hung.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that need not be a good one.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

impl<'a> Post<'a> {
    pub fn json(path: &'a str, body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            path,
            content_type: Some("application/json"),
            body,
        }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Reply {
    Answer(Answer),
    /// The connection was closed before the first byte of an answer.
    Closed,
    /// Nobody listened.
    Refused,
}

/// A complete HTTP answer with a JSON body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    /// The name of the request in the logs.
    pub request_id: String,
    pub json: Json,
}

impl Reply {
    /// The answer; panics where there is none.
    #[track_caller]
    pub fn answer(self) -> Answer {
        match self {
            Self::Answer(answer) => answer,
            Self::Closed => panic!("an answer was expected, the connection was closed without one"),
            Self::Refused => panic!("an answer was expected, nobody listens"),
        }
    }

    pub fn answered(&self) -> Option<&Answer> {
        if let Self::Answer(answer) = self {
            Some(answer)
        } else {
            None
        }
    }
}

impl Answer {
    #[track_caller]
    pub fn errcode(&self) -> i64 {
        self.json.int("errcode")
    }

    #[track_caller]
    pub fn errmsg(&self) -> &str {
        self.json.text("errmsg")
    }

    pub fn succeeded(&self) -> bool {
        self.errcode() == 0
    }

    /// Panics unless it is a success with this text.
    #[track_caller]
    pub fn success(self, text: &str) -> Self {
        assert_eq!((self.errcode(), self.errmsg()), (0, text), "{}", self.json);
        self
    }

    /// Panics unless it is a failure whose text is the prefix, `，` and a reason; gives the reason.
    #[track_caller]
    pub fn failure(&self, errcode: i64, prefix: &str) -> String {
        assert_eq!(self.status, 200, "{}", self.json);
        assert_eq!(self.errcode(), errcode, "{}", self.json);
        let reason = self
            .errmsg()
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('，'));
        let reason = reason.unwrap_or_else(|| panic!("{prefix}，… was expected: {}", self.json));
        assert!(!reason.trim().is_empty(), "{}", self.json);
        reason.to_owned()
    }
}

/// Sends one request on a connection of its own.
pub fn send(address: SocketAddr, post: &Post<'_>) -> Reply {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n",
        post.method, post.path
    );
    if let Some(content_type) = post.content_type {
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", post.body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(post.body);
    raw(address, &bytes)
}

/// Gets a page of text: its status and body; status 0 where there is no answer.
pub fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let text = String::from_utf8_lossy(&exchange(address, head.as_bytes()).unwrap_or_default()).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    (
        status,
        text.split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default(),
    )
}

/// Sends these bytes and reads to the end of the connection.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> Reply {
    match exchange(address, bytes) {
        None => Reply::Refused,
        Some(received) if received.is_empty() => Reply::Closed,
        Some(received) => parse(&received),
    }
}

/// All that comes back; `None`: nobody listens.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    // A server may answer and close before it has read everything; what it said still counts.
    let _ = stream.write_all(bytes);
    let mut received = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => received.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                panic!("no answer and no end of connection within {PATIENCE:?}")
            }
            Err(_) => break,
        }
    }
    Some(received)
}

/// Reads head and body; an answer that is cut off counts as none.
fn parse(received: &[u8]) -> Reply {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Reply::Closed;
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok())
        .unwrap_or(0);
    let mut length = None;
    let mut content_type = String::new();
    let mut request_id = String::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse::<usize>().ok(),
            "content-type" => content_type = value.trim().to_owned(),
            "x-request-id" => request_id = value.trim().to_owned(),
            "transfer-encoding" => {
                panic!("the answer is chunked, which a client of 2015 need not read: {head}")
            }
            _ => {}
        }
    }
    let bytes = received[end + 4..].to_vec();
    let length = length.unwrap_or_else(|| panic!("an answer without Content-Length: {head}"));
    if bytes.len() < length {
        return Reply::Closed;
    }
    assert_eq!(bytes.len(), length, "more bytes than Content-Length says: {head}");
    let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("the answer is not UTF-8: {head}"));
    let json = if text.is_empty() {
        Json::Null
    } else {
        Json::parse(&text).unwrap_or_else(|error| panic!("the answer is not JSON ({error}): {text}"))
    };
    Reply::Answer(Answer {
        status,
        content_type,
        request_id,
        json,
    })
}
