//! The world of the tests: who calls, what is sold, where. One document, given to the server as a
//! provisioning file and, where a test changes it, over gRPC.

use super::keys::{Rsa, bearer, hex, random};
use map_client::proto::catalog::v1::{FuelProduct, Product, Restrictions, Seller, Store, Terminal};
use map_client::proto::common::v1::AccountType;
use map_client::proto::provisioning::v1::{Caller, Document, Role};
use map_legacy_crypto::pin_block::PosKey;
use map_legacy_crypto::signature::Algorithm;
use std::sync::OnceLock;

/// Keys of PIN blocks.
pub const POSP1_KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
pub const POSP2_KEY: &str = "A1B2C3D4E5F60718192A3B4C5D6E7F80";

/// An app as its developer knows it.
pub struct App {
    pub id: &'static str,
    pub key: String,
    pub algorithm: Algorithm,
    pub rsa: &'static Rsa,
    pub bearer: String,
    /// Networks, more edge settings as JSON members, flags.
    networks: &'static [&'static str],
    edge: &'static str,
    pub active: bool,
    may_omit: bool,
    ignore_sms: bool,
}

/// The keys and secrets of this run.
pub struct Secrets {
    pub apps: Vec<App>,
    pub operator: String,
    pub channel: String,
    pub gateway: String,
    pub network1: String,
    pub network2: String,
}

/// One key pair for all apps, and one that nobody provisioned.
pub fn rsa() -> &'static Rsa {
    static RSA: OnceLock<Rsa> = OnceLock::new();
    RSA.get_or_init(Rsa::generate)
}

pub fn foreign_rsa() -> &'static Rsa {
    static RSA: OnceLock<Rsa> = OnceLock::new();
    RSA.get_or_init(Rsa::generate)
}

/// The PIN-block key of a network.
pub fn pos_key(network: &str) -> PosKey {
    PosKey::from_hex(if network == "posp2" { POSP2_KEY } else { POSP1_KEY }).expect("a POS key")
}

/// The secrets of this run.
pub fn secrets() -> &'static Secrets {
    static SECRETS: OnceLock<Secrets> = OnceLock::new();
    SECRETS.get_or_init(|| {
        let key = || hex(&random::<24>());
        Secrets {
            apps: apps(),
            operator: key(),
            channel: key(),
            gateway: key(),
            network1: key(),
            network2: key(),
        }
    })
}

/// An app by its id.
pub fn app(id: &str) -> &'static App {
    secrets()
        .apps
        .iter()
        .find(|app| app.id == id)
        .unwrap_or_else(|| panic!("no app {id}"))
}

fn apps() -> Vec<App> {
    let app = |id, algorithm, networks, edge| App {
        id,
        key: hex(&random::<12>()),
        algorithm,
        rsa: rsa(),
        bearer: hex(&random::<24>()),
        networks,
        edge,
        active: true,
        may_omit: false,
        ignore_sms: false,
    };
    let sha256 = Algorithm::Sha256WithRsa;
    let one: &[&str] = &["posp1"];
    vec![
        // The app of the samples: every default, SHA-1 among them. The sample's accountCode is no SMS code.
        App {
            ignore_sms: true,
            ..app("zjhtwallet", Algorithm::Sha1WithRsa, one, "")
        },
        // The app of most tests: SHA-256 signatures are quick to make.
        app("wallet", sha256, one, r#","tsig_algorithm":"sha256""#),
        app("second", sha256, one, r#","tsig_algorithm":"sha256""#),
        app("oldmd5", Algorithm::Md5WithRsa, one, r#","tsig_algorithm":"md5""#),
        // An 8-character key is a degenerate 3DES key and must work.
        App {
            key: "appKey08".to_owned(),
            ..app("short", sha256, one, r#","tsig_algorithm":"sha256""#)
        },
        app("elsewhere", sha256, &["posp2"], r#","tsig_algorithm":"sha256""#),
        app(
            "nowhere",
            sha256,
            &[],
            r#","tsig_algorithm":"sha256","posp_key":"0123456789ABCDEFFEDCBA9876543210""#,
        ),
        app(
            "des",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","payment_code":"des""#,
        ),
        app(
            "extended",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","digest":"extended""#,
        ),
        app(
            "fresh",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","freshness_window_s":300"#,
        ),
        app(
            "junk",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","app_signature":"ignore""#,
        ),
        app(
            "gbk",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","charset":"gbk""#,
        ),
        app(
            "detailed",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","errcodes":"detailed""#,
        ),
        app(
            "undosays",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","undo_unknown":"success""#,
        ),
        app(
            "says503",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","unknown_answer":"http_503""#,
        ),
        app(
            "far",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","addresses":["192.0.2.0/24"]"#,
        ),
        app(
            "strict",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","id_check_digit":true"#,
        ),
        app(
            "unbound",
            sha256,
            one,
            r#","tsig_algorithm":"sha256","bind_signatures":"off""#,
        ),
        app("leaves", sha256, one, r#","tsig_algorithm":"sha256""#),
        App {
            may_omit: true,
            ..app("omits", sha256, one, r#","tsig_algorithm":"sha256""#)
        },
        App {
            active: false,
            ..app("sleeps", sha256, one, r#","tsig_algorithm":"sha256""#)
        },
    ]
}

/// The whole document.
pub fn document() -> Document {
    let secrets = secrets();
    let mut callers: Vec<Caller> = secrets.apps.iter().map(app_caller).collect();
    let addresses = r#""addresses":["127.0.0.0/8","::1/128"]"#;
    for (id, posp_key, key) in [
        ("posp1", POSP1_KEY, &secrets.network1),
        ("posp2", POSP2_KEY, &secrets.network2),
    ] {
        let edge = format!(r#"{{"posp_key":"{posp_key}",{addresses}}}"#);
        callers.push(Caller {
            edge_settings_json: edge,
            ..caller(Role::PosNetwork, id, key)
        });
    }
    callers.push(caller(Role::Channel, "C001", &secrets.channel));
    callers.push(caller(Role::Operator, "alice", &secrets.operator));
    callers.push(caller(Role::Gateway, "gateway1", &secrets.gateway));
    let fuel = |code: &str, name: &str| FuelProduct {
        fuel_product_id: code.into(),
        name: name.into(),
    };
    Document {
        callers,
        products: products(),
        fuel_products: vec![fuel("DIESEL0", "0号柴油"), fuel("GAS92", "国V 92#汽油")],
        sellers: sellers(),
        default_product_id: "1010".into(),
        region_code: "888".into(),
    }
}

fn caller(role: Role, id: &str, key: &str) -> Caller {
    Caller {
        caller_id: id.into(),
        role: role.into(),
        name: id.into(),
        active: true,
        bearer_key_sha256: vec![bearer(key)],
        ..Caller::default()
    }
}

fn app_caller(app: &App) -> Caller {
    let key = super::json::quoted(&app.key);
    // The two forms of a public key, both in use.
    let public = if app.id == "zjhtwallet" {
        app.rsa.public_pem()
    } else {
        app.rsa.public_base64()
    };
    let public = super::json::quoted(&public);
    Caller {
        active: app.active,
        network_ids: app.networks.iter().map(|id| (*id).to_owned()).collect(),
        may_omit_payment_code: app.may_omit,
        ignore_transfer_sms_code: app.ignore_sms,
        edge_settings_json: format!(r#"{{"app_key":{key},"rsa_public_key":{public}{}}}"#, app.edge),
        ..caller(Role::App, app.id, &app.bearer)
    }
}

fn products() -> Vec<Product> {
    let product = |id: &str, kind, prefix: &str, price_fen, face_value_fen, total_stages| Product {
        product_id: id.into(),
        name: format!("卡{id}"),
        short_name: format!("卡{id}"),
        account_type: i32::from(kind),
        number_prefix: prefix.into(),
        price_fen,
        face_value_fen,
        total_stages,
        validity_months: 12,
        active: true,
        restrictions: Some(Restrictions::default()),
        ..Product::default()
    };
    let (oac, dac) = (AccountType::Instalment, AccountType::Discount);
    let only = |sellers: &[&str], fuels: &[&str]| {
        let own = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect();
        Some(Restrictions {
            seller_ids: own(sellers),
            fuel_product_ids: own(fuels),
            ..Restrictions::default()
        })
    };
    vec![
        // The sample's plan: 100000 at once and three times 100000.
        Product {
            first_release_fen: 100_000,
            stage_fen: 100_000,
            ..product("10", oac, "2001", 390_000, 400_000, 3)
        },
        product("1010", oac, "2002", 350_000, 400_000, 4),
        // 100001 in three stages: the last one takes the remainder.
        product("1013", oac, "2003", 100_000, 100_001, 3),
        product("1099", oac, "2009", 950_000, 1_000_000, 0),
        Product {
            restrictions: only(&["SH12345"], &["DIESEL0"]),
            ..product("2610", dac, "2601", 4_500, 5_000, 0)
        },
        product("2611", dac, "2602", 4_500, 5_000, 0),
        Product {
            validity_months: 3,
            ..product("2613", dac, "2603", 4_500, 5_000, 0)
        },
        Product {
            active: false,
            ..product("9999", oac, "2099", 100, 100, 0)
        },
    ]
}

/// A seller with one store and terminals.
pub fn seller(id: &str, store: &str, terminals: &[&str], network: &str) -> Seller {
    let terminal = |id: &&str| Terminal {
        terminal_id: (*id).to_owned(),
        network_id: network.to_owned(),
        active: true,
        generation: 0,
    };
    Seller {
        seller_id: id.into(),
        name: id.into(),
        active: true,
        stores: vec![Store {
            store_id: store.into(),
            name: store.into(),
            terminals: terminals.iter().map(terminal).collect(),
        }],
    }
}

fn sellers() -> Vec<Seller> {
    let mut first = seller(
        "SH12345",
        "ST12345",
        &["ZJ000001", "ZJ000002", "ZJSLEEPS"],
        "posp1",
    );
    first.stores[0].terminals[2].active = false;
    first
        .stores
        .push(seller("", "ST99999", &["ZJ000003"], "posp1").stores.remove(0));
    let mut asleep = seller("SLEEPS", "ST01", &["POS1"], "posp1");
    asleep.active = false;
    vec![
        first,
        seller("GM01", "ST01", &["POS12345"], "posp1"),
        seller("SH01", "ST01", &["POS01"], "posp1"),
        // For tests that change them.
        seller("MOVES", "ST01", &["POS1", "POS2"], "posp1"),
        seller("LEAVES", "ST01", &["POS1"], "posp1"),
        seller("RAISED", "ST01", &["POS1"], "posp1"),
        seller("N2SELLER", "N2STORE", &["N2POS1"], "posp2"),
        asleep,
    ]
}
