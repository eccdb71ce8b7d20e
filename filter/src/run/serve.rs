//! The main thread at work: it does what it is called upon to do, and looks after rules and threads meanwhile.

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
use super::calls::Call;
use super::count::{Export, State};
use super::ease::Watch;
use super::herald::Herald;
use super::learn::Learner;
use super::paused::Pausing;
use super::recorder::Recorder;
use crate::kernel::Loaded;
use crate::kernel::bridge::Shown;

/// How often the kernel is asked whether our rules still stand.
const RULES_LOOKED_AFTER: Duration = Duration::from_secs(5);

/// How often the queues and their threads are looked at.
const LOOKED_AFTER: Duration = Duration::from_secs(1);

/// What the main thread works with.
pub(super) struct Serving<'a> {
    /// The file of the configuration.
    pub(super) path: &'a Path,
    /// What was last read of it; a pause changes nothing in it.
    pub(super) config: Config,
    pub(super) shared: &'a Shared,
    pub(super) recorder: &'a Recorder,
    pub(super) upkeep: Upkeep<'a>,
    pub(super) loaded: Loaded,
    pub(super) pausing: Option<Pausing>,
    pub(super) herald: Herald,
}

/// What is looked after every second.
pub(super) struct Upkeep<'a> {
    pub(super) workers: &'a [JoinHandle<()>],
    pub(super) learner: &'a Learner,
    pub(super) watch: Watch,
    pub(super) export: Export,
    pub(super) shown: Shown,
    /// Settings no longer current: a queue's thread that let go of a million names last would keep its packets waiting.
    pub(super) former: Vec<Arc<Settings>>,
    /// When the queues and their threads were last looked at.
    looked: Instant,
    /// When the kernel was last asked for the rules.
    looked_after: Instant,
}

impl<'a> Upkeep<'a> {
    pub(super) fn new(
        workers: &'a [JoinHandle<()>],
        learner: &'a Learner,
        watch: Watch,
        export: Export,
        shown: Shown,
    ) -> Self {
        let now = Instant::now();
        Self { workers, learner, watch, export, shown, former: Vec::new(), looked: now, looked_after: now }
    }
}

impl<'a> Serving<'a> {
    pub(super) fn new(
        (path, config): (&'a Path, Config),
        shared: &'a Shared,
        recorder: &'a Recorder,
        upkeep: Upkeep<'a>,
        loaded: Loaded,
        herald: Herald,
    ) -> Self {
        Self { path, config, shared, recorder, upkeep, loaded, pausing: None, herald }
    }

    /// Does as it is called, and looks after the rules and the queues' threads meanwhile; returns at the signal that ends
    /// the daemon, or when a thread has ended: its queue is closed, so that its packets pass or not as `queue.fail` says,
    /// but nobody looks at them, and a new start does.
    pub(super) fn serve(mut self, calls: &Receiver<Call>) -> (Loaded, Result<()>) {
        let served = loop {
            match self.turn(calls) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(ended) => break Err(ended),
            }
        };
        self.herald.stopping();
        (self.loaded, served)
    }

    /// Waits for a call, does it and what is due; false: to end.
    fn turn(&mut self, calls: &Receiver<Call>) -> Result<bool> {
        let patience = LOOKED_AFTER.saturating_sub(self.upkeep.looked.elapsed());
        let patience = self.pausing.as_ref().map_or(patience, |pausing| pausing.left().min(patience));
        match calls.recv_timeout(patience) {
            Ok(Call::Order(ordered)) => self.obey(ordered),
            Ok(Call::Signal(SIGHUP)) => _ = self.reload(),
            Ok(Call::Signal(signal)) => {
                tracing::info!(signal, "stopping");
                return Ok(false);
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if self.pausing.as_ref().is_some_and(|pausing| pausing.left().is_zero()) {
            _ = self.resume(None);
        }
        // Not at each of many orders: what is looked at is counted by the second.
        if self.upkeep.looked.elapsed() >= LOOKED_AFTER {
            self.upkeep.looked = Instant::now();
            self.look()?;
        }
        if self.upkeep.looked_after.elapsed() >= RULES_LOOKED_AFTER {
            self.look_after();
            self.upkeep.looked_after = Instant::now();
        }
        Ok(true)
    }

    fn look(&mut self) -> Result<()> {
        let upkeep = &mut self.upkeep;
        if upkeep.workers.iter().any(JoinHandle::is_finished) {
            bail!("a queue's thread has ended; start minewall again");
        }
        if upkeep.learner.has_ended() {
            bail!("the thread that learns addresses has ended; start minewall again");
        }
        self.shared.ease.store(upkeep.watch.look(), Ordering::Relaxed);
        learn(upkeep.learner, &mut self.loaded);
        let learned = &upkeep.learner.told().counts;
        let paused = self.pausing.as_ref().map(|pausing| &pausing.told);
        let utc_offset_s = self.config.incidents().utc_offset_s;
        let state = State { mode: self.config.mode, utc_offset_s, paused, loaded: &self.loaded, learned };
        upkeep.export.look(&upkeep.watch, self.recorder, self.shared, &state);
        upkeep.former.retain(|former| Arc::strong_count(former) > 1 || Arc::strong_count(&former.lists) > 1);
        let lists = &self.shared.settings.load().lists;
        self.herald.look(upkeep.watch.is_stuck(), &state, upkeep.workers.len(), lists);
        Ok(())
    }

    /// Restores what other programs flushed or changed (`nft flush ruleset`, a firewall's restart), unless it is out for a
    /// pause.
    fn look_after(&mut self) {
        if self.pausing.as_ref().is_some_and(|pausing| !pausing.told.observe) {
            return;
        }
        match self.loaded.is_present() {
            Ok(true) => {}
            Ok(false) => match self.loaded.restore() {
                Ok(()) => tracing::warn!("another program had removed or changed the kernel rules; they are restored"),
                Err(error) => {
                    tracing::error!("nothing is inspected: the kernel rules are gone and cannot be restored: {error:#}")
                }
            },
            Err(error) => tracing::warn!("the kernel rules cannot be read: {error:#}"),
        }
        self.loaded.hold_back();
        if let Err(error) = self.upkeep.shown.keep() {
            tracing::error!("bridged packets are not looked at: {error:#}");
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
