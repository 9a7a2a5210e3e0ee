//! Verifies a whole ledger: every body, every journal, every balance, and everything that ties
//! partitions, claims and index rows together.
//!
//! It reads a snapshot from end to end, several times, and holds one partition and a bounded
//! number of fingerprints at a time. It changes nothing and repairs nothing.

mod links;
mod names;
mod partition;
pub(crate) mod place;
mod report;
mod trial;

pub use report::{CheckReport, Counts, Danglers, Problem, ProblemKind};
pub use trial::{TrialBalance, TrialBalanceLine, trial_balance};

use crate::{BulkRow, BulkSnapshot, BulkTable, StoreResult};
use links::Links;
use names::Share;
use partition::PartitionCheck;
use report::Problems;
use trial::Sums;

/// How a check goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOptions {
    /// Rows read at once.
    pub page: usize,
    /// Orders, accounts and events looked at in one pass, some 250 bytes each. More of them
    /// take more passes over the ledger.
    pub names_per_pass: u64,
    /// Problems listed; further ones are counted.
    pub problems: usize,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            page: 1024,
            names_per_pass: 2_000_000,
            problems: 1000,
        }
    }
}

/// What a check is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Partitions by themselves.
    Partitions,
    /// What ties them together: collecting names, then claims, then index rows.
    Links,
    /// Naming what lacks something.
    Naming,
}

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is at.
    pub stage: Stage,
    /// Rows read in this stage so far.
    pub rows: u64,
}

/// Is told, page by page, how far a check is.
pub type OnProgress<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// Checks everything.
///
/// # Errors
/// As the snapshot's, where it can't be read on. What is wrong with what was read is in the
/// report.
pub async fn check(
    snapshot: &dyn BulkSnapshot,
    options: &CheckOptions,
    progress: OnProgress<'_>,
) -> StoreResult<CheckReport> {
    let mut problems = Problems {
        limit: options.problems,
        ..Problems::default()
    };
    let mut report = CheckReport::default();
    let mut reader = Reader {
        snapshot,
        page: options.page.max(1),
        progress,
        rows: 0,
    };
    check_partitions(&mut reader, &mut report, &mut problems).await?;
    if report.trial_balance.total_fen != 0 {
        let detail = format!("total {} fen", report.trial_balance.total_fen);
        problems.add(ProblemKind::TrialBalance, "all entries", detail);
    }
    let Counts {
        accounts,
        orders,
        customers,
        events,
        ..
    } = report.counts;
    let names = [accounts, orders, customers, events]
        .into_iter()
        .fold(0, u64::saturating_add);
    let of = names.div_ceil(options.names_per_pass.max(1)).max(1);
    for number in 0..of {
        check_links(&mut reader, Share { number, of }, &mut report, &mut problems).await?;
    }
    report.problems = problems.listed;
    report.problem_count = problems.count;
    Ok(report)
}

async fn check_partitions(
    reader: &mut Reader<'_, '_>,
    report: &mut CheckReport,
    problems: &mut Problems,
) -> StoreResult<()> {
    let mut sums = Sums::default();
    let mut current: Option<PartitionCheck> = None;
    reader.rows = 0;
    let counts = &mut report.counts;
    reader
        .each(Stage::Partitions, BulkTable::Partitions, |row| {
            let id = match &row {
                BulkRow::Partition { id, .. } => id,
                BulkRow::Row { partition, .. } => partition,
                BulkRow::Claim(_) | BulkRow::Index(_) => return,
            };
            if current.as_ref().is_none_or(|open| open.id() != id)
                && let Some(done) = current.replace(PartitionCheck::new(id.clone()))
            {
                done.finish(counts, &mut sums, problems);
            }
            match (&mut current, &row) {
                (Some(open), BulkRow::Partition { version, .. }) => open.version(*version),
                (Some(open), BulkRow::Row { row, .. }) => open.row(row, counts, problems),
                (_, _) => {}
            }
        })
        .await?;
    if let Some(done) = current {
        done.finish(counts, &mut sums, problems);
    }
    report.trial_balance = sums.finish();
    Ok(())
}

async fn check_links(
    reader: &mut Reader<'_, '_>,
    share: Share,
    report: &mut CheckReport,
    problems: &mut Problems,
) -> StoreResult<()> {
    let mut links = Links::default();
    let (counts, danglers) = (&mut report.counts, &mut report.danglers);
    reader.rows = 0;
    reader
        .each(Stage::Links, BulkTable::Partitions, |row| {
            if let BulkRow::Row { partition, row } = &row {
                links.row(share, partition, row, problems);
            }
        })
        .await?;
    // Claims come before index rows: they know the business day of a payment.
    reader
        .each(Stage::Links, BulkTable::Claims, |row| {
            if let BulkRow::Claim(claim) = &row {
                links.claim(share, claim, (counts, danglers), problems);
            }
        })
        .await?;
    reader
        .each(Stage::Links, BulkTable::Index, |row| {
            if let BulkRow::Index(row) = &row {
                links.index(share, row, (counts, danglers), problems);
            }
        })
        .await?;
    let lacking = links.lacking();
    if !lacking.is_empty() {
        reader.rows = 0;
        reader
            .each(Stage::Naming, BulkTable::Partitions, |row| {
                lacking.row(&row, problems)
            })
            .await?;
    }
    Ok(())
}

/// Reads tables from end to end.
struct Reader<'s, 'p> {
    snapshot: &'s dyn BulkSnapshot,
    page: usize,
    progress: OnProgress<'p>,
    rows: u64,
}

impl Reader<'_, '_> {
    async fn each(
        &mut self,
        stage: Stage,
        table: BulkTable,
        mut take: impl FnMut(BulkRow) + Send,
    ) -> StoreResult<()> {
        let mut from = None;
        loop {
            let (rows, next) = self.snapshot.scan(table, from, self.page).await?;
            self.rows = self
                .rows
                .saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
            rows.into_iter().for_each(&mut take);
            (self.progress)(Progress {
                stage,
                rows: self.rows,
            });
            if next.is_none() {
                return Ok(());
            }
            from = next;
        }
    }
}

#[cfg(test)]
mod tests;
