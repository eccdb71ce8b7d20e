//! One queue's thread: takes packets, asks its engine, answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Cache};
use minewall_core::engine::{Engine, Outcome, Seed, Settings, Verdict};
use minewall_core::learned::Learned;
use minewall_core::wire::packet::Packet;
use minewall_core::wire::tcp::Resets;

use super::bridged::{self, Askers};
use super::count::Slot;
use super::recorder::Entry;
use super::{Shared, names, rank};
use crate::clock::Clock;
use crate::inject::{Injector, Neighbour};
use crate::queue::Queue;

/// How long a broken queue is left alone before it is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Errors in a row after which it is given up: five seconds.
const ERRORS: u32 = 50;

/// How often others are shown what the engine counted.
const SHOWN: Duration = Duration::from_millis(500);

/// How often the engine is asked what became of connections that have fallen silent.
const ASKED: Duration = Duration::from_secs(1);

/// What one queue's thread works with.
pub(super) struct Worker {
    queue: Queue,
    shared: Arc<Shared>,
    injector: Arc<Injector>,
    entry: Entry,
    lessons: SyncSender<Vec<u8>>,
    slot: Arc<Slot>,
}

impl Worker {
    pub(super) const fn new(
        queue: Queue,
        shared: Arc<Shared>,
        injector: Arc<Injector>,
        entry: Entry,
        lessons: SyncSender<Vec<u8>>,
        slot: Arc<Slot>,
    ) -> Self {
        Self { queue, shared, injector, entry, lessons, slot }
    }

    /// Works until it is told to stop and the queue is empty, or until the queue cannot be read for seconds: then the
    /// process ends and is started again, for nobody would look at these packets.
    pub(super) fn work(mut self, flows: usize, seed: Seed) {
        hurry();
        let mut latest = Latest::new(&self.shared);
        let mut engine = Engine::new((*latest.current).clone(), flows, seed);
        engine.learn(Arc::clone(&latest.known));
        let clock = Clock::start();
        let (mut errors, mut eased, mut askers) = (0, 0, Askers::default());
        let mut last = Last { shown: Instant::now(), asked: Instant::now() };
        loop {
            // Once a packet or a wait, and a clock that is read without a system call.
            self.tell(&mut engine, &clock, &mut last);
            let next = self.queue.next();
            // Behind the wait: a packet is judged by what holds when it comes. Also while none comes: what is former can go.
            latest.renew(&mut engine);
            latest.learn(&mut engine);
            let ease = self.shared.ease.load(Ordering::Relaxed);
            if ease != eased {
                engine.ease(ease);
                eased = ease;
            }
            let waiting = match next {
                Ok(Some(waiting)) => {
                    errors = 0;
                    waiting
                }
                Ok(None) | Err(_) if self.shared.stop.load(Ordering::Acquire) => break,
                Ok(None) => continue,
                Err(error) => {
                    errors += 1;
                    if errors == 1 {
                        tracing::error!(%error, "the queue cannot be read");
                    }
                    if errors >= ERRORS {
                        break;
                    }
                    std::thread::sleep(PAUSE);
                    continue;
                }
            };
            let (meta, now) = (waiting.meta(), clock.now());
            let mut outcome = engine.on_ip(now, meta, waiting.bytes());
            let neighbour = waiting.neighbour();
            let between_ports = neighbour.filter(|_| waiting.is_bridged());
            if between_ports.is_some() {
                bridged::tell(&mut outcome, waiting.bytes(), self.shared.tells_host.load(Ordering::Relaxed));
            } else if let Some(asker) = neighbour {
                askers.note(waiting.bytes(), asker.mac);
            }
            let Outcome { verdict, record, activity, is_answer, teaches, farewell } = outcome;
            if is_answer && let Ok(packet) = Packet::from_ip(waiting.bytes()) {
                names(&self.shared.names).learn(now, packet.payload);
                if teaches {
                    // Whoever learns may be busy; the host will ask again.
                    _ = self.lessons.try_send(packet.payload.to_vec());
                }
            }
            // The farewell goes first: once the verdict marks the flow, a host that is told at once and comes back on the
            // same ports would meet the mark, were the connection not over for the kernel by then.
            send(&self.injector, &verdict, farewell.as_deref(), meta.ingress, (neighbour, between_ports));
            waiting.answer(&verdict);
            if let Some(mut record) = record {
                askers.complete(&mut record);
                self.entry.write(record);
            }
            if let Some(activity) = activity {
                self.entry.tell(*activity);
            }
        }
        engine.finish(clock.now(), &mut |activity| self.entry.tell(activity));
        self.slot.put(engine.counters());
    }

    /// Shows what the engine counted, and hands on what it has to tell of connections, each now and then.
    fn tell(&self, engine: &mut Engine, clock: &Clock, last: &mut Last) {
        if last.shown.elapsed() >= SHOWN {
            self.slot.put(engine.counters());
            last.shown = Instant::now();
        }
        if last.asked.elapsed() >= ASKED {
            engine.activities(clock.now(), &mut |activity| self.entry.tell(activity));
            last.asked = Instant::now();
        }
    }
}

/// When that was done last.
struct Last {
    shown: Instant,
    asked: Instant,
}

/// What an engine goes by, as others swap it.
struct Latest<'a> {
    settings: Cache<&'a ArcSwap<Settings>, Arc<Settings>>,
    current: Arc<Settings>,
    learned: Cache<&'a ArcSwap<Learned>, Arc<Learned>>,
    known: Arc<Learned>,
}

impl<'a> Latest<'a> {
    fn new(shared: &'a Shared) -> Self {
        let (mut settings, mut learned) = (Cache::new(&shared.settings), Cache::new(&shared.learned));
        let (current, known) = (Arc::clone(settings.load()), Arc::clone(learned.load()));
        Self { settings, current, learned, known }
    }

    fn renew(&mut self, engine: &mut Engine) {
        let latest = self.settings.load();
        if !Arc::ptr_eq(latest, &self.current) {
            let begun = Instant::now();
            self.current = Arc::clone(latest);
            engine.reload((*self.current).clone());
            tracing::debug!(took = ?begun.elapsed(), "what is judged by was swapped");
        }
    }

    fn learn(&mut self, engine: &mut Engine) {
        let latest = self.learned.load();
        if !Arc::ptr_eq(latest, &self.known) {
            self.known = Arc::clone(latest);
            engine.learn(Arc::clone(&self.known));
        }
    }
}

/// Sends what goes out besides the packet.
fn send(
    injector: &Injector,
    verdict: &Verdict,
    farewell: Option<&[u8]>,
    ingress: u32,
    (asker, cut): (Option<Neighbour>, Option<Neighbour>),
) {
    let answer = match verdict {
        Verdict::Answer(packet) => injector.send(packet, ingress, asker),
        Verdict::Reset(Resets { back, .. }) => injector.send(back, ingress, cut),
        _ => Ok(()),
    };
    if let Err(error) = answer {
        tracing::debug!(%error, "an answer could not be sent; the host will ask again");
    }
    if let Some(farewell) = farewell
        && let Err(error) = injector.send(farewell, ingress, cut)
    {
        tracing::debug!(%error, "the far end was not told; the kernel will forget the connection in time");
    }
}

/// Goes first, where it may.
fn hurry() {
    if let Err(error) = rank::hurry() {
        tracing::debug!(%error, "the queue's thread keeps its place among others");
    }
}
