//! Who signs: unknown and inactive apps, wrong keys, wrong algorithms, settings (decisions 10–16).

use super::bench::Bench;
use crate::harness::call::{md5, tsig_with};
use crate::harness::poll::unix_seconds;
use crate::harness::*;
use map_legacy_crypto::Charset;
use map_legacy_crypto::signature::Algorithm;

fn pay(bench: &Bench) -> Call {
    bench.good("gw.offline.pay")
}

/// Signs with another RSA key or algorithm.
fn signed_otherwise(call: &Call, sign: impl Fn([&str; 4]) -> String) -> String {
    let mut body = call.sealed();
    let text = |path: &str| body.text(path).to_owned();
    let (digest, time, nonce) = (text("tsig.orderMD5"), text("tsig.timeStamp"), text("tsig.nonce"));
    let signature = sign([&digest, call.app.id, &time, &nonce]);
    body.set("tsig.signature", signature);
    body.to_string()
}

#[test]
fn an_unknown_or_inactive_app_is_refused() {
    let bench = Bench::new();
    let call = pay(&bench);
    let mut body = call.sealed();
    body.set("app.appId", "nobody");
    bench.refused("an unknown app", &call, &body.to_string());
    let call = pay(&bench).app("sleeps");
    bench.refused("an inactive app", &call, &call.text());
    bench.accepted("a known one", &pay(&bench));
}

#[test]
fn a_wrong_app_key_is_refused_with_and_without_tsig() {
    for id in ["gw.offline.pay", "gw.offline.get_account_info"] {
        let bench = Bench::new();
        let call = bench.good(id);
        let mut body = call.sealed();
        let (time, nonce) = (
            body.text("app.timeStamp").to_owned(),
            body.text("app.nonce").to_owned(),
        );
        let forged = md5(&[call.app.id, "another key", &nonce, &time], Charset::Utf8);
        body.set("app.signature", forged);
        bench.refused(id, &call, &body.to_string());
        // Hex in either case is the same digest.
        let mut body = call.sealed();
        let upper = body.text("app.signature").to_uppercase();
        body.set("app.signature", upper);
        assert!(
            call.post(&bench.server, body.to_string().as_bytes())
                .answer()
                .succeeded(),
            "upper-case hex"
        );
    }
}

#[test]
fn a_signature_by_another_key_or_algorithm_is_refused() {
    let bench = Bench::new();
    let call = pay(&bench);
    let (own, foreign) = (call.app.rsa, world::foreign_rsa());
    let sha256 = Algorithm::Sha256WithRsa;
    for (case, body) in [
        (
            "another key",
            signed_otherwise(&call, |values| tsig_with(foreign, sha256, values)),
        ),
        (
            "SHA-1 where SHA-256 is set",
            signed_otherwise(&call, |values| tsig_with(own, Algorithm::Sha1WithRsa, values)),
        ),
        (
            "MD5 where SHA-256 is set",
            signed_otherwise(&call, |values| tsig_with(own, Algorithm::Md5WithRsa, values)),
        ),
        (
            "an unkeyed MD5",
            signed_otherwise(&call, |values| md5(&values, Charset::Utf8)),
        ),
        ("no base64", signed_otherwise(&call, |_| "SIGNATURE!".to_owned())),
        (
            "another app's name",
            signed_otherwise(&call, |[digest, _, time, nonce]| {
                tsig_with(own, sha256, [digest, "second", time, nonce])
            }),
        ),
        (
            "another order's digest",
            signed_otherwise(&call, |[_, app, time, nonce]| {
                tsig_with(
                    own,
                    sha256,
                    ["5f1d7a84db00d2fce00b31a7fc73224f", app, time, nonce],
                )
            }),
        ),
    ] {
        bench.refused(case, &call, &body);
    }
    bench.accepted("its own key", &call);
}

#[test]
fn each_algorithm_charset_and_key_length_that_is_set_works() {
    let bench = Bench::new();
    // SHA-1 (the default), SHA-256, MD5, digests over GBK, an 8-character key.
    for app in ["zjhtwallet", "wallet", "oldmd5", "gbk", "short"] {
        let call = pay(&bench).app(app).with("remark", "0号柴油，国V");
        bench.accepted(app, &call);
        let mobile = people::new_mobile();
        let code = bench.server.sms_code(app, &mobile);
        let open = bench
            .good("gw.oilcard.open_online")
            .app(app)
            .with("mobileNum", &mobile)
            .with("smsCode", code);
        bench.accepted(app, &open);
    }
}

#[test]
fn beside_a_tsig_app_signature_is_verified_where_present_and_ignored_where_set() {
    let bench = Bench::new();
    let junk = |call: &Call| {
        let mut body = call.sealed();
        body.set("app.signature", "SIGNATURE");
        body.to_string()
    };
    let call = pay(&bench);
    bench.refused("junk", &call, &junk(&call));
    let call = pay(&bench).app("junk");
    assert!(
        call.post(&bench.server, junk(&call).as_bytes())
            .answer()
            .succeeded(),
        "app_signature = ignore"
    );
    let call = pay(&bench);
    let mut body = call.sealed();
    body.remove("app.signature");
    assert!(
        call.post(&bench.server, body.to_string().as_bytes())
            .answer()
            .succeeded(),
        "absent beside tsig"
    );
}

#[test]
fn an_app_is_refused_from_an_address_outside_its_list() {
    let bench = Bench::new();
    let call = pay(&bench).app("far");
    bench.refused("an address outside", &call, &call.text());
}

#[test]
fn a_freshness_window_reads_four_forms_of_time_and_does_not_answer_what_is_old() {
    let bench = Bench::new();
    let now = unix_seconds();
    let at = |time: String| Call {
        time,
        ..pay(&bench).app("fresh")
    };
    for (case, time) in [
        ("an hour ago", (now - 3600).to_string()),
        ("in an hour", (now + 3600).to_string()),
        ("an hour ago in ms", ((now - 3600) * 1000).to_string()),
        ("2015", "20150102121200".to_owned()),
        ("2015 with hyphens", "2015-01-02 12:12:00".to_owned()),
        ("no time", "TIMESTAMP".to_owned()),
    ] {
        // The same bytes may have been paid when they were fresh, or be paid once they are.
        let reply = at(time.clone()).send(&bench.server);
        assert!(matches!(reply, Reply::Closed), "{case}: {reply:?}");
        bench.unchanged(case);
        let balance = Call {
            time,
            ..bench.good("gw.offline.get_account_info").app("fresh")
        };
        bench.refused(case, &balance, &balance.text());
    }
    for time in [
        now.to_string(),
        (now * 1000).to_string(),
        shanghai(now, ""),
        shanghai(now, "- :"),
    ] {
        bench.accepted(&time, &at(time.clone()));
    }
}

/// Civil time in Shanghai: `yyyyMMddHHmmss`, or with separators.
fn shanghai(unix: i64, separators: &str) -> String {
    let format = if separators.is_empty() {
        "+%Y%m%d%H%M%S"
    } else {
        "+%Y-%m-%d %H:%M:%S"
    };
    let mut date = std::process::Command::new("date");
    let output = date
        .env("TZ", "UTC-8")
        .args(["-d", &format!("@{unix}"), format])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn detailed_errcodes_are_distinct_and_never_zero() {
    let bench = Bench::new();
    let poor = Customer {
        mobile: people::new_mobile(),
        pin: "111111".to_owned(),
    };
    let unknown = gw_pay(&poor, &Pos::new(), 1)
        .app("detailed")
        .send(&bench.server)
        .answer();
    let short = pay(&bench)
        .app("detailed")
        .with("sum", 1_000_000_000)
        .send(&bench.server)
        .answer();
    let codes = [unknown.errcode(), short.errcode()];
    assert!(
        codes[0] != codes[1] && codes.iter().all(|code| ![0, 10_000, 25_205].contains(code)),
        "{codes:?}"
    );
}

#[test]
fn a_1024_bit_key_is_refused_without_the_legacy_flag() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl")
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    openssl(&["genrsa", "-out", "short.pem", "1024"]);
    openssl(&["rsa", "-in", "short.pem", "-pubout", "-out", "public.pem"]);
    let public = std::fs::read_to_string(folder.path().join("public.pem")).unwrap();
    let check = |flag: &str| {
        let mut document = world::document();
        let key = json::quoted(&public);
        let app = document
            .callers
            .iter_mut()
            .find(|caller| caller.caller_id == "wallet")
            .unwrap();
        app.edge_settings_json = format!(r#"{{"app_key":"appKey08appKey08","rsa_public_key":{key}{flag}}}"#);
        let file = folder.path().join("provisioning.toml");
        std::fs::write(&file, toml::provisioning(&document)).unwrap();
        server::run(&["provision", &file.to_string_lossy(), "--check"])
    };
    let refused = check("");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&refused.stdout),
        String::from_utf8_lossy(&refused.stderr)
    );
    assert!(
        !refused.status.success() && said.contains("wallet") && said.contains("1024"),
        "{said}"
    );
    let accepted = check(r#","legacy_key":true"#);
    assert!(
        accepted.status.success(),
        "{}",
        String::from_utf8_lossy(&accepted.stderr)
    );
}
