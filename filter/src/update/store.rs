//! Generations of texts on disk: each a directory of its own, written once; a link says which one holds.
//!
//! ```text
//! DIRECTORY/current -> generation-8        replaced in one stroke, when everything it leads to is on disk
//! DIRECTORY/generation-8/state.json        written last
//! DIRECTORY/generation-8/nocoin.list       where unchanged the same file as in generation-7
//! DIRECTORY/generation-7/                  the one before, for `lists rollback` and when 8 is damaged
//! ```
//! Whatever else lies there was left behind when the power went, and is removed at the next change.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use minewall_core::config::Feed;
use minewall_lists::ListMeta;
use rustix::fs::{Access, FlockOperation, access, flock};

use super::state::{FILE, State, text_file};
use super::text::meta;

/// The link to the generation that holds.
const CURRENT: &str = "current";

/// What becomes the link.
const NEW: &str = "current.new";

/// What the directory of a generation is called, before its number.
const PREFIX: &str = "generation-";

/// Where the generations are.
#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
}

/// A generation whose texts are as they were written.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(super) directory: PathBuf,
    /// What is known of it.
    pub(crate) state: State,
}

impl Generation {
    /// The file of a feed's text.
    pub(crate) fn text(&self, feed: &str) -> PathBuf {
        self.directory.join(text_file(feed))
    }

    /// What there is of a feed: what records say of it, and its text.
    pub(crate) fn list(&self, feed: &Feed) -> Option<(ListMeta, PathBuf)> {
        let kept = self.state.feeds.get(&feed.name)?;
        Some((meta(feed, kept), self.text(&feed.name)))
    }
}

/// Held by the one that changes the store.
#[derive(Debug)]
pub(crate) struct Held {
    _directory: File,
}

impl Store {
    /// The one in `lists.update.directory`.
    pub(crate) fn new(directory: &str) -> Self {
        Self { directory: directory.into() }
    }

    /// Makes sure that it can be changed, and by nobody else.
    ///
    /// # Errors
    /// The directory cannot be made or written, or another update is at it.
    pub(crate) fn hold(&self) -> Result<Held> {
        let shown = self.directory.display();
        let remedy = "set lists.update.directory to a place that lasts and that this user may write to";
        fs::create_dir_all(&self.directory).with_context(|| format!("cannot make {shown}")).context(remedy)?;
        access(&self.directory, Access::WRITE_OK)
            .with_context(|| format!("cannot write in {shown}"))
            .context(remedy)?;
        let directory = File::open(&self.directory).with_context(|| format!("cannot open {shown}"))?;
        if flock(&directory, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!("another update of the lists in {shown} is at work; wait for its end");
        }
        Ok(Held { _directory: directory })
    }

    /// The number of the generation that holds.
    pub(crate) fn link(&self) -> Option<u64> {
        number(fs::read_link(self.directory.join(CURRENT)).ok()?.as_os_str().to_str()?)
    }

    /// The generation that holds; if it is damaged, the newest that is not. What is wrong is given to `warn`.
    pub(crate) fn current(&self, warn: &mut dyn FnMut(anyhow::Error)) -> Option<Generation> {
        let mut link = self.link();
        let mut found = self.open(link?);
        if found.is_err() && self.link() != link {
            // It was replaced and removed meanwhile.
            link = self.link();
            found = self.open(link?);
        }
        match found {
            Ok(generation) => return Some(generation),
            Err(error) => warn(error.context(format!("generation {} of the lists cannot be used", link?))),
        }
        let others = self.numbers().into_iter().rev().filter(|number| Some(*number) != link);
        let found = others.filter_map(|number| self.open(number).ok()).next();
        warn(match &found {
            Some(former) => anyhow!("generation {} of the lists is used instead", former.state.generation),
            None => anyhow!("no other generation can be; no feed is used until `minewall lists update` succeeds"),
        });
        found
    }

    /// One generation, every text of which is as it was written.
    pub(crate) fn open(&self, number: u64) -> Result<Generation> {
        let directory = self.at(number);
        Ok(Generation { state: State::verified(&directory)?, directory })
    }

    /// The number for the next generation.
    pub(crate) fn next(&self) -> u64 {
        self.numbers().last().map_or(1, |last| last + 1)
    }

    /// Writes a generation and makes it the one that holds. The texts of its feeds are new where `fresh` has a file
    /// for them, else those of `base`. Power may go at any time: before the last step the former one holds.
    ///
    /// # Errors
    /// Something cannot be written; nothing has changed then.
    pub(crate) fn commit(
        &self,
        _held: &Held,
        state: &State,
        base: Option<&Generation>,
        fresh: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> Result<()> {
        let directory = self.at(state.generation);
        let written = write(&directory, state, base, fresh).and_then(|()| self.point_to(state.generation));
        if let Err(error) = written {
            remove(&self.directory.join(NEW)).unwrap_or_default();
            let _ = fs::remove_dir_all(&directory);
            let remedy = match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    "the disk is full; make room, or set lists.update.directory to a larger one"
                }
                _ => "look after the disk, or set lists.update.directory to another",
            };
            let what = format!("cannot write {}", directory.display());
            return Err(anyhow!(error).context(what).context(remedy));
        }
        match sync(&self.directory) {
            Ok(()) => self.prune(state.before.into_iter().chain([state.generation])),
            // It holds, but may not when the power goes now; then the former one does.
            Err(error) => eprintln!("minewall: {} may not be on disk: {error}", self.directory.display()),
        }
        Ok(())
    }

    /// Makes a new generation of the texts of the one before, in which the present ones are not wanted any more.
    ///
    /// # Errors
    /// There is none before, or something cannot be read or written.
    pub(crate) fn roll_back(&self) -> Result<State> {
        let held = self.hold()?;
        let none = || format!("there is no former generation of the lists in {}", self.directory.display());
        let link = self.link().with_context(none)?;
        // What is wrong with it may be that it is damaged.
        let present = self.open(link).map(|present| present.state);
        let before = match &present {
            Ok(present) => self.open(present.before.with_context(none)?)?,
            Err(_) => self.current(&mut |_| ()).with_context(none)?,
        };
        let mut state = State::new(self.next(), Some(before.state.generation));
        state.feeds.clone_from(&before.state.feeds);
        if let Ok(present) = present {
            if present.feeds == state.feeds {
                bail!(none());
            }
            state.unwanted.clone_from(&present.unwanted);
            for (name, kept) in present.feeds {
                if state.feeds.get(&name).is_none_or(|former| former.sha256 != kept.sha256) {
                    state.unwanted.insert(name, kept.sha256);
                }
            }
        }
        self.commit(&held, &state, Some(&before), &|_| None)?;
        Ok(state)
    }

    /// Replaces the link, with everything it leads to on disk.
    fn point_to(&self, number: u64) -> io::Result<()> {
        let new = self.directory.join(NEW);
        remove(&new)?;
        symlink(format!("{PREFIX}{number}"), &new)?;
        sync(&self.directory)?;
        fs::rename(&new, self.directory.join(CURRENT))
    }

    /// Removes every generation but these, and what was left behind. What stays in spite of it stays for the next time.
    fn prune(&self, keep: impl Iterator<Item = u64>) {
        let keep: Vec<_> = keep.collect();
        for number in self.numbers().into_iter().filter(|number| !keep.contains(number)) {
            if let Err(error) = fs::remove_dir_all(self.at(number)) {
                eprintln!(
                    "minewall: an old generation of the lists stays behind: {}: {error}",
                    self.at(number).display()
                );
            }
        }
    }

    /// The numbers of what is there, whole or not, rising.
    fn numbers(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let mut numbers: Vec<_> = entries.filter_map(|entry| number(entry.file_name().to_str()?)).collect();
        numbers.sort_unstable();
        numbers
    }

    fn at(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{PREFIX}{number}"))
    }
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

fn write(
    directory: &Path,
    state: &State,
    base: Option<&Generation>,
    fresh: &dyn Fn(&str) -> Option<PathBuf>,
) -> io::Result<()> {
    fs::create_dir(directory)?;
    for feed in state.feeds.keys() {
        let into = directory.join(text_file(feed));
        match (fresh(feed), base) {
            (Some(file), _) => copy(&file, &into)?,
            // Not every file system has links.
            (None, Some(base)) => fs::hard_link(base.text(feed), &into).or_else(|_| copy(&base.text(feed), &into))?,
            (None, None) => return Err(io::Error::other(format!("the text of {feed} is missing"))),
        }
    }
    let mut file = File::create_new(directory.join(FILE))?;
    file.write_all(&serde_json::to_vec_pretty(state)?)?;
    file.sync_all()?;
    sync(directory)
}

fn copy(from: &Path, into: &Path) -> io::Result<()> {
    let (mut from, mut into) = (File::open(from)?, File::create_new(into)?);
    io::copy(&mut from, &mut into)?;
    into.sync_all()
}

/// Has what a directory holds, its names, on disk.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
