//! From records to incidents, on the recorder's thread: what is folded, and what of it goes to the sinks.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use minewall_core::activity::Activity;
use minewall_core::config::Config;
use minewall_core::evidence::{Level, Notice, Record};
use minewall_core::incident::{Counted, Incident, Incidents, Passed, Settings, Told};

use crate::clock::{Clock, wall_us};
use crate::control::Board;
use crate::journal;
use crate::sink::{Event, Sinks};

/// How often it is looked at what is due.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// Microseconds of the journal that are read at the start: incidents that go on, and what may come back.
const READ_US: i64 = 7 * 86_400 * 1_000_000;

/// Where the counts are shown, also while another thread folds.
pub(super) type Shown = Arc<Mutex<Counted>>;

/// The incidents of this process.
pub(super) struct Folding {
    incidents: Incidents,
    shown: Shown,
    /// Those who ask.
    board: Arc<Board>,
    clock: Clock,
    ticked: Instant,
}

impl Folding {
    /// Folds by these settings; goes on with incidents the journal told of last, the oldest first.
    pub(super) fn new(settings: Settings, observer: &str, seed: u64, former: Vec<Incident>, board: Arc<Board>) -> Self {
        let mut incidents = Incidents::new(settings, observer, seed);
        former.into_iter().for_each(|incident| incidents.restore(incident));
        Self { incidents, shown: Shown::default(), board, clock: Clock::start(), ticked: Instant::now() }
    }

    /// Where what it counts is shown.
    pub(super) fn shown(&self) -> Shown {
        Arc::clone(&self.shown)
    }

    /// Takes other settings.
    pub(super) fn configure(&mut self, settings: Settings, observer: &str) {
        self.incidents.configure(settings, observer);
    }

    /// Folds a record and hands it to the sinks, to some of them only where there were many like it; then what it led to.
    pub(super) fn record(&mut self, record: Record, sinks: &Sinks) {
        let now = self.clock.now();
        let mut told = Vec::new();
        let passed = self.incidents.on_record(now, &record, &mut |one| told.push(one));
        give(&Event::Record(Arc::new(record)), passed == Passed::Held, sinks, &self.board);
        told.into_iter().for_each(|one| send(one, sinks, &self.board));
    }

    /// Folds what a connection did.
    pub(super) fn activity(&mut self, activity: &Activity, sinks: &Sinks) {
        self.incidents.on_activity(self.clock.now(), activity, &mut |one| send(one, sinks, &self.board));
    }

    /// Hands a line about minewall itself to the sinks.
    pub(super) fn notice(&self, notice: Notice, sinks: &Sinks) {
        send(Told::Notice(notice), sinks, &self.board);
    }

    /// Tells what is due, once a second.
    pub(super) fn tick(&mut self, sinks: &Sinks) {
        if self.ticked.elapsed() < TICK {
            return;
        }
        self.ticked = Instant::now();
        self.incidents.tick(self.clock.now(), &mut |one| send(one, sinks, &self.board));
        self.show();
    }

    /// Tells all that is left, at the end of the process.
    pub(super) fn finish(&mut self, sinks: &Sinks) {
        self.incidents.finish(self.clock.now(), &mut |one| send(one, sinks, &self.board));
        self.show();
    }

    fn show(&self) {
        if self.board.wants_incidents() {
            self.board.publish_incidents(self.incidents.standing(self.clock.now()));
        }
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = self.incidents.counted();
    }
}

/// The incidents the journal told of last, the oldest first. Without a journal there are none, and one that cannot be
/// read is said: what goes on is then told as if it began.
pub(super) fn former(config: &Config) -> Vec<Incident> {
    let directory = Path::new(&config.journal.directory);
    if config.journal.directory.is_empty() || !directory.exists() {
        return Vec::new();
    }
    let kept = config.privacy.journal.0;
    if [kept.addresses, kept.macs, kept.wallets].iter().any(|level| *level != Level::Full) {
        tracing::info!("the journal does not tell which host an incident was of; what goes on is told anew");
        return Vec::new();
    }
    let wall = wall_us();
    journal::incidents(directory, wall.saturating_sub(READ_US), i64::MAX).unwrap_or_else(|error| {
        tracing::warn!(%error, "incidents cannot be read from the journal; what goes on is told anew");
        Vec::new()
    })
}

fn send(told: Told, sinks: &Sinks, board: &Board) {
    give(&told.into(), false, sinks, board);
}

/// Gives an event to the sinks, and shows it to those who look on unless it is held back.
fn give(event: &Event, is_held: bool, sinks: &Sinks, board: &Board) {
    sinks.send(event, is_held);
    if !is_held {
        board.saw(event.clone());
    }
}
