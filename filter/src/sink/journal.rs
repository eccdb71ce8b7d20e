//! The journal as a sink: it has a thread of its own like the others, and tells them of its checkpoints.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use minewall_core::config;
use minewall_core::evidence::Notice;

use super::{Event, Outlet, Taken, Writer};
use crate::journal::{self, CHECKPOINT, Class, Clock};

/// Lines written at once, before it is looked for what is due.
const MOST: usize = 64;

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

/// As the writer puts them together.
fn parts(message: &str) -> Option<(Class, i64, &str)> {
    let (word, rest) = message.split_once(' ')?;
    let (time_us, json) = rest.split_once(' ')?;
    Some((*Class::ALL.iter().find(|class| class.as_str() == word)?, time_us.parse().ok()?, json))
}

impl Outlet for Journal {
    fn open(&mut self) -> io::Result<()> {
        (self.open, self.wrong) = (None, None);
        self.open = Some(journal::Journal::open(&self.settings, &self.observer, Clock::System)?);
        self.attend()
    }

    fn writer(&self) -> Writer {
        Box::new(|event| {
            let class = match event {
                Event::Record(_) => Class::Records,
                Event::Incident(_) | Event::Loss(_) | Event::Notice(_) => Class::Incidents,
            };
            format!("{} {} {}", class.as_str(), event.time_us(), event.json())
        })
    }

    fn deliver(&mut self, messages: &[Arc<str>]) -> io::Result<Taken> {
        self.wrong.take().map_or(Ok(()), Err)?;
        let journal = self.open.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let mut taken = 0;
        for message in messages {
            let (class, time_us, json) = parts(message).ok_or(io::ErrorKind::InvalidData)?;
            match journal.append(class, time_us, json) {
                Err(error) if taken == 0 => return Err(error),
                // What is written must not be once more because of what follows.
                Err(error) => {
                    self.wrong = Some(error);
                    return Ok(Taken { sent: taken, refused: 0 });
                }
                Ok(()) => taken += 1,
            }
        }
        self.wrong = self.attend().err();
        Ok(Taken { sent: taken, refused: 0 })
    }

    fn most(&self) -> usize {
        MOST
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
