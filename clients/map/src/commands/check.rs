//! `map check`: verifies a data folder from end to end: the log, the state against the log, and what the
//! rows say.

use crate::cli::CheckArgs;
use crate::outcome::Stop;
use crate::runtime::{Ending, blocking, close_store, open_existing, wants_space};
use crate::ui::{Style, Ui, counted, note, yuan};
use map_store::check::{CheckOptions, CheckReport, Progress, Stage, check};
use map_store::{Store, StoreError};
use map_store_embedded::{Comparison, EmbeddedStore, FolderCopy, LogReport, OpenError, Rebuilt, Scratch};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

/// What a verification found.
pub(crate) struct Findings {
    /// What the rows say by themselves.
    pub(crate) report: CheckReport,
    /// What is wrong with the log.
    log: LogReport,
    /// Why the state had to be built anew before it could be looked at.
    rebuilt: Option<Rebuilt>,
    /// The state beside what the log says.
    comparison: Comparison,
}

impl Findings {
    /// How many things are wrong.
    pub(crate) fn count(&self) -> u64 {
        let in_log = u64::try_from(self.log.findings.len()).unwrap_or(u64::MAX);
        let counts = [
            in_log,
            u64::from(self.damage().is_some()),
            self.comparison.difference_count,
            self.report.problem_count,
        ];
        counts.into_iter().fold(0, u64::saturating_add)
    }

    /// Why the state was no use. One that is missing is no problem: a backup of the log alone has none.
    fn damage(&self) -> Option<&str> {
        match &self.rebuilt {
            Some(Rebuilt::Damaged(reason)) => Some(reason),
            Some(Rebuilt::Missing) | None => None,
        }
    }

    /// Each thing that is wrong, as a line; not all where there are very many.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let log = self.log.findings.iter().map(ToString::to_string);
        let state = self.comparison.differences.iter().map(ToString::to_string);
        let rebuilt = self.damage().into_iter().map(|reason| {
            format!("the state is damaged: {reason}; what follows is of a state built anew from the log")
        });
        log.chain(rebuilt)
            .chain(state)
            .chain(self.report.problems.iter().map(ToString::to_string))
    }
}

pub(super) async fn run(args: &CheckArgs) -> Result<(), Stop> {
    let progress = std::io::stderr().is_terminal();
    let findings = if args.in_place {
        examine_in_place(&args.dir, progress).await?
    } else {
        let mut ending = Ending::listen()?;
        let copy = Arc::new(FolderCopy::begin(&args.dir).map_err(|error| uncopied(&error))?);
        let examined = fill_and_examine(Arc::clone(&copy), &args.dir, progress);
        ending.unless(copy.scratch(), examined).await?
    };
    if args.json {
        let text = serde_json::to_string_pretty(&document(&findings)).map_err(Stop::failed)?;
        Ui::new().line(&text);
    } else {
        show(Ui::new(), &findings);
    }
    match findings.count() {
        0 => Ok(()),
        count => Err(Stop::failed(counted(count, "problem"))),
    }
}

/// What is found in a copy of this folder, which is left as it is.
pub(crate) async fn examine_copy(folder: &Path, progress: bool) -> Result<Findings, Stop> {
    let copy = FolderCopy::begin(folder).map_err(|error| uncopied(&error))?;
    fill_and_examine(Arc::new(copy), folder, progress).await
}

async fn fill_and_examine(copy: Arc<FolderCopy>, folder: &Path, progress: bool) -> Result<Findings, Stop> {
    let filled = Arc::clone(&copy);
    let filled = blocking(move || filled.fill()).await?;
    if !filled.map_err(|error| uncopied(&error))? {
        note(&format!(
            "{}: nothing can be written there, so it could not be locked: that no server has it open is for you to know",
            folder.display()
        ));
    }
    let (log, store) = open(copy.path(), folder).await?;
    // In the copy, with which it goes.
    let scratch = Scratch::within(copy.path()).map_err(Stop::failed)?;
    examine(log, store, Arc::new(scratch), progress).await
}

async fn examine_in_place(folder: &Path, progress: bool) -> Result<Findings, Stop> {
    let (log, store) = open(folder, folder).await?;
    let mut ending = Ending::listen()?;
    let scratch = Arc::new(Scratch::within(folder).map_err(Stop::failed)?);
    let examined = examine(log, store, Arc::clone(&scratch), progress);
    ending.unless(&scratch, examined).await
}

/// No copy was made: where the disk is full there is another way.
fn uncopied(error: &OpenError) -> Stop {
    if wants_space(error) {
        return Stop::failed(format!(
            "{error} There is no room for a copy: --in-place opens the folder itself, and settles the end of its log"
        ));
    }
    Stop::failed(error)
}

/// What is wrong with the log of this folder, told as of the folder of this name (a copy is gone when it is read),
/// and the store in it.
async fn open(folder: &Path, name: &Path) -> Result<(LogReport, Arc<EmbeddedStore>), Stop> {
    let to_read = folder.to_owned();
    let log = blocking(move || map_store_embedded::verify(&to_read)).await?;
    let store = open_existing(folder).await;
    let mut log = log.map_err(Stop::failed)?;
    for finding in &mut log.findings {
        if let Ok(file) = finding.file.strip_prefix(folder) {
            finding.file = name.join(file);
        }
    }
    if store.is_err() {
        // Opening tells the first finding only.
        for finding in &log.findings {
            Ui::new().line(&finding.to_string());
        }
    }
    Ok((log, store.map_err(|stop| stop.about(folder, name))?))
}

/// What is found in a store; the scratch folder is for a second state.
async fn examine(
    log: LogReport,
    store: Arc<EmbeddedStore>,
    scratch: Arc<Scratch>,
    progress: bool,
) -> Result<Findings, Stop> {
    let rebuilt = store.stats().opening.rebuilt;
    let report = check_rows(&store, progress).await;
    // A log that is not sound says nothing to compare with.
    let comparison = if log.is_sound() {
        let comparing = Arc::clone(&store);
        blocking(move || comparing.compare_with_log_in(&scratch)).await?
    } else {
        Ok(Comparison::default())
    };
    close_store(store).await?;
    Ok(Findings {
        report: report?,
        log,
        rebuilt,
        comparison: comparison.map_err(|error| uncompared(&error))?,
    })
}

/// The rows may be well; whether they are what the log says is not known.
fn uncompared(error: &StoreError) -> Stop {
    let told = match error {
        StoreError::NotApplied(text) => text.clone(),
        StoreError::OutcomeUnknown(_) | StoreError::Damaged(_) => error.to_string(),
    };
    Stop::failed(format!(
        "the state can't be compared with the log: {told}. For that it is built anew in the folder: where the disk is \
         full, free as much as `state` has, or copy the folder to another disk (`cp -a`) and check the copy"
    ))
}

/// What the rows of this folder say by themselves, without a look at its log.
pub(crate) async fn report(folder: &Path, progress: bool) -> Result<CheckReport, Stop> {
    let store = open_existing(folder).await?;
    let report = check_rows(&store, progress).await;
    close_store(store).await?;
    report
}

async fn check_rows(store: &EmbeddedStore, progress: bool) -> Result<CheckReport, Stop> {
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
    checked.map_err(Stop::failed)
}

/// Prints a report for people.
pub(crate) fn show(ui: Ui, findings: &Findings) {
    let CheckReport {
        counts,
        trial_balance,
        danglers,
        ..
    } = &findings.report;
    ui.styled(Style::Bold, "Log");
    ui.line(&format!("  {}", super::log::summary(&findings.log)));
    ui.line(&match findings.comparison.log_begins_at {
        None => format!(
            "  {} of the state compared with it",
            counted(findings.comparison.cells, "cell")
        ),
        Some(first) => format!("  it begins at record {first}: the state can't be compared with it, only the accounts with the headers that name them"),
    });
    if findings.rebuilt == Some(Rebuilt::Missing) {
        ui.line("  there was no state beside it: what follows is of one built from the log");
    }
    ui.styled(Style::Bold, "Counts");
    ui.line(&format!(
        "  customers {}, accounts {}, orders {}, entries {}, events {}",
        counts.customers, counts.accounts, counts.orders, counts.entries, counts.events
    ));
    ui.line(&format!(
        "  partitions {}, bound claims {}, closed claims {}, proofs {}, index rows {}, other rows {}",
        counts.partitions,
        counts.bound_claims,
        counts.closed_claims,
        counts.proofs,
        counts.index_rows,
        counts.others
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
        danglers.seller_days,
        danglers.outbox
    ));
    let count = findings.count();
    if count == 0 {
        ui.styled(Style::Green, "No problem found.");
        return;
    }
    ui.styled(Style::Red, &counted(count, "problem"));
    for line in findings.lines() {
        ui.line(&format!("  {line}"));
    }
}

/// A sum of many balances; where it leaves the range of a balance, in fen.
fn yuan_of(fen: i128) -> String {
    i64::try_from(fen).map_or_else(|_| format!("{fen} fen"), yuan)
}

fn document(findings: &Findings) -> Value {
    let CheckReport {
        counts,
        trial_balance,
        danglers,
        problems,
        problem_count: _,
    } = &findings.report;
    let (log, state) = (&findings.log, &findings.comparison);
    json!({
        "clean": findings.count() == 0,
        "log": {
            "segments": log.segments, "first_record": log.first, "last_record": log.last, "commits": log.commits,
            "torn_bytes": log.torn_bytes,
            "findings": log.findings.iter().map(|finding| json!({
                "file": finding.file, "offset": finding.offset, "record": finding.sequence, "what": finding.what,
            })).collect::<Vec<_>>(),
        },
        "state": {
            "missing": findings.rebuilt == Some(Rebuilt::Missing), "rebuilt": findings.damage(), "compared_cells": state.cells, "log_begins_at": state.log_begins_at,
            "differences": state.differences.iter().map(|difference| json!({
                "kind": format!("{:?}", difference.kind), "place": difference.place,
            })).collect::<Vec<_>>(),
        },
        "counts": {
            "partitions": counts.partitions, "customers": counts.customers, "accounts": counts.accounts,
            "orders": counts.orders, "entries": counts.entries, "events": counts.events, "others": counts.others,
            "bound_claims": counts.bound_claims, "closed_claims": counts.closed_claims,
            "proofs": counts.proofs, "index_rows": counts.index_rows,
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
            "seller_days": danglers.seller_days, "outbox": danglers.outbox,
        },
        "problem_count": findings.count(),
        "problems": problems.iter().map(|problem| json!({
            "kind": format!("{:?}", problem.kind), "place": problem.place, "detail": problem.detail,
        })).collect::<Vec<_>>(),
    })
}
