//! What the service manager is told (sd_notify(3)): that rules stand, that something is read anew, how it goes; and, for
//! its watchdog, that packets are answered. Where `NOTIFY_SOCKET` is not set nobody is told.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use minewall_lists::Lists;
use sd_notify::NotifyState;

use super::count::State;
use super::told::mode;

/// Tells the service manager.
#[derive(Debug)]
pub(super) struct Herald {
    /// How often the watchdog is to hear that all is well, if it watches.
    every: Option<Duration>,
    heard: Option<Instant>,
    /// What was last told of how it goes.
    status: String,
    /// Whether it could not be told: said once.
    failed: bool,
}

impl Default for Herald {
    /// As the environment says.
    fn default() -> Self {
        // Half of its patience is what its authors ask for; a look may come late.
        let every = sd_notify::watchdog_enabled().map(|patience| patience / 3);
        Self { every, heard: None, status: String::new(), failed: false }
    }
}

impl Herald {
    /// Packets are inspected.
    pub(super) fn ready(&mut self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// Configuration and lists are read anew, until [`Self::ready`].
    pub(super) fn reloading(&mut self) {
        match NotifyState::monotonic_usec_now() {
            // The watchdog hears of it: lists may take their time.
            Ok(now) => self.tell(&[NotifyState::Reloading, now, NotifyState::Watchdog]),
            Err(error) => tracing::debug!(%error, "the service manager is not told of the reload"),
        }
    }

    /// The daemon ends.
    pub(super) fn stopping(&mut self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// Tells how it goes, if that changed; and the watchdog that all is well, unless a queue's thread is stuck.
    pub(super) fn look(&mut self, is_stuck: bool, state: &State<'_>, queues: usize, lists: &Lists) {
        let status = status(is_stuck, state, queues, lists);
        if status != self.status {
            self.tell(&[NotifyState::Status(&status)]);
            self.status = status;
        }
        let is_due = self.every.is_some_and(|every| self.heard.is_none_or(|heard| heard.elapsed() >= every));
        if is_due && !is_stuck {
            self.tell(&[NotifyState::Watchdog]);
            self.heard = Some(Instant::now());
        }
    }

    fn tell(&mut self, states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states)
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::warn!(%error, "the service manager cannot be told how it goes (NOTIFY_SOCKET)");
        }
    }
}

/// One line, for `systemctl status`.
fn status(is_stuck: bool, state: &State<'_>, queues: usize, lists: &Lists) -> String {
    let count = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let doing = match state.paused {
        Some(paused) => {
            let until = Timestamp::from_second(paused.until).unwrap_or_default();
            format!("PAUSED until {until}: {}", paused.what())
        }
        None if is_stuck => "STUCK: a queue's thread answers nothing though packets wait".to_owned(),
        None => format!("mode {}", mode(state.mode)),
    };
    let (lists, entries) = (count(lists.metas().len(), "list", "lists"), lists.len());
    format!("{doing}; {}, {lists}, {entries} entries", count(queues, "queue", "queues"))
}
