//! What the main thread is called upon to do: by signals, and by those who ask at the control socket.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::control::{Door, Ordered};

/// Calls that may wait. Each client of the control socket has one order at a time; those that have gone left theirs.
const WAITING: usize = 32;

/// A call upon the main thread.
pub(super) enum Call {
    Order(Ordered),
    Signal(i32),
}

/// Where calls are made.
pub(super) struct Calls(SyncSender<Call>);

impl Calls {
    /// Catches SIGHUP, SIGTERM and SIGINT from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn catch() -> Result<(Self, Receiver<Call>)> {
        let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT]).context("cannot catch signals")?;
        let (sender, receiver) = sync_channel(WAITING);
        let calls = Self(sender.clone());
        let thread = std::thread::Builder::new().name("signals".into());
        let forward = move || signals.forever().all(|signal| sender.send(Call::Signal(signal)).is_ok());
        thread.spawn(forward).context("cannot start a thread for signals")?;
        Ok((calls, receiver))
    }

    /// The way of orders: none waits for another.
    pub(super) fn door(self) -> Door {
        Box::new(move |ordered| self.0.try_send(Call::Order(ordered)).is_ok())
    }
}
