//! The thread of a sink: what waits goes to its outlet, again and again until it is taken.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use std::{io, mem};

use minewall_core::evidence::Loss;

use super::lane::{Pace, Shared};
use super::{Event, Later, Outlet, Taken, Writer};
use crate::clock::wall_us;

/// A thread that is to stop looks up this often.
const SOON: Duration = Duration::from_millis(5);

/// Whether something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Ready,
    Nothing,
    /// Nothing, and nothing more will come.
    Over,
}

/// What waits for an outlet, in order.
pub(super) trait Source: Send {
    /// Waits so long for something.
    fn wait(&mut self, wait: Duration) -> Next;

    /// The first, `most` at the most; they go on waiting.
    fn front(&mut self, most: usize) -> Vec<Arc<str>>;

    /// The first `count` of those last shown are done with. How many of them still waited.
    fn done(&mut self, count: usize) -> usize;

    /// The outlet failed.
    fn failed(&mut self) {}

    /// Whether what waits is there after the process has stopped.
    fn lasts(&self) -> bool {
        false
    }

    /// No more will be taken. `is_sure`: the peer has read what it was handed, as far as can be told.
    fn end(&mut self, is_sure: bool);
}

/// What waits in the channel itself.
pub(super) struct Channel {
    events: Receiver<Option<Event>>,
    writer: Writer,
    /// Those taken from the channel, as they are written.
    hand: VecDeque<Arc<str>>,
    shared: Arc<Shared>,
}

impl Channel {
    pub(super) fn new(events: Receiver<Option<Event>>, writer: Writer, shared: Arc<Shared>) -> Self {
        Self { events, writer, hand: VecDeque::new(), shared }
    }
}

impl Source for Channel {
    fn wait(&mut self, wait: Duration) -> Next {
        if !self.hand.is_empty() {
            return Next::Ready;
        }
        let stops = self.shared.stop.get().is_some();
        match self.events.recv_timeout(if stops { Duration::ZERO } else { wait }) {
            Ok(Some(event)) => self.hand.push_back((self.writer)(&event).into()),
            Err(RecvTimeoutError::Timeout) if stops => return Next::Over,
            Ok(None) | Err(RecvTimeoutError::Timeout) => return Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Next::Over,
        }
        Next::Ready
    }

    fn front(&mut self, most: usize) -> Vec<Arc<str>> {
        while self.hand.len() < most
            && let Ok(event) = self.events.try_recv()
        {
            self.hand.extend(event.map(|event| (self.writer)(&event).into()));
        }
        self.hand.iter().take(most).cloned().collect()
    }

    fn done(&mut self, count: usize) -> usize {
        self.hand.drain(..count.min(self.hand.len())).len()
    }

    fn end(&mut self, _: bool) {
        let left = self.hand.len() + self.events.try_iter().flatten().count();
        self.hand.clear();
        self.shared.give_up(left);
    }
}

pub(super) struct Worker<S> {
    name: String,
    observer: String,
    outlet: Box<dyn Outlet>,
    writer: Writer,
    source: S,
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

impl<S: Source> Worker<S> {
    pub(super) fn new(
        (name, observer): (String, String),
        outlet: Box<dyn Outlet>,
        source: S,
        shared: Arc<Shared>,
        pace: Pace,
    ) -> Self {
        Self {
            name,
            observer,
            writer: outlet.writer(),
            outlet,
            source,
            shared,
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
        }
    }

    pub(super) fn run(mut self) {
        self.upkeep();
        loop {
            let stops = self.shared.stop.get().is_some();
            let goes_on = match self.source.wait(if stops { SOON } else { self.pace.tick }) {
                Next::Ready => !(self.source.lasts() && self.is_over()) && self.carry(),
                Next::Nothing => !self.is_over(),
                Next::Over => false,
            };
            if !goes_on {
                break;
            }
            self.upkeep();
        }
        self.report_after = None;
        self.report();
        let is_sure = !self.is_open || self.outlet.close().inspect_err(|error| self.fail(error)).is_ok();
        self.source.end(is_sure);
    }

    /// Tries until it worked; false when the process stops first.
    fn carry(&mut self) -> bool {
        loop {
            if self.failures > 0 && self.is_over() {
                return false;
            }
            let messages = self.source.front(self.outlet.most());
            if messages.is_empty() {
                return true;
            }
            match self.attempt(&messages) {
                Ok(Taken { sent, refused }) => {
                    let done = self.source.done(sent + refused);
                    self.shared.sent.fetch_add(sent.min(done), Relaxed);
                    self.shared.give_up(done.saturating_sub(sent));
                    return true;
                }
                Err(error) => {
                    self.fail(&error);
                    self.source.failed();
                }
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
            && let Err(error) = self.attempt(&[])
        {
            self.fail(&error);
            self.source.failed();
        }
        if self.is_open
            && let Err(error) = self.outlet.tend()
        {
            self.fail(&error);
            self.source.failed();
        }
        self.warn();
        self.report();
    }

    /// One try: opens where that is needed, and hands the messages over.
    fn attempt(&mut self, messages: &[Arc<str>]) -> io::Result<Taken> {
        if self.shared.reopen.swap(false, Relaxed) && self.outlet.reopens() {
            self.is_open = false;
        }
        if !self.is_open {
            self.outlet.open()?;
            self.is_open = true;
            self.shared.connected.store(true, Relaxed);
        }
        if messages.is_empty() {
            return Ok(Taken::default());
        }
        let taken = self.outlet.deliver(messages)?;
        if self.failures > 0 {
            self.report_after = None;
        }
        if mem::take(&mut self.is_told) {
            tracing::info!("sink {} works again", self.name);
        }
        self.failures = 0;
        Ok(taken)
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
        let asked =
            error.get_ref().and_then(|inner| inner.downcast_ref()).map_or(Duration::ZERO, |later: &Later| later.after);
        self.failures = self.failures.saturating_add(1);
        self.next_try = Instant::now() + pause.max(asked);
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
        let time_us = wall_us();
        let (sink, observer) = (self.name.clone(), self.observer.clone());
        let loss = Loss { time_us, observer, sink, lost: lost - self.reported };
        let message = (self.writer)(&Event::Loss(loss)).into();
        match self.attempt(&[message]) {
            Ok(_) => {
                self.reported = lost;
                self.report_after = Some(Instant::now() + self.pace.report);
            }
            Err(error) => {
                self.fail(&error);
                self.source.failed();
            }
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
