//! The way of events to one outlet: a bounded channel, a thread, and patience. With a spool, two threads: one fills it,
//! one empties it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::backlog::{Backlog, Place};
use super::worker::{Channel, Source, Worker};
use super::{Event, Outlet, SinkCount};

/// How many wait, how long is waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Events the channel holds: a record weighs about 1 KiB, so 4 MiB at the most.
    pub(super) events: usize,
    /// An idle thread looks up this often.
    pub(super) tick: Duration,
    /// The pause after the first failure; it doubles after each further one.
    pub(super) pause: Duration,
    /// The longest pause.
    pub(super) pause_max: Duration,
    /// The longest that connecting, or handing over one message, may take.
    pub(super) patience: Duration,
    /// Losses are reported this often at the most.
    pub(super) report: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            events: 4096,
            tick: Duration::from_secs(1),
            pause: Duration::from_millis(250),
            pause_max: Duration::from_secs(30),
            patience: Duration::from_secs(5),
            report: Duration::from_secs(60),
        }
    }
}

/// One sink as seen from the rest of the process.
pub(super) struct Lane {
    name: String,
    /// `None` only wakes the thread.
    events: SyncSender<Option<Event>>,
    shared: Arc<Shared>,
    /// The one that has the outlet is the last.
    threads: Vec<JoinHandle<()>>,
}

/// What both sides of the channel see. Counts are `usize`: 32-bit MIPS has no 64-bit atomics.
#[derive(Default)]
pub(super) struct Shared {
    accepted: AtomicUsize,
    dropped: AtomicUsize,
    pub(super) sent: AtomicUsize,
    given_up: AtomicUsize,
    again: AtomicUsize,
    pub(super) errors: AtomicUsize,
    pub(super) connected: AtomicBool,
    pub(super) reopen: AtomicBool,
    /// Until when what waits is to be handed over.
    pub(super) stop: OnceLock<Instant>,
    /// Until when the rest is to be on disk, where there is a spool.
    pub(super) latest: OnceLock<Instant>,
}

impl Shared {
    pub(super) fn lost(&self) -> usize {
        self.dropped.load(Relaxed) + self.given_up.load(Relaxed)
    }

    /// Events that had waited, and will not be handed over.
    pub(super) fn give_up(&self, count: usize) {
        self.given_up.fetch_add(count, Relaxed);
    }

    /// Events that wait, though not from the channel.
    pub(super) fn add_accepted(&self, count: usize) {
        self.accepted.fetch_add(count, Relaxed);
    }

    /// Events that were handed over, and wait again.
    pub(super) fn add_again(&self, count: usize) {
        self.add_accepted(count);
        self.again.fetch_add(count, Relaxed);
    }
}

impl Lane {
    pub(super) fn start(
        (name, observer): (String, &str),
        outlet: Box<dyn Outlet>,
        spool: Option<Place>,
        pace: Pace,
    ) -> io::Result<Self> {
        let (sender, events) = sync_channel(pace.events);
        let shared = Arc::new(Shared::default());
        let mut threads = Vec::new();
        let told = (name.clone(), observer.to_owned());
        match spool {
            None => {
                let source = Channel::new(events, outlet.writer(), Arc::clone(&shared));
                threads.push(begin(told, outlet, source, Arc::clone(&shared), pace)?);
            }
            Some(place) => {
                let backlog = Arc::new(Backlog::new(name.clone(), Arc::clone(&shared), &place));
                let (filled, writer) = (Arc::clone(&backlog), outlet.writer());
                let fill = move || filled.fill(&events, &writer, &place, pace);
                threads.push(thread::Builder::new().name("spool".to_owned()).spawn(fill)?);
                threads.push(begin(told, outlet, backlog, Arc::clone(&shared), pace)?);
            }
        }
        Ok(Self { name, events: sender, shared, threads })
    }

    pub(super) fn send(&self, event: Event) {
        hand_over(&self.events, &self.shared, event);
    }

    /// The same for another thread.
    pub(super) fn entrance(&self) -> impl Fn(Event) + Send + use<> {
        let (events, shared) = (self.events.clone(), Arc::clone(&self.shared));
        move |event| hand_over(&events, &shared, event)
    }

    pub(super) fn reopen(&self) {
        self.shared.reopen.store(true, Relaxed);
        // Where the channel is full the thread is awake.
        let _ = self.events.try_send(None);
    }

    /// Lets the thread end: at once when nothing waits, else at `until` at the latest.
    pub(super) fn stop(&self, until: Instant) {
        let now = Instant::now();
        // With a spool there is more to do than to hand over: to hear whether the peer has read it, to write the rest down.
        let share = if self.threads.len() > 1 { 2 } else { 1 };
        let _ = self.shared.latest.set(until);
        let _ = self.shared.stop.set(now + until.saturating_duration_since(now) / share);
        let _ = self.events.try_send(None);
        self.threads.iter().for_each(|thread| thread.thread().unpark());
    }

    pub(super) fn is_finished(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    pub(super) fn tally(&self) -> Tally {
        Tally { name: self.name.clone(), shared: Arc::clone(&self.shared) }
    }
}

fn hand_over(events: &SyncSender<Option<Event>>, shared: &Shared, event: Event) {
    let taken = events.try_send(Some(event)).is_ok();
    let count = if taken { &shared.accepted } else { &shared.dropped };
    count.fetch_add(1, Relaxed);
}

/// What one lane counts.
pub(super) struct Tally {
    name: String,
    shared: Arc<Shared>,
}

impl Tally {
    pub(super) fn read(&self) -> SinkCount {
        let shared = &self.shared;
        // Each is read once: else one that is given up meanwhile would count as waiting and as lost.
        let (sent, given_up) = (shared.sent.load(Relaxed), shared.given_up.load(Relaxed));
        SinkCount {
            name: self.name.clone(),
            sent,
            lost: shared.dropped.load(Relaxed) + given_up,
            // The three are not read at one moment.
            waiting: shared.accepted.load(Relaxed).saturating_sub(sent + given_up),
            again: shared.again.load(Relaxed),
            errors: shared.errors.load(Relaxed),
            connected: shared.connected.load(Relaxed),
        }
    }
}

fn begin<S: Source + 'static>(
    told: (String, String),
    outlet: Box<dyn Outlet>,
    source: S,
    shared: Arc<Shared>,
    pace: Pace,
) -> io::Result<JoinHandle<()>> {
    let worker = Worker::new(told, outlet, source, shared, pace);
    thread::Builder::new().name("sink".to_owned()).spawn(move || worker.run())
}
