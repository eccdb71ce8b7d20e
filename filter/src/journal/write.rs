//! The writer: both chains, their checkpoints, their segments, and what is told elsewhere.

use std::io;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use minewall_core::config;
use minewall_core::evidence::Notice;

use super::chain::{Chain, Found, Hand};
use super::key::{self, Key};
use super::line::{Beside, Checkpoint, Class, Kind, Seal, Started};
use super::lock::Lock;
use super::segment::{self, Segment};
use super::{directory, retain};
use crate::clock::wall_us;

/// Why the last checkpoint of an orderly stop was written.
pub(super) const STOP: &str = "stop";
/// How often it is looked for what may go.
const RETENTION_US: i64 = 3_600_000_000;
const MINUTE_US: i64 = 60_000_000;

/// Whose time it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// That of the latest event, from this moment on: for what was written down elsewhere before.
    Events(i64),
    /// That of the system.
    System,
}

impl Clock {
    fn now_us(self) -> i64 {
        match self {
            Self::Events(latest) => latest,
            Self::System => wall_us(),
        }
    }
}

/// The journal, open for writing. After an error it is opened anew before the next line.
pub(crate) struct Journal {
    directory: PathBuf,
    settings: config::Journal,
    observer: String,
    clock: Clock,
    key: Key,
    chains: [Chain; 2],
    /// Lines not yet signed, and since when there are some.
    unsigned: u32,
    unsigned_since_us: i64,
    /// Since when something may not be on the disk.
    unsynced: Option<Instant>,
    retained_us: i64,
    notices: Vec<Notice>,
    packer: Option<JoinHandle<()>>,
    waiting: Vec<Segment>,
    _lock: Lock,
}

impl Journal {
    /// Opens it, or makes it, and goes on behind the last whole line.
    ///
    /// # Errors
    /// Another process writes it (`WouldBlock`), or the directory cannot be used.
    pub(crate) fn open(settings: &config::Journal, observer: &str, clock: Clock) -> io::Result<Self> {
        let path = PathBuf::from(&settings.directory);
        directory::make(&path)?;
        let lock = Lock::take(&path)?;
        segment::tidy(&path)?;
        let key = Key::own(&path)?;
        let hand = Hand { observer, key: &key, now_us: clock.now_us() };
        let (records, first) = Chain::open(&path, Class::Records, &hand)?;
        let (incidents, second) = Chain::open(&path, Class::Incidents, &hand)?;
        let mut journal = Self {
            directory: path,
            settings: settings.clone(),
            observer: observer.to_owned(),
            clock,
            key,
            chains: [records, incidents],
            unsigned: 0,
            unsigned_since_us: 0,
            unsynced: None,
            retained_us: i64::MIN,
            notices: Vec::new(),
            packer: None,
            waiting: Vec::new(),
            _lock: lock,
        };
        for (class, found) in Class::ALL.into_iter().zip([first, second]) {
            journal.started(class, found)?;
            let mut segments = segment::list(&journal.directory, class)?;
            segments.pop();
            journal.waiting.extend(segments.into_iter().filter(|segment| !segment.is_packed));
        }
        journal.attend()?;
        Ok(journal)
    }

    fn started(&mut self, class: Class, found: Found) -> io::Result<()> {
        let hand = Hand { observer: &self.observer, key: &self.key, now_us: self.clock.now_us() };
        let Found { torn, is_damaged: damaged, is_clean: clean } = found;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let started = Started { time: hand.time(), version, clean, torn, damaged };
        let [records, incidents] = &mut self.chains;
        let chain = if class == Class::Records { records } else { incidents };
        let (seq, _) = chain.sign(Kind::Started, &started, &hand)?;
        self.wrote();
        if torn > 0 || damaged {
            let reason = match damaged {
                true => format!("The {} of the journal were damaged: a new segment begins", class.as_str()),
                false => {
                    format!("{torn} bytes of an unfinished line were cut off the {} of the journal", class.as_str())
                }
            };
            let fields = vec![
                ("journal_class", class.as_str().to_owned()),
                ("journal_seq", seq.to_string()),
                ("journal_torn", torn.to_string()),
            ];
            self.tell("journal-recovered", 4, reason, fields);
        }
        Ok(())
    }

    /// Writes one line; `json` is one object without line breaks.
    ///
    /// # Errors
    /// The line was not written: the journal is to be opened anew, and the line given again.
    pub(crate) fn append(&mut self, class: Class, time_us: i64, json: &str) -> io::Result<()> {
        if let Clock::Events(latest) = &mut self.clock {
            *latest = time_us.max(*latest);
        }
        let chain = self.chain(class);
        if chain.bytes >= self.settings.segment || chain.is_of_a_former_day(time_us) {
            self.rotate(class)?;
        }
        self.chain_mut(class).append(time_us, json)?;
        self.wrote();
        Ok(())
    }

    fn chain(&self, class: Class) -> &Chain {
        let [records, incidents] = &self.chains;
        if class == Class::Records { records } else { incidents }
    }

    fn chain_mut(&mut self, class: Class) -> &mut Chain {
        let [records, incidents] = &mut self.chains;
        if class == Class::Records { records } else { incidents }
    }

    fn wrote(&mut self) {
        if self.unsigned == 0 {
            self.unsigned_since_us = self.clock.now_us();
        }
        self.unsigned = self.unsigned.saturating_add(1);
        self.unsynced.get_or_insert_with(Instant::now);
    }

    /// Does what is due: checkpoints, the disk, retention, compression. Called after lines and every second or so.
    ///
    /// # Errors
    /// The journal is to be opened anew; no line is lost.
    pub(crate) fn attend(&mut self) -> io::Result<()> {
        let now_us = self.clock.now_us();
        let minutes = i64::from(self.settings.minutes) * MINUTE_US;
        if self.unsigned >= self.settings.checkpoint {
            self.checkpoint("lines")?;
        } else if self.unsigned > 0 && now_us.saturating_sub(self.unsigned_since_us) >= minutes {
            self.checkpoint("time")?;
        }
        let patience = Duration::from_secs(self.settings.sync.into());
        if self.unsynced.is_some_and(|since| since.elapsed() >= patience) {
            self.sync()?;
        }
        if now_us.saturating_sub(self.retained_us) >= RETENTION_US {
            self.retained_us = now_us;
            // What cannot be removed (made immutable, perhaps, as evidence) must not keep the journal from being written.
            if let Err(error) = self.retain() {
                tracing::warn!("the journal keeps more than it should: {error}");
            }
        }
        self.pack();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.chains.iter().try_for_each(Chain::sync)?;
        self.unsynced = None;
        Ok(())
    }

    /// Signs both chains; each names the other's last line, so that neither can be cut short alone.
    fn checkpoint(&mut self, why: &str) -> io::Result<()> {
        for class in Class::ALL {
            let other = self.chain(class.other());
            let beside = Beside { class: class.other(), seq: other.next - 1, hash: other.last.clone() };
            let hand = Hand { observer: &self.observer, key: &self.key, now_us: self.clock.now_us() };
            let checkpoint = Checkpoint { time: hand.time(), why: why.to_owned(), beside: Some(beside) };
            let [records, incidents] = &mut self.chains;
            let chain = if class == Class::Records { records } else { incidents };
            let (seq, seal) = chain.sign(Kind::Checkpoint, &checkpoint, &hand)?;
            self.tell_checkpoint(class, seq, seal);
        }
        self.unsigned = 0;
        self.sync()
    }

    fn tell_checkpoint(&mut self, class: Class, seq: u64, seal: Seal) {
        let id = key::id(self.key.public());
        let reason = format!("Line {seq} of the {} of the journal is signed by key {id}", class.as_str());
        let fields = vec![
            ("journal_class", class.as_str().to_owned()),
            ("journal_seq", seq.to_string()),
            ("journal_digest", seal.digest),
            ("journal_signature", seal.signature),
            ("journal_key", self.key.public().to_owned()),
        ];
        self.tell(CHECKPOINT, 6, reason, fields);
    }

    fn rotate(&mut self, class: Class) -> io::Result<()> {
        self.checkpoint("rotation")?;
        let hand = Hand { observer: &self.observer, key: &self.key, now_us: self.clock.now_us() };
        let [records, incidents] = &mut self.chains;
        let chain = if class == Class::Records { records } else { incidents };
        let closed = chain.rotate(&self.directory, &hand)?;
        self.waiting.push(closed);
        self.wrote();
        self.retained_us = i64::MIN;
        Ok(())
    }

    /// Removes what is kept no longer, and says so first.
    fn retain(&mut self) -> io::Result<()> {
        // What is being compressed is not removed under its hands.
        if self.packer.as_ref().is_some_and(|packer| !packer.is_finished()) {
            return Ok(());
        }
        for class in Class::ALL {
            for (removed, paths) in retain::due(&self.directory, class, &self.settings, self.clock.now_us())? {
                let hand = Hand { observer: &self.observer, key: &self.key, now_us: self.clock.now_us() };
                let [records, incidents] = &mut self.chains;
                let chain = if class == Class::Records { records } else { incidents };
                let (seq, _) = chain.sign(Kind::Removed, &removed, &hand)?;
                chain.sync()?;
                self.wrote();
                retain::remove(&self.directory, &paths)?;
                self.waiting.retain(|segment| !paths.contains(&segment.path));
                let (from, to) = (removed.span.from, removed.span.to);
                let reason = format!("Lines {from} to {to} of the {} were removed by {}", class.as_str(), removed.why);
                let fields = vec![
                    ("journal_class", class.as_str().to_owned()),
                    ("journal_seq", seq.to_string()),
                    ("journal_removed_to", to.to_string()),
                ];
                self.tell("journal-removed", 5, reason, fields);
            }
        }
        Ok(())
    }

    /// Compresses closed segments in a thread of its own, one after the other.
    fn pack(&mut self) {
        if self.waiting.is_empty() || self.packer.as_ref().is_some_and(|packer| !packer.is_finished()) {
            return;
        }
        let segments = std::mem::take(&mut self.waiting);
        let work = move || {
            for segment in segments {
                // What cannot be compressed is read as it is, and tried again by the next writer.
                if let Err(error) = segment.pack() {
                    tracing::warn!("{} cannot be compressed: {error}", segment.path.display());
                }
            }
        };
        self.packer = thread::Builder::new().name("journal".to_owned()).spawn(work).ok();
    }

    /// Signs what is not signed, and has all of it on the disk.
    ///
    /// # Errors
    /// It could not be.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        self.checkpoint(STOP)?;
        if let Some(packer) = self.packer.take() {
            let _ = packer.join();
        }
        Ok(())
    }

    fn tell(&mut self, action: &'static str, severity: u8, reason: String, fields: Vec<(&'static str, String)>) {
        let (time_us, observer) = (self.clock.now_us(), self.observer.clone());
        self.notices.push(Notice { time_us, observer, action, severity, reason, fields });
    }

    /// What is to be told elsewhere.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Whether closed segments are being compressed.
    #[cfg(test)]
    pub(super) fn is_packing(&self) -> bool {
        self.packer.as_ref().is_some_and(|packer| !packer.is_finished())
    }
}

/// The action of notices that carry a checkpoint.
pub(crate) const CHECKPOINT: &str = "journal-checkpoint";

impl Drop for Journal {
    /// Whoever opens it next must not find a segment half packed: the lock is held until the packer has ended.
    fn drop(&mut self) {
        if let Some(packer) = self.packer.take() {
            _ = packer.join();
        }
    }
}
