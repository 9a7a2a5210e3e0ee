//! `map key`: a bearer key, and the hash that is provisioned.

use crate::cli::KeyArgs;
use crate::outcome::Stop;
use crate::runtime::{bearer_key, sha256_hex};
use crate::ui::{Ui, note};

pub(super) fn run(args: &KeyArgs) -> Result<(), Stop> {
    let ui = Ui::new();
    if args.of_stdin {
        let key = std::io::read_to_string(std::io::stdin()).map_err(Stop::failed)?;
        if key.trim().is_empty() {
            return Err(Stop::usage("no key on standard input"));
        }
        ui.line(&sha256_hex(key.trim()));
        return Ok(());
    }
    let key = bearer_key();
    ui.line(&format!("key     {key}"));
    ui.line(&format!("sha256  {}", sha256_hex(&key)));
    note(
        "Give the key to the caller and keep no copy; put the hash under bearer_key_sha256 in provisioning.",
    );
    Ok(())
}
