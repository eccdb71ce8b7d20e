//! What is counted by the engines, the sinks and the kernel, brought together once in a while and written.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use minewall_core::config::{Config, Metrics};
use minewall_core::engine::Counters;
use minewall_core::policy::Mode;
use minewall_lists::ListMeta;
use portable_atomic::AtomicU64;

use super::ease::Watch;
use super::recorder::Recorder;
use super::{Shared, told};
use crate::control::{Board, Paused};
use crate::kernel::Loaded;
use crate::lists;
use crate::metrics::{self, Desk, Endpoint, FeedCount, LearnedCount, ListCount, QueueCount, Snapshot};
use crate::queue::counters::Totals;
use crate::resolve::Counts;
use crate::update::{Attempts, Scratch};

/// How long after a try that failed it is tried again to listen for those who want metrics.
const LISTEN_AGAIN: Duration = Duration::from_secs(10);

/// Where an engine's thread shows what it has counted; it is never held for longer than a copy takes.
#[derive(Debug, Default)]
pub(super) struct Slot(Mutex<Counters>);

impl Slot {
    pub(super) fn put(&self, counters: Counters) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = counters;
    }

    fn get(&self) -> Counters {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the daemon stands, as its main thread knows it.
pub(super) struct State<'a> {
    /// The mode of the configuration.
    pub(super) mode: Mode,
    /// Where days begin, in seconds ahead of UTC.
    pub(super) utc_offset_s: i32,
    /// The pause that goes on.
    pub(super) paused: Option<&'a Paused>,
    pub(super) loaded: &'a Loaded,
    pub(super) learned: &'a Counts,
}

/// Writes what is counted to a file, if one is configured, and takes it away in the end.
pub(super) struct Export {
    slots: Vec<Arc<Slot>>,
    /// The file of the configuration.
    config: PathBuf,
    /// Those who ask.
    board: Arc<Board>,
    started: u64,
    read: u64,
    metrics: Metrics,
    /// Those who ask by HTTP.
    scraped: Scraped,
    /// Where it is said how the attempts at the feeds went, and the names of those that are configured.
    scratch: PathBuf,
    feeds: Vec<String>,
    written: Option<Instant>,
    /// Whether the last try failed: told once.
    failed: bool,
}

impl Export {
    /// Over the engines that show themselves in `slots`, in the order of the queues.
    pub(super) fn new(slots: Vec<Arc<Slot>>, path: &Path, config: &Config, board: Arc<Board>) -> Self {
        let now = now();
        Self {
            slots,
            config: path.to_owned(),
            started: now,
            read: now,
            metrics: config.metrics.clone(),
            scraped: Scraped::new(&config.metrics, Arc::clone(board.desk())),
            scratch: Scratch::directory(config),
            feeds: names(config),
            written: None,
            failed: false,
            board,
        }
    }

    /// Takes other settings, after lists and configuration were read anew.
    pub(super) fn reload(&mut self, config: &Config) {
        self.read = now();
        if self.metrics.file != config.metrics.file {
            self.remove();
        }
        if self.metrics.listen != config.metrics.listen {
            self.scraped.listen(&config.metrics);
        }
        self.metrics = config.metrics.clone();
        (self.scratch, self.feeds) = (Scratch::directory(config), names(config));
        self.written = None;
    }

    /// The daemon does something else from now on: what was shown of it no longer holds.
    pub(super) fn outdate(&self) {
        self.board.outdate();
    }

    /// Writes, if it is time; shows it, if somebody asks.
    pub(super) fn look(&mut self, watch: &Watch, recorder: &Recorder, shared: &Shared, state: &State<'_>) {
        let interval = Duration::from_secs(self.metrics.interval.into());
        let is_off = self.metrics.file.is_empty();
        let is_due = !is_off && self.written.is_none_or(|written| written.elapsed() >= interval);
        let (is_asked, is_counted) = (self.board.wants_figures(), self.board.wants_counters());
        self.scraped.look(&self.metrics);
        let is_read = self.board.wants_metrics();
        if !is_due && !is_asked && !is_counted && !is_read {
            return;
        }
        // To read the rules' counters a program is run: not every second for somebody who looks on.
        let loaded = (is_due || is_counted || is_read).then_some(state.loaded);
        let (learned, paused) = (learned_count(state.learned), state.paused.is_some());
        let snapshot = Snapshot { learned, paused, ..self.snapshot(watch, recorder, shared, loaded) };
        if is_asked {
            self.board.publish_status(told::status(&snapshot, &shared.settings.load(), &self.config, state));
        }
        if is_counted {
            self.board.publish_counters(metrics::json(&snapshot));
        }
        if is_due || is_read {
            let text = metrics::text(snapshot);
            self.board.publish_metrics(&text);
            if is_due {
                self.write(&text);
            }
        }
    }

    fn write(&mut self, text: &str) {
        self.written = Some(Instant::now());
        match metrics::write(&self.metrics.file, text) {
            Ok(()) => self.failed = false,
            Err(error) if !self.failed => {
                tracing::warn!(%error, file = self.metrics.file, "metrics cannot be written; it is tried again");
                self.failed = true;
            }
            Err(_) => {}
        }
    }

    fn snapshot(&self, watch: &Watch, recorder: &Recorder, shared: &Shared, loaded: Option<&Loaded>) -> Snapshot {
        let (lost, sinks) = recorder.counted();
        let queues = watch.totals().zip(&self.slots);
        let rules = loaded.map(Loaded::counted).unwrap_or_else(|| Ok(Vec::new())).unwrap_or_else(|error| {
            tracing::debug!("the rules' counters cannot be read: {error:#}");
            Vec::new()
        });
        let lists = &shared.settings.load().lists;
        Snapshot {
            started: self.started,
            read: self.read,
            ease: watch.level(),
            queues: queues.map(|((number, totals, stuck), slot)| queue(number, totals, stuck, slot)).collect(),
            lost,
            incidents: recorder.incidents(),
            sinks,
            rules,
            lists: lists.metas().iter().map(list).collect(),
            learned: LearnedCount::default(),
            paused: false,
            feeds: self.feeds(),
        }
    }

    fn feeds(&self) -> Vec<FeedCount> {
        if self.feeds.is_empty() {
            return Vec::new();
        }
        let mut attempts = Attempts::read(&self.scratch);
        let feed = |name: &String| {
            let attempt = attempts.0.remove(name)?;
            Some(FeedCount { name: name.clone(), checked: attempt.checked, failures: attempt.failures })
        };
        self.feeds.iter().filter_map(feed).collect()
    }

    fn remove(&self) {
        if !self.metrics.file.is_empty()
            && let Err(error) = metrics::remove(&self.metrics.file)
        {
            tracing::warn!(%error, file = self.metrics.file, "the file of metrics stays behind");
        }
    }
}

impl Drop for Export {
    /// Figures of a process that is gone are none.
    fn drop(&mut self) {
        self.remove();
    }
}

/// What is told by HTTP. Where it cannot be listened, it is tried again: packets are looked at meanwhile.
struct Scraped {
    desk: Arc<Desk>,
    endpoint: Option<Endpoint>,
    tried: Option<Instant>,
    /// Whether the last try failed: told once.
    failed: bool,
}

impl Scraped {
    fn new(metrics: &Metrics, desk: Arc<Desk>) -> Self {
        let mut scraped = Self { desk, endpoint: None, tried: None, failed: false };
        scraped.look(metrics);
        scraped
    }

    /// Listens elsewhere from now on.
    fn listen(&mut self, metrics: &Metrics) {
        (self.endpoint, self.tried, self.failed) = (None, None, false);
        self.look(metrics);
    }

    /// Listens, if it is to and does not.
    fn look(&mut self, metrics: &Metrics) {
        let is_soon = self.tried.is_some_and(|tried| tried.elapsed() < LISTEN_AGAIN);
        let Ok(Some(listen)) = metrics.listening() else { return };
        if self.endpoint.is_some() || is_soon {
            return;
        }
        self.tried = Some(Instant::now());
        match Endpoint::start(listen, Arc::clone(&self.desk)) {
            Ok(endpoint) => {
                tracing::info!(at = metrics.listen, "metrics are told");
                (self.endpoint, self.failed) = (Some(endpoint), false);
            }
            Err(error) if !self.failed => {
                tracing::error!("{error:#}; it is tried again");
                self.failed = true;
            }
            Err(_) => {}
        }
    }
}

fn queue(number: u16, totals: Totals, stuck: bool, slot: &Slot) -> QueueCount {
    QueueCount { number, totals, stuck, engine: slot.get() }
}

fn learned_count(counts: &Counts) -> LearnedCount {
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    LearnedCount {
        pairs: read(&counts.pairs),
        names: read(&counts.names),
        asked: read(&counts.asked),
        failed: read(&counts.failed),
        without: read(&counts.without),
        lessons: read(&counts.lessons),
        refused: counts.refused(),
    }
}

fn names(config: &Config) -> Vec<String> {
    config.lists.feed.iter().map(|feed| feed.name.clone()).collect()
}

fn list(meta: &ListMeta) -> ListCount {
    ListCount { name: meta.name.clone(), entries: meta.entries, date: lists::date(meta) }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
