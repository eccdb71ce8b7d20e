//! A capture as evidence: its records completed, folded into incidents, and written into a journal, in its own time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use std::{fs, io};

use anyhow::{Context, Result, bail};
use jiff::tz::Offset;
use minewall_core::activity::Activity;
use minewall_core::config::{self, Config};
use minewall_core::endpoint::Endpoint;
use minewall_core::evidence::Record;
use minewall_core::incident::{Incidents, Told};
use minewall_core::now::Now;

use crate::identity::{Desk, Identity, Item};
use crate::journal::{Class, Clock, Journal};
use crate::lookup::nat_log;
use crate::sink::{Event, Kept, less};

/// Where records and what connections did go.
pub(super) struct Evidence {
    desk: Desk,
    translations: Translations,
    incidents: Incidents,
    settings: config::Journal,
    kept: Kept,
    observer: String,
    /// Opened with the first packet, whose time is that of its first line.
    journal: Option<Journal>,
    /// What went wrong, told at the next tick.
    wrong: Option<io::Error>,
}

/// Public addresses and ports by both ends of a connection inside: since when and until when.
#[derive(Default)]
struct Translations(HashMap<(Endpoint, Endpoint), Vec<Held>>);

/// One stretch: since when, until when, which public address and port.
type Held = (i64, i64, Endpoint);

impl Evidence {
    /// # Errors
    /// The journal's directory holds something, or the inventory or the NAT log cannot be used.
    pub(super) fn new(config: &Config, observer: &str, directory: &Path, nat: Option<&Path>) -> Result<Self> {
        let path = std::path::absolute(directory).context("--journal")?;
        if fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("--journal: {} holds something already; name a new directory", path.display());
        }
        let Some(text) = path.to_str() else { bail!("--journal: {} is no text", path.display()) };
        let translations = match nat {
            Some(log) => Translations::read(log).with_context(|| format!("--nat-log: {}", log.display()))?,
            None => Translations::default(),
        };
        Ok(Self {
            desk: Desk::new(Identity::of_capture(&config.identity)?),
            translations,
            // The same capture gives the same incidents.
            incidents: Incidents::new(config.incidents(), observer, 0),
            settings: config::Journal { directory: text.to_owned(), ..config.journal.clone() },
            kept: Kept::new(&config.privacy)?,
            observer: observer.to_owned(),
            journal: None,
            wrong: None,
        })
    }

    pub(super) fn record(&mut self, now: Now, mut record: Box<Record>) {
        record.nat = self.translations.of(record.source, record.destination, record.time_us);
        self.desk.take(Item::Record(record), Instant::now());
        self.deliver(now);
    }

    pub(super) fn activity(&mut self, now: Now, activity: Activity) {
        self.desk.take(Item::Activity(Box::new(activity)), Instant::now());
        self.deliver(now);
    }

    /// Tells what is due.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub(super) fn tick(&mut self, now: Now) -> Result<()> {
        self.open(now);
        let mut told = Vec::new();
        self.incidents.tick(now, &mut |one| told.push(one));
        self.write(told);
        self.wrong()
    }

    /// Tells all that is left of a capture.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub(super) fn finish(&mut self, now: Now) -> Result<()> {
        self.open(now);
        let mut told = Vec::new();
        self.incidents.finish(now, &mut |one| told.push(one));
        self.write(told);
        self.wrong()
    }

    /// Signs the journal's end.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub(super) fn close(mut self) -> Result<()> {
        if let Some(journal) = &mut self.journal {
            self.wrong = journal.close().err().or_else(|| self.wrong.take());
        }
        self.wrong()
    }

    fn deliver(&mut self, now: Now) {
        self.open(now);
        while let Some(item) = self.desk.rest() {
            let mut told = Vec::new();
            match item {
                Item::Activity(activity) => {
                    self.incidents.on_activity(now, &activity, &mut |one| told.push(one));
                }
                Item::Record(record) => {
                    // A journal for looking things up keeps what sinks would be spared.
                    _ = self.incidents.on_record(now, &record, &mut |one| told.push(one));
                    self.append(Class::Records, &Event::Record(Arc::from(record)));
                }
            }
            self.write(told);
        }
    }

    fn open(&mut self, now: Now) {
        if self.journal.is_none() && self.wrong.is_none() {
            match Journal::open(&self.settings, &self.observer, Clock::Events(now.wall_us)) {
                Ok(journal) => self.journal = Some(journal),
                Err(error) => self.wrong = Some(error),
            }
        }
    }

    fn write(&mut self, told: Vec<Told>) {
        for one in told {
            self.append(Class::Incidents, &one.into());
        }
    }

    fn append(&mut self, class: Class, event: &Event) {
        let Some(journal) = &mut self.journal else { return };
        let event = less(event, self.kept.journal.as_deref());
        let written = journal.append(class, event.time_us(), &event.json()).and_then(|()| journal.attend());
        // Nobody is told of checkpoints: nobody watched.
        journal.take_notices();
        self.wrong = written.err().or_else(|| self.wrong.take());
    }

    fn wrong(&mut self) -> Result<()> {
        self.wrong.take().map_or(Ok(()), Err).with_context(|| format!("the journal {}", self.settings.directory))
    }
}

impl Translations {
    fn read(log: &Path) -> Result<Self> {
        let mut all = Self::default();
        let end = |(ip, port): (IpAddr, u16)| Endpoint { ip, port };
        nat_log::each(log, Offset::UTC, &mut |mapping, since_us, until_us| {
            let key = (end(mapping.inside), end(mapping.far));
            all.0.entry(key).or_default().push((since_us, until_us, end(mapping.public)));
        })?;
        Ok(all)
    }

    fn of(&self, inside: Endpoint, far: Endpoint, at_us: i64) -> Option<Endpoint> {
        let translations = self.0.get(&(inside, far))?;
        let holds = |(since, until, _): &&Held| (*since..=*until).contains(&at_us);
        translations.iter().rfind(holds).map(|(_, _, public)| *public)
    }
}
