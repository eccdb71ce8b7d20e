//! What waits for a sink with a spool: in memory as long as the peer keeps up, else on disk; in order over both.
//!
//! What waits in memory is older than what waits on disk. While the peer is down nothing waits in memory. A peer that
//! dies may not have read what it was handed last: that is kept for a while, and handed over again to its successor.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{mem, thread};

use super::lane::{Pace, Shared};
use super::spool::{Found, Spool};
use super::worker::{Next, Source};
use super::{Event, Writer};

/// Messages in memory while the peer keeps up, and where nothing can be written to disk.
const MEMORY: usize = 256;
const MEMORY_WITHOUT_DISK: usize = 4096;

/// How long, and up to how many bytes, what was handed over is kept. A peer that acknowledges nothing is known to be dead
/// after 30 s; till then it is handed more. What it may have acknowledged but not read is bounded by its socket's
/// buffer, a few hundred KiB where it reads as fast as it is written to.
const RECENT: Duration = Duration::from_secs(60);
const RECENT_BYTES: usize = 4 << 20;

/// The disk is to have what was written so long ago.
const SYNC: Duration = Duration::from_secs(1);

/// How long another process, or the sink before a reload, may hold the spool.
const HELD: Duration = Duration::from_secs(60);

/// Where a sink spools, and how much.
pub(super) struct Place {
    pub(super) directory: PathBuf,
    pub(super) kind: &'static str,
    pub(super) bytes: u64,
    /// Whether a peer that dies may not have read what it was handed.
    pub(super) is_unsure: bool,
}

/// What waits, shared by the thread that fills it and the one that empties it.
pub(super) struct Backlog {
    name: String,
    inner: Mutex<Inner>,
    changed: Condvar,
    shared: Arc<Shared>,
    is_unsure: bool,
    recent_bytes: usize,
}

#[derive(Default)]
struct Inner {
    spool: Option<Spool>,
    memory: VecDeque<Arc<str>>,
    recent: VecDeque<(Instant, Arc<str>)>,
    recent_bytes: usize,
    /// Messages last shown.
    shown: Vec<Arc<str>>,
    shown_of_memory: bool,
    /// Whether the spool was opened, or cannot be.
    is_ready: bool,
    /// Whether the peer takes messages.
    is_up: bool,
    /// Whether nothing more comes.
    is_closed: bool,
    /// Whether nothing more is taken.
    is_finished: bool,
}

impl Backlog {
    pub(super) fn new(name: String, shared: Arc<Shared>, place: &Place) -> Self {
        let recent_bytes = RECENT_BYTES.min(usize::try_from(place.bytes / 4).unwrap_or(RECENT_BYTES));
        let is_unsure = place.is_unsure;
        Self { name, inner: Mutex::default(), changed: Condvar::new(), shared, is_unsure, recent_bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread that fills it: from the channel, until the process stops.
    pub(super) fn fill(&self, events: &Receiver<Option<Event>>, writer: &Writer, place: &Place, pace: Pace) {
        self.open(place, pace);
        let (mut failed, mut synced) = (None, Instant::now());
        loop {
            let stops = self.shared.stop.get().is_some();
            match events.recv_timeout(if stops { Duration::ZERO } else { pace.tick }) {
                Ok(Some(event)) => {
                    let result = self.push(writer(&event).into());
                    self.tell(&mut failed, result, pace);
                }
                Ok(None) => {}
                Err(RecvTimeoutError::Timeout) if !stops => {}
                Err(_) => break,
            }
            if synced.elapsed() >= SYNC {
                synced = Instant::now();
                let file = self.lock().spool.as_mut().map_or(Ok(None), Spool::unsynced);
                // The other thread does not wait for the disk.
                let result = file.and_then(|file| file.map_or(Ok(()), |file| file.sync_data()));
                self.tell(&mut failed, result, pace);
            }
        }
        self.close();
    }

    /// Nothing more comes. What waits in memory goes to disk here if the other thread is held up for too long.
    fn close(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        self.changed.notify_all();
        let latest = self.shared.latest.get().copied().unwrap_or_else(Instant::now);
        let until = Instant::now() + latest.saturating_duration_since(Instant::now()).mul_f32(0.9);
        while !inner.is_finished {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                inner.is_finished = true;
                self.put_back(&mut inner, true);
                return;
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Opens the spool, once nobody else has it; without it, works on in memory.
    fn open(&self, place: &Place, pace: Pace) {
        let (mut until, mut stops) = (Instant::now() + HELD, false);
        let opened = loop {
            if let (false, Some(stop)) = (stops, self.shared.stop.get()) {
                let now = Instant::now();
                (until, stops) = (until.min(now + stop.saturating_duration_since(now) / 2), true);
            }
            match Spool::open(&place.directory, place.kind, place.bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until => {
                    thread::sleep(pace.tick.min(Duration::from_millis(50)));
                }
                other => break other,
            }
        };
        let mut inner = self.lock();
        match opened {
            Ok((spool, Found { entries, torn })) => {
                self.shared.add_accepted(entries + torn);
                self.shared.give_up(torn);
                if entries + torn > 0 {
                    tracing::info!("sink {}: {entries} records wait in its spool, {torn} were damaged", self.name);
                }
                inner.spool = Some(spool);
            }
            Err(error) => {
                let directory = place.directory.display();
                tracing::error!(
                    "sink {}: its spool {directory} cannot be used, records wait in memory: {error}",
                    self.name
                );
            }
        }
        inner.is_ready = true;
        drop(inner);
        self.changed.notify_all();
    }

    fn push(&self, message: Arc<str>) -> io::Result<()> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let disk_is_empty = inner.spool.as_ref().is_none_or(Spool::is_empty);
        let result = match &mut inner.spool {
            Some(spool) if !(inner.is_up && disk_is_empty && inner.memory.len() < MEMORY) => {
                spool.push(&message).map(|dropped| self.shared.give_up(dropped))
            }
            Some(_) => {
                inner.memory.push_back(message);
                self.changed.notify_all();
                return Ok(());
            }
            None => Err(io::ErrorKind::Unsupported.into()),
        };
        if result.is_err() {
            if disk_is_empty && inner.memory.len() < MEMORY_WITHOUT_DISK {
                inner.memory.push_back(message);
            } else {
                self.shared.give_up(1);
            }
        }
        let has_spool = inner.spool.is_some();
        self.changed.notify_all();
        if has_spool { result } else { Ok(()) }
    }

    /// Says in the program's own log when the spool stops working and when it works again.
    fn tell(&self, failed: &mut Option<Instant>, result: io::Result<()>, pace: Pace) {
        match result {
            Ok(()) => {
                if failed.is_some_and(|since| since.elapsed() >= pace.report) {
                    tracing::info!("sink {}: its spool works again", self.name);
                    *failed = None;
                }
            }
            Err(error) => {
                if failed.is_none_or(|since| since.elapsed() >= pace.report) {
                    tracing::warn!("sink {}: its spool cannot be written to: {error}", self.name);
                    *failed = Some(Instant::now());
                }
            }
        }
    }

    /// Puts what the peer may not have read, and what waits in memory, in front of what waits on disk.
    fn put_back(&self, inner: &mut Inner, resend: bool) {
        let (recent, since) = (mem::take(&mut inner.recent), Instant::now().checked_sub(RECENT));
        inner.recent_bytes = 0;
        let is_young = |at: &Instant| since.is_none_or(|since| *at >= since);
        let again = recent.into_iter().filter(|(at, _)| resend && is_young(at)).map(|(_, message)| message);
        let mut messages: VecDeque<_> = again.collect();
        self.shared.add_again(messages.len());
        messages.append(&mut inner.memory);
        inner.shown.clear();
        if messages.is_empty() {
            return;
        }
        let written = match &mut inner.spool {
            Some(spool) => spool.push_front(messages.iter().map(|message| &**message)),
            None => Err(io::ErrorKind::Unsupported.into()),
        };
        match written {
            Ok(dropped) => self.shared.give_up(dropped),
            Err(_) => inner.memory = messages,
        }
    }
}

impl Source for Arc<Backlog> {
    fn wait(&mut self, wait: Duration) -> Next {
        let until = Instant::now() + wait;
        let mut inner = self.lock();
        loop {
            let is_empty = inner.memory.is_empty() && inner.spool.as_ref().is_none_or(Spool::is_empty);
            let left = until.saturating_duration_since(Instant::now());
            match (inner.is_ready && !is_empty, inner.is_closed) {
                _ if inner.is_finished => return Next::Over,
                (true, _) => return Next::Ready,
                (_, true) => return Next::Over,
                _ if left.is_zero() => return Next::Nothing,
                _ => inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0,
            }
        }
    }

    fn front(&mut self, most: usize) -> Vec<Arc<str>> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        if inner.is_finished {
            return Vec::new();
        }
        inner.shown_of_memory = !inner.memory.is_empty();
        inner.shown = match &mut inner.spool {
            Some(spool) if !inner.shown_of_memory => match spool.front(most) {
                Ok((messages, torn)) => {
                    self.shared.give_up(torn);
                    messages
                }
                Err(error) => {
                    tracing::warn!("sink {}: its spool cannot be read: {error}", self.name);
                    Vec::new()
                }
            },
            _ => inner.memory.iter().take(most).cloned().collect(),
        };
        inner.shown.clone()
    }

    fn done(&mut self, count: usize) -> usize {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let done = if inner.shown_of_memory {
            inner.memory.drain(..count.min(inner.memory.len())).len()
        } else {
            inner.spool.as_mut().map_or(0, |spool| spool.advance(count))
        };
        if self.is_unsure {
            let now = Instant::now();
            for message in inner.shown.drain(..count.min(inner.shown.len())) {
                inner.recent_bytes += message.len();
                inner.recent.push_back((now, message));
            }
            while let Some((at, message)) = inner.recent.front()
                && (inner.recent_bytes > self.recent_bytes || now.duration_since(*at) > RECENT)
            {
                inner.recent_bytes -= message.len();
                inner.recent.pop_front();
            }
        }
        inner.is_up = true;
        done
    }

    fn failed(&mut self) {
        let mut inner = self.lock();
        inner.is_up = false;
        self.put_back(&mut inner, true);
    }

    fn lasts(&self) -> bool {
        true
    }

    fn end(&mut self, is_sure: bool) {
        let mut inner = self.lock();
        inner.is_up = false;
        inner.is_finished = true;
        self.put_back(&mut inner, !is_sure);
        let lost = inner.memory.len();
        inner.memory.clear();
        self.shared.give_up(lost);
        if let Some(Err(error)) = inner.spool.as_mut().map(Spool::sync) {
            tracing::warn!("sink {}: its spool cannot be written to: {error}", self.name);
        }
        self.changed.notify_all();
    }
}
