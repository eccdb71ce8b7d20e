//! Signals as messages.

use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Catches SIGHUP, SIGTERM and SIGINT from now on.
pub(super) fn catch() -> Result<Receiver<i32>> {
    let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT]).context("cannot catch signals")?;
    let (sender, receiver) = channel();
    let thread = std::thread::Builder::new().name("signals".into());
    let forward = move || signals.forever().all(|signal| sender.send(signal).is_ok());
    thread.spawn(forward).context("cannot start a thread for signals")?;
    Ok(receiver)
}
