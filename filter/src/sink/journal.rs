//! The journal as a sink: it has a thread of its own like the others, and tells them of its checkpoints.

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use minewall_core::config;
use minewall_core::evidence::Notice;

use super::{Event, Outlet};
use crate::journal::{self, CHECKPOINT, Class, Clock};

pub(super) struct Journal {
    settings: config::Journal,
    observer: String,
    tell: Box<dyn Fn(Notice) + Send>,
    open: Option<journal::Journal>,
    /// What went wrong after the last event was written: the next one is not, before that is mended.
    wrong: Option<io::Error>,
}

/// The settings of the journal that is to be kept, if one is.
///
/// # Errors
/// Its directory cannot be used, or another process writes there, with the remedy.
pub(super) fn new(settings: &config::Journal) -> Result<Option<config::Journal>> {
    if settings.directory.is_empty() {
        return Ok(None);
    }
    journal::check(Path::new(&settings.directory)).context("journal.directory")?;
    Ok(Some(settings.clone()))
}

impl Journal {
    pub(super) fn new(settings: config::Journal, observer: &str, tell: Box<dyn Fn(Notice) + Send>) -> Self {
        Self { settings, observer: observer.to_owned(), tell, open: None, wrong: None }
    }

    /// Does what is due, and tells what is to be told.
    fn attend(&mut self) -> io::Result<()> {
        self.wrong.take().map_or(Ok(()), Err)?;
        let journal = self.open.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let mut attended = journal.attend();
        for notice in journal.take_notices() {
            if attended.is_ok() && notice.action != CHECKPOINT {
                attended = journal.append(Class::Incidents, notice.time_us, &notice.to_json());
            }
            (self.tell)(notice);
        }
        attended
    }
}

impl Outlet for Journal {
    fn open(&mut self) -> io::Result<()> {
        (self.open, self.wrong) = (None, None);
        self.open = Some(journal::Journal::open(&self.settings, &self.observer, Clock::System)?);
        self.attend()
    }

    fn deliver(&mut self, event: &Event) -> io::Result<()> {
        let class = match event {
            Event::Record(_) => Class::Records,
            Event::Incident(_) | Event::Loss(_) | Event::Notice(_) => Class::Incidents,
        };
        self.wrong.take().map_or(Ok(()), Err)?;
        let journal = self.open.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        journal.append(class, event.time_us(), &event.json())?;
        // The event is written: it must not be once more because of what follows.
        self.wrong = self.attend().err();
        Ok(())
    }

    fn tend(&mut self) -> io::Result<()> {
        self.attend()
    }

    fn close(&mut self) -> io::Result<()> {
        let closed = self.open.as_mut().map_or(Ok(()), journal::Journal::close);
        for notice in self.open.iter_mut().flat_map(journal::Journal::take_notices) {
            (self.tell)(notice);
        }
        self.open = None;
        closed
    }
}
