//! `map call`: sends a documented JSON call, signing and encrypting it.

use super::core_channel;
use crate::cli::CallArgs;
use crate::config::did_you_mean;
use crate::outcome::Stop;
use crate::ui::{Style, Ui, note};
use map_legacy_client::contract::{self, Credential, Endpoint, Field, Kind};
use map_legacy_client::{Algorithm, CallError, Caller, Client, SignError, generated};
use serde_json::{Map, Value};
use std::path::Path;

pub(super) async fn run(args: &CallArgs) -> Result<(), Stop> {
    let ui = Ui::new();
    if args.list {
        generated::ENDPOINTS
            .iter()
            .for_each(|endpoint| list(ui, endpoint));
        return Ok(());
    }
    let given = fields(args)?;
    let endpoint = endpoint(args.endpoint.as_deref().unwrap_or_default(), !args.app.is_empty())?;
    let fields = completed(endpoint, given, args)?;
    let client = Client::new(&args.url, caller(args, endpoint)?)
        .map_err(|error| Stop::usage(format!("--url {error}")))?;
    let body = client
        .signer()
        .sign_json(endpoint, &fields)
        .map_err(|error| unsigned(endpoint, &error))?;
    if args.print_curl {
        let quoted = body.replace('\'', "'\\''");
        let url = args.url.trim_end_matches('/');
        ui.line(&format!(
            "curl -sS {url}{} -H 'Content-Type: application/json' -d '{quoted}'",
            endpoint.path
        ));
        return Ok(());
    }
    note(&format!(
        "POST {}{}\n{body}",
        args.url.trim_end_matches('/'),
        endpoint.path
    ));
    let answer = client.post(endpoint.path, body).await.map_err(unanswered)?;
    ui.line(&answer);
    let read: Value = serde_json::from_str(&answer).map_err(Stop::failed)?;
    match read.get("errcode").and_then(Value::as_i64) {
        Some(0) => Ok(()),
        Some(_) | None => Err(Stop::failed(
            read.get("errmsg").and_then(Value::as_str).unwrap_or("failed"),
        )),
    }
}

/// Nothing was sent.
fn unsigned(endpoint: &Endpoint, error: &SignError) -> Stop {
    let is_code = |field: &&Field| field.kind == Kind::PaymentCode;
    match (error, endpoint.fields.iter().find(is_code)) {
        (SignError::NoKey(_), Some(code)) if endpoint.credential == Credential::Network => {
            Stop::usage(format!(
                "{} of {} is encrypted under the POS network's key: --posp-key HEX",
                code.name, endpoint.path
            ))
        }
        (error, _) => Stop::usage(error),
    }
}

fn unanswered(error: CallError) -> Stop {
    if error.is_unknown() {
        Stop::failed(format!("{error}. Send the same numbers again, or reverse them"))
    } else {
        Stop::failed(error)
    }
}

/// The fields as they were given: `name=value` or a JSON object.
fn fields(args: &CallArgs) -> Result<Map<String, Value>, Stop> {
    let Some(file) = &args.json else {
        return args
            .fields
            .iter()
            .map(|field| match field.split_once('=') {
                Some((name, value)) => Ok((name.to_owned(), Value::from(value))),
                None => Err(Stop::usage(format!("{field}: expected FIELD=VALUE"))),
            })
            .collect();
    };
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| Stop::usage(format!("can't read {}: {error}", file.display())))?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Stop::usage(format!(
            "{}: expected a JSON object with the fields",
            file.display()
        ))),
        Err(error) => Err(Stop::usage(format!("{}: {error}", file.display()))),
    }
}

/// The endpoint that is called so. Where two share a path, an app's where an app calls.
fn endpoint(wanted: &str, by_app: bool) -> Result<&'static Endpoint, Stop> {
    let mut there = generated::ENDPOINTS
        .iter()
        .copied()
        .filter(|endpoint| endpoint.is_called(wanted));
    there
        .find(|endpoint| (endpoint.credential != Credential::Network) == by_app)
        .or_else(|| contract::find(wanted))
        .ok_or_else(|| {
            let known = generated::ENDPOINTS.iter();
            let known: Vec<String> = known
                .flat_map(|endpoint| {
                    [
                        endpoint.path.to_owned(),
                        endpoint.name.to_owned(),
                        endpoint.dotted(),
                    ]
                })
                .collect();
            let meant = did_you_mean(wanted, known.iter().map(String::as_str));
            Stop::usage(format!(
                "no documented call is named {wanted:?}{meant}; map call --list shows them"
            ))
        })
}

/// The fields in the types that the contract has for them.
fn completed(
    endpoint: &Endpoint,
    mut fields: Map<String, Value>,
    args: &CallArgs,
) -> Result<Map<String, Value>, Stop> {
    let known = || endpoint.fields.iter().map(|field| field.name);
    if let Some(unknown) = fields.keys().find(|name| known().all(|field| field != *name)) {
        return Err(Stop::usage(format!(
            "{} has no field {unknown:?}{}; it has {}",
            endpoint.name,
            did_you_mean(unknown, known()),
            known().collect::<Vec<_>>().join(", ")
        )));
    }
    for field in endpoint.fields {
        let Some(value) = fields.get_mut(field.name) else {
            continue;
        };
        match (field.kind, value.as_str()) {
            (Kind::Number, Some(text)) => {
                let number: i64 = text.parse().map_err(|_| {
                    Stop::usage(format!(
                        "{}={text}: expected an integer (money is in fen)",
                        field.name
                    ))
                })?;
                *value = Value::from(number);
            }
            (Kind::PaymentCode | Kind::PaymentCodeMd5, Some(code)) if is_mistyped(code) => {
                return Err(Stop::usage(format!(
                    "{}: a payment code has six digits; nothing was sent",
                    field.name
                )));
            }
            (Kind::PaymentCode, Some(code)) => {
                if let Some(account) = &args.pin_account {
                    *value = serde_json::json!({ "code": code, "account": account });
                }
            }
            (Kind::Number | Kind::Text | Kind::TripleDes | Kind::PaymentCode | Kind::PaymentCodeMd5, _) => {}
        }
    }
    Ok(fields)
}

/// The shortest encrypted payment code: eight bytes in base64, without padding.
const SHORTEST_ENCRYPTED: usize = 11;

/// Whether this is neither a payment code nor an encrypted one. Taken as encrypted already, as any other text is,
/// it would be sent in clear.
fn is_mistyped(code: &str) -> bool {
    let digits = code.chars().filter(char::is_ascii_digit).count();
    let plain = code.chars().all(|c| c.is_ascii_digit() || c.is_whitespace());
    let is_code = digits == 6 && code.len() == 6;
    // 16 digits may well be a PIN block, 32 an MD5.
    let too_short = code.chars().count() < SHORTEST_ENCRYPTED || plain && digits < 16;
    !code.is_empty() && !is_code && too_short
}

fn caller(args: &CallArgs, endpoint: &Endpoint) -> Result<Caller, Stop> {
    if endpoint.credential == Credential::Network {
        return match &args.posp_key {
            Some(key) => Caller::network(key).map_err(Stop::usage),
            None => Ok(Caller::network_without_key()),
        };
    }
    let app_key = match (&args.app_key_file, &args.app_key) {
        (Some(file), _) => core_channel::key_in(file)?,
        (None, Some(key)) => key.clone(),
        (None, None) => String::new(),
    };
    if args.app.is_empty() || app_key.is_empty() {
        return Err(Stop::usage(format!(
            "{} is called by an app: --app ID, with its key in --app-key-file FILE, MAP_APP_KEY or --app-key",
            endpoint.path
        )));
    }
    let mut caller = Caller::app(&args.app, &app_key).map_err(Stop::usage)?;
    if let Some(file) = &args.rsa_key {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Stop::usage(format!("can't read {}: {error}", file.display())))?;
        caller = caller
            .private_key(&text, algorithm(&args.tsig)?)
            .map_err(Stop::usage)?;
    } else if endpoint.credential == Credential::AppTsig {
        return Err(Stop::usage(format!(
            "{} carries tsig: --rsa-key FILE",
            endpoint.path
        )));
    }
    match &args.posp_key {
        Some(key) => caller.pin_blocks(key).map_err(Stop::usage),
        None => Ok(caller.des()),
    }
}

fn algorithm(name: &str) -> Result<Algorithm, Stop> {
    match name {
        "sha1" => Ok(Algorithm::Sha1WithRsa),
        "sha256" => Ok(Algorithm::Sha256WithRsa),
        "md5" => Ok(Algorithm::Md5WithRsa),
        other => Err(Stop::usage(format!(
            "--tsig {other}: expected sha1, sha256 or md5"
        ))),
    }
}

fn list(ui: Ui, endpoint: &Endpoint) {
    let credential = match endpoint.credential {
        Credential::Network => "by a POS network, at its listener",
        Credential::App => "by an app: --app --app-key-file",
        Credential::AppTsig => "by an app, signed: --app --app-key-file --rsa-key",
    };
    let path = ui.paint(Style::Bold, endpoint.path);
    // Two calls have one path: there the names tell them apart.
    let names = format!("{} {} · {credential}", endpoint.name, endpoint.dotted());
    ui.line(&format!("{path}  {}", ui.paint(Style::Dim, &names)));
    for field in endpoint.fields {
        let kind = match field.kind {
            Kind::Text => "",
            Kind::Number => "integer",
            Kind::TripleDes => "in clear; sent in 3DES",
            Kind::PaymentCode => "six digits; sent encrypted",
            Kind::PaymentCodeMd5 => "six digits; sent as MD5",
        };
        let mark = if field.required { "*" } else { " " };
        ui.line(format!("  {mark} {:<18} {}", field.name, ui.paint(Style::Dim, kind)).trim_end());
    }
}
