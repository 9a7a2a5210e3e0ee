//! Rows that were lately read or written, each list kept with its partition's version.
//!
//! A load reads all rows of a kind, which in the tables is a range: slow, because no filter helps it,
//! and slower with every write of a row, because a range passes the old values in memory. What a partition
//! holds at a version never changes, so a list that was read once is good for as long as the version
//! is; and a commit, which names the version it changes and all that it writes, takes the list along.
//!
//! The version a list is asked for comes from the tables. So nothing here can be out of date, only absent.

use map_store::{Change, Commit, PartitionId, Row, RowKind, Version};
use std::collections::{BTreeMap, btree_map};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a partition takes beside its rows, and a row beside its bytes (bytes, about).
const OVERHEAD: usize = 256;

/// More than come, so that what is forgotten is gone before more is.
const FORGOTTEN_AT_ONCE: usize = 4;

/// The lists of one partition.
#[derive(Debug)]
struct Known {
    version: Version,
    /// All rows of a kind, in key order.
    kinds: Vec<(RowKind, Vec<Row>)>,
}

impl Known {
    fn weight(&self) -> usize {
        let rows = self.kinds.iter().flat_map(|(_, rows)| rows);
        let bytes = rows.map(|row| {
            row.key
                .key
                .len()
                .saturating_add(row.body.len())
                .saturating_add(OVERHEAD)
        });
        bytes.fold(OVERHEAD, usize::saturating_add)
    }

    /// The same after a commit on this version.
    fn follow(&mut self, commit: &Commit) {
        self.version = commit.expected.next();
        for row in commit.rows.iter().map(map_store::RowWrite::row) {
            let Some((_, rows)) = self.kinds.iter_mut().find(|(kind, _)| *kind == row.key.kind) else {
                continue;
            };
            match rows.binary_search_by(|other| other.key.cmp(&row.key)) {
                Ok(at) => {
                    if let Some(there) = rows.get_mut(at) {
                        *there = row.clone();
                    }
                }
                Err(at) => rows.insert(at, row.clone()),
            }
        }
    }
}

/// Partitions by when they were used last: lately, or before that. What was not used in the time that it
/// takes to use half a limit's worth of others is forgotten. Maps that grow bit by bit: a table of hashes moves
/// all it holds at once, milliseconds for whoever waits.
#[derive(Debug, Default)]
struct Kept {
    lately: BTreeMap<PartitionId, Known>,
    before: BTreeMap<PartitionId, Known>,
    /// What is forgotten, and taken apart bit by bit: all at once would hold up whoever waits for the lock.
    forgotten: btree_map::IntoIter<PartitionId, Known>,
    /// Of what was used lately (bytes).
    weight: usize,
}

impl Kept {
    fn take(&mut self, partition: &PartitionId) -> Option<Known> {
        if let Some(known) = self.lately.remove(partition) {
            self.weight = self.weight.saturating_sub(known.weight());
            return Some(known);
        }
        self.before.remove(partition)
    }

    fn put(&mut self, partition: PartitionId, known: Known, limit: usize) {
        let weight = known.weight();
        if weight > limit / 16 {
            return;
        }
        if self.weight.saturating_add(weight) > limit / 2 {
            let before = std::mem::replace(&mut self.before, std::mem::take(&mut self.lately));
            self.forgotten = before.into_iter();
            self.weight = 0;
        }
        for _ in 0..FORGOTTEN_AT_ONCE {
            self.forgotten.next();
        }
        self.weight = self.weight.saturating_add(weight);
        self.lately.insert(partition, known);
    }
}

/// Rows that were lately read or written.
#[derive(Debug)]
pub(crate) struct Recent {
    kept: Mutex<Kept>,
    live: AtomicBool,
    limit: usize,
}

impl Recent {
    /// Nothing yet, and never more than about so many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            kept: Mutex::default(),
            live: AtomicBool::new(false),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    /// Nothing in here is left half changed by a panic, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what is read from now on may be remembered. Imports, which change rows and leave versions
    /// as they are, are over once something was committed.
    pub(crate) fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire)
    }

    /// All rows of a kind at this version, in key order, where they are known.
    pub(crate) fn rows(&self, partition: &PartitionId, version: Version, kind: RowKind) -> Option<Vec<Row>> {
        let mut kept = self.lock();
        if !kept.lately.contains_key(partition) {
            let known = kept.before.remove(partition)?;
            kept.put(partition.clone(), known, self.limit);
        }
        let known = kept.lately.get(partition)?;
        let of_kind = known.kinds.iter().find(|(known, _)| *known == kind);
        let (_, rows) = of_kind.filter(|_| known.version == version)?;
        Some(rows.clone())
    }

    /// Remembers all rows of a kind as they were read at this version.
    pub(crate) fn remember(&self, partition: &PartitionId, version: Version, kind: RowKind, rows: &[Row]) {
        let mut kept = self.lock();
        let known = kept.take(partition);
        let mut known = known.filter(|known| known.version >= version).unwrap_or(Known {
            version,
            kinds: Vec::new(),
        });
        if known.version == version && known.kinds.iter().all(|(other, _)| *other != kind) {
            known.kinds.push((kind, rows.to_vec()));
        }
        kept.put(partition.clone(), known, self.limit);
    }

    /// Takes known lists along with changes that were applied to the tables, in their order.
    pub(crate) fn follow(&self, changes: &[Change]) {
        let mut kept = self.lock();
        for change in changes {
            let Change::Commit(commit) = change else { continue };
            self.live.store(true, Ordering::Release);
            let known = kept.take(&commit.partition);
            let Some(mut known) = known.filter(|known| known.version >= commit.expected) else {
                continue;
            };
            // Who was quick has read the tables behind this commit already.
            if known.version == commit.expected {
                known.follow(commit);
            }
            kept.put(commit.partition.clone(), known, self.limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use map_domain::CustomerId;
    use map_store::{RowKey, RowWrite};

    fn customer(number: u8) -> PartitionId {
        PartitionId::Customer(CustomerId::new([number; 16]))
    }

    fn row(kind: RowKind, key: &'static str, body: &'static str) -> Row {
        Row {
            key: RowKey::new(kind, key),
            body: body.into(),
        }
    }

    fn account(key: &'static str, body: &'static str) -> Row {
        row(RowKind::Account, key, body)
    }

    fn commit(number: u8, expected: u64, rows: Vec<Row>) -> Change {
        Change::Commit(Commit {
            partition: customer(number),
            expected: Version(expected),
            rows: rows.into_iter().map(RowWrite::Put).collect(),
            claims: Vec::new(),
            index: Vec::new(),
            business_day: None,
        })
    }

    fn accounts(recent: &Recent, number: u8, version: u64) -> Option<Vec<Row>> {
        recent.rows(&customer(number), Version(version), RowKind::Account)
    }

    #[test]
    fn rows_are_known_at_their_version_and_of_their_kind_alone() {
        let recent = Recent::new(1 << 20);
        assert_eq!(accounts(&recent, 1, 7), None);
        recent.remember(&customer(1), Version(7), RowKind::Account, &[account("a", "1")]);
        assert_eq!(accounts(&recent, 1, 7), Some(vec![account("a", "1")]));
        assert_eq!(accounts(&recent, 1, 6), None);
        assert_eq!(accounts(&recent, 1, 8), None);
        assert_eq!(accounts(&recent, 2, 7), None);
        assert_eq!(recent.rows(&customer(1), Version(7), RowKind::Rule), None);
    }

    #[test]
    fn a_commit_takes_them_to_the_next_version() {
        let recent = Recent::new(1 << 20);
        let before = [account("b", "1"), account("d", "1")];
        recent.remember(&customer(1), Version(7), RowKind::Account, &before);
        let written = vec![
            account("d", "2"),
            account("c", "2"),
            account("a", "2"),
            row(RowKind::Order, "b", "order"),
        ];
        recent.follow(&[commit(1, 7, written), commit(1, 8, vec![account("a", "3")])]);
        let after = ["a3", "b1", "c2", "d2"].map(|row| account(&row[..1], &row[1..]));
        assert_eq!(accounts(&recent, 1, 9), Some(after.to_vec()));
        assert_eq!(accounts(&recent, 1, 8), None);
    }

    #[test]
    fn a_commit_on_another_version_forgets_them() {
        let recent = Recent::new(1 << 20);
        recent.remember(&customer(1), Version(7), RowKind::Account, &[account("a", "1")]);
        recent.follow(&[commit(1, 9, vec![account("a", "2")])]);
        for version in 7..=10 {
            assert_eq!(accounts(&recent, 1, version), None);
        }
    }

    #[test]
    fn who_read_before_a_commit_does_not_undo_it() {
        let recent = Recent::new(1 << 20);
        recent.remember(&customer(1), Version(7), RowKind::Account, &[account("a", "1")]);
        recent.follow(&[commit(1, 7, vec![account("a", "2")])]);
        recent.remember(&customer(1), Version(7), RowKind::Account, &[account("a", "1")]);
        assert_eq!(accounts(&recent, 1, 8), Some(vec![account("a", "2")]));
        assert_eq!(accounts(&recent, 1, 7), None);
    }

    #[test]
    fn who_reads_behind_a_commit_before_it_is_followed_is_right() {
        let recent = Recent::new(1 << 20);
        recent.remember(&customer(1), Version(8), RowKind::Account, &[account("a", "2")]);
        recent.follow(&[commit(1, 7, vec![account("a", "2")])]);
        assert_eq!(accounts(&recent, 1, 8), Some(vec![account("a", "2")]));
    }

    #[test]
    fn nothing_is_live_before_something_was_committed() {
        let recent = Recent::new(1 << 20);
        recent.follow(&[Change::Import(Vec::new()), Change::Claims(Vec::new())]);
        assert!(!recent.is_live());
        recent.follow(&[commit(1, 0, Vec::new())]);
        assert!(recent.is_live());
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let recent = Recent::new(20 * 1024);
        let one = [account("a", "1")];
        for number in 0..=255 {
            recent.remember(&customer(number), Version(1), RowKind::Account, &one);
            assert_eq!(accounts(&recent, 0, 1), Some(one.to_vec()), "{number}");
        }
        let known = (0..=255)
            .filter(|number| accounts(&recent, *number, 1).is_some())
            .count();
        assert!((2..=40).contains(&known), "{known}");
        let kept = recent.lock();
        let weight: usize = kept.lately.values().map(Known::weight).sum();
        assert_eq!(kept.weight, weight);
        assert!(weight <= 10 * 1024);
    }

    #[test]
    fn a_list_that_is_long_is_not_kept() {
        let recent = Recent::new(20 * 1024);
        let keys = ["a", "b", "c", "d", "e", "f"];
        let rows = keys.map(|key| account(key, "1"));
        recent.remember(&customer(1), Version(1), RowKind::Account, &rows);
        assert_eq!(accounts(&recent, 1, 1), None);
    }

    /// A load that is on its way: the version that its snapshot shows, and whether what it reads may be remembered.
    struct Reader {
        partition: u8,
        version: usize,
        kind: RowKind,
        live: bool,
        /// It found nothing here, and has read the tables.
        has_read: bool,
    }

    /// What readers and the writer do, in any order, each step by itself: nobody is given rows of another version than
    /// the one that he asks for, whoever was quick or slow, and whatever was forgotten meanwhile.
    #[test]
    fn however_reads_and_commits_interleave_rows_are_those_of_their_version() {
        const KINDS: [RowKind; 2] = [RowKind::Account, RowKind::Rule];
        const KEYS: [&str; 4] = ["a", "b", "c", "d"];
        const BODIES: [&str; 3] = ["1", "2", "3"];
        let mut known = 0;
        for seed in 0..300 {
            let mut rng = fastrand::Rng::with_seed(seed);
            // Of each partition all rows at each version, as the tables have them.
            let mut tables = vec![vec![Vec::<Row>::new()]; 6];
            let recent = Recent::new(if rng.bool() { 1 << 20 } else { 24 * 1024 });
            let mut applied: Vec<Change> = Vec::new();
            let mut readers: Vec<Reader> = Vec::new();
            for step in 0..400 {
                let what = format!("seed {seed}, step {step}");
                match rng.u8(0..6) {
                    0 if applied.is_empty() => {
                        for _ in 0..rng.u8(1..4) {
                            let partition = rng.u8(0..6);
                            let versions = &mut tables[usize::from(partition)];
                            let mut rows = versions.last().unwrap().clone();
                            let written: Vec<Row> = (0..rng.u8(1..3))
                                .map(|_| {
                                    row(
                                        KINDS[rng.usize(0..2)],
                                        KEYS[rng.usize(0..4)],
                                        BODIES[rng.usize(0..3)],
                                    )
                                })
                                .collect();
                            for row in &written {
                                rows.retain(|other| other.key != row.key);
                                rows.push(row.clone());
                                rows.sort_by(|one, other| one.key.cmp(&other.key));
                            }
                            let expected = u64::try_from(versions.len().checked_sub(1).unwrap()).unwrap();
                            applied.push(commit(partition, expected, written));
                            versions.push(rows);
                        }
                    }
                    0 => recent.follow(&std::mem::take(&mut applied)),
                    1 | 2 => {
                        let live = recent.is_live();
                        let partition = rng.u8(0..6);
                        let version = tables[usize::from(partition)].len().checked_sub(1).unwrap();
                        readers.push(Reader {
                            partition,
                            version,
                            kind: KINDS[rng.usize(0..2)],
                            live,
                            has_read: false,
                        });
                    }
                    _ if readers.is_empty() => {}
                    _ => {
                        let mut reader = readers.swap_remove(rng.usize(0..readers.len()));
                        let partition = customer(reader.partition);
                        let version = Version(u64::try_from(reader.version).unwrap());
                        let mut rows = tables[usize::from(reader.partition)][reader.version].clone();
                        rows.retain(|row| row.key.kind == reader.kind);
                        if reader.has_read {
                            recent.remember(&partition, version, reader.kind, &rows);
                        } else if let Some(found) = recent.rows(&partition, version, reader.kind) {
                            assert!(found == rows, "{what}: {found:?}, not {rows:?}");
                            known += 1;
                        } else if reader.live {
                            reader.has_read = true;
                            readers.push(reader);
                        }
                    }
                }
            }
        }
        assert!(known > 1000, "{known}");
    }
}
