//! A documented call: the sample with values replaced, encrypted and signed as the documents say.
//!
//! The signer is written from the documents and shares nothing with the gateway but the primitives (MD5,
//! RSA, 3DES).

use super::config::Door;
use super::documents::{Credential, Endpoint, endpoint};
use super::http::{Post, Reply};
use super::json::Json;
use super::keys::{hex, random};
use super::people::Customer;
use super::server::Server;
use super::world::{self, App};
use map_legacy_crypto::signature::Algorithm;
use map_legacy_crypto::{Charset, digest, payment_code::Pin, single_des, triple_des};

/// The four parts that name a POS transaction, and its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pos {
    pub network: &'static str,
    pub seller: String,
    pub store: String,
    pub terminal: String,
    pub batch: String,
    pub serial: String,
}

impl Pos {
    /// A new serial at the terminal of the samples.
    pub fn new() -> Self {
        Self::of("posp1", "SH12345", "ST12345", "ZJ000001")
    }

    /// A new serial at another terminal.
    pub fn of(network: &'static str, seller: &str, store: &str, terminal: &str) -> Self {
        Self {
            network,
            seller: seller.to_owned(),
            store: store.to_owned(),
            terminal: terminal.to_owned(),
            batch: "20261121".to_owned(),
            serial: super::keys::unique().to_string(),
        }
    }

    /// A new serial at the same terminal, in the same batch.
    pub fn next(&self) -> Self {
        Self {
            serial: super::keys::unique().to_string(),
            ..self.clone()
        }
    }
}

/// A call under preparation.
#[derive(Clone)]
pub struct Call {
    pub endpoint: &'static Endpoint,
    pub app: &'static App,
    /// Values in clear; `paymentCodeDES` as it is sent.
    pub body: Json,
    /// Other than the credential's usual one.
    pub door: Option<Door>,
    pub path: String,
    /// Time stamp of `app` and `tsig`: opaque text unless the app has a freshness window.
    pub time: String,
}

impl Call {
    /// The document's sample, by the app `wallet` where an app calls.
    pub fn sample(id: &str) -> Self {
        let endpoint = endpoint(id);
        Self {
            endpoint,
            app: world::app("wallet"),
            body: endpoint.request.clone(),
            door: None,
            path: endpoint.path.clone(),
            time: "1766300000".to_owned(),
        }
    }

    #[must_use]
    pub fn app(mut self, id: &str) -> Self {
        self.app = world::app(id);
        self
    }

    #[must_use]
    pub fn through(mut self, door: Door) -> Self {
        self.door = Some(door);
        self
    }

    /// Replaces a field of the payload.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Json>) -> Self {
        let path = self.endpoint.field(field);
        self.body.set(&path, value);
        self
    }

    /// Removes a field of the payload.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        let path = self.endpoint.field(field);
        self.body.remove(&path);
        self
    }

    /// Names the POS transaction.
    #[must_use]
    pub fn at(self, pos: &Pos) -> Self {
        let call = self
            .with("sellerId", &pos.seller)
            .with("storeId", &pos.store)
            .with("terminalId", &pos.terminal);
        call.with("batchNo", &pos.batch)
            .with("terminalOrderId", &pos.serial)
    }

    /// Who pays or asks, with the right payment code where the call carries one.
    #[must_use]
    pub fn by(self, customer: &Customer) -> Self {
        let call = self.with("consumerId", &customer.mobile);
        if call
            .endpoint
            .request
            .at(&call.endpoint.field("paymentCodeDES"))
            .is_some()
        {
            call.code(&customer.pin, &customer.mobile)
        } else {
            call
        }
    }

    /// The payment code, encrypted as the app's or network's setting wants it.
    #[must_use]
    pub fn code(self, pin: &str, owner: &str) -> Self {
        let network = if self.app.id == "elsewhere" || self.door == Some(Door::Posp2) {
            "posp2"
        } else {
            "posp1"
        };
        let block = if self.endpoint.credential != Credential::Network && self.app.id == "des" {
            let key = single_des::Key::from_text(&self.app.key).expect("a key of 8 bytes");
            key.encrypt(single_des::Mode::Ecb, pin)
        } else {
            pin_block(network, pin, owner)
        };
        self.with("paymentCodeDES", block)
    }

    /// The body with encrypted fields, `app` and `tsig`.
    pub fn sealed(&self) -> Json {
        let mut body = self.body.clone();
        if self.endpoint.credential == Credential::Network {
            return body;
        }
        for path in self
            .endpoint
            .encrypted
            .iter()
            .filter(|path| !path.ends_with("paymentCodeDES"))
        {
            if let Some(Json::Text(clear)) = body.at(path) {
                let encrypted = encrypt(self.app, clear);
                body.set(path, encrypted);
            }
        }
        self.sign(&mut body);
        body
    }

    /// Signs what the body holds now.
    pub fn sign(&self, body: &mut Json) {
        let (app, nonce, time) = (self.app, hex(&random::<8>()), self.time.as_str());
        body.set("app.appId", app.id);
        body.set("app.timeStamp", time);
        body.set("app.nonce", nonce.as_str());
        body.set(
            "app.signature",
            md5(&[app.id, &app.key, &nonce, time], charset(app)),
        );
        if self.endpoint.credential == Credential::AppTsig {
            let digest = order_md5(self.endpoint, body, charset(app));
            body.set("tsig.orderMD5", digest.as_str());
            body.set("tsig.timeStamp", time);
            body.set("tsig.nonce", nonce.as_str());
            body.set("tsig.signature", tsig(app, &digest, time, &nonce));
        }
    }

    /// The bytes to be sent.
    pub fn text(&self) -> String {
        self.sealed().to_string()
    }

    /// Sends it.
    pub fn send(&self, server: &Server) -> Reply {
        self.post(server, self.text().as_bytes())
    }

    /// Sends these bytes in its place.
    pub fn post(&self, server: &Server, body: &[u8]) -> Reply {
        let usual = if self.endpoint.credential == Credential::Network {
            Door::Posp1
        } else {
            Door::Apps
        };
        server.post(self.door.unwrap_or(usual), &Post::json(&self.path, body))
    }
}

/// A payment at a terminal's network.
pub fn front_pay(customer: &Customer, pos: &Pos, fen: i64) -> Call {
    let door = if pos.network == "posp2" {
        Door::Posp2
    } else {
        Door::Posp1
    };
    Call::sample("front.offline.pay")
        .through(door)
        .by(customer)
        .at(pos)
        .with("sum", fen)
}

/// A payment by an app.
pub fn gw_pay(customer: &Customer, pos: &Pos, fen: i64) -> Call {
    let call = Call::sample("gw.offline.pay")
        .by(customer)
        .at(pos)
        .with("sum", fen);
    call.with("appOrderId", format!("A{}", super::keys::unique()))
}

/// An undo at a terminal's network.
pub fn front_undo(pos: &Pos) -> Call {
    let door = if pos.network == "posp2" {
        Door::Posp2
    } else {
        Door::Posp1
    };
    Call::sample("front.offline.pay_undo").through(door).at(pos)
}

/// An undo by an app.
pub fn gw_undo(pos: &Pos) -> Call {
    Call::sample("gw.offline.pay_undo").at(pos)
}

/// A cancel of `original` at a terminal's network, with a key of its own.
pub fn front_cancel(pos: &Pos, original: &str) -> Call {
    let door = if pos.network == "posp2" {
        Door::Posp2
    } else {
        Door::Posp1
    };
    Call::sample("front.offline.pay_cancel")
        .through(door)
        .at(pos)
        .with("orderId", original)
}

/// A cancel of `original` by an app.
pub fn gw_cancel(pos: &Pos, original: &str) -> Call {
    Call::sample("gw.offline.pay_cancel")
        .at(pos)
        .with("orderId", original)
}

/// The MD5 over sorted values: blank ones are left out, the order is that of UTF-16 code units.
pub fn md5(values: &[&str], charset: Charset) -> String {
    digest::md5(&joined(values), charset).to_hex()
}

fn joined(values: &[&str]) -> String {
    let mut kept: Vec<&&str> = values.iter().filter(|value| !value.trim().is_empty()).collect();
    kept.sort_by_key(|value| value.encode_utf16().collect::<Vec<_>>());
    kept.into_iter().copied().collect()
}

/// The charset of an app's digests.
fn charset(app: &App) -> Charset {
    if app.id == "gbk" {
        Charset::Gbk
    } else {
        Charset::Utf8
    }
}

/// orderMD5 over the documented list, of the values as they stand in the body.
pub fn order_md5(endpoint: &Endpoint, body: &Json, charset: Charset) -> String {
    let of = |name: &String| body.at(&endpoint.field(name)).and_then(Json::lexeme);
    let values: Vec<String> = endpoint.order_md5.iter().filter_map(of).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    md5(&values, charset)
}

/// The signature of `tsig`.
pub fn tsig(app: &App, order_md5: &str, time: &str, nonce: &str) -> String {
    app.rsa
        .sign(app.algorithm, &joined(&[order_md5, app.id, time, nonce]))
}

/// The same with another algorithm or key.
pub fn tsig_with(rsa: &super::keys::Rsa, algorithm: Algorithm, values: [&str; 4]) -> String {
    rsa.sign(algorithm, &joined(&values))
}

/// A field under the app's 3DES key.
pub fn encrypt(app: &App, clear: &str) -> String {
    triple_des::Key::from_text(&app.key)
        .expect("a key")
        .encrypt(clear)
}

/// A PIN block under the network's key, for the owner's mobile number.
pub fn pin_block(network: &str, pin: &str, owner: &str) -> String {
    let pin = Pin::parse(pin).expect("six digits");
    world::pos_key(network).encode(&pin, owner).expect("digits")
}
