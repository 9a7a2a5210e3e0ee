//! What the story is played on: a folder with keys, configuration, provisioning and ledger.

use crate::child::{Keys, Place, quoted};
use crate::outcome::Stop;
use crate::runtime::sha256_hex;
use std::path::{Path, PathBuf};

/// The customer of the story. The ID number is the one that textbooks use.
pub(super) const MOBILE: &str = "13912345678";
pub(super) const NAME: &str = "李四";
pub(super) const ID_NUMBER: &str = "11010519491231002X";
pub(super) const PAYMENT_CODE: &str = "246810";

pub(super) const APP: &str = "zjhtwallet";
pub(super) const NETWORK: &str = "posp1";
pub(super) const PRODUCT: &str = "1010";
pub(super) const SELLER: &str = "SH12345";
pub(super) const STORE: &str = "ST12345";
pub(super) const TERMINAL: &str = "ZJ000001";

/// The folder and the keys.
pub(super) struct Stage {
    pub(super) place: Place,
    pub(super) keys: Keys,
}

impl Stage {
    /// Sets the stage in a temporary folder, or in one that is kept.
    pub(super) fn set(keep: Option<&Path>) -> Result<Self, Stop> {
        let failed = |error: std::io::Error| Stop::failed(format!("the demo's folder: {error}"));
        let place = match keep {
            Some(folder) => kept(folder)?,
            None => Place::temporary("map-demo-").map_err(failed)?,
        };
        let keys = Keys::make().map_err(|error| Stop::failed(format!("the demo's keys: {error}")))?;
        let stage = Self { place, keys };
        let files = [
            (stage.rsa_key_file(), stage.keys.rsa_private.clone()),
            (stage.place.provisioning_file(), stage.provisioning()),
            (stage.place.config_file(), stage.config()),
        ];
        for (path, text) in files {
            stage.place.write(&path, &text).map_err(failed)?;
        }
        Ok(stage)
    }

    pub(super) fn rsa_key_file(&self) -> PathBuf {
        self.place.folder().join("app.pem")
    }

    fn config(&self) -> String {
        format!(
            "# The demo's configuration: free ports on loopback, and no wait between two SMS codes.\n\
             data_dir = {data}\nprovisioning_file = {provisioning}\n\n\
             [admin]\nbind = \"127.0.0.1:0\"\n\n\
             [core]\nbind = \"127.0.0.1:0\"\n\n[core.rules]\nsms_interval_ms = 0\n\n\
             [[gateway.listeners]]\nbind = \"127.0.0.1:0\"\nnetwork = \"{NETWORK}\"\n",
            data = quoted(&self.place.ledger()),
            provisioning = quoted(&self.place.provisioning_file()),
        )
    }

    fn provisioning(&self) -> String {
        let Keys {
            app_bearer,
            operator_bearer,
            app_key,
            posp_key,
            rsa_public,
            ..
        } = &self.keys;
        format!(
            "default_product = \"{PRODUCT}\"\n\n\
             [[network]]\nid = \"{NETWORK}\"\nname = \"POS network one\"\n\
             [network.edge]\nposp_key = \"{posp_key}\"\naddresses = [\"127.0.0.0/8\"]\n\n\
             [[app]]\nid = \"{APP}\"\nname = \"Wallet\"\nnetworks = [\"{NETWORK}\"]\n\
             bearer_key_sha256 = [\"{app}\"]\n[app.edge]\napp_key = \"{app_key}\"\n\
             rsa_public_key = \"\"\"\n{rsa_public}\"\"\"\n\n\
             [[operator]]\nid = \"demo\"\nname = \"The one who watches\"\nbearer_key_sha256 = [\"{operator}\"]\n\n\
             [[product]]\nid = \"{PRODUCT}\"\nname = \"乐驾包4000\"\ntype = \"instalment\"\nnumber_prefix = \"2001\"\n\
             price_fen = 350000\nface_value_fen = 400000\nstages = 4\nvalidity_months = 12\n\n\
             [[fuel_product]]\ncode = \"DIESEL0\"\nname = \"0号柴油\"\n\n\
             [[seller]]\nid = \"{SELLER}\"\nname = \"南沙加油站\"\n[[seller.store]]\nid = \"{STORE}\"\nname = \"一号店\"\n\
             [[seller.store.terminal]]\nid = \"{TERMINAL}\"\nnetwork = \"{NETWORK}\"\n",
            app = sha256_hex(app_bearer),
            operator = sha256_hex(operator_bearer),
        )
    }
}

/// A folder that the caller names: it must be empty, or not there yet.
fn kept(folder: &Path) -> Result<Place, Stop> {
    let failed = |error| Stop::usage(format!("--keep {}: {error}", folder.display()));
    let place = Place::kept(folder).map_err(failed)?;
    if place.is_empty().map_err(failed)? {
        return Ok(place);
    }
    Err(Stop::usage(format!(
        "--keep {}: the folder is not empty",
        folder.display()
    )))
}
