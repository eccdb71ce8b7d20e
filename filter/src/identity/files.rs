//! Files of leases as a provider: looked at every second in a thread of their own, read where they changed.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minewall_core::config;

use super::book::{Book, Held};
use super::lease::{Format, Page};
use super::provider::{Answer, Host, Provider};

/// Bytes read of one file at once at the most; of a longer one, the last so many. A lease has some hundred bytes.
const LONGEST: u64 = 64 << 20;

/// Bytes read before what is new, to see whether the file is still the same.
const OVERLAP: usize = 64;

/// Files of one directory that are followed, and how long after it was last written one is.
const FOLLOWED: usize = 64;
const FOLLOWED_US: i64 = 2 * 86_400 * 1_000_000;

/// The files of one format.
#[derive(Debug)]
pub(super) struct Files {
    format: &'static Format,
    /// Those that were named, or where they usually are.
    paths: Vec<PathBuf>,
    is_named: bool,
    seen: Mutex<HashMap<PathBuf, Seen>>,
    book: Mutex<Book>,
}

/// What was seen of a file.
#[derive(Debug, Default)]
struct Seen {
    state: Option<State>,
    /// Bytes read, and the last of them.
    offset: u64,
    tail: Vec<u8>,
    /// Whether something wrong with it was told.
    is_told: bool,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    device: u64,
    inode: u64,
    length: u64,
    written_us: i64,
}

impl State {
    fn of(meta: &Metadata) -> Self {
        let written_us = meta.mtime().saturating_mul(1_000_000).saturating_add(meta.mtime_nsec() / 1_000);
        Self { device: meta.dev(), inode: meta.ino(), length: meta.len(), written_us }
    }

    fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

impl Files {
    /// None: no file is named, and none may be looked for.
    pub(super) fn new(format: &'static Format, named: &[String], settings: &config::Identity) -> Option<Self> {
        let is_named = !named.is_empty();
        let paths: Vec<PathBuf> = match (is_named, settings.usual) {
            (true, _) => named.iter().map(PathBuf::from).collect(),
            (false, true) => format.usual.iter().map(PathBuf::from).collect(),
            (false, false) => Vec::new(),
        };
        let (seen, book) = (Mutex::default(), Mutex::default());
        (!paths.is_empty()).then_some(Self { format, paths, is_named, seen, book })
    }

    /// The files there are: of a directory those within, of a file also what was before it.
    fn present(&self) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for path in &self.paths {
            if path.is_dir() {
                all.extend(within(path));
                continue;
            }
            for ending in self.format.before {
                let mut name = path.clone().into_os_string();
                name.push(ending);
                let before = PathBuf::from(name);
                if before.is_file() {
                    all.push(before);
                }
            }
            all.push(path.clone());
        }
        all
    }

    fn read(&self, path: &Path, seen: &mut Seen) -> std::io::Result<()> {
        let mut file = File::open(path)?;
        let state = State::of(&file.metadata()?);
        if seen.state == Some(state) {
            return Ok(());
        }
        let former = seen.state;
        let goes_on = self.format.grows
            && former.is_some_and(|former| former.is_same_file(&state))
            && state.length >= seen.offset
            && still_holds(&mut file, seen)?;
        if !goes_on {
            (seen.offset, seen.tail) = (0, Vec::new());
        }
        let skipped = (state.length - seen.offset).saturating_sub(LONGEST);
        file.seek(SeekFrom::Start(seen.offset + skipped))?;
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text)?;
        let start = if skipped > 0 { next_line(&text) } else { 0 };
        let text = text.get(start..).unwrap_or_default();
        let mut page = Page { written_us: state.written_us, ..Page::default() };
        (self.format.read)(text, &mut page);
        if skipped > 0 && !seen.is_told {
            seen.is_told = true;
            tracing::warn!(file = %path.display(), "longer than 64 MiB: only the end of it is read");
        }
        if page.bad > 0 && !seen.is_told {
            seen.is_told = true;
            let first = page.first_bad.as_deref().unwrap_or_default();
            tracing::warn!(file = %path.display(), bad = page.bad, first, "what is no {} is passed over", self.format.name);
        }
        let whole = text.get(..page.whole).unwrap_or_default();
        let overlap = whole.len().saturating_sub(OVERLAP);
        seen.tail = whole.get(overlap..).unwrap_or_default().to_vec();
        seen.offset += skipped + start as u64 + whole.len() as u64;
        seen.state = Some(state);
        let mut book = lock(&self.book);
        if self.format.grows {
            page.leases.into_iter().for_each(|lease| book.note(lease));
        } else {
            book.present(page.leases, state.written_us, former.is_none());
        }
        Ok(())
    }
}

impl Provider for Files {
    fn tell(&self, host: &Host) -> Answer {
        let book = lock(&self.book);
        let held = book.at(host.ip, host.at_us).or_else(|| book.at_mac(host.mac?, host.at_us));
        let tell =
            |held: &Held| Answer::Told { told: held.told.clone(), from_us: held.from_us, until_us: held.until_us };
        held.map_or(Answer::Nothing, tell)
    }

    fn look(&self) {
        let mut all = lock(&self.seen);
        let present = self.present();
        all.retain(|path, _| present.contains(path));
        for path in present {
            let seen = all.entry(path.clone()).or_default();
            let Err(error) = self.read(&path, seen) else { continue };
            let is_missing = error.kind() == ErrorKind::NotFound && !self.is_named;
            if !is_missing && !seen.is_told {
                seen.is_told = true;
                let file = path.display();
                tracing::warn!(%file, %error, "leases cannot be read; they are as soon as the file can be");
            }
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether what was read last stands there still.
fn still_holds(file: &mut File, seen: &Seen) -> std::io::Result<bool> {
    let mut tail = vec![0; seen.tail.len()];
    file.seek(SeekFrom::Start(seen.offset.saturating_sub(tail.len() as u64)))?;
    Ok(file.read_exact(&mut tail).is_ok() && tail == seen.tail)
}

fn next_line(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1)
}

/// The files `detail..` in a directory and in those within, that were written lately; the latest.
fn within(directory: &Path) -> Vec<PathBuf> {
    let list =
        |directory: &Path| std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<(i64, PathBuf)> = Vec::new();
    let now_us = jiff::Timestamp::now().as_microsecond();
    let mut note = |path: PathBuf| {
        let is_detail = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("detail"));
        let Some(meta) = path.metadata().ok().filter(|meta| is_detail && meta.is_file()) else { return };
        let written_us = State::of(&meta).written_us;
        if now_us - written_us < FOLLOWED_US {
            files.push((written_us, path));
        }
    };
    for path in list(directory).take(4 * FOLLOWED) {
        if path.is_dir() { list(&path).take(4 * FOLLOWED).for_each(&mut note) } else { note(path) }
    }
    files.sort();
    let old = files.len().saturating_sub(FOLLOWED);
    files.into_iter().skip(old).map(|(_, path)| path).collect()
}
