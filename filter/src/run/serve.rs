//! The main thread at work: it waits for signals, and looks after rules and threads meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use minewall_core::config::Config;
use minewall_core::engine::Settings;
use signal_hook::consts::SIGHUP;

use super::Shared;
use super::count::Export;
use super::ease::Watch;
use super::learn::Learner;
use super::recorder::Recorder;
use super::reload::reload;
use crate::kernel::Loaded;
use crate::kernel::bridge::Shown;

/// How often the kernel is asked whether our rules still stand.
const RULES_LOOKED_AFTER: Duration = Duration::from_secs(5);

/// How often the queues and their threads are looked at.
const LOOKED_AFTER: Duration = Duration::from_secs(1);

/// What is looked after every second.
pub(super) struct Upkeep<'a> {
    pub(super) workers: &'a [JoinHandle<()>],
    pub(super) learner: &'a Learner,
    pub(super) watch: Watch,
    pub(super) export: Export,
    pub(super) shown: Shown,
    /// Settings no longer current: a queue's thread that let go of a million names last would keep its packets waiting.
    pub(super) former: Vec<Arc<Settings>>,
}

impl Upkeep<'_> {
    fn look(&mut self, shared: &Shared, recorder: &Recorder, loaded: &mut Loaded) -> Result<()> {
        if self.workers.iter().any(JoinHandle::is_finished) {
            bail!("a queue's thread has ended; start minewall again");
        }
        if self.learner.has_ended() {
            bail!("the thread that learns addresses has ended; start minewall again");
        }
        shared.ease.store(self.watch.look(), Ordering::Relaxed);
        learn(self.learner, loaded);
        let learned = &self.learner.told().counts;
        self.export.look(&self.watch, recorder, shared, loaded, learned);
        self.former.retain(|former| Arc::strong_count(former) > 1 || Arc::strong_count(&former.lists) > 1);
        Ok(())
    }
}

/// Waits for signals, and looks after the rules and the queues' threads meanwhile; returns at the signal that ends the
/// daemon, or when a thread has ended: its queue is closed, so that its packets pass or not as `queue.fail` says, but
/// nobody looks at them, and a new start does.
pub(super) fn serve(
    signals: &Receiver<i32>,
    path: &Path,
    mut config: Config,
    shared: &Shared,
    recorder: &Recorder,
    mut upkeep: Upkeep<'_>,
    mut loaded: Loaded,
) -> (Loaded, Result<()>) {
    let mut looked_after = Instant::now();
    loop {
        match signals.recv_timeout(LOOKED_AFTER) {
            Ok(SIGHUP) => match reload(path, &config, shared, recorder, &mut loaded) {
                Ok((new, former)) => {
                    config = new;
                    upkeep.export.reload(&config);
                    upkeep.former.push(former);
                    tracing::info!("configuration and lists read anew");
                }
                Err(error) => tracing::error!("the former configuration stays: {error:#}"),
            },
            Ok(signal) => {
                tracing::info!(signal, "stopping");
                return (loaded, Ok(()));
            }
            Err(RecvTimeoutError::Disconnected) => return (loaded, Ok(())),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(ended) = upkeep.look(shared, recorder, &mut loaded) {
            return (loaded, Err(ended));
        }
        if looked_after.elapsed() >= RULES_LOOKED_AFTER {
            look_after(&mut loaded);
            if let Err(error) = upkeep.shown.keep() {
                tracing::error!("bridged packets are not looked at: {error:#}");
            }
            looked_after = Instant::now();
        }
    }
}

/// Tells the kernel what listed names lead to, if that changed.
pub(super) fn learn(learner: &Learner, loaded: &mut Loaded) {
    if let Some(led) = learner.told().take()
        && let Err(error) = loaded.learn(led)
    {
        tracing::warn!("{error:#}");
    }
}

/// Restores rules that another program flushed or changed (`nft flush ruleset`, a firewall's restart).
fn look_after(loaded: &mut Loaded) {
    match loaded.is_present() {
        Ok(true) => {}
        Ok(false) => match loaded.restore() {
            Ok(()) => tracing::warn!("another program had removed or changed the kernel rules; they are restored"),
            Err(error) => {
                tracing::error!("nothing is inspected: the kernel rules are gone and cannot be restored: {error:#}")
            }
        },
        Err(error) => tracing::warn!("the kernel rules cannot be read: {error:#}"),
    }
    loaded.hold_back();
}
