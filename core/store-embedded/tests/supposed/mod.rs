//! A disk as a process's calls leave it: what is in memory of it, and what is durable for sure. Made from what
//! `strace` saw (`-f -y -xx`).
//!
//! What is supposed: a sync of a file makes its bytes durable and nothing else; a sync of a folder its names; until
//! then either may be durable or not, each folder's names and the bytes of all files apart.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The calls that change a disk, or make it durable.
pub(crate) const CALLS: &str = "trace=openat,write,pwrite64,ftruncate,fallocate,fsync,fdatasync,?rename,?renameat,\
                                ?renameat2,?unlink,?unlinkat";

/// A call that was answered with a success.
#[derive(Debug)]
pub(crate) enum Call {
    /// Opened for writing: made if it was not there, and cut where that is asked.
    Open {
        path: PathBuf,
        cuts: bool,
    },
    /// Bytes at a place, or behind those that were written before.
    Write {
        path: PathBuf,
        at: Option<usize>,
        bytes: Vec<u8>,
    },
    /// The length that a file has at least, or exactly.
    Length {
        path: PathBuf,
        length: usize,
        exactly: bool,
    },
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
}

/// The calls of a trace that succeeded, in the order in which they ended.
pub(crate) fn calls(trace: &str) -> Vec<Call> {
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (process, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        if let Some(begin) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process, begin);
        } else if rest.starts_with("<... ") {
            let (_, end) = rest.split_once(" resumed>").unwrap();
            calls.extend(call(&format!("{}{end}", begun.remove(process).unwrap())));
        } else {
            calls.extend(call(rest));
        }
    }
    calls
}

fn call(text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, answer) = rest.rsplit_once(" = ")?;
    if answer.starts_with(['-', '?']) {
        return None;
    }
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let strings: Vec<Vec<u8>> = arguments.split('"').skip(1).step_by(2).map(unhex).collect();
    let path = |number: usize| Some(to_path(strings.get(number)?));
    let of_handle = || {
        let (_, path) = arguments.split_once('<')?;
        Some(to_path(&unhex(path.split_once('>')?.0)))
    };
    let number = |from_the_end: usize| arguments.rsplit(", ").nth(from_the_end)?.parse().ok();
    Some(match name {
        "openat" if arguments.contains("O_WRONLY") || arguments.contains("O_RDWR") => Call::Open {
            path: path(0)?,
            cuts: arguments.contains("O_TRUNC"),
        },
        "write" | "pwrite64" => {
            let mut bytes = strings.first()?.clone();
            bytes.truncate(answer.parse().unwrap());
            let at = (name == "pwrite64").then(|| number(0).unwrap());
            Call::Write {
                path: of_handle()?,
                at,
                bytes,
            }
        }
        "ftruncate" => Call::Length {
            path: of_handle()?,
            length: number(0)?,
            exactly: true,
        },
        "fallocate" => {
            let length = number(0)? + number(1)?;
            Call::Length {
                path: of_handle()?,
                length,
                exactly: false,
            }
        }
        "fsync" | "fdatasync" => Call::Sync(of_handle()?),
        "rename" | "renameat" | "renameat2" => Call::Rename(path(0)?, path(1)?),
        "unlink" | "unlinkat" if !arguments.contains("AT_REMOVEDIR") => Call::Unlink(path(0)?),
        _ => return None,
    })
}

/// Bytes as `strace -xx` writes them: `\x` and two digits each.
fn unhex(text: &str) -> Vec<u8> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        digit => digit - b'a' + 10,
    };
    let digits = text.as_bytes().chunks_exact(4);
    digits.map(|byte| value(byte[2]) << 4 | value(byte[3])).collect()
}

fn to_path(bytes: &[u8]) -> PathBuf {
    String::from_utf8(bytes.to_vec()).unwrap().into()
}

/// The bytes of a file, and a number that is the same for the same bytes.
#[derive(Debug, Default, Clone)]
struct Content {
    bytes: Vec<u8>,
    number: u64,
}

/// A file: as it is in memory, and as it is durable.
#[derive(Debug, Default)]
struct File {
    now: Content,
    durable: Content,
    /// Where the next bytes go that come without a place.
    next: usize,
}

/// What of a part of the disk survives a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survives {
    All,
    /// What was synced.
    Synced,
}

fn number_of(what: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// A disk with the files below one folder.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
}

impl Disk {
    /// What a call that succeeded does.
    pub(crate) fn follow(&mut self, call: &Call) {
        match call {
            Call::Open { path, cuts } => {
                let files = &mut self.files;
                let number = *self.names.entry(path.clone()).or_insert_with(|| {
                    files.push(File::default());
                    files.len() - 1
                });
                let file = &mut files[number];
                file.next = 0;
                if *cuts {
                    file.now = Content::default();
                }
            }
            Call::Write { path, at, bytes } => self.change(path, |file| {
                let begin = at.unwrap_or(file.next);
                let end = begin + bytes.len();
                let now = &mut file.now.bytes;
                now.resize(now.len().max(end), 0);
                now[begin..end].copy_from_slice(bytes);
                if at.is_none() {
                    file.next = end;
                }
            }),
            Call::Length {
                path,
                length,
                exactly,
            } => self.change(path, |file| {
                let now = &mut file.now.bytes;
                let kept = if *exactly { 0 } else { now.len() };
                now.resize(kept.max(*length), 0);
            }),
            Call::Sync(path) => match self.names.get(path) {
                Some(number) => {
                    let file = &mut self.files[*number];
                    file.durable.clone_from(&file.now);
                }
                None => {
                    let is_in = |name: &Path| name.parent() == Some(path);
                    self.durable.retain(|name, _| !is_in(name));
                    let names = self.names.iter().filter(|(name, _)| is_in(name));
                    self.durable
                        .extend(names.map(|(name, number)| (name.clone(), *number)));
                }
            },
            Call::Rename(from, to) => {
                if let Some(number) = self.names.remove(from) {
                    self.names.insert(to.clone(), number);
                }
            }
            Call::Unlink(path) => drop(self.names.remove(path)),
        }
    }

    fn change(&mut self, path: &Path, change: impl FnOnce(&mut File)) {
        if let Some(number) = self.names.get(path) {
            let file = &mut self.files[*number];
            change(file);
            file.now.number = number_of(&file.now.bytes);
        }
    }

    /// The files below a folder after a cut: what of its names survives is asked by their folder, what of
    /// their bytes by their path.
    pub(crate) fn after(
        &self,
        folder: &Path,
        names: impl Fn(&Path) -> Survives,
        bytes: impl Fn(&Path) -> Survives,
    ) -> Remains<'_> {
        let mut files = BTreeMap::new();
        for (all, survives) in [(&self.names, Survives::All), (&self.durable, Survives::Synced)] {
            for (name, number) in all {
                if name.starts_with(folder) && names(name.parent().unwrap()) == survives {
                    let content = match bytes(name) {
                        Survives::All => &self.files[*number].now,
                        Survives::Synced => &self.files[*number].durable,
                    };
                    files.insert(name.strip_prefix(folder).unwrap().to_owned(), content);
                }
            }
        }
        Remains(files)
    }
}

/// What a cut leaves.
#[derive(Debug)]
pub(crate) struct Remains<'a>(BTreeMap<PathBuf, &'a Content>);

impl Remains<'_> {
    /// The same number for the same files.
    pub(crate) fn number(&self) -> u64 {
        let numbers: Vec<_> = self
            .0
            .iter()
            .map(|(name, content)| (name, content.number))
            .collect();
        number_of(&numbers)
    }

    /// Writes them to a folder.
    pub(crate) fn write(&self, folder: &Path) {
        for (name, content) in &self.0 {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &content.bytes).unwrap();
        }
    }
}
