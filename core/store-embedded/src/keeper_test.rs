//! How the keeper's threads work and end.

use super::*;
use crate::open;
use crate::pace::{Pace, STINT};
use crate::tables::tests::{counting, write_many};
use bytes::Bytes;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

/// For what comes at once, unless it never comes.
const LONG: Duration = Duration::from_secs(20);

fn options(folder: &Path) -> Options {
    Options::new(folder).create([1; 16])
}

/// A keeper of these tables, in a folder of its own.
fn start(folder: &Path, tables: &Arc<Tables>) -> Keeper {
    let options = options(folder);
    let opened = open::open(&options).unwrap();
    let durable = Arc::clone(&opened.log.durable);
    let slot = Arc::new(Slot::new(Arc::clone(tables), options.folder()));
    Keeper::start(Arc::clone(tables), durable, slot, options).unwrap()
}

#[test]
fn work_rests_beside_payments_and_not_once_the_store_is_being_closed() {
    let (folder, of_tables) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (tables, rests) = counting(of_tables.path());
    let tables = Arc::new(tables);
    let mut keeper = start(folder.path(), &tables);
    let write = |record: u64| {
        let cell = |number: u32| (number.to_be_bytes().to_vec(), Bytes::from_static(b"value"));
        tables.apply((0..STINT).map(cell), record);
        tables.seal();
        tables.flush().unwrap();
        rests.swap(0, Ordering::Relaxed)
    };
    assert!(write(1) > 0);
    keeper.end();
    assert_eq!(write(2), 0);
}

#[test]
fn closing_waits_for_one_step_of_merging_and_not_for_what_could_be_merged_after_it() {
    let (folder, of_tables) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let merged: Arc<OnceLock<(Arc<Tables>, Arc<Shared>)>> = Arc::default();
    let (rested, first_rest) = channel();
    let at = Arc::clone(&merged);
    // In the middle of a merge as much again comes, and the end.
    let rest = move |_| {
        let (tables, shared) = at.wait();
        if !shared.lock().end {
            shared.change(|duty| duty.end = true);
            write_many(tables, 1);
            rested.send(()).unwrap();
        }
    };
    let tables = Arc::new(Tables::open_at_pace(of_tables.path(), 1 << 20, Pace::new(rest)).unwrap());
    write_many(&tables, STINT);
    let before = tables.overlapping();
    let mut keeper = start(folder.path(), &tables);
    let both = (Arc::clone(&tables), Arc::clone(&keeper.shared));
    assert!(merged.set(both).is_ok());
    first_rest.recv_timeout(LONG).unwrap();
    keeper.end();
    assert_eq!(tables.overlapping(), before, "what came was not merged");
    tables.compact().unwrap();
    assert_eq!(tables.overlapping(), 0, "and could have been");
}

#[test]
fn a_panic_of_the_engine_in_a_change_of_the_tables_is_told_and_noted_as_damage() {
    let (folder, of_tables) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tables = Arc::new(Tables::open(of_tables.path(), 1 << 20).unwrap());
    let mut keeper = start(folder.path(), &tables);
    let cell = |value: &'static str| [(b"cell".to_vec(), Bytes::from_static(value.as_bytes()))];
    tables.apply(cell("on disk"), 1);
    tables.seal();
    tables.flush().unwrap();
    tables.panic_in_a_change();
    tables.apply(cell("in memory"), 2);
    tables.seal();
    keeper.flush_soon();
    keeper.shared.change(|duty| duty.compact = true);
    let waiting = |duty: &mut Duty| duty.flush_error.is_none() || duty.compact_error.is_none();
    let waited = keeper
        .shared
        .changed
        .wait_timeout_while(keeper.shared.lock(), LONG, waiting);
    let (flush, compact) = {
        let duty = waited.unwrap().0;
        (duty.flush_error.clone(), duty.compact_error.clone())
    };
    for error in [flush, compact] {
        assert!(error.is_some_and(|error| error.contains("panicked")));
    }
    assert!(keeper.shared.slot.is_damaged());
    assert!(keeper.shared.options.folder().has_damaged_tables().unwrap());
    assert!(keeper.recover().unwrap_err().contains("panicked"));
    assert_eq!(tables.get(b"cell").unwrap().unwrap(), "in memory", "reads go on");
    assert!(keeper.threads.iter().all(|thread| !thread.is_finished()));
    keeper.end();
}
