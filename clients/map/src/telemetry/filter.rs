//! What is logged: a level, or a filter of targets and levels. tracing takes any word for a target and logs
//! nothing of it; a word that can't be meant is refused.

use crate::config::did_you_mean;
use crate::outcome::Stop;
use tracing_subscriber::EnvFilter;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// The targets of this workspace that say anything: its crates.
const OURS: [&str; 10] = [
    "map",
    "map_client",
    "map_domain",
    "map_gateway",
    "map_legacy_client",
    "map_listener",
    "map_server",
    "map_store",
    "map_store_embedded",
    "map_trace",
];

/// The tables' library traces the keys that it stores, and mobile numbers are among them; its errors name blocks,
/// and the store tells each in words of its own.
const STORING: &str = "lsm_tree=off";

/// The filter that this text asks for.
pub(super) fn filter(wanted: &str) -> Result<EnvFilter, Stop> {
    let refused = |why: String| {
        Stop::usage(format!(
            "--log or MAP_LOG: {wanted}: {why}; expected one of {}, or a filter such as warn,map_server=debug",
            LEVELS.join(", ")
        ))
    };
    for part in wanted.split(',').map(str::trim) {
        unmistakable(part).map_err(refused)?;
    }
    let quiet = STORING.parse().map_err(|error| refused(format!("{error}")))?;
    let filter = EnvFilter::try_new(wanted).map_err(|error| refused(error.to_string()))?;
    Ok(filter.add_directive(quiet))
}

/// Whether a part of a filter, `level` or `target=level`, can be meant. Spans and fields (`target[span]=level`)
/// are whoever's who knows them.
fn unmistakable(part: &str) -> Result<(), String> {
    let (target, level) = match part.split_once('=') {
        _ if part.contains('[') => return Ok(()),
        Some((target, level)) => (Some(target), level),
        None => (None, part),
    };
    if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
        return Err(format!(
            "no level is called {level:?}{}",
            did_you_mean(level, LEVELS.into_iter())
        ));
    }
    let krate = target.map(|target| target.split("::").next().unwrap_or(target));
    match krate {
        Some("lsm_tree") => Err("lsm_tree traces the keys that it stores".to_owned()),
        Some(krate) if krate.starts_with("map") && !OURS.contains(&krate) => Err(format!(
            "nothing logs as {krate:?}{}",
            did_you_mean(krate, OURS.into_iter())
        )),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_can_not_be_meant_is_refused_with_a_suggestion() {
        let check = |wanted: &str, expect: Option<&str>| match (filter(wanted), expect) {
            (Ok(_), None) => {}
            (Err(stop), Some(part)) => {
                let told = format!("{stop:?}");
                assert!(told.contains(part), "{wanted}: {told}");
            }
            (got, _) => panic!("{wanted}: {got:?}"),
        };
        for good in [
            "info",
            "WARN",
            "off",
            "warn,map_server=debug",
            "warn,map_server::ledger=trace,h2=error",
            "map_server[call{method}]=debug",
        ] {
            check(good, None);
        }
        check("nonsense", Some("no level is called"));
        check("inof", Some("did you mean `info`?"));
        check("map_server", Some("no level is called"));
        check("warn,map_sever=debug", Some("did you mean `map_server`?"));
        check("warn,map_server=debgu", Some("did you mean `debug`?"));
        check("warn,", Some("no level is called"));
        check("warn,lsm_tree::table=trace", Some("traces the keys"));
    }

    #[test]
    fn the_keys_of_what_is_stored_are_never_traced() {
        for wanted in ["trace", "off", "warn,map_server=trace"] {
            let filter = filter(wanted).expect("a filter").to_string();
            assert!(
                filter.split(',').any(|part| part == STORING),
                "{wanted}: {filter}"
            );
        }
    }
}
