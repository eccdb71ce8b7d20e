//! How much of an event is kept: `[privacy]`, before anything is written.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use minewall_core::config;
use minewall_core::evidence::{Privacy, Rules};

use super::Event;

/// What sinks are given, and what the journal is; none: all of it.
#[derive(Default)]
pub(crate) struct Kept {
    pub(super) sinks: Option<Box<Privacy>>,
    pub(crate) journal: Option<Box<Privacy>>,
}

impl Kept {
    /// # Errors
    /// The key that hashes are made with can neither be read nor made, with the remedy.
    pub(crate) fn new(config: &config::Privacy) -> Result<Self> {
        let secret =
            if config.hashes() { secret(Path::new(&config.secret)).context("privacy.secret")? } else { [0; 32] };
        let some = |rules: Rules| (rules != Rules::default()).then(|| Box::new(Privacy::new(rules, &secret)));
        Ok(Self { sinks: some(config.sinks.0), journal: some(config.journal.0) })
    }
}

/// The event with what is kept of it.
pub(crate) fn less(event: &Event, privacy: Option<&Privacy>) -> Event {
    let Some(privacy) = privacy else { return event.clone() };
    match event {
        Event::Record(record) => {
            let mut record = record.as_ref().clone();
            privacy.record(&mut record);
            Event::Record(Arc::new(record))
        }
        Event::Incident(incident) => {
            let mut incident = incident.as_ref().clone();
            privacy.incident(&mut incident);
            Event::Incident(Arc::new(incident))
        }
        Event::Notice(notice) => {
            let mut notice = notice.as_ref().clone();
            privacy.notice(&mut notice);
            Event::Notice(Arc::new(notice))
        }
        Event::Loss(_) => event.clone(),
    }
}

/// The key in the file; made where there is none.
fn secret(path: &Path) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    match fs::File::open(path) {
        Ok(file) => {
            let mut bytes = Vec::new();
            file.take(33).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
            key = match bytes.try_into() {
                Ok(key) => key,
                Err(_) => bail!("{} is no key of 32 bytes; put the former one back, or move it away", path.display()),
            };
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let making = || format!("cannot make {}; name a file that can be written", path.display());
            rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty())
                .context("the kernel gives no random numbers")?;
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory).with_context(making)?;
            }
            // Whole or not at all: half a key would stand in the way of every start.
            let new = path.with_extension("new");
            _ = fs::remove_file(&new);
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
            let mut file = file.with_context(making)?;
            let written = file.write_all(&key).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, path));
            written.with_context(making)?;
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    Ok(key)
}
