//! `minewall run`: the daemon's life, from a checked configuration to a kernel left as it was.

mod recorder;
mod worker;

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use minewall_core::config::Config;
use minewall_core::engine::Settings;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::inject::Injector;
use crate::kernel::{self, Loaded};
use crate::lock::Lock;
use crate::queue::Queue;
use crate::sink::Sinks;
use crate::{capability, settings};
use recorder::Recorder;
use worker::Worker;

/// How long records may take to leave at the end.
const LAST_RECORDS: Duration = Duration::from_secs(3);

/// What the threads share.
#[derive(Debug)]
struct Shared {
    settings: ArcSwap<Settings>,
    stop: AtomicBool,
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// The configuration, a capability, a kernel feature or another instance stands in the way; the kernel is left as it
/// was.
pub(crate) fn run(path: &Path) -> Result<()> {
    log_to_stderr();
    let config = settings::read(path)?;
    capability::require(capability::NEEDED)?;
    let _lock = Lock::take(Path::new(&config.runtime.directory))?;
    let first = settings::engine(&config)?;
    // Signals are caught before there is anything to clean up.
    let signals = Signals::new([SIGHUP, SIGTERM, SIGINT]).context("cannot catch signals")?;
    let count = queues(&config);
    let queues = bind(&config, count)?;
    let injector = Arc::new(Injector::open(config.kernel.mark.cut)?);
    let sinks = Sinks::start(&config.sink, &first.observer)?;
    let shared = Arc::new(Shared { settings: ArcSwap::from_pointee(first), stop: AtomicBool::new(false) });
    let recorder = Recorder::start(sinks)?;
    let workers = start(queues, &config, &shared, &injector, &recorder)?;
    let loaded = kernel::load(&config, count)?;
    tracing::info!(backend = loaded.backend(), queues = count, first = config.queue.first, "rules loaded");
    eprintln!("minewall: ready");
    let loaded = serve(signals, path, config, &shared, &recorder, loaded);
    let unloaded = loaded.unload();
    shared.stop.store(true, Ordering::Release);
    for worker in workers {
        if worker.join().is_err() {
            tracing::error!("a queue's thread had ended before");
        }
    }
    recorder.close(LAST_RECORDS);
    unloaded
}

/// Queues asked for, or one for each processor up to four.
fn queues(config: &Config) -> u16 {
    match config.queue.count {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get).clamp(1, 4) as u16,
        count => count,
    }
}

fn bind(config: &Config, count: u16) -> Result<Vec<Queue>> {
    let numbers = config.queue.first..config.queue.first + count;
    numbers.map(|number| Queue::bind(number, &config.queue, config.kernel.mark, config.look.bytes)).collect()
}

fn start(
    queues: Vec<Queue>,
    config: &Config,
    shared: &Arc<Shared>,
    injector: &Arc<Injector>,
    recorder: &Recorder,
) -> Result<Vec<JoinHandle<()>>> {
    let seed = seed()?;
    let workers = queues.into_iter().enumerate().map(|(index, queue)| {
        let seed = seed.wrapping_add(index as u64);
        let worker = Worker::new(queue, Arc::clone(shared), Arc::clone(injector), recorder.entry());
        let flows = config.look.flows;
        let thread = std::thread::Builder::new().name(format!("queue-{index}"));
        thread.spawn(move || worker.work(flows, seed)).context("cannot start a queue's thread")
    });
    workers.collect()
}

/// A seed nobody outside can know.
fn seed() -> Result<u64> {
    let mut bytes = [0; 8];
    let read = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    read.context("the kernel gives no random numbers")?;
    Ok(u64::from_ne_bytes(bytes))
}

/// Waits for signals; returns at the one that ends the daemon.
fn serve(
    mut signals: Signals,
    path: &Path,
    mut config: Config,
    shared: &Shared,
    recorder: &Recorder,
    mut loaded: Loaded,
) -> Loaded {
    for signal in signals.forever() {
        if signal != SIGHUP {
            tracing::info!(signal, "stopping");
            break;
        }
        match reload(path, &config, shared, recorder, &mut loaded) {
            Ok(new) => {
                config = new;
                tracing::info!("configuration and lists read anew");
            }
            Err(error) => tracing::error!("the former configuration stays: {error:#}"),
        }
    }
    loaded
}

/// Reads everything before anything is changed; then swaps. Flows, queues and conntrack stay.
fn reload(path: &Path, old: &Config, shared: &Shared, recorder: &Recorder, loaded: &mut Loaded) -> Result<Config> {
    let new = settings::read(path)?;
    let engine = settings::engine(&new)?;
    for (setting, changed) in [
        ("queue", old.queue != new.queue),
        ("kernel.mark", old.kernel.mark != new.kernel.mark),
        ("kernel.backend", old.kernel.backend != new.kernel.backend),
        ("look.flows", old.look.flows != new.look.flows),
        ("runtime.directory", old.runtime.directory != new.runtime.directory),
    ] {
        if changed {
            anyhow::bail!("{setting} cannot change while running; restart minewall");
        }
    }
    if old.sink == new.sink {
        recorder.reopen();
    } else {
        recorder.replace(Sinks::start(&new.sink, &engine.observer)?);
    }
    if old.tcp.action != new.tcp.action {
        loaded.reload(&new)?;
    }
    shared.settings.store(Arc::new(engine));
    Ok(new)
}

/// The program's own log: on standard error, which systemd and procd carry on.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("MINEWALL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
