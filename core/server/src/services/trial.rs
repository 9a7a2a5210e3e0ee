//! The trial balance as the protos write it.

use crate::core::Core;
use crate::failure::Failure;
use map_proto::operator::v1::{GetTrialBalanceResponse, TrialBalanceLine};
use map_store::check::trial_balance;

/// Draws it from the entries alone: reads the whole ledger.
///
/// # Errors
/// What the store says; [`Failure::Internal`] where a sum leaves the range of 64 bits.
pub(super) async fn draw(core: &Core) -> Result<GetTrialBalanceResponse, Failure> {
    let snapshot = core.store.snapshot().await?;
    let drawn = trial_balance(&*snapshot).await?;
    let fen =
        |sum: i128| i64::try_from(sum).map_err(|_| Failure::Internal("a sum beyond 64 bits".to_owned()));
    let mut lines = Vec::new();
    for line in drawn.lines {
        lines.push(TrialBalanceLine {
            ledger_account: line.ledger_account,
            balance_fen: fen(line.balance_fen)?,
        });
    }
    Ok(GetTrialBalanceResponse {
        lines,
        total_fen: fen(drawn.total_fen)?,
        entry_count: i64::try_from(drawn.entries).unwrap_or(i64::MAX),
    })
}
