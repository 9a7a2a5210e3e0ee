//! `map provision`: validates a file here, or has a core apply it.

use super::{config as config_in_force, core_channel};
use crate::cli::{Global, ProvisionArgs};
use crate::outcome::Stop;
use crate::provisioning::Provisioning;
use crate::runtime::{random_hex, warn_of_provisioning};
use crate::ui::{Style, Ui, counted};
use map_client::proto::provisioning::v1::{ApplyRequest, Document};
use map_client::{ClientConfig, Error, ErrorReason, FieldViolation, MapClient};
use std::time::Duration;
use tonic::Code;

pub(super) async fn run(args: &ProvisionArgs, global: &Global) -> Result<(), Stop> {
    let ui = Ui::new();
    let read = Provisioning::read_valid(&args.file).map_err(Stop::usage)?;
    warn_of_provisioning(&read);
    let document = &read.document;
    if args.check {
        ui.line(&format!(
            "{} is valid: {}",
            args.file.display(),
            summary(document)
        ));
        return Ok(());
    }
    let key = match (&args.key, &args.key_file) {
        (Some(key), _) => key.clone(),
        (None, Some(file)) => core_channel::key_in(file)?,
        (None, None) => {
            return Err(Stop::usage(
                "an operator's key is needed: MAP_KEY, --key-file or --key",
            ));
        }
    };
    let config = ClientConfig::new(&args.core, key.trim()).attempt_timeout(Duration::from_secs(8));
    let channel = core_channel::lazy(&args.core, || Ok(config_in_force(global)?.core_client))?;
    let client = MapClient::over(channel, config).map_err(Stop::usage)?;
    let request = ApplyRequest {
        document: Some(document.clone()),
        validate_only: args.dry_run,
        reason: args.reason.clone().unwrap_or_default(),
        expected_revision: args.expected_revision,
        idempotency_key: random_hex(16),
    };
    let answer = client
        .apply(request)
        .await
        .map_err(|error| refused(&read, &args.core, error))?;
    for change in &answer.changes {
        ui.line(&format!("  {change}"));
    }
    let done = match (answer.changes.len(), args.dry_run) {
        (0, _) => "nothing to change".to_owned(),
        (n, true) => format!("{}, not applied (--dry-run)", counted(n, "change")),
        (n, false) => format!("{} applied", counted(n, "change")),
    };
    ui.styled(Style::Green, &format!("{done}; revision {}", answer.revision));
    Ok(())
}

fn refused(read: &Provisioning, core: &str, error: Error) -> Stop {
    match error {
        Error::Refused(refusal) if !refusal.fields.is_empty() => {
            let of_document = |field: FieldViolation| {
                let place = field.field.trim_start_matches("document.");
                (place.to_owned(), field.description)
            };
            let fields: Vec<_> = refusal.fields.into_iter().map(of_document).collect();
            Stop::failed(format!("refused:\n  {}", read.readable(&fields).join("\n  ")))
        }
        Error::Refused(refusal) if refusal.reason == ErrorReason::CatalogueChanged => {
            let known = |key: &str| refusal.metadata.get(key).map_or("?", String::as_str);
            Stop::failed(format!(
                "refused: the catalogue has revision {}, not {}; nothing was applied. --dry-run tells what the file \
                 would change now",
                known("current_revision"),
                known("expected_revision"),
            ))
        }
        Error::Refused(refusal) if refusal.request_id().is_none() => {
            no_core(core, refusal.code, &refusal.message)
        }
        Error::Refused(_) => Stop::failed(error),
        // Where nothing answered, the code is one of these.
        Error::OutcomeUnknown {
            code,
            message,
            request_id: None,
            ..
        } if !matches!(code, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled) => {
            no_core(core, code, &message)
        }
        Error::OutcomeUnknown { code, message, .. } => Stop::failed(format!(
            "the core did not answer ({code:?}: {message}); run it again, applying twice changes nothing"
        )),
    }
}

/// Something answered, and not as a core does.
fn no_core(url: &str, code: Code, message: &str) -> Stop {
    Stop::failed(format!(
        "what answers at {url} is no core's gRPC port ({code:?}: {message}); --core takes the address that the core \
         shows as `gRPC`"
    ))
}

fn summary(document: &Document) -> String {
    let stores = || document.sellers.iter().flat_map(|seller| &seller.stores);
    format!(
        "{}, {}, {}, {}, {}",
        counted(document.callers.len(), "caller"),
        counted(document.products.len(), "product"),
        counted(document.fuel_products.len(), "fuel product"),
        counted(document.sellers.len(), "seller"),
        counted(
            stores()
                .map(|store| store.terminals.len())
                .fold(0, usize::saturating_add),
            "terminal"
        ),
    )
}
