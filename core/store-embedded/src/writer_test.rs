//! Rules of the writer, on a backend in memory that fails when it is told to.

#![allow(clippy::arithmetic_side_effects, reason = "tests count small numbers")]

use super::*;
use crate::seam::Cells;
use bytes::Bytes;
use map_domain::CustomerId;
use map_store::{Commit, PartitionId, Version};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// What the backend does, and what was done to it.
#[derive(Default)]
struct Control {
    cells: BTreeMap<Vec<u8>, Bytes>,
    /// The next appends fail like this.
    failures: Vec<AppendError>,
    /// So many recoveries fail first.
    failing_recoveries: usize,
    recoveries: usize,
    appends: Vec<usize>,
    closed: bool,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Control>>);

impl Cells for Fake {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Bytes>> {
        Ok(self.0.lock().unwrap().cells.get(key).cloned())
    }
}

impl Backend for Fake {
    fn append(&mut self, batch: Batch) -> Result<(), AppendError> {
        let mut control = self.0.lock().unwrap();
        if let Some(failure) = control.failures.pop() {
            return Err(failure);
        }
        control.appends.push(batch.changes.len());
        control.cells.extend(batch.cells.clone());
        Ok(())
    }

    fn recover(&mut self) -> Result<(), String> {
        let mut control = self.0.lock().unwrap();
        control.recoveries += 1;
        if control.recoveries > control.failing_recoveries {
            Ok(())
        } else {
            Err("disk still full".to_owned())
        }
    }

    fn close(&mut self) {
        self.0.lock().unwrap().closed = true;
    }
}

type Reply = oneshot::Receiver<StoreResult<Answer>>;

struct Bench {
    backend: Fake,
    state: Arc<State>,
    queue: SyncSender<Message>,
    writer: Option<Writer<Fake>>,
}

impl Bench {
    fn new(backend: Fake, group: usize) -> Self {
        let (queue, receiver) = sync_channel(1000);
        let state = Arc::new(State::new());
        let retry = Duration::from_millis(1);
        let limits = Limits {
            group,
            group_bytes: 1000,
            retry_first: retry,
            retry_longest: retry,
        };
        let writer = Writer {
            queue: receiver,
            backend: backend.clone(),
            state: Arc::clone(&state),
            limits,
            live: false,
        };
        Self {
            backend,
            state,
            queue,
            writer: Some(writer),
        }
    }

    /// Queues a commit of nothing.
    fn commit(&self, customer: u8, expected: u64) -> Reply {
        let change = Change::Commit(Commit {
            partition: PartitionId::Customer(CustomerId::new([customer; 16])),
            expected: Version(expected),
            rows: Vec::new(),
            claims: Vec::new(),
            index: Vec::new(),
            business_day: None,
        });
        let (reply, answer) = oneshot::channel();
        self.queue
            .send(Message::Job(Job {
                change,
                weight: 1,
                reply,
            }))
            .unwrap();
        answer
    }

    fn start(&mut self) -> JoinHandle<()> {
        let writer = self.writer.take().unwrap();
        std::thread::spawn(move || writer.run())
    }

    fn close(&self, thread: JoinHandle<()>) {
        // The thread may have ended already.
        let _ended = self.queue.send(Message::Close);
        thread.join().unwrap();
    }
}

fn applied(version: u64) -> StoreResult<Answer> {
    Ok(Answer::Commit(CommitOutcome::Applied(Version(version))))
}

#[test]
fn all_that_waits_is_one_group() {
    let mut bench = Bench::new(Fake::default(), 100);
    let replies: Vec<Reply> = (0..10).map(|version| bench.commit(1, version)).collect();
    let thread = bench.start();
    for (version, reply) in (1..).zip(replies) {
        assert_eq!(reply.blocking_recv().unwrap(), applied(version));
    }
    bench.close(thread);
    assert_eq!(bench.backend.0.lock().unwrap().appends, [10]);
    let stats = bench.state.stats();
    assert_eq!(
        (
            stats.groups,
            stats.changes,
            stats.commits_applied,
            stats.largest_group
        ),
        (1, 10, 10, 10)
    );
}

#[test]
fn a_group_keeps_its_limit() {
    let mut bench = Bench::new(Fake::default(), 4);
    let replies: Vec<Reply> = (0..10).map(|customer| bench.commit(customer, 0)).collect();
    let thread = bench.start();
    for reply in replies {
        assert_eq!(reply.blocking_recv().unwrap(), applied(1));
    }
    bench.close(thread);
    assert_eq!(bench.backend.0.lock().unwrap().appends, [4, 4, 2]);
}

#[test]
fn a_group_keeps_its_limit_of_bytes() {
    let mut bench = Bench::new(Fake::default(), 100);
    bench.writer.as_mut().unwrap().limits.group_bytes = 3;
    let replies: Vec<Reply> = (0..10).map(|customer| bench.commit(customer, 0)).collect();
    let thread = bench.start();
    for reply in replies {
        assert_eq!(reply.blocking_recv().unwrap(), applied(1));
    }
    bench.close(thread);
    assert_eq!(bench.backend.0.lock().unwrap().appends, [3, 3, 3, 1]);
}

#[test]
fn a_group_without_effect_is_not_written() {
    let mut bench = Bench::new(Fake::default(), 4);
    let reply = bench.commit(1, 7);
    let thread = bench.start();
    assert_eq!(
        reply.blocking_recv().unwrap(),
        Ok(Answer::Commit(CommitOutcome::Stale))
    );
    bench.close(thread);
    assert_eq!(bench.state.stats().groups, 0);
    assert!(bench.backend.0.lock().unwrap().appends.is_empty());
}

#[test]
fn closing_finishes_what_waits() {
    let mut bench = Bench::new(Fake::default(), 2);
    let replies: Vec<Reply> = (0..9).map(|customer| bench.commit(customer, 0)).collect();
    bench.queue.send(Message::Close).unwrap();
    let late = bench.commit(99, 0);
    bench.start().join().unwrap();
    for reply in replies {
        assert_eq!(reply.blocking_recv().unwrap(), applied(1));
    }
    assert!(matches!(
        late.blocking_recv().unwrap(),
        Err(StoreError::NotApplied(_))
    ));
    assert!(bench.backend.0.lock().unwrap().closed);
    assert!(matches!(bench.state.accepting(), Err(StoreError::NotApplied(_))));
}

/// The first group fails like this; every caller of it must see an error that `is_right`.
fn check_failure(failure: AppendError, is_right: impl Fn(&StoreError) -> bool, unknown_groups: u64) {
    let backend = Fake::default();
    {
        let mut control = backend.0.lock().unwrap();
        control.failures.push(failure);
        control.failing_recoveries = 3;
    }
    let mut bench = Bench::new(backend, 100);
    let replies = [bench.commit(1, 0), bench.commit(1, 1), bench.commit(2, 9)];
    let thread = bench.start();
    for reply in replies {
        let error = reply.blocking_recv().unwrap().unwrap_err();
        assert!(is_right(&error), "{error:?}");
    }
    // What queues before the store is well again is refused; nothing of the failed group is there.
    while let Err(error) = bench.state.accepting() {
        assert!(matches!(error, StoreError::NotApplied(_)), "{error:?}");
        std::thread::yield_now();
    }
    assert_eq!(bench.commit(1, 0).blocking_recv().unwrap(), applied(1));
    bench.close(thread);
    let stats = bench.state.stats();
    assert_eq!((stats.recoveries, stats.unknown_groups), (1, unknown_groups));
    assert_eq!(stats.last_error.as_deref(), Some("disk still full"));
    let control = bench.backend.0.lock().unwrap();
    assert_eq!(control.recoveries, 4);
    let origin = control.cells.get(&crate::layout::origin());
    assert!(
        origin.is_some(),
        "what was not written ended no imports: this commit does"
    );
}

#[test]
fn a_group_that_failed_on_the_way_is_unknown_to_all_its_callers() {
    let failure = AppendError::Unknown("no space".to_owned());
    check_failure(failure, |error| matches!(error, StoreError::OutcomeUnknown(_)), 1);
}

#[test]
fn a_group_that_was_refused_is_not_applied() {
    let failure = AppendError::Refused("poisoned".to_owned());
    check_failure(failure, |error| matches!(error, StoreError::NotApplied(_)), 0);
}

#[test]
fn callers_find_the_store_unwell_before_they_are_answered() {
    let backend = Fake::default();
    {
        let mut control = backend.0.lock().unwrap();
        control.failures.push(AppendError::Unknown("no space".to_owned()));
        control.failing_recoveries = usize::MAX;
    }
    let mut bench = Bench::new(backend, 100);
    let reply = bench.commit(1, 0);
    let thread = bench.start();
    assert!(reply.blocking_recv().unwrap().is_err());
    assert!(matches!(bench.state.accepting(), Err(StoreError::NotApplied(_))));
    bench.close(thread);
    assert!(
        bench.backend.0.lock().unwrap().closed,
        "an unwell store closes too"
    );
}
