//! `minewall run`: the daemon's life, from a checked configuration to a kernel left as it was.

mod aside;
mod bridged;
mod calls;
mod count;
mod ease;
mod fold;
mod herald;
mod learn;
mod order;
mod paused;
mod rank;
mod recorder;
mod reload;
mod serve;
mod told;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use arc_swap::ArcSwap;
use minewall_core::config::{Config, Resolve, TcpAction};
use minewall_core::engine::{Seed, Settings};
use minewall_core::learned::Learned;
use minewall_core::names::Names;
use minewall_core::ruleset::Classes;

use crate::control::{Board, Door, Server};
use crate::identity::Identity;
use crate::inject::Injector;
use crate::kernel;
use crate::lock::Lock;
use crate::queue::Queue;
use crate::sink::Sinks;
use crate::{capability, log, settings};
use calls::Calls;
use count::{Export, Slot};
use ease::Watch;
use fold::Folding;
use herald::Herald;
use learn::Learner;
use recorder::Recorder;
use serve::{Serving, Upkeep, learn};
use worker::Worker;

/// How long records may take to leave at the end.
const LAST_RECORDS: Duration = Duration::from_secs(3);

/// How long the queues' threads may take to answer what waits at the end.
const LAST_PACKETS: Duration = Duration::from_secs(2);

/// The flows remembered by an engine that hears DNS only: connections to name servers.
const DNS_FLOWS: usize = 8192;

/// The file in the runtime directory by which what was learned outlives a restart.
const LEARNED: &str = "learned";

/// What the threads share.
#[derive(Debug)]
struct Shared {
    settings: ArcSwap<Settings>,
    /// What listed names lead to.
    learned: ArcSwap<Learned>,
    /// How that is learned.
    resolve: ArcSwap<Resolve>,
    /// How far the engines are eased.
    ease: AtomicUsize,
    stop: AtomicBool,
    /// Whether the host is told when its connection is cut between ports of a bridge.
    tells_host: AtomicBool,
    names: Arc<Mutex<Names>>,
}

/// The names learned: all queues share them, since a question and the connection that follows wait in different ones.
fn names(shared: &Mutex<Names>) -> MutexGuard<'_, Names> {
    // Whatever a thread broke, the table stays one.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// The configuration, a capability, a kernel feature or another instance stands in the way, or a queue's thread has
/// ended; the kernel is left as it was.
pub(crate) fn run(path: &Path) -> Result<()> {
    log::to_stderr();
    let config = settings::read(path)?;
    capability::require(capability::NEEDED)?;
    let _lock = Lock::take(Path::new(&config.runtime.directory))?;
    let first = settings::engine(&config)?;
    // Signals are caught before there is anything to clean up.
    let (door, calls) = Calls::catch()?;
    let plane = kernel::choose(&config, &first.lists)?;
    plane.notes().iter().for_each(|note| tracing::warn!("{note}"));
    let classes = Classes::new(&config.queue, kernel::queues(&config));
    let queues = bind(&config, classes)?;
    let injector = Arc::new(Injector::open(config.kernel.mark.cut)?);
    let sinks = Sinks::start(&config, &first.observer)?;
    let names = Arc::new(Mutex::new(Names::new(random()?)));
    let board: Arc<Board> = Arc::default();
    let seed = random()?;
    let folding = Folding::new(config.incidents(), &first.observer, seed, fold::former(&config), Arc::clone(&board));
    let recorder = Recorder::start(sinks, folding, Identity::start(&config.identity)?, Arc::clone(&names))?;
    let (settings, ease, stop) = (ArcSwap::from_pointee(first), AtomicUsize::new(0), AtomicBool::new(false));
    let tells_host = AtomicBool::new(config.tcp.action == TcpAction::Reset);
    let (learned, resolve) = (ArcSwap::default(), ArcSwap::from_pointee(config.resolve.clone()));
    let shared = Arc::new(Shared { settings, learned, resolve, ease, stop, tells_host, names });
    let learner = Learner::start(&shared, Path::new(&config.runtime.directory).join(LEARNED), random()?)?;
    let watch = Watch::new(queues.iter().map(Queue::watched), config.queue.length);
    let slots: Vec<Arc<Slot>> = queues.iter().map(|_| Arc::default()).collect();
    let count = queues.len();
    let workers = start(queues, &slots, &config, &shared, &injector, (&recorder, &learner))?;
    let shown = kernel::bridge::show(config.kernel.bridge)?;
    let mut loaded = plane.load()?;
    learn(&learner, &mut loaded);
    tracing::info!(backend = loaded.plane().backend(), queues = count, first = config.queue.first, "rules loaded");
    if !loaded.plane().devices().is_empty() {
        tracing::info!(devices = loaded.plane().devices().join(", "), "settled flows go by a flowtable of ours");
    }
    let control = answer(&config, &board, door.door());
    eprintln!("minewall: ready");
    let mut herald = Herald::default();
    herald.ready();
    let export = Export::new(slots, path, &config, board);
    let upkeep = Upkeep::new(&workers, &learner, watch, export, shown);
    let serving = Serving::new((path, config), &shared, &recorder, upkeep, loaded, herald);
    let (loaded, served) = serving.serve(&calls);
    drop(control);
    let unloaded = loaded.unload();
    shared.stop.store(true, Ordering::Release);
    let ended = end(workers.into_iter().chain([learner.into_thread()]).collect(), LAST_PACKETS);
    recorder.close(LAST_RECORDS);
    served.and(unloaded).and(ended)
}

/// Opens the control socket. Without it nobody can ask, and all else goes on.
fn answer(config: &Config, board: &Arc<Board>, door: Door) -> Option<Server> {
    let server = Server::start(Path::new(&config.runtime.directory), Arc::clone(board), door);
    server.inspect_err(|error| tracing::error!("nobody can ask this minewall: {error:#}")).ok()
}

/// Waits for threads that were told to end. One that waits in the kernel for a packet that will not come is left to
/// the end of the process.
fn end(workers: Vec<JoinHandle<()>>, patience: Duration) -> Result<()> {
    let until = Instant::now() + patience;
    while Instant::now() < until && !workers.iter().all(JoinHandle::is_finished) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut broken = 0;
    for worker in workers {
        if !worker.is_finished() {
            tracing::warn!("a queue's thread does not end; it is left behind");
        } else if worker.join().is_err() {
            broken += 1;
        }
    }
    if broken > 0 {
        bail!("{broken} of the queues' threads had broken; report what is written above, and start minewall again");
    }
    Ok(())
}

fn bind(config: &Config, classes: Classes) -> Result<Vec<Queue>> {
    let bind = |(number, fail)| Queue::bind(number, fail, &config.queue, config.kernel.mark, config.look.bytes);
    classes.each().map(bind).collect()
}

/// The flows an engine remembers: of its own queues, DNS needs them for connections only.
fn flows(config: &Config, classes: Classes, number: u16) -> usize {
    let is_dns = classes.differ() && classes.dns.numbers().any(|dns| dns == number);
    if is_dns { config.look.flows.min(DNS_FLOWS) } else { config.look.flows }
}

fn start(
    queues: Vec<Queue>,
    slots: &[Arc<Slot>],
    config: &Config,
    shared: &Arc<Shared>,
    injector: &Arc<Injector>,
    (recorder, learner): (&Recorder, &Learner),
) -> Result<Vec<JoinHandle<()>>> {
    let classes = Classes::new(&config.queue, kernel::queues(config));
    let seed = Seed { flows: random()?, records: random()? };
    let workers = queues.into_iter().zip(slots).enumerate().map(|(index, (queue, slot))| {
        let seed = Seed { records: seed.records.wrapping_add(index as u64), ..seed };
        let flows = flows(config, classes, queue.number());
        let (shared, injector) = (Arc::clone(shared), Arc::clone(injector));
        let worker = Worker::new(queue, shared, injector, recorder.entry(), learner.lessons(), Arc::clone(slot));
        let thread = std::thread::Builder::new().name(format!("queue-{index}"));
        thread.spawn(move || worker.work(flows, seed)).context("cannot start a queue's thread")
    });
    workers.collect()
}

/// A number nobody outside can know.
fn random() -> Result<u64> {
    let mut bytes = [0; 8];
    let read = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    read.context("the kernel gives no random numbers")?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_thread_that_does_not_end_is_left_behind_and_a_broken_one_is_told() {
        let (keep, wait) = channel::<()>();
        let stuck = std::thread::spawn(move || _ = wait.recv());
        let start = Instant::now();
        assert!(end(vec![stuck, std::thread::spawn(|| ())], Duration::from_millis(50)).is_ok());
        assert!(start.elapsed() >= Duration::from_millis(50));
        drop(keep);
        let broken = std::thread::spawn(|| std::panic::resume_unwind(Box::new(())));
        let error = end(vec![broken, std::thread::spawn(|| ())], LAST_PACKETS).unwrap_err();
        assert!(error.to_string().starts_with("1 of the queues' threads"), "{error}");
    }
}
