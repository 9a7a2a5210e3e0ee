//! One change of a store, as a log keeps it.

use crate::check::place;
use crate::{BulkRow, Claim, Commit};

/// What was asked of a store and had an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// One partition was changed.
    Commit(Commit),
    /// Claims were taken, each on its own.
    Claims(Vec<Claim>),
    /// Rows were written as they are into an empty store.
    Import(Vec<BulkRow>),
}

impl Change {
    /// What it is and what it writes, a line each, without bodies; numbers of persons and accounts
    /// are masked.
    pub fn describe(&self) -> Vec<String> {
        match self {
            Self::Commit(commit) => describe_commit(commit),
            Self::Claims(claims) => {
                let head = format!("claims: {}", claims.len());
                let each = claims
                    .iter()
                    .map(|claim| format!("  {}", place::of_claim(&claim.key)));
                std::iter::once(head).chain(each).collect()
            }
            Self::Import(rows) => {
                let head = format!("imported rows: {}", rows.len());
                let each = rows.iter().map(|row| format!("  {}", place::of_bulk_row(row)));
                std::iter::once(head).chain(each).collect()
            }
        }
    }
}

impl BulkRow {
    /// Where it stands, without its body; numbers of persons and accounts are masked.
    pub fn place(&self) -> String {
        place::of_bulk_row(self)
    }
}

fn describe_commit(commit: &Commit) -> Vec<String> {
    let day = commit
        .business_day
        .map_or_else(String::new, |day| format!(", business day {day}"));
    let mut lines = vec![format!(
        "commit: {:?}, version {} to {}{day}",
        commit.partition,
        commit.expected.0,
        commit.expected.next().0
    )];
    for write in &commit.rows {
        let row = write.row();
        let at = place::of_row(&commit.partition, &row.key);
        lines.push(format!("  {at}: {} bytes", row.body.len()));
    }
    let claims = commit.claims.iter().map(|claim| place::of_claim(&claim.key));
    let index = commit.index.iter().map(|row| place::of_index(&row.key));
    lines.extend(claims.chain(index).map(|line| format!("  {line}")));
    lines
}
