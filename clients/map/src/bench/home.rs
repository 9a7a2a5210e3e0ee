//! The folder of a benchmark: a ledger with many customers, and what is known of it.

use super::customers;
use super::payments::{APP, NETWORK, PRODUCT, SELLER, STORE, TERMINALS, terminal};
use crate::child::{Keys, Place, quoted};
use crate::cli::BenchArgs;
use crate::outcome::Stop;
use crate::runtime::sha256_hex;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Customers where nothing else is said.
const CUSTOMERS: u64 = 10_000;

/// What the folder holds; kept in it, for the next benchmark.
#[derive(Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) customers: u64,
    /// Benchmarks so far: each has a batch number of its own.
    pub(super) sessions: u64,
    /// What all of them paid; `None` while one is under way or where one ended unchecked.
    pub(super) paid: Option<Paid>,
    pub(super) keys: Keys,
}

/// Payments that were acknowledged, and their sum.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paid {
    pub(super) payments: u64,
    pub(super) fen: i64,
}

impl Paid {
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            payments: self.payments.saturating_add(other.payments),
            fen: self.fen.saturating_add(other.fen),
        }
    }
}

/// The folder.
pub(super) struct Home {
    pub(super) place: Place,
    pub(super) facts: Facts,
}

impl Home {
    /// Makes the folder and its customers, or takes the one of an earlier benchmark.
    pub(super) async fn open(args: &BenchArgs, settings: &[String]) -> Result<Self, Stop> {
        let failed = |error: std::io::Error| Stop::failed(format!("the benchmark's folder: {error}"));
        let place = match &args.data {
            Some(folder) => Place::kept(folder)
                .map_err(|error| Stop::usage(format!("--data {}: {error}", folder.display())))?,
            None => Place::temporary("map-bench-").map_err(failed)?,
        };
        let place = place.with_settings(settings);
        if !place.is_empty().map_err(failed)? {
            return Self::again(place, args);
        }
        let keys = Keys::make().map_err(|error| Stop::failed(format!("the benchmark's keys: {error}")))?;
        let home = Self {
            place,
            facts: Facts {
                customers: args.customers.unwrap_or(CUSTOMERS),
                sessions: 0,
                paid: Some(Paid::default()),
                keys,
            },
        };
        let files = [
            (home.place.provisioning_file(), home.provisioning()),
            (home.place.config_file(), home.config()),
        ];
        for (path, text) in files {
            home.place.write(&path, &text).map_err(failed)?;
        }
        customers::import(&home.place, home.facts.customers).await?;
        home.remember()?;
        Ok(home)
    }

    fn again(place: Place, args: &BenchArgs) -> Result<Self, Stop> {
        let folder = place.folder().display().to_string();
        let wrong = |why: &str| Stop::usage(format!("--data {folder}: {why}"));
        let text = std::fs::read(file(&place))
            .map_err(|_| wrong("neither empty nor the folder of an earlier benchmark"))?;
        let facts: Facts = serde_json::from_slice(&text).map_err(|error| wrong(&error.to_string()))?;
        if args.customers.is_some_and(|wanted| wanted != facts.customers) {
            return Err(wrong(&format!("it has {} customers", facts.customers)));
        }
        Ok(Self { place, facts })
    }

    /// Keeps what is known of the folder in it.
    pub(super) fn remember(&self) -> Result<(), Stop> {
        let text = serde_json::to_string_pretty(&self.facts).map_err(Stop::failed)?;
        let path = file(&self.place);
        let written = match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => self.place.write(&path, &text),
        };
        written.map_err(|error| Stop::failed(format!("{}: {error}", path.display())))
    }

    fn config(&self) -> String {
        format!(
            "# The benchmark's configuration: the defaults, on free ports on loopback.\n\
             data_dir = {data}\nprovisioning_file = {provisioning}\n\n\
             [admin]\nbind = \"127.0.0.1:0\"\n\n[core]\nbind = \"127.0.0.1:0\"\n\n\
             [[gateway.listeners]]\nbind = \"127.0.0.1:0\"\nnetwork = \"{NETWORK}\"\n",
            data = quoted(&self.place.ledger()),
            provisioning = quoted(&self.place.provisioning_file()),
        )
    }

    fn provisioning(&self) -> String {
        let keys = &self.facts.keys;
        let balance = customers::BALANCE.get();
        let mut text = format!(
            "default_product = \"{PRODUCT}\"\n\n\
             [[network]]\nid = \"{NETWORK}\"\nname = \"POS network one\"\n\
             [network.edge]\nposp_key = \"{posp_key}\"\naddresses = [\"127.0.0.0/8\"]\n\n\
             [[app]]\nid = \"{APP}\"\nname = \"Wallet\"\nnetworks = [\"{NETWORK}\"]\n\
             bearer_key_sha256 = [\"{app}\"]\n[app.edge]\napp_key = \"{app_key}\"\n\
             rsa_public_key = \"\"\"\n{rsa_public}\"\"\"\n\n\
             [[operator]]\nid = \"bench\"\nname = \"Benchmark\"\nbearer_key_sha256 = [\"{operator}\"]\n\n\
             [[product]]\nid = \"{PRODUCT}\"\nname = \"A large card\"\ntype = \"instalment\"\n\
             number_prefix = \"2001\"\nprice_fen = {balance}\nface_value_fen = {balance}\n\
             validity_months = 12\n\n\
             [[seller]]\nid = \"{SELLER}\"\nname = \"A petrol station\"\n\
             [[seller.store]]\nid = \"{STORE}\"\nname = \"Store one\"\n",
            posp_key = keys.posp_key,
            app = sha256_hex(&keys.app_bearer),
            app_key = keys.app_key,
            rsa_public = keys.rsa_public,
            operator = sha256_hex(&keys.operator_bearer),
        );
        for number in 0..TERMINALS {
            // Writing to a string can't fail.
            let _ = write!(
                text,
                "[[seller.store.terminal]]\nid = \"{}\"\nnetwork = \"{NETWORK}\"\n",
                terminal(number)
            );
        }
        text
    }
}

fn file(place: &Place) -> PathBuf {
    place.folder().join("bench.json")
}
