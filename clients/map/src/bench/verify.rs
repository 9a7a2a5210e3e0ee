//! Afterwards the ledger must hold what was acknowledged: as many payments, as much money.

use super::customers::{BALANCE, ENTRIES};
use super::home::{Home, Paid};
use super::run::Session;
use crate::commands::check;
use crate::outcome::Stop;
use map_store::check::CheckReport;
use std::io::IsTerminal;
use tokio::time::Instant;

/// What was found; everything as it should be.
pub(super) struct Verified {
    pub(super) report: CheckReport,
    pub(super) took_ms: u128,
}

/// Verifies the folder, whose server has ended. What was paid is known from then on.
pub(super) async fn verify(home: &mut Home, session: &Session) -> Result<Verified, Stop> {
    let began = Instant::now();
    let report = check::report(&home.place.ledger(), std::io::stderr().is_terminal()).await?;
    let found = paid(home, &report)?;
    let expected = home.facts.paid.unwrap_or_default().plus(session.paid);
    if found != expected {
        return Err(Stop::failed(format!(
            "acknowledged were {} payments of {} fen, the ledger has {} of {}",
            expected.payments, expected.fen, found.payments, found.fen
        )));
    }
    home.facts.paid = Some(found);
    home.remember()?;
    Ok(Verified {
        report,
        took_ms: began.elapsed().as_millis(),
    })
}

/// What was paid in this folder, by its entries alone.
pub(super) async fn counted(home: &Home) -> Result<Paid, Stop> {
    paid(home, &check::report(&home.place.ledger(), false).await?)
}

fn paid(home: &Home, report: &CheckReport) -> Result<Paid, Stop> {
    if let Some(problem) = report.problems.first() {
        return Err(Stop::failed(format!(
            "the ledger has {} problems, the first: {problem}",
            report.problem_count
        )));
    }
    let customers = home.facts.customers;
    let cash = report.trial_balance.lines.iter();
    let cash = cash.filter(|line| line.ledger_account == "cash");
    let cash = cash.fold(0_i128, |sum, line| sum.saturating_add(line.balance_fen));
    let given = i128::from(customers).saturating_mul(BALANCE.get().into());
    let fen = given.saturating_sub(cash);
    Ok(Paid {
        payments: report
            .counts
            .entries
            .saturating_sub(customers.saturating_mul(ENTRIES)),
        fen: i64::try_from(fen).map_err(|_| Stop::failed("more was paid than there was"))?,
    })
}
