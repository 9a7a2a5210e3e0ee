//! Each required field removed, null, empty, blank: the documented error, and no change.

use super::bench::Bench;
use crate::harness::*;

/// What can be wrong with a field that must be there.
const WRONGS: [(&str, Option<&str>); 4] = [
    ("removed", None),
    ("null", Some("null")),
    ("empty", Some(r#""""#)),
    ("blank", Some(r#"" \t 　""#)),
];

fn check(id: &str) {
    let bench = Bench::new();
    let required = endpoint(id).required.iter().map(|path| (path.clone(), false));
    let mut cases = 0;
    for (path, envelope) in required.chain(envelope(id)) {
        for (wrong, value) in WRONGS {
            // A remark is a record for people: it must be sent, but may say nothing.
            if path == "order.remark" && matches!(wrong, "empty" | "blank") {
                continue;
            }
            let mut call = bench.good(id);
            let mut body;
            if envelope {
                body = call.sealed();
                change(&mut body, &path, value);
            } else {
                // Signed as it is sent: only the field is missing, not the signature's agreement.
                if wrong == "blank"
                    && call.endpoint.encrypted.contains(&path)
                    && !path.ends_with("paymentCodeDES")
                {
                    call.body.set(&path, " ");
                    body = call.sealed();
                } else {
                    body = call.sealed();
                    change(&mut body, &path, value);
                    if call.endpoint.credential != Credential::Network {
                        call.sign(&mut body);
                    }
                }
            }
            bench.refused(&format!("{path} {wrong}"), &call, &body.to_string());
            cases += 1;
        }
    }
    bench.accepted("everything there", &bench.good(id));
    eprintln!("{id}: {cases} missing fields refused");
}

/// Required parts of the envelope: `app.signature` where it is the only credential, `tsig` where the
/// document has one.
fn envelope(id: &str) -> Vec<(String, bool)> {
    let paths: &[&str] = match endpoint(id).credential {
        Credential::Network => &[],
        Credential::App => &["app.appId", "app.signature"],
        Credential::AppTsig => &[
            "app.appId",
            "tsig.orderMD5",
            "tsig.signature",
            "tsig.timeStamp",
            "tsig.nonce",
        ],
    };
    paths.iter().map(|path| ((*path).to_owned(), true)).collect()
}

fn change(body: &mut Json, path: &str, value: Option<&str>) {
    match value {
        None => body.remove(path),
        Some(text) => body.set(path, Json::parse(text).unwrap()),
    }
}

macro_rules! required {
    ($($name:ident: $id:literal;)*) => {
        $(
            #[test]
            fn $name() {
                check($id);
            }
        )*

        #[test]
        fn no_endpoint_is_left_out() {
            let mut ids = vec![$($id),*];
            ids.sort_unstable();
            let mut all: Vec<_> = endpoints().iter().map(|endpoint| endpoint.id.as_str()).collect();
            all.sort_unstable();
            assert_eq!(ids, all);
        }
    };
}

required! {
    front_pay_without_a_required_field_is_refused: "front.offline.pay";
    front_pay_cancel_without_a_required_field_is_refused: "front.offline.pay_cancel";
    front_pay_undo_without_a_required_field_is_refused: "front.offline.pay_undo";
    front_get_account_info_without_a_required_field_is_refused: "front.offline.get_account_info";
    front_download_product_without_a_required_field_is_refused: "front.offline.download_product@003";
    app_download_product_without_a_required_field_is_refused: "front.offline.download_product@002";
    gw_pay_without_a_required_field_is_refused: "gw.offline.pay";
    gw_pay_cancel_without_a_required_field_is_refused: "gw.offline.pay_cancel";
    gw_pay_undo_without_a_required_field_is_refused: "gw.offline.pay_undo";
    gw_get_account_info_without_a_required_field_is_refused: "gw.offline.get_account_info";
    open_online_without_a_required_field_is_refused: "gw.oilcard.open_online";
    transfer_without_a_required_field_is_refused: "gw.oilcard.transfer_to_cashAccount";
    oilcard_get_without_a_required_field_is_refused: "front.oilcard.get";
}
