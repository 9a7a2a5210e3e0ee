//! Power cuts: of the write that was under way, each sector of 512 bytes may be old, new, zero or garbage, and
//! so may all else in the pages that it touched, those of the zeros that are written ahead among them; of the
//! watermark, which is not synced, there may be any earlier state, or nothing. What was acknowledged is there, or
//! the store is refused.
//!
//! The disk that is supposed here tears within the pages of 4 KiB that it is writing, and nowhere else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a test is blunt: what it did not expect stops it"
)]

#[path = "../examples/damage_matrix/copy.rs"]
mod copy;

use bytes::Bytes;
use copy::copy;
use fastrand::Rng;
use map_domain::CustomerId;
use map_store::{
    Commit, CommitOutcome, FeedItem, PartitionId, Row, RowKey, RowKind, RowWrite, Store, Version,
};
use map_store_embedded::{EmbeddedStore, OpenError, Options, Point, Points, verify};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const SECTOR: usize = 512;
const PAGE: usize = 4096;

/// Random cuts of each write, beside those that are tried always.
const RANDOM: usize = 24;

/// Sizes of what each commit writes: within a page, over several, and more than is left of a segment.
const SIZES: [usize; 7] = [100, 300, 9000, 40, 3900, 20_000, 600];

/// Commits before the store is closed and opened again: what it then writes it writes zeros behind.
const LIVES: [usize; 2] = [3, SIZES.len()];

/// A write that was under way when the power went.
struct Cut {
    /// The folder before it.
    before: PathBuf,
    /// The segment that it goes to, relative to the folder.
    segment: PathBuf,
    /// What is in the segment when it is done.
    after: Vec<u8>,
    /// Whether zeros were written behind the record, up to the end of the segment.
    zeros_ahead: bool,
}

/// A history, and every write in it.
struct History {
    cuts: Vec<Cut>,
    commits: Vec<FeedItem>,
    _folder: TempDir,
}

fn memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let temporary = std::env::temp_dir();
    tempfile::tempdir_in(if memory.is_dir() { memory } else { &temporary }).unwrap()
}

fn options(path: &Path) -> Options {
    Options {
        segment_bytes: 32 * 1024,
        cache_bytes: 1024 * 1024,
        ..Options::new(path)
    }
}

fn newest_segment(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder.join("log")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let newest = paths.filter(|path| path.extension().is_some_and(|end| end == "seg"));
    newest.max().unwrap()
}

fn commit(number: usize) -> Commit {
    let key = RowKey::new(RowKind::Order, number.to_be_bytes().to_vec());
    let body = Bytes::from(vec![u8::try_from(number).unwrap() | 0x40; SIZES[number]]);
    Commit {
        partition: PartitionId::Customer(CustomerId::new([1; 16])),
        expected: Version(u64::try_from(number).unwrap()),
        rows: vec![RowWrite::Insert(Row { key, body })],
        claims: Vec::new(),
        index: Vec::new(),
        business_day: None,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn make() -> History {
    let folder = memory();
    let (store_path, images) = (folder.path().join("store"), folder.path().join("images"));
    let cuts: Arc<Mutex<Vec<Cut>>> = Arc::default();
    let mut commits = Vec::new();
    for until in LIVES {
        let points = cutting(&store_path, &images, &cuts);
        let options = Options {
            points,
            ..options(&store_path).create([7; 16])
        };
        let store = EmbeddedStore::open(options).unwrap();
        for number in commits.len()..until {
            let outcome = store.commit(commit(number)).await;
            assert!(matches!(outcome, Ok(CommitOutcome::Applied(_))), "{outcome:?}");
        }
        commits = store.feed().unwrap().read(0, 100).await.unwrap();
    }
    let cuts = std::mem::take(&mut *cuts.lock().unwrap());
    assert_eq!((cuts.len(), commits.len()), (SIZES.len(), SIZES.len()));
    History {
        cuts,
        commits,
        _folder: folder,
    }
}

/// Keeps what each write finds and what it leaves, in one life of the store.
fn cutting(store: &Path, images: &Path, cuts: &Arc<Mutex<Vec<Cut>>>) -> Points {
    let (store, images, cuts) = (store.to_owned(), images.to_owned(), Arc::clone(cuts));
    // Zeros are behind what this life wrote in this segment: the segments are shorter than what is written at once.
    let zeros_in = Mutex::new(None);
    Points::new(move |point| {
        let mut cuts = cuts.lock().unwrap();
        let before = images.join(cuts.len().to_string());
        if point == Point::BeforeAppend {
            copy(&store, &before);
        } else if point == Point::Appended {
            let segment = newest_segment(&store);
            let zeros_ahead = zeros_in.lock().unwrap().replace(segment.clone()) != Some(segment.clone());
            cuts.push(Cut {
                before,
                segment: segment.strip_prefix(&store).unwrap().to_owned(),
                after: fs::read(segment).unwrap(),
                zeros_ahead,
            });
        }
    })
}

/// What a sector holds after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sector {
    Old,
    New,
    Zero,
    Garbage,
}

const SECTORS: [Sector; 4] = [Sector::Old, Sector::New, Sector::Zero, Sector::Garbage];

/// What becomes of the sectors of a write, of which so many are the record's: all alike, one that differs, all up
/// to one, the record apart from the zeros behind it; and at random.
fn tears(record: usize, count: usize, rng: &mut Rng) -> Vec<Vec<Sector>> {
    let mut tears: Vec<Vec<Sector>> = SECTORS.map(|sector| vec![sector; count]).into();
    for (of_record, behind) in SECTORS
        .into_iter()
        .flat_map(|one| SECTORS.map(|other| (one, other)))
    {
        let mut apart = vec![of_record; count];
        apart[record..].fill(behind);
        tears.push(apart);
    }
    let step = (count / 8).max(1);
    for at in (0..count).step_by(step) {
        for (rest, other) in [
            (Sector::New, Sector::Old),
            (Sector::New, Sector::Garbage),
            (Sector::Old, Sector::New),
            (Sector::Old, Sector::Zero),
        ] {
            let mut one = vec![rest; count];
            one[at] = other;
            let mut begun = vec![other; count];
            begun[at..].fill(rest);
            tears.extend([one, begun]);
        }
    }
    tears.extend((0..RANDOM).map(|_| (0..count).map(|_| SECTORS[rng.usize(0..4)]).collect()));
    tears
}

/// The pages of the record that a write wrote, as a range of bytes.
fn touched(old: &[u8], new: &[u8]) -> std::ops::Range<usize> {
    let differs = |at: &usize| old[*at] != new[*at];
    let first = (0..new.len()).find(differs).unwrap();
    let last = (0..new.len()).rfind(differs).unwrap();
    first / PAGE * PAGE..(last + 1).next_multiple_of(PAGE)
}

/// The folder as this cut leaves it.
fn leave(cut: &Cut, tear: &[Sector], at: usize, watermark: Option<&Path>, rng: &mut Rng) -> TempDir {
    let folder = memory();
    copy(&cut.before, folder.path());
    let segment = folder.path().join(&cut.segment);
    let mut bytes = fs::read(&segment).unwrap();
    for (number, sector) in tear.iter().enumerate() {
        let range = at + number * SECTOR..at + (number + 1) * SECTOR;
        match sector {
            Sector::Old => {}
            Sector::New => bytes[range.clone()].copy_from_slice(&cut.after[range]),
            Sector::Zero => bytes[range].fill(0),
            Sector::Garbage => rng.fill(&mut bytes[range]),
        }
    }
    fs::write(&segment, bytes).unwrap();
    let file = folder.path().join("watermark");
    match watermark {
        Some(earlier) => drop(fs::copy(earlier, file).unwrap()),
        None => fs::remove_file(file).unwrap(),
    }
    folder
}

#[tokio::main(flavor = "current_thread")]
async fn commits(store: &EmbeddedStore) -> Vec<FeedItem> {
    store.feed().unwrap().read(0, 100).await.unwrap()
}

/// All that was acknowledged before the cut is there, in its order, and at most what was under way beside it.
fn judge(folder: &Path, history: &History, acknowledged: usize, must_open: bool, what: &str) -> bool {
    let store = match EmbeddedStore::open(options(folder)) {
        Ok(store) => store,
        Err(OpenError::Log(_)) if !must_open => return false,
        Err(error) => panic!("{what}: refused: {error}"),
    };
    let found = commits(&store);
    let is_there =
        found[..] == history.commits[..acknowledged] || found[..] == history.commits[..=acknowledged];
    assert!(
        is_there,
        "{what}: {} of {acknowledged} acknowledged commits are there",
        found.len()
    );
    assert_eq!(store.compare_with_log().unwrap().differences, [], "{what}");
    drop(store);
    is_sound(folder, found.len(), what);
    if found.len() < SIZES.len() {
        let store = EmbeddedStore::open(options(folder)).unwrap();
        make_next(&store, found.len());
        drop(store);
        is_sound(folder, found.len() + 1, what);
    }
    true
}

/// So many records, and nothing left behind them.
fn is_sound(folder: &Path, records: usize, what: &str) {
    let report = verify(folder).unwrap();
    assert!(report.is_sound() && report.torn_bytes == 0, "{what}: {report:?}");
    assert_eq!(usize::try_from(report.records).unwrap(), records, "{what}");
}

#[test]
fn a_power_cut_in_any_write_loses_nothing_that_was_acknowledged() {
    let history = make();
    let mut rng = Rng::with_seed(20_261_121);
    let (mut opened, mut refused) = (0, 0);
    for (number, cut) in history.cuts.iter().enumerate() {
        let old = fs::read(cut.before.join(&cut.segment)).unwrap();
        let pages = touched(&old, &cut.after);
        let end = if cut.zeros_ahead {
            cut.after.len()
        } else {
            pages.end
        };
        let tears = tears(pages.len() / SECTOR, (end - pages.start) / SECTOR, &mut rng);
        for (turn, tear) in tears.iter().enumerate() {
            // Any earlier state of it in turn, as the cuts before saw it; at times none.
            let earlier = &history.cuts[turn % (number + 1)].before.join("watermark");
            let watermark = (turn % 7 != 6).then_some(&**earlier);
            let what = format!("write {number}, tear {turn} {tear:?}, watermark {watermark:?}");
            let folder = leave(cut, tear, pages.start, watermark, &mut rng);
            let is_open = judge(folder.path(), &history, number, watermark.is_some(), &what);
            *(if is_open { &mut opened } else { &mut refused }) += 1;
        }
    }
    eprintln!("{opened} opened with all that was acknowledged, {refused} refused");
    assert!(opened > 300 && refused > 0);
    assert!(history.cuts.iter().filter(|cut| cut.zeros_ahead).count() >= 3);
}

/// An opening that is cut short must not be able to tear what a life before it acknowledged.
#[test]
fn an_opening_does_not_write_again_what_is_known_to_be_durable() {
    let folder = memory();
    let store = EmbeddedStore::open(options(folder.path()).create([7; 16])).unwrap();
    make_next(&store, 0);
    drop(store);
    let segment = newest_segment(folder.path());
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    fs::File::options()
        .write(true)
        .open(&segment)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    drop(EmbeddedStore::open(options(folder.path())).unwrap());
    assert_eq!(fs::metadata(&segment).unwrap().modified().unwrap(), long_ago);
    // Nothing tells that it was synced: what was read may be in memory only.
    fs::remove_file(folder.path().join("watermark")).unwrap();
    drop(EmbeddedStore::open(options(folder.path())).unwrap());
    assert_ne!(fs::metadata(&segment).unwrap().modified().unwrap(), long_ago);
}

#[tokio::main(flavor = "current_thread")]
async fn make_next(store: &EmbeddedStore, number: usize) {
    let outcome = store.commit(commit(number)).await;
    assert!(matches!(outcome, Ok(CommitOutcome::Applied(_))), "{outcome:?}");
}
