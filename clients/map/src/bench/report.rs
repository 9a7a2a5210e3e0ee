//! The figures, for people or for machines.

use super::home::Home;
use super::run::{Run, Session};
use super::verify::Verified;
use crate::cli::{BenchArgs, BenchMode};
use crate::outcome::Stop;
use crate::ui::{Style, Ui};
use serde_json::{Value, json};
use std::time::Duration;

/// Prints all of it.
pub(super) fn show(
    args: &BenchArgs,
    home: &Home,
    session: &Session,
    verified: Option<&Verified>,
) -> Result<(), Stop> {
    let ui = Ui::new();
    if args.json {
        let text = serde_json::to_string_pretty(&document(home, session, verified)).map_err(Stop::failed)?;
        ui.line(&text);
        return Ok(());
    }
    ui.styled(
        Style::Bold,
        "door  mode     callers  payments       /s     p50     p90     p99   p99.9     max  per sync  CPU µs: server  load   MiB",
    );
    for run in &session.runs {
        ui.line(&line(run));
    }
    ui.line("latency in ms, processor time per payment, memory of the server at the end");
    for run in &session.runs {
        if let (BenchMode::Hot, Some((least, most))) = (run.mode, run.driven.tally.shares) {
            ui.line(&format!(
                "{} hot card: of {} callers the one with fewest made {least} payments, the one with most {most}",
                run.door.as_str(),
                run.callers
            ));
        }
    }
    ui.line(&format!("ready after {} ms", session.started.as_millis()));
    if let Some(took) = session.restarted {
        ui.line(&format!("after SIGKILL ready after {} ms", took.as_millis()));
    }
    let customers = home.facts.customers;
    match verified {
        Some(Verified { report, took_ms }) => ui.styled(
            Style::Green,
            &format!(
                "✓ {customers} customers, {} entries: all {} payments acknowledged are there, no other, and no \
                 fen is missing (checked in {took_ms} ms)",
                report.counts.entries, session.paid.payments
            ),
        ),
        None => ui.styled(Style::Red, "not checked (--skip-check)"),
    }
    Ok(())
}

fn line(run: &Run) -> String {
    let latency = run.driven.tally.latency();
    let payments = run.driven.tally.paid.payments;
    let each = |total: u64| total.checked_div(payments).unwrap_or_default();
    let syncs = hundredths(payments, run.cost.syncs);
    let mut line = format!(
        "{:<5} {:<8} {:>7}  {payments:>8}  {:>7}",
        run.door.as_str(),
        format!("{:?}", run.mode).to_lowercase(),
        run.callers,
        run.rate()
    );
    for us in [latency.p50, latency.p90, latency.p99, latency.p999, latency.max] {
        line.push_str(&format!(" {:>7}", ms(us)));
    }
    line.push_str(&format!(
        "  {syncs:>8}  {:>14}  {:>4}  {:>4}",
        each(run.cost.server_us),
        each(run.cost.load_us),
        run.cost.rss_kib / 1024
    ));
    line
}

/// µs as ms, such as `1.25`.
fn ms(us: u64) -> String {
    hundredths(us, 1000)
}

/// A ratio with two places, rounded down.
fn hundredths(of: u64, by: u64) -> String {
    match of.saturating_mul(100).checked_div(by) {
        Some(ratio) => format!("{}.{:02}", ratio / 100, ratio % 100),
        None => "-".to_owned(),
    }
}

fn document(home: &Home, session: &Session, verified: Option<&Verified>) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "processors": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "customers": home.facts.customers,
        "seed": session.seed,
        "ready_ms": whole_ms(session.started),
        "ready_after_kill_ms": session.restarted.map(whole_ms),
        "runs": session.runs.iter().map(run).collect::<Vec<_>>(),
        "acknowledged": { "payments": session.paid.payments, "fen": session.paid.fen },
        "checked": verified.map(|verified| json!({
            "entries": verified.report.counts.entries,
            "problems": verified.report.problem_count,
            "trial_balance_fen": verified.report.trial_balance.total_fen.to_string(),
        })),
    })
}

fn run(run: &Run) -> Value {
    let tally = &run.driven.tally;
    json!({
        "door": run.door.as_str(),
        "mode": format!("{:?}", run.mode).to_lowercase(),
        "callers": run.callers,
        "pace_per_second": run.pace,
        "payments": tally.paid.payments,
        "elapsed_ms": whole_ms(run.driven.time),
        "per_second": run.rate(),
        "latency_us": tally.latency(),
        "syncs": run.cost.syncs,
        "fewest_of_a_caller": tally.shares.map(|(least, _)| least),
        "most_of_a_caller": tally.shares.map(|(_, most)| most),
        "server_cpu_us": run.cost.server_us,
        "load_cpu_us": run.cost.load_us,
        "server_rss_kib": run.cost.rss_kib,
    })
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_have_two_places_and_none_is_made_of_nothing() {
        assert_eq!(hundredths(1, 3), "0.33");
        assert_eq!(hundredths(1_250, 1000), "1.25");
        assert_eq!(hundredths(1, 0), "-");
    }
}
