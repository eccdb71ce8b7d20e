//! The way of events to one outlet: a bounded channel, a thread, and patience.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};
use std::{io, mem};

use minewall_core::evidence::Loss;

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
    thread: JoinHandle<()>,
}

/// What both sides of the channel see. Counts are `usize`: 32-bit MIPS has no 64-bit atomics.
#[derive(Default)]
struct Shared {
    accepted: AtomicUsize,
    dropped: AtomicUsize,
    sent: AtomicUsize,
    given_up: AtomicUsize,
    errors: AtomicUsize,
    connected: AtomicBool,
    reopen: AtomicBool,
    stop: OnceLock<Instant>,
}

impl Shared {
    fn lost(&self) -> usize {
        self.dropped.load(Relaxed) + self.given_up.load(Relaxed)
    }
}

impl Lane {
    pub(super) fn start(name: String, outlet: Box<dyn Outlet>, observer: &str, pace: Pace) -> io::Result<Self> {
        let (sender, events) = sync_channel(pace.events);
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            name: name.clone(),
            observer: observer.to_owned(),
            outlet,
            events,
            shared: Arc::clone(&shared),
            pace,
            is_open: false,
            failures: 0,
            next_try: Instant::now(),
            is_told: false,
            tell_after: None,
            reported: 0,
            report_after: None,
            warned: 0,
            warn_after: None,
        };
        let thread = thread::Builder::new().name("sink".to_owned()).spawn(move || worker.run())?;
        Ok(Self { name, events: sender, shared, thread })
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
        let _ = self.shared.stop.set(until);
        let _ = self.events.try_send(None);
        self.thread.thread().unpark();
    }

    pub(super) fn is_finished(&self) -> bool {
        self.thread.is_finished()
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
        let (sent, given_up) = (shared.sent.load(Relaxed), shared.given_up.load(Relaxed));
        SinkCount {
            name: self.name.clone(),
            sent,
            lost: shared.lost(),
            // The three are not read at one moment.
            waiting: shared.accepted.load(Relaxed).saturating_sub(sent + given_up),
            errors: shared.errors.load(Relaxed),
            connected: shared.connected.load(Relaxed),
        }
    }
}

/// The thread's side.
struct Worker {
    name: String,
    observer: String,
    outlet: Box<dyn Outlet>,
    events: Receiver<Option<Event>>,
    shared: Arc<Shared>,
    pace: Pace,
    is_open: bool,
    /// Failures since the last delivery.
    failures: u32,
    next_try: Instant,
    /// Whether the program's own log was told that it fails, and when it may be told again.
    is_told: bool,
    tell_after: Option<Instant>,
    /// Losses told by a line in the sink itself, and when the next such line is due.
    reported: usize,
    report_after: Option<Instant>,
    /// Losses told in the program's own log, and when that is due again.
    warned: usize,
    warn_after: Option<Instant>,
}

impl Worker {
    fn run(mut self) {
        self.upkeep();
        loop {
            let stops = self.shared.stop.get().is_some();
            match self.events.recv_timeout(if stops { Duration::ZERO } else { self.pace.tick }) {
                Ok(Some(event)) => {
                    let delivered = self.deliver(&event);
                    let count = if delivered { &self.shared.sent } else { &self.shared.given_up };
                    count.fetch_add(1, Relaxed);
                }
                Err(RecvTimeoutError::Timeout) if stops => break,
                Ok(None) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.upkeep();
        }
        self.report_after = None;
        self.report();
        if self.is_open
            && let Err(error) = self.outlet.close()
        {
            self.fail(&error);
        }
    }

    /// Tries until it worked; false when the process stops first.
    fn deliver(&mut self, event: &Event) -> bool {
        loop {
            if self.failures > 0 && self.is_over() {
                return false;
            }
            match self.attempt(Some(event)) {
                Ok(()) => return true,
                Err(error) => self.fail(&error),
            }
            self.warn();
            self.pause();
        }
    }

    /// Whether the time the process had to stop is over.
    fn is_over(&self) -> bool {
        self.shared.stop.get().is_some_and(|until| Instant::now() >= *until)
    }

    /// What is due between events: opening what is closed, telling what was lost.
    fn upkeep(&mut self) {
        let is_due = !self.is_open && Instant::now() >= self.next_try;
        if (is_due || self.shared.reopen.load(Relaxed))
            && let Err(error) = self.attempt(None)
        {
            self.fail(&error);
        }
        if self.is_open
            && let Err(error) = self.outlet.tend()
        {
            self.fail(&error);
        }
        self.warn();
        self.report();
    }

    /// One try: opens where that is needed, and hands the event over.
    fn attempt(&mut self, event: Option<&Event>) -> io::Result<()> {
        if self.shared.reopen.swap(false, Relaxed) && self.outlet.reopens() {
            self.is_open = false;
        }
        if !self.is_open {
            self.outlet.open()?;
            self.is_open = true;
            self.shared.connected.store(true, Relaxed);
        }
        if let Some(event) = event {
            self.outlet.deliver(event)?;
            if self.failures > 0 {
                self.report_after = None;
            }
            if mem::take(&mut self.is_told) {
                tracing::info!("sink {} works again", self.name);
            }
            self.failures = 0;
        }
        Ok(())
    }

    fn fail(&mut self, error: &io::Error) {
        if self.failures == 0 && self.tell_after.is_none_or(|after| Instant::now() >= after) {
            tracing::warn!("sink {}: {error}; records wait, it is tried again", self.name);
            self.is_told = true;
            self.tell_after = Some(Instant::now() + self.pace.report);
        }
        self.is_open = false;
        self.shared.connected.store(false, Relaxed);
        self.shared.errors.fetch_add(1, Relaxed);
        let pause = self.pace.pause.saturating_mul(1 << self.failures.min(16)).min(self.pace.pause_max);
        self.failures = self.failures.saturating_add(1);
        self.next_try = Instant::now() + pause;
    }

    /// Waits for the next try. A process about to stop does not sit out a long pause.
    fn pause(&self) {
        loop {
            let now = Instant::now();
            let until = match self.shared.stop.get() {
                Some(until) => self.next_try.min(*until),
                None => self.next_try,
            };
            if now >= until {
                return;
            }
            let stops = self.shared.stop.get().is_some();
            thread::park_timeout((until - now).min(if stops { self.pace.pause } else { Duration::MAX }));
            if stops {
                return;
            }
        }
    }

    /// Tells the sink itself what it lost.
    fn report(&mut self) {
        let lost = self.shared.lost();
        let is_due = self.report_after.is_none_or(|after| Instant::now() >= after);
        if !self.is_open || lost == self.reported || !is_due {
            return;
        }
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let time_us = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        let (sink, observer) = (self.name.clone(), self.observer.clone());
        let loss = Loss { time_us, observer, sink, lost: lost - self.reported };
        match self.attempt(Some(&Event::Loss(loss))) {
            Ok(()) => {
                self.reported = lost;
                self.report_after = Some(Instant::now() + self.pace.report);
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Tells the program's own log.
    fn warn(&mut self) {
        let lost = self.shared.lost();
        if lost > self.warned && self.warn_after.is_none_or(|after| Instant::now() >= after) {
            tracing::warn!("sink {}: {} records were lost, it is too slow or down", self.name, lost - self.warned);
            self.warned = lost;
            self.warn_after = Some(Instant::now() + self.pace.report);
        }
    }
}
