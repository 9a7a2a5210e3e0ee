//! `map check`: verifies a data folder from end to end.

use crate::cli::CheckArgs;
use crate::outcome::Stop;
use crate::runtime::{close_store, open_existing};
use crate::ui::{Style, Ui, note, yuan};
use map_store::Store;
use map_store::check::{CheckOptions, CheckReport, Progress, Stage, check};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::Path;

pub(super) async fn run(args: &CheckArgs) -> Result<(), Stop> {
    let report = report(&args.dir, std::io::stderr().is_terminal()).await?;
    if args.json {
        let text = serde_json::to_string_pretty(&document(&report)).map_err(Stop::failed)?;
        Ui::new().line(&text);
    } else {
        show(Ui::new(), &report);
    }
    match report.problem_count {
        0 => Ok(()),
        1 => Err(Stop::failed("1 problem")),
        count => Err(Stop::failed(format!("{count} problems"))),
    }
}

/// What a check of this folder finds.
pub(crate) async fn report(folder: &Path, progress: bool) -> Result<CheckReport, Stop> {
    let store = open_existing(folder).await?;
    let snapshot = store.snapshot().await.map_err(Stop::failed)?;
    let mut last = (Stage::Partitions, 0);
    let mut tell = |at: Progress| {
        let step = (at.stage, at.rows / 100_000);
        if progress && step != last {
            last = step;
            note(&format!("{:?}: {} rows", at.stage, at.rows));
        }
    };
    let checked = check(&*snapshot, &CheckOptions::default(), &mut tell).await;
    drop(snapshot);
    close_store(store).await?;
    checked.map_err(Stop::failed)
}

/// Prints a report for people.
pub(crate) fn show(ui: Ui, report: &CheckReport) {
    let CheckReport {
        counts,
        trial_balance,
        danglers,
        problems,
        problem_count,
    } = report;
    ui.styled(Style::Bold, "Counts");
    ui.line(&format!(
        "  customers {}, accounts {}, orders {}, entries {}, events {}",
        counts.customers, counts.accounts, counts.orders, counts.entries, counts.events
    ));
    ui.line(&format!(
        "  partitions {}, bound claims {}, closed claims {}, index rows {}, other rows {}",
        counts.partitions, counts.bound_claims, counts.closed_claims, counts.index_rows, counts.others
    ));
    ui.styled(Style::Bold, "Trial balance (yuan), from the entries alone");
    for line in &trial_balance.lines {
        ui.line(&format!(
            "  {:<40} {:>20}",
            line.ledger_account,
            yuan_of(line.balance_fen)
        ));
    }
    ui.line(&format!(
        "  {:<40} {:>20}",
        "total",
        yuan_of(trial_balance.total_fen)
    ));
    ui.styled(
        Style::Bold,
        "Claims and index rows that point to nothing, as they may",
    );
    ui.line(&format!(
        "  order claims {}, account claims {}, mobile claims {}, order numbers {}, seller days {}, outbox rows {}",
        danglers.order_claims,
        danglers.account_claims,
        danglers.mobile_claims,
        danglers.order_numbers,
        danglers.merchant_days,
        danglers.outbox
    ));
    if report.is_clean() {
        ui.styled(Style::Green, "No problem found.");
        return;
    }
    ui.styled(Style::Red, &format!("{problem_count} problems"));
    for problem in problems {
        ui.line(&format!("  {problem}"));
    }
}

/// A sum of many balances; where it leaves the range of a balance, in fen.
fn yuan_of(fen: i128) -> String {
    i64::try_from(fen).map_or_else(|_| format!("{fen} fen"), yuan)
}

fn document(report: &CheckReport) -> Value {
    let CheckReport {
        counts,
        trial_balance,
        danglers,
        problems,
        problem_count,
    } = report;
    json!({
        "clean": report.is_clean(),
        "counts": {
            "partitions": counts.partitions, "customers": counts.customers, "accounts": counts.accounts,
            "orders": counts.orders, "entries": counts.entries, "events": counts.events, "others": counts.others,
            "bound_claims": counts.bound_claims, "closed_claims": counts.closed_claims,
            "index_rows": counts.index_rows,
        },
        "trial_balance": {
            "lines": trial_balance.lines.iter().map(|line| json!({
                "ledger_account": line.ledger_account, "balance_fen": line.balance_fen.to_string(),
            })).collect::<Vec<_>>(),
            "total_fen": trial_balance.total_fen.to_string(),
        },
        "danglers": {
            "order_claims": danglers.order_claims, "account_claims": danglers.account_claims,
            "mobile_claims": danglers.mobile_claims, "order_numbers": danglers.order_numbers,
            "merchant_days": danglers.merchant_days, "outbox": danglers.outbox,
        },
        "problem_count": problem_count,
        "problems": problems.iter().map(|problem| json!({
            "kind": format!("{:?}", problem.kind), "place": problem.place, "detail": problem.detail,
        })).collect::<Vec<_>>(),
    })
}
