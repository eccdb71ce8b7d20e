//! The thread that learns what listed names lead to: from name servers it asks, and from answers that pass.
//!
//! Its own questions leave by OUTPUT, or by the loopback to a resolver on this gateway: neither is queued
//! (docs/decisions/0001), so that minewall neither refuses nor writes down itself.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use minewall_core::config::{Refresh, Resolve};
use minewall_core::engine::Settings;
use minewall_core::learned::Lesson;
use minewall_core::policy::{CategoryAction, Mode};

use super::Shared;
use crate::kernel::Led;
use crate::resolve::{Asks, Counts, NoAddress, Schedule, Table, Teacher};

/// How often the thread looks for something to do.
const TURN: Duration = Duration::from_millis(250);

/// Answers that wait to be learned from; more are passed over, the host will ask again.
const LESSONS: usize = 64;

/// What is new is told at most so often.
const NEWS: Duration = Duration::from_secs(1);

/// That times are longer is told at most so often, and so many times within the shortest time anything is held.
const LONGER: Duration = Duration::from_secs(15);
const WITHIN: u32 = 40;

/// Names in a row of which nobody could say anything, after which name servers are looked for anew.
const FAILURES: u32 = 3;

/// How long to wait where there is no name server at all.
const NOBODY: Duration = Duration::from_secs(60);

/// The thread, from outside.
pub(super) struct Learner {
    thread: JoinHandle<()>,
    lessons: SyncSender<Vec<u8>>,
    told: Arc<Told>,
}

/// What the thread tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) counts: Counts,
    /// For the kernel, where it changed.
    led: Mutex<Option<Vec<Led>>>,
}

impl Told {
    fn led(&self) -> std::sync::MutexGuard<'_, Option<Vec<Led>>> {
        self.led.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the kernel is to refuse from now on, if that changed.
    pub(super) fn take(&self) -> Option<Vec<Led>> {
        self.led().take()
    }
}

impl Learner {
    /// Starts the thread; `file` is where what it holds outlives a restart.
    ///
    /// # Errors
    /// The system gives no more threads, or no way to wait for name servers.
    pub(super) fn start(shared: &Arc<Shared>, file: PathBuf, seed: u64) -> Result<Self> {
        let (lessons, receiver) = sync_channel(LESSONS);
        let told = Arc::<Told>::default();
        let (settings, resolve) = (shared.settings.load_full(), shared.resolve.load_full());
        let now = Instant::now();
        let mut work = Work {
            shared: Arc::clone(shared),
            told: Arc::clone(&told),
            lessons: receiver,
            table: Table::default(),
            schedule: Schedule::new(seed, now),
            asks: Asks::new()?,
            closed_until: now,
            failures: 0,
            settings,
            resolve,
            published: None,
            news: true,
            longer: false,
            file,
        };
        work.table.load(&work.file, Duration::from_secs(work.resolve.ttl_max.into()), work.resolve.addresses);
        work.renew(now);
        work.publish(now);
        let thread = std::thread::Builder::new().name("learner".into());
        let thread = thread.spawn(move || work.work()).context("cannot start a thread that learns")?;
        Ok(Self { thread, lessons, told })
    }

    /// A way for a queue's thread to hand over answers.
    pub(super) fn lessons(&self) -> SyncSender<Vec<u8>> {
        self.lessons.clone()
    }

    pub(super) fn told(&self) -> &Arc<Told> {
        &self.told
    }

    /// Whether the thread has ended: then nobody ends what was learned.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// The thread, which ends when all are to stop.
    pub(super) fn into_thread(self) -> JoinHandle<()> {
        self.thread
    }
}

/// The thread, from inside.
struct Work {
    shared: Arc<Shared>,
    told: Arc<Told>,
    lessons: Receiver<Vec<u8>>,
    table: Table,
    schedule: Schedule,
    asks: Asks,
    /// Before then nobody new to ask is looked for.
    closed_until: Instant,
    failures: u32,
    settings: Arc<Settings>,
    resolve: Arc<Resolve>,
    published: Option<Instant>,
    /// Whether something came or went since it was published.
    news: bool,
    /// Whether something is held longer.
    longer: bool,
    file: PathBuf,
}

impl Work {
    fn work(mut self) {
        while !self.shared.stop.load(Ordering::Acquire) {
            let now = Instant::now();
            if !Arc::ptr_eq(&self.shared.settings.load(), &self.settings)
                || !Arc::ptr_eq(&self.shared.resolve.load(), &self.resolve)
            {
                self.settings = self.shared.settings.load_full();
                self.resolve = self.shared.resolve.load_full();
                self.asks.close();
                self.renew(now);
            }
            self.hear(now);
            self.finish(now);
            self.begin(now);
            self.news |= self.table.retain(now, |_| true);
            let longer = LONGER.min(Duration::from_secs(self.resolve.ttl_min.into()) / WITHIN).max(NEWS);
            let since = |pause| self.published.is_none_or(|published| now.duration_since(published) >= pause);
            if self.news && since(NEWS) || self.longer && since(longer) {
                self.publish(now);
            }
            self.asks.wait(TURN);
        }
        self.save();
    }

    /// Goes by other lists or settings: what they no longer name is let go, what they name anew is asked for.
    fn renew(&mut self, now: Instant) {
        let Self { table, schedule, settings, resolve, asks, .. } = self;
        let (inside, servers) = (&settings.policy.inside, asks.servers());
        let teacher = Teacher { lists: &settings.lists, inside, servers, settings: resolve };
        table.retain(now, |held| teacher.still(held.name, held.ip, held.port));
        let names: BTreeSet<&str> = match resolve.refresh {
            Refresh::Off => BTreeSet::new(),
            Refresh::On => {
                let all = settings.lists.endpoints(resolve.confidence.into()).map(|(name, _)| name);
                all.filter(|name| !teacher.ports(name).is_empty()).take(resolve.names).collect()
            }
        };
        schedule.renew(now, names.into_iter(), |name| table.ends(name));
        self.told.counts.names.store(schedule.len() as u64, Ordering::Relaxed);
        // Whatever the kernel was told, policy may be another.
        self.news = true;
    }

    /// Learns from answers that passed.
    fn hear(&mut self, now: Instant) {
        while let Ok(message) = self.lessons.try_recv() {
            if let Some(Lesson { name, addresses }) = Lesson::read(&self.settings.lists, &message)
                && self.teach(now, &name, &addresses).is_some()
            {
                self.told.counts.lessons.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn teach(&mut self, now: Instant, name: &str, addresses: &[(IpAddr, u32)]) -> Option<Duration> {
        let before = self.table.len();
        let settings = Arc::clone(&self.settings);
        let (inside, servers) = (&settings.policy.inside, self.asks.servers());
        let teacher = Teacher { lists: &settings.lists, inside, servers, settings: &self.resolve };
        let held = teacher.teach(&mut self.table, &self.told.counts, now, name, addresses);
        self.news |= self.table.len() > before;
        self.longer |= held.is_some();
        held
    }

    /// Takes what name servers said.
    fn finish(&mut self, now: Instant) {
        while let Some(ended) = self.asks.next() {
            let Some((name, answer)) = ended else {
                self.schedule.done();
                continue;
            };
            let held = match answer {
                Ok(addresses) => {
                    self.failures = 0;
                    self.teach(now, &name.name, &addresses)
                }
                Err(NoAddress::None(_)) => {
                    self.failures = 0;
                    self.told.counts.without.fetch_add(1, Ordering::Relaxed);
                    None
                }
                Err(NoAddress::NoAnswer(why)) => {
                    self.fail(&name.name, &why);
                    None
                }
            };
            self.schedule.put_back(now, name, held, &self.resolve);
        }
    }

    /// Tells once that nobody answers, and looks for name servers anew: they may be others by now.
    fn fail(&mut self, name: &str, why: &str) {
        self.told.counts.failed.fetch_add(1, Ordering::Relaxed);
        self.failures = self.failures.saturating_add(1);
        if self.failures == FAILURES {
            tracing::warn!(name, why, "name servers do not answer; what is known of listed names is held for its time");
        }
        if self.failures >= FAILURES {
            self.asks.close();
        }
    }

    /// Asks for what is due.
    fn begin(&mut self, now: Instant) {
        if self.schedule.len() == 0 {
            return;
        }
        if !self.is_open(now) {
            return;
        }
        while let Some(name) = self.schedule.next(now, &self.resolve) {
            self.told.counts.asked.fetch_add(1, Ordering::Relaxed);
            self.asks.begin(name);
        }
    }

    /// Whether there is somebody to ask, who is looked for where there was none.
    fn is_open(&mut self, now: Instant) -> bool {
        if !self.asks.is_open()
            && now >= self.closed_until
            && let Err(error) = self.asks.open(&self.resolve)
        {
            tracing::warn!("listed names are not resolved: {error:#}");
            self.closed_until = now + NOBODY;
        }
        self.asks.is_open()
    }

    /// Shows engines and kernel what is held, and keeps it for a restart.
    fn publish(&mut self, now: Instant) {
        (self.news, self.longer, self.published) = (false, false, Some(now));
        self.told.counts.pairs.store(self.table.len() as u64, Ordering::Relaxed);
        self.shared.learned.store(Arc::new(self.table.learned()));
        let (lists, policy) = (&self.settings.lists, &self.settings.policy);
        let blocks = |name: &str| {
            let hit = lists.name(name);
            hit.is_some_and(|hit| policy.categories.listed(&hit) == CategoryAction::Block)
        };
        let refuses = policy.mode == Mode::Block && !policy.grace.is_set();
        let held = self.table.iter().filter(|held| refuses && blocks(held.name));
        let led = held.map(|held| Led { ip: held.ip, port: held.port, ends: held.ends }).collect();
        *self.told.led() = Some(led);
        self.save();
    }

    fn save(&self) {
        if let Err(error) = self.table.save(&self.file) {
            tracing::debug!(%error, file = %self.file.display(), "what was learned will not outlive a restart");
        }
    }
}
